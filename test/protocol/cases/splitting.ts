// splitting.ts: what an app hands to the server must not become a line of its own (RFC 9112 §11.1).

import { TAIL } from './bytes.js';
import { row, type Group, type Row } from './row.js';

/** The API refuses it, the app answers 500, and nothing of it is on the wire. */
function blocked(id: string, name: string, allowed: readonly number[] = [500]): Row {
  return row(id, name, `GET /inject/${id}${TAIL}`, [
    { answers: [{ status: allowed, withoutFields: ['x-evil'] }], then: 'either', never: ['X-Evil: 1\r\n'] },
  ]);
}

export const SPLITTING: Group = {
  name: 'splitting',
  rows: [
    blocked('value-crlf', 'a value with CRLF (RFC 9112 §11.1)'),
    blocked('value-lf', 'a value with LF (RFC 9112 §11.1)'),
    blocked('value-cr', 'a value with CR (RFC 9112 §11.1)'),
    blocked('value-nul', 'a value with NUL (RFC 9110 §5.5)'),
    // A server that encodes them without loss may send it.
    blocked(
      'value-wide',
      'a value with characters whose low bytes are CR and LF (RFC 9110 §5.5)',
      [200, 500],
    ),
    blocked('name-crlf', 'a name with CRLF (RFC 9110 §5.1)'),
    blocked('name-space', 'a name with a space and a colon (RFC 9110 §5.1)'),
    blocked('name-empty', 'an empty name (RFC 9110 §5.1)'),
    blocked('status-text', 'a reason phrase with CRLF (RFC 9112 §4)'),
    blocked('status-code', 'a status code of two digits (RFC 9110 §15)'),
    blocked('cookie-crlf', 'the second of two cookies with CRLF (RFC 9112 §11.1)'),
    blocked('location-crlf', 'a redirection with CRLF (RFC 9112 §11.1)'),
    blocked('trailer-crlf', 'a trailer with CRLF (RFC 9112 §11.1)'),
    blocked('dup-framing', 'both lengths on one answer (RFC 9112 §6.2)'),
    blocked('ws-protocol-crlf', 'a chosen subprotocol with CRLF (RFC 6455 §4.2.2)'),
  ],
};
