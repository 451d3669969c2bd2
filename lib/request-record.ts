// request-record.ts: reads a request's record, a string with one character for each byte. Layout: ring-layout.ts.
//
// A string, because it is the cheapest copy there is of bytes that are mostly text: one call copies those of many
// requests, nothing can change it, and what is read from it are slices.

import {
  RECORD_FIELD_BYTES,
  RECORD_FIELD_COUNT,
  RECORD_FIELD_ID,
  RECORD_FIELDS_START,
  RECORD_LONG_NAME,
  RECORD_METHOD,
  RECORD_METHOD_BYTES,
  RECORD_NAME_BYTES,
  RECORD_NAME_OFFSET,
  RECORD_PATH_BYTES,
  RECORD_PATH_OFFSET,
  RECORD_REQUEST_LINE_REST,
  RECORD_TARGET_BYTES,
  RECORD_VALUE_BYTES,
  RECORD_VALUE_OFFSET,
} from './ring-layout.js';

/** What stands ahead of the authority in an absolute-form target, in any case: the only scheme that is accepted. */
const SCHEME = 'http://';

/** Numbers of methods, of `Method` in native/http/request_head.h. */
const GET = 1;
const HEAD = 2;

export function u8(records: string, at: number): number {
  return records.charCodeAt(at);
}

export function u16(records: string, at: number): number {
  return records.charCodeAt(at) | (records.charCodeAt(at + 1) << 8);
}

export function methodText(records: string, start: number): string {
  const from = textStart(records, start);
  return records.slice(from, from + u16(records, start + RECORD_METHOD_BYTES));
}

export function targetText(records: string, start: number): string {
  const from = targetStart(records, start);
  return records.slice(from, from + u16(records, start + RECORD_TARGET_BYTES));
}

/** Empty where an absolute-form target has none. */
export function pathText(records: string, start: number): string {
  const from = targetStart(records, start) + u16(records, start + RECORD_PATH_OFFSET);
  return records.slice(from, from + u16(records, start + RECORD_PATH_BYTES));
}

/** Without its `?`. */
export function queryText(records: string, start: number): string {
  const target = targetStart(records, start);
  const pathEnd = u16(records, start + RECORD_PATH_OFFSET) + u16(records, start + RECORD_PATH_BYTES);
  const targetBytes = u16(records, start + RECORD_TARGET_BYTES);
  return pathEnd < targetBytes ? records.slice(target + pathEnd + 1, target + targetBytes) : '';
}

/** Of an absolute-form target: what is between the scheme and the path. */
export function targetAuthority(records: string, start: number): string {
  const target = targetStart(records, start);
  return records.slice(target + SCHEME.length, target + u16(records, start + RECORD_PATH_OFFSET));
}

export function fieldCount(records: string, start: number): number {
  return u16(records, start + RECORD_FIELD_COUNT);
}

/** Position of the first field; the next ones follow at {@link RECORD_FIELD_BYTES}. */
export function fieldsStart(records: string, start: number): number {
  return start + u8(records, start + RECORD_FIELDS_START);
}

/** The field section: offsets in fields count from here. */
export function fieldSection(records: string, start: number): number {
  const lineBytes = u16(records, start + RECORD_TARGET_BYTES) + RECORD_REQUEST_LINE_REST;
  return textStart(records, start) + u16(records, start + RECORD_METHOD_BYTES) + lineBytes;
}

/** Number of a known name; 0: the name has none. */
export function fieldId(records: string, field: number): number {
  return u8(records, field + RECORD_FIELD_ID);
}

/** The name as it was sent. */
export function fieldName(records: string, section: number, field: number): string {
  const from = section + u16(records, field + RECORD_NAME_OFFSET);
  const length = u8(records, field + RECORD_NAME_BYTES);
  return records.slice(from, length === RECORD_LONG_NAME ? records.indexOf(':', from) : from + length);
}

/** False: the field has another name, whatever its case. */
export function mayHaveName(records: string, field: number, length: number): boolean {
  return u8(records, field + RECORD_NAME_BYTES) === Math.min(length, RECORD_LONG_NAME);
}

/** The value as it was sent, without the white space around it. */
export function fieldValue(records: string, section: number, field: number): string {
  const from = section + u16(records, field + RECORD_VALUE_OFFSET);
  return records.slice(from, from + u16(records, field + RECORD_VALUE_BYTES));
}

/**
 * The values of fields, by their names in lower case; several of one name are joined (RFC 9110 §5.3). For a few requests
 * only: each field's name is decoded.
 */
export function fieldsNamed(
  records: string,
  start: number,
  names: readonly string[],
): (string | undefined)[] {
  const values = names.map((): string | undefined => undefined);
  const section = fieldSection(records, start);
  let field = fieldsStart(records, start);
  for (let left = fieldCount(records, start); left > 0; left--, field += RECORD_FIELD_BYTES) {
    const index = names.indexOf(fieldName(records, section, field).toLowerCase());
    if (index < 0) continue;
    const value = fieldValue(records, section, field);
    const before = values[index];
    values[index] = before === undefined ? value : `${before}, ${value}`;
  }
  return values;
}

/** Whether the record there is that of a HEAD request. */
export function isHeadRequest(records: string, start: number): boolean {
  return u8(records, start + RECORD_METHOD) === HEAD;
}

/** Whether the record there is that of a GET request. */
export function isGetRequest(records: string, start: number): boolean {
  return u8(records, start + RECORD_METHOD) === GET;
}

/** The head as it was sent: behind the fields. */
function textStart(records: string, start: number): number {
  return fieldsStart(records, start) + fieldCount(records, start) * RECORD_FIELD_BYTES;
}

/** Behind the method and its space. */
function targetStart(records: string, start: number): number {
  return textStart(records, start) + u16(records, start + RECORD_METHOD_BYTES) + 1;
}
