// ring-layout.ts: where everything lies in the memory that JavaScript and the reactors share.
//
// native/ring/ring_layout.h says the same and says what each is for; binding.ts refuses an addon that differs. Positions
// in headers and descriptors are 32-bit words, in records bytes.

const LINE = 16;

export const REQUEST_HEAD = 0;
export const REQUEST_CLAIM = LINE;
export const REACTOR_SLEEP = 2 * LINE;
export const REQUEST_DESCRIPTORS = 3 * LINE;

export const REQUEST_WORDS = 8;
export const REQUEST_RELEASED = 0;
export const REQUEST_EXCHANGE_SLOT = 1;
export const REQUEST_EXCHANGE_GENERATION = 2;
export const REQUEST_ROUTE = 3;
export const REQUEST_RECORD_OFFSET = 4;
export const REQUEST_RECORD_BYTES = 5;
export const REQUEST_BODY_BYTES = 6;
export const REQUEST_FLAGS = 7;
export const REQUEST_BODY_OUTSIDE = 1;
export const REQUEST_BODY_ASCII = 2;
export const REQUEST_BODY_FOLLOWS = 4;
export const REQUEST_OWNER_SHIFT = 8;

export const RECORD_METHOD = 0;
export const RECORD_MINOR_VERSION = 1;
export const RECORD_TARGET_FORM = 2;
export const RECORD_PEER_FAMILY = 3;
export const RECORD_FIELDS_START = 4;
export const RECORD_PEER_PORT = 6;
export const RECORD_FIELD_COUNT = 8;
export const RECORD_METHOD_BYTES = 10;
export const RECORD_TARGET_BYTES = 12;
export const RECORD_PATH_OFFSET = 14;
export const RECORD_PATH_BYTES = 16;
export const RECORD_PEER_ADDRESS = 18;
export const RECORD_FIELD_BYTES = 8;
export const RECORD_NAME_OFFSET = 0;
export const RECORD_VALUE_OFFSET = 2;
export const RECORD_VALUE_BYTES = 4;
export const RECORD_FIELD_ID = 6;
export const RECORD_NAME_BYTES = 7;
export const RECORD_LONG_NAME = 255;
export const RECORD_REQUEST_LINE_REST = 12;

export const RESPONSE_HEAD = 0;
export const RESPONSE_CLAIMING = 1;
export const RESPONSE_TAIL = LINE;
export const RESPONSE_WANTED = 2 * LINE;
export const RESPONSE_DESCRIPTORS = 3 * LINE;

export const RESPONSE_WORDS = 8;
export const RESPONSE_EXCHANGE_SLOT = 0;
export const RESPONSE_EXCHANGE_GENERATION = 1;
export const RESPONSE_STATUS_AND_FLAGS = 2;
export const RESPONSE_REASON_BYTES = 3;
export const RESPONSE_FIELDS_BYTES = 4;
export const RESPONSE_BODY_BYTES = 5;
export const RESPONSE_PAYLOAD_OFFSET = 6;
export const RESPONSE_PAYLOAD_END = 7;
export const RESPONSE_BODY_OUTSIDE = 1;
export const RESPONSE_CLOSE = 2;
export const RESPONSE_OWN_DATE = 4;
export const RESPONSE_OWN_LENGTH = 8;
export const RESPONSE_MORE = 16;
export const RESPONSE_CONTROL = 32;
export const CONTROL_PIECE = 0;
export const CONTROL_ABORT = 1;
export const CONTROL_ASK_DRAINED = 2;
export const CONTROL_WATCH = 3;
export const CONTROL_EARLY_HINTS = 4;
export const CONTROL_READ_PIECE = 5;
export const CONTROL_READ_WHOLE = 6;
export const CONTROL_SEND_FILE = 7;
export const CONTROL_LEAVE_BODY = 8;

export const DOORBELL_IDLE = 0;
export const DOORBELL_WAITING = 1;
export const DOORBELL_VACANT = 2;
export const DOORBELL_RETIRING = 3;
export const DOORBELL_NEWS = 1;
export const DOORBELL_TAKEN = LINE;
export const DOORBELL_TURNS = LINE + 1;
export const DOORBELL_STRIDE = 2 * LINE;

export const NEWS_DRAINED = 1;
export const NEWS_GONE = 2;
export const NEWS_BODY = 3;
export const NEWS_BODY_END = 4;
export const NEWS_TRAILERS = 5;
export const NEWS_PEER_FINISHED = 6;
export const NEWS_FILE_GIVEN = 7;
export const NEWS_FILE_MISSING = 8;
export const NEWS_FILE_UNAVAILABLE = 9;
export const NEWS_FILE_BROKEN = 10;

export const SLEEP_AWAKE = 0;
export const SLEEP_NAP = 1;
export const SLEEP_DEEP = 2;

