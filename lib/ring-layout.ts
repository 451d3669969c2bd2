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

export const RECORD_METHOD = 0;
export const RECORD_MINOR_VERSION = 1;
export const RECORD_PEER_FAMILY = 2;
export const RECORD_TARGET_FORM = 3;
export const RECORD_PEER_PORT = 4;
export const RECORD_FIELD_COUNT = 6;
export const RECORD_PEER_ADDRESS = 8;
export const RECORD_METHOD_NAME = 24;
export const RECORD_TARGET = 32;
export const RECORD_PATH = 40;
export const RECORD_QUERY = 48;
export const RECORD_AUTHORITY = 56;
export const RECORD_FIELDS = 64;
export const RECORD_FIELD_BYTES = 16;

export const RESPONSE_HEAD = 0;
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
  recordMethod: RECORD_METHOD,
  recordMinorVersion: RECORD_MINOR_VERSION,
  recordPeerFamily: RECORD_PEER_FAMILY,
  recordTargetForm: RECORD_TARGET_FORM,
  recordPeerPort: RECORD_PEER_PORT,
  recordFieldCount: RECORD_FIELD_COUNT,
  recordPeerAddress: RECORD_PEER_ADDRESS,
  recordMethodName: RECORD_METHOD_NAME,
  recordTarget: RECORD_TARGET,
  recordPath: RECORD_PATH,
  recordQuery: RECORD_QUERY,
  recordAuthority: RECORD_AUTHORITY,
  recordFields: RECORD_FIELDS,
  recordFieldBytes: RECORD_FIELD_BYTES,
  responseHead: RESPONSE_HEAD,
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
  sleepAwake: SLEEP_AWAKE,
  sleepNap: SLEEP_NAP,
  sleepDeep: SLEEP_DEEP,
};
