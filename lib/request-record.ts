// request-record.ts: reads a request's record, a string with one character for each byte. Layout: ring-layout.ts.
//
// A string, because it is the cheapest copy there is of bytes that are mostly text: one call copies those of many
// requests, nothing can change it, and what is read from it are slices.

import { RECORD_FIELD_BYTES, RECORD_FIELD_COUNT, RECORD_FIELDS } from './ring-layout.js';

/** Position of `Field::id` and of the slices in a field's 16 bytes; see native/http/request_head.h. */
const FIELD_NAME_LENGTH = 4;
const FIELD_ID = 6;
const FIELD_VALUE = 8;

export function u8(records: string, at: number): number {
  return records.charCodeAt(at);
}

export function u16(records: string, at: number): number {
  return records.charCodeAt(at) | (records.charCodeAt(at + 1) << 8);
}

export function u32(records: string, at: number): number {
  return u16(records, at) | (u16(records, at + 2) << 16);
}

export function fieldCount(records: string, start: number): number {
  return u16(records, start + RECORD_FIELD_COUNT);
}

/** Where the bytes of the head begin: slices count from there. */
export function headStart(records: string, start: number): number {
  return start + RECORD_FIELDS + fieldCount(records, start) * RECORD_FIELD_BYTES;
}

/** The text of the slice `{offset, length}` that lies at `at`. */
export function sliceText(records: string, head: number, at: number): string {
  const from = head + u32(records, at);
  return records.slice(from, from + u32(records, at + 4));
}

/** Position of the n-th field. */
export function fieldAt(start: number, n: number): number {
  return start + RECORD_FIELDS + n * RECORD_FIELD_BYTES;
}

/** Number of a known name; 0: the name has none. */
export function fieldId(records: string, field: number): number {
  return u16(records, field + FIELD_ID);
}

/** The name as it was sent. */
export function fieldName(records: string, head: number, field: number): string {
  const from = head + u32(records, field);
  return records.slice(from, from + u16(records, field + FIELD_NAME_LENGTH));
}

export function fieldNameLength(records: string, field: number): number {
  return u16(records, field + FIELD_NAME_LENGTH);
}

/** The value as it was sent, without the white space around it. */
export function fieldValue(records: string, head: number, field: number): string {
  return sliceText(records, head, field + FIELD_VALUE);
}
