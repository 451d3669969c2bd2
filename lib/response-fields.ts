// response-fields.ts: the header fields of an answer, between the check of each and the lines on the wire.

import { InvalidHeaderError, OptionError } from './errors.js';
import { fieldName, fieldValues, type FieldName, type FieldValueInput } from './field-validation.js';
import { isPlainObject } from './option-reader.js';
import { MAX_RESPONSE_FIELDS_BYTES } from './ring-memory.js';
import { showValue } from './show-value.js';

/** Header fields of one answer, checked; in the order in which they were first named. */
export interface ResponseField {
  readonly field: FieldName;
  value: string | readonly string[];
}

/** True for an empty array: as nothing of it is sent, the field counts as not set, also for what the server adds. */
export function isNoValue(value: string | readonly string[]): boolean {
  return typeof value !== 'string' && value.length === 0;
}

/**
 * Checks fields that are given all at once, as {@link fieldValues} does. Those without a value are left out. A name may
 * occur once, however it is spelled: there is no telling which of two would count.
 * @param caller - The function they were given to, and what it calls them, for messages.
 * @param check - Refuses those that cannot stand where these are going.
 * @throws {@link OptionError} `ERR_MILLRACE_OPTION_TYPE` for what is no plain object: of a Map or of Headers nothing would
 * be sent. Else as {@link fieldValues}.
 */
export function checkedFields(
  caller: string,
  option: string,
  fields: Readonly<Record<string, FieldValueInput>>,
  check?: (field: FieldName) => void,
): ResponseField[] {
  if (!isPlainObject(fields)) throw notFields(caller, option, fields);
  const seen = new Set<string>();
  const checked = Object.entries(fields).map(([name, value]) => {
    const field = fieldName(name);
    if (seen.has(field.lower)) throw repeatedName(field);
    seen.add(field.lower);
    check?.(field);
    return { field, value: fieldValues(field, value) };
  });
  return checked.filter(({ value }) => !isNoValue(value));
}

function notFields(caller: string, option: string, value: unknown): OptionError {
  const hint = value instanceof Map || value instanceof Headers ? ': use Object.fromEntries()' : '';
  return new OptionError(
    'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: '${option}' must be a plain object of names and values, not ${showValue(value)}${hint}`,
    { option, value },
  );
}

function repeatedName(field: FieldName): InvalidHeaderError {
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_REPEATED',
    field.name,
    `Header field '${field.name}' is given twice, in different cases (RFC 9110 §5.1): give it once, with an array for ` +
      'several values',
  );
}

/** The field lines as they are sent, without those that the reactor writes. */
export function fieldLines(fields: readonly ResponseField[]): string {
  let lines = '';
  for (const { field, value } of fields) {
    if (field.kind === 'connection') continue; // the reactor says what it does
    if (typeof value === 'string') lines += `${field.prefix}${value}\r\n`;
    else for (const one of value) lines += `${field.prefix}${one}\r\n`;
  }
  if (lines.length > MAX_RESPONSE_FIELDS_BYTES) {
    throw new InvalidHeaderError(
      'ERR_MILLRACE_HEADER_VALUE',
      fields[0]!.field.name,
      `The header fields of one answer take ${String(lines.length)} bytes; ${String(MAX_RESPONSE_FIELDS_BYTES)} is the most`,
    );
  }
  return lines;
}
