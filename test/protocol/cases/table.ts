// table.ts: the conformance table: every row, by group.

import { ANSWERS } from './answers.js';
import { CHUNKED_BODY } from './chunked.js';
import { CONNECTION } from './connection.js';
import { CONTENT_LENGTH } from './content-length.js';
import { CONTROL_BYTES } from './control-bytes.js';
import { EXPECTATIONS } from './expect.js';
import { FIELD_SYNTAX } from './field-syntax.js';
import { HOST } from './host.js';
import { LIMITS } from './limits.js';
import { LINE_ENDS } from './line-ends.js';
import { OBS_FOLD } from './obs-fold.js';
import { PIPELINING } from './pipelining.js';
import { REQUEST_LINE } from './request-line.js';
import { REQUEST_TARGET } from './request-target.js';
import type { Group } from './row.js';
import { SEGMENTATION } from './segmentation.js';
import { SMUGGLING } from './smuggling.js';
import { SPLITTING } from './splitting.js';
import { TIMEOUTS } from './timeouts.js';
import { TRAILERS } from './trailers.js';
import { TRANSFER_ENCODING } from './transfer-encoding.js';
import { UPGRADE } from './upgrade.js';

export const TABLE: readonly Group[] = [
  REQUEST_LINE,
  REQUEST_TARGET,
  FIELD_SYNTAX,
  OBS_FOLD,
  LINE_ENDS,
  CONTROL_BYTES,
  HOST,
  CONTENT_LENGTH,
  TRANSFER_ENCODING,
  CHUNKED_BODY,
  SMUGGLING,
  TRAILERS,
  PIPELINING,
  EXPECTATIONS,
  CONNECTION,
  UPGRADE,
  ANSWERS,
  SPLITTING,
  LIMITS,
  SEGMENTATION,
  TIMEOUTS,
];
