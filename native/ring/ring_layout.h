// ring_layout.h: where everything lies in the memory that reactors and JS threads share.
//
// lib/ring-layout.ts says the same for the other side; the addon exports these numbers and lib/binding.ts
// refuses to load when the two differ.
//
// All positions are in 32-bit words. Words written by different threads stand on different cache lines.
#pragma once

#include <cstdint>

namespace millrace::ring {

inline constexpr std::uint32_t kCacheLineWords = 16;

// --- request ring: one a reactor; the reactor produces, any JS thread claims ---

inline constexpr std::uint32_t kRequestHead = 0;                     // next index the reactor will publish
inline constexpr std::uint32_t kRequestClaim = kCacheLineWords;      // next index a JS thread may claim
inline constexpr std::uint32_t kReactorSleep = 2 * kCacheLineWords;  // a ReactorSleep value
inline constexpr std::uint32_t kRequestDescriptors = 3 * kCacheLineWords;

namespace request {
inline constexpr std::uint32_t kWords = 8;
inline constexpr std::uint32_t kReleased =
    0;  // index after the run of requests whose memory JS has given back
inline constexpr std::uint32_t kExchangeSlot = 1;
inline constexpr std::uint32_t kExchangeGeneration = 2;
inline constexpr std::uint32_t kRoute = 3;
inline constexpr std::uint32_t kRecordOffset = 4;  // bytes, from the start of the arena
inline constexpr std::uint32_t kRecordBytes = 5;
inline constexpr std::uint32_t kBodyBytes = 6;  // follow the record in the arena, unless kBodyOutside
inline constexpr std::uint32_t kFlags = 7;

inline constexpr std::uint32_t kBodyOutside = 1;  // fetched with takeBody(): too large for the arena
inline constexpr std::uint32_t kBodyAscii =
    2;  // in the arena, and no byte of it above 0x7f: needs no decoding
inline constexpr std::uint32_t kBodyFollows = 4;  // comes when it is asked for: kReadPiece, kReadWhole
/// Where one of several JS threads writes its number, plus one, into the flags of what it has claimed.
inline constexpr std::uint32_t kOwnerShift = 8;
}  // namespace request

// --- request record: what a request object in JS is made of, byte positions ---
//
// Fixed part, address of the client, fields, text. The text is the head as it was sent, from its method on:
// method, space, target, space, version, line end, and the field section. Small, since all of it is written,
// copied and collected once for each request; so lengths and offsets have 16 bits, which is as much as the
// limits can be set to.

namespace record {
inline constexpr std::uint32_t kMethod = 0;        // u8, a Method
inline constexpr std::uint32_t kMinorVersion = 1;  // u8
inline constexpr std::uint32_t kTargetForm = 2;    // u8, a TargetForm
inline constexpr std::uint32_t kPeerFamily = 3;    // u8: 0 none, 4, 6
inline constexpr std::uint32_t kFieldsStart = 4;   // u8: where the fields begin, behind the peer's address
inline constexpr std::uint32_t kPeerPort = 6;      // u16
inline constexpr std::uint32_t kFieldCount = 8;    // u16
inline constexpr std::uint32_t kMethodBytes = 10;  // u16
inline constexpr std::uint32_t kTargetBytes = 12;  // u16
inline constexpr std::uint32_t kPathOffset = 14;   // u16, in the target
inline constexpr std::uint32_t kPathBytes = 16;    // u16
inline constexpr std::uint32_t kPeerAddress = 18;  // 4 or 16 bytes in network order, or none
inline constexpr std::uint32_t kFieldBytes = 8;

// Of one field. Offsets count from the first byte of the field section.
inline constexpr std::uint32_t kNameOffset = 0;   // u16
inline constexpr std::uint32_t kValueOffset = 2;  // u16
inline constexpr std::uint32_t kValueBytes = 4;   // u16
inline constexpr std::uint32_t kFieldId = 6;      // u8, a FieldId
inline constexpr std::uint32_t kNameBytes = 7;    // u8; kLongName: at least that many, up to the colon
inline constexpr std::uint32_t kLongName = 255;

/// What the request line has besides method and target: two spaces, "HTTP/1.1", CRLF.
inline constexpr std::uint32_t kRequestLineRest = 12;
}  // namespace record

// --- response ring: one for each JS thread and reactor; the JS thread produces, the reactor consumes ---

inline constexpr std::uint32_t kResponseHead = 0;
inline constexpr std::uint32_t kResponseClaiming = 1;  // index of the request that J is about to claim
inline constexpr std::uint32_t kResponseTail = kCacheLineWords;
inline constexpr std::uint32_t kResponseWanted =
    2 * kCacheLineWords;  // 1: JS waits for room and wants the doorbell
inline constexpr std::uint32_t kResponseDescriptors = 3 * kCacheLineWords;

namespace response {
inline constexpr std::uint32_t kWords = 8;
inline constexpr std::uint32_t kExchangeSlot = 0;
inline constexpr std::uint32_t kExchangeGeneration = 1;
inline constexpr std::uint32_t kStatusAndFlags = 2;  // status | ContentType << 16 | flags << 24
inline constexpr std::uint32_t kReasonBytes = 3;
inline constexpr std::uint32_t kFieldsBytes = 4;
inline constexpr std::uint32_t kBodyBytes = 5;
inline constexpr std::uint32_t kPayloadOffset = 6;  // reason, fields, body; bytes from the start of the arena
inline constexpr std::uint32_t kPayloadEnd =
    7;  // arena position after it, for the producer's own bookkeeping

inline constexpr std::uint32_t kBodyOutside = 1;  // given with putBody(): too large for the arena
inline constexpr std::uint32_t kClose = 2;        // the app asked for Connection: close
inline constexpr std::uint32_t kOwnDate = 4;      // the app's fields contain a Date
inline constexpr std::uint32_t kOwnLength = 8;    // the app's fields contain a Content-Length
inline constexpr std::uint32_t kMore = 16;        // further pieces of the body follow
inline constexpr std::uint32_t kControl = 32;     // no head: the status is one of these
inline constexpr std::uint32_t kPiece = 0;        // a piece of the body; of the last one, fields are trailers
inline constexpr std::uint32_t kAbort = 1;        // the body will not be completed: the connection ends
inline constexpr std::uint32_t kAskDrained = 2;   // tell when most of what came before has been sent
inline constexpr std::uint32_t kWatch = 3;        // tell when the client has gone
inline constexpr std::uint32_t kEarlyHints = 4;   // an interim answer with these fields (RFC 8297)
inline constexpr std::uint32_t kReadPiece = 5;    // give what there is of the request's body, as news
inline constexpr std::uint32_t kReadWhole = 6;    // the same when all of it has come
inline constexpr std::uint32_t kSendFile = 7;     // answer with a file: see http/send_file.h
inline constexpr std::uint32_t kLeaveBody = 8;    // nobody will ask for more of the request's body
}  // namespace response

/// What kResponseClaiming holds while J claims nothing: as far from any index in use as can be.
[[nodiscard]] constexpr std::uint32_t no_claim(std::uint32_t index) noexcept { return index - 0x4000'0000U; }

// --- doorbells: two lines for each JS thread ---

/// 1: the JS thread found nothing to do and wants the doorbell; 0: it was rung, or is at work.
inline constexpr std::uint32_t kDoorbellIdle = 0;
inline constexpr std::uint32_t kDoorbellVacant = 2;    // in the same word: there is no such thread
inline constexpr std::uint32_t kDoorbellRetiring = 3;  // it has nothing to do, and claims no more
/// 1: a reactor has news of exchanges (see exchange_news.h).
inline constexpr std::uint32_t kDoorbellNews = 1;
/// How many requests the thread has claimed, and how often its event loop has come by. On a line that
/// reactors do not look at.
inline constexpr std::uint32_t kDoorbellTaken = kCacheLineWords;
inline constexpr std::uint32_t kDoorbellTurns = kCacheLineWords + 1;
inline constexpr std::uint32_t kDoorbellStride = 2 * kCacheLineWords;

namespace news {
inline constexpr std::uint32_t kDrained =
    1;  // the client has taken most of what was written: the answer to kAskDrained
inline constexpr std::uint32_t kGone = 2;      // nobody waits for the answer any more
inline constexpr std::uint32_t kBody = 3;      // a piece of the request's body: the answer to kReadPiece
inline constexpr std::uint32_t kBodyEnd = 4;   // the last piece, or all of it; perhaps empty
inline constexpr std::uint32_t kTrailers = 5;  // trailer field lines; kBodyEnd follows
inline constexpr std::uint32_t kPeerFinished =
    6;  // the client has said FIN, see Connection::client_may_have_gone()
// What has become of kSendFile. But for the first, the handler may still answer.
inline constexpr std::uint32_t kFileGiven = 7;
inline constexpr std::uint32_t kFileMissing = 8;      // not there, or not to be seen
inline constexpr std::uint32_t kFileUnavailable = 9;  // too much to do, or no descriptors
inline constexpr std::uint32_t kFileBroken = 10;      // the file system cannot read it
}  // namespace news

/// What a reactor says of itself, so that nobody wakes one that is awake.
enum class ReactorSleep : std::uint32_t {
  awake = 0,
  nap = 1,   // for at most kNapMs: a JS thread is at work, its answers are collected together
  deep = 2,  // until something happens
};

}  // namespace millrace::ring
