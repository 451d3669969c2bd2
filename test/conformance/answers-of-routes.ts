// answers-of-routes.ts: what the routes of both test applications answer, whatever server is below them.

/** What a server tells its app of a request. */
export interface SeenRequest {
  readonly method: string;
  /** Not decoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Of an absolute-form target, else Host; empty if there is neither. */
  readonly authority: string;
  /** One character for each byte. */
  readonly xA: string | undefined;
}

export const BODY_BYTES = 2 ** 20;
export const SMALL_BODY_BYTES = 2 ** 10;
export const MEBIBYTE = Buffer.alloc(2 ** 20, 'x');
export const SLOW_MS = 150;
export const PIECE_MS = 20;
export const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** The fields that say what the app has seen. Bytes that no field should have are sent as `?`. */
export function seenFields(request: SeenRequest): Record<string, string> {
  const fields: Record<string, string> = {
    'X-Seen-Method': visible(request.method),
    'X-Seen-Path': visible(request.path),
    'X-Seen-Query': visible(request.query),
    'X-Seen-Host': visible(request.authority),
  };
  if (request.xA !== undefined) fields['X-Seen-X-A'] = asciiJson(request.xA);
  return fields;
}

function visible(text: string): string {
  return text.replaceAll(/[^!-~]/g, '?');
}

/** JSON of ASCII characters only. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The body of `/seen`: `raw` is name, value, name, value, as the server gives it. */
export function seenBody(raw: readonly string[], body: Buffer): string {
  const headers = raw.flatMap((name, n) => (n % 2 === 0 ? [[name.toLowerCase(), raw[n + 1]]] : []));
  return asciiJson({ headers, body: body.toString('latin1') });
}
