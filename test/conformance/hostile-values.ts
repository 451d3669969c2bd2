// hostile-values.ts: what `/inject/NAME` hands to the response API of the server under test.

/** What an app can ask of any server; a server that has no such thing throws. */
export interface AnswerApi {
  readonly setField: (name: string, value: string | readonly string[]) => unknown;
  readonly setStatus: (code: number, reason: string) => unknown;
  readonly setTrailer: (name: string, value: string) => unknown;
}

const EVIL = '\r\nX-Evil: 1';

export const HOSTILE: Readonly<Record<string, (api: AnswerApi) => unknown>> = {
  'value-crlf': (api) => api.setField('X-A', `a${EVIL}`),
  'value-lf': (api) => api.setField('X-A', 'a\nX-Evil: 1'),
  'value-cr': (api) => api.setField('X-A', 'a\rX-Evil: 1'),
  'value-nul': (api) => api.setField('X-A', 'a\0b'),
  // Characters whose low bytes are CR and LF (CVE-2018-12116).
  'value-wide': (api) => api.setField('X-A', 'a\u010d\u010aX-Evil: 1'),
  'name-crlf': (api) => api.setField('X\r\nX-Evil', '1'),
  'name-space': (api) => api.setField('X Y:', '1'),
  'name-empty': (api) => api.setField('', '1'),
  'status-text': (api) => api.setStatus(200, `OK${EVIL}`),
  'status-code': (api) => api.setStatus(99, ''),
  'cookie-crlf': (api) => api.setField('Set-Cookie', ['a=b', `c${EVIL}`]),
  'location-crlf': (api) => api.setField('Location', `/${EVIL}`),
  'trailer-crlf': (api) => api.setTrailer('X-T', `a${EVIL}`),
  'dup-framing': (api) => {
    api.setField('Content-Length', '11');
    api.setField('Transfer-Encoding', 'chunked');
  },
  'ws-protocol-crlf': (api) => api.setField('Sec-WebSocket-Protocol', `a${EVIL}`),
};