/** The same by the names that the addon uses, for the comparison. */
export const LAYOUT: Readonly<Record<string, number>> = {
  requestHead: REQUEST_HEAD,
  requestClaim: REQUEST_CLAIM,
  reactorSleep: REACTOR_SLEEP,
  requestDescriptors: REQUEST_DESCRIPTORS,
  requestWords: REQUEST_WORDS,
  requestReleased: REQUEST_RELEASED,
  requestExchangeSlot: REQUEST_EXCHANGE_SLOT,
  requestExchangeGeneration: REQUEST_EXCHANGE_GENERATION,
  requestRoute: REQUEST_ROUTE,
  requestRecordOffset: REQUEST_RECORD_OFFSET,
  requestRecordBytes: REQUEST_RECORD_BYTES,
  requestBodyBytes: REQUEST_BODY_BYTES,
  requestFlags: REQUEST_FLAGS,
  requestBodyOutside: REQUEST_BODY_OUTSIDE,
  requestBodyAscii: REQUEST_BODY_ASCII,
  requestBodyFollows: REQUEST_BODY_FOLLOWS,
  requestOwnerShift: REQUEST_OWNER_SHIFT,
  recordMethod: RECORD_METHOD,
  recordMinorVersion: RECORD_MINOR_VERSION,
  recordTargetForm: RECORD_TARGET_FORM,
  recordPeerFamily: RECORD_PEER_FAMILY,
  recordFieldsStart: RECORD_FIELDS_START,
  recordPeerPort: RECORD_PEER_PORT,
  recordFieldCount: RECORD_FIELD_COUNT,
  recordMethodBytes: RECORD_METHOD_BYTES,
  recordTargetBytes: RECORD_TARGET_BYTES,
  recordPathOffset: RECORD_PATH_OFFSET,
  recordPathBytes: RECORD_PATH_BYTES,
  recordPeerAddress: RECORD_PEER_ADDRESS,
  recordFieldBytes: RECORD_FIELD_BYTES,
  recordNameOffset: RECORD_NAME_OFFSET,
  recordValueOffset: RECORD_VALUE_OFFSET,
  recordValueBytes: RECORD_VALUE_BYTES,
  recordFieldId: RECORD_FIELD_ID,
  recordNameBytes: RECORD_NAME_BYTES,
  recordLongName: RECORD_LONG_NAME,
  recordRequestLineRest: RECORD_REQUEST_LINE_REST,
  responseHead: RESPONSE_HEAD,
  responseClaiming: RESPONSE_CLAIMING,
  responseTail: RESPONSE_TAIL,
  responseWanted: RESPONSE_WANTED,
  responseDescriptors: RESPONSE_DESCRIPTORS,
  responseWords: RESPONSE_WORDS,
  responseExchangeSlot: RESPONSE_EXCHANGE_SLOT,
  responseExchangeGeneration: RESPONSE_EXCHANGE_GENERATION,
  responseStatusAndFlags: RESPONSE_STATUS_AND_FLAGS,
  responseReasonBytes: RESPONSE_REASON_BYTES,
  responseFieldsBytes: RESPONSE_FIELDS_BYTES,
  responseBodyBytes: RESPONSE_BODY_BYTES,
  responsePayloadOffset: RESPONSE_PAYLOAD_OFFSET,
  responsePayloadEnd: RESPONSE_PAYLOAD_END,
  responseBodyOutside: RESPONSE_BODY_OUTSIDE,
  responseClose: RESPONSE_CLOSE,
  responseOwnDate: RESPONSE_OWN_DATE,
  responseOwnLength: RESPONSE_OWN_LENGTH,
  responseMore: RESPONSE_MORE,
  responseControl: RESPONSE_CONTROL,
  controlPiece: CONTROL_PIECE,
  controlAbort: CONTROL_ABORT,
  controlAskDrained: CONTROL_ASK_DRAINED,
  controlWatch: CONTROL_WATCH,
  controlEarlyHints: CONTROL_EARLY_HINTS,
  controlReadPiece: CONTROL_READ_PIECE,
  controlReadWhole: CONTROL_READ_WHOLE,
  controlSendFile: CONTROL_SEND_FILE,
  controlLeaveBody: CONTROL_LEAVE_BODY,
  doorbellIdle: DOORBELL_IDLE,
  doorbellVacant: DOORBELL_VACANT,
  doorbellNews: DOORBELL_NEWS,
  doorbellRetiring: DOORBELL_RETIRING,
  doorbellTaken: DOORBELL_TAKEN,
  doorbellTurns: DOORBELL_TURNS,
  doorbellStride: DOORBELL_STRIDE,
  newsDrained: NEWS_DRAINED,
  newsGone: NEWS_GONE,
  newsBody: NEWS_BODY,
  newsBodyEnd: NEWS_BODY_END,
  newsTrailers: NEWS_TRAILERS,
  newsPeerFinished: NEWS_PEER_FINISHED,
  newsFileGiven: NEWS_FILE_GIVEN,
  newsFileMissing: NEWS_FILE_MISSING,
  newsFileUnavailable: NEWS_FILE_UNAVAILABLE,
  newsFileBroken: NEWS_FILE_BROKEN,
  sleepAwake: SLEEP_AWAKE,
  sleepNap: SLEEP_NAP,
  sleepDeep: SLEEP_DEEP,
};
