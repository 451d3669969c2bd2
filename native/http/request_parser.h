// request_parser.h: turns the bytes of a request head into a RequestHead. Reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/owned_bytes.h"
#include "http/field_facts.h"
#include "http/known_host.h"
#include "http/request_error.h"
#include "http/request_head.h"
#include "http/scan.h"

namespace millrace {

struct FieldLine;

struct HeadLimits {
  /// The request line without its CRLF. RFC 9112 §3 asks for at least 8000.
  std::uint32_t request_line_bytes = 8192;
  /// All field lines with their CRLFs.
  std::uint32_t header_bytes = 16384;
  /// At most FieldTable::kCapacity.
  std::uint32_t header_count = 100;
};

/// RFC 9112 §2.2 asks a server to skip at least one empty line ahead of a request. A few more do no harm; an
/// endless run of them would be work without a request.
inline constexpr std::uint32_t kMaxLeadingEmptyLines = 4;

enum class ParseStatus : std::uint8_t { complete, incomplete, failed };

/// Where a parser stands between two calls, besides the fields themselves.
struct ParserState {
  enum class Stage : std::uint8_t { request_line, fields, complete, failed };
  RequestHead head;
  FieldFacts facts;
  std::uint32_t line_start = 0;    // the line to go on with; everything before it has been read
  std::uint32_t fields_start = 0;  // first byte behind the request line
  std::uint32_t field_count = 0;
  Stage stage = Stage::request_line;
  bool begun = false;
  RequestError error = RequestError::none;
};

/// What a connection keeps of a head that did not arrive whole, or whose body is still to come: about 200
/// bytes and the fields read so far. Reusable: parking into it again keeps its memory.
class UnfinishedHead {
 public:
  /// On the heap, beside the head's own bytes.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return fields_.capacity(); }

 private:
  friend class RequestParser;
  ParserState state_;
  OwnedBytes fields_;
};

/// One for each reactor, and used for every connection in turn:
///
///     parser.reset();                                    // or parser.resume(*connection.unfinished)
///     switch (parser.parse(data, length)) {
///       case ParseStatus::complete:   use parser.head(), parser.fields(); the body begins at data +
///       head().bytes case ParseStatus::incomplete: keep the bytes, and parser.park(*connection.unfinished)
///       case ParseStatus::failed:     answer status_of(parser.error()) and close
///     }
///
/// A head that arrives whole costs no allocation. An unfinished one may instead be parsed again from its
/// first byte (reset, parse with more bytes): the result is the same, only slower, so parking is optional.
///
/// Errors are positional: the first wrong byte decides, however the bytes were cut into calls. What is known
/// to be wrong is refused at that byte, without waiting for the end of its line; limits count as wrong the
/// first byte that exceeds them; rules about a whole value (Host, Content-Length) strike at the LF of its
/// line, rules about the whole head (Host missing) at the last LF.
class RequestParser {
 public:
  /// `table` must outlive the parser. `scan` is for tests; both paths give identical results.
  RequestParser(HeadLimits limits, FieldTable& table, ScanPath scan = ScanPath::best) noexcept;

  /// `data` is everything received of this message so far, from its first byte: the same bytes as in the last
  /// call and more (they may have moved in memory). Bytes behind the head are not looked at. Goes on at the
  /// line where it stopped. Calling it again after `complete` or `failed` gives the same answer.
  [[nodiscard]] ParseStatus parse(const char* data, std::size_t length) noexcept;

  /// After `complete`. Until then only `method` is of use, for an answer to a bad message: what was read,
  /// else `other`.
  [[nodiscard]] const RequestHead& head() const noexcept { return state_.head; }
  /// After `complete`; valid until the next reset, resume or parse of this parser.
  [[nodiscard]] std::span<const Field> fields() const noexcept {
    return {table_.fields.data(), state_.field_count};
  }
  /// After `failed`.
  [[nodiscard]] RequestError error() const noexcept { return state_.error; }

  /// False as long as nothing but skippable empty lines has come: the client has not begun a request.
  [[nodiscard]] bool begun() const noexcept { return state_.begun; }

  /// Forgets the head; the next parse begins a new message.
  void reset() noexcept;

  /// Saves the head, complete or not. Allocates unless `into` has room from an earlier time. False: no
  /// memory.
  [[nodiscard]] bool park(UnfinishedHead& into) const noexcept;
  /// Goes on with a parked head.
  void resume(const UnfinishedHead& from) noexcept;

 private:
  template <class Scan>
  ParseStatus run(const char* data, std::size_t length) noexcept;
  template <class Scan>
  ParseStatus read_fields(const char* data, std::size_t length) noexcept;
  ParseStatus read_request_line(const char* data, std::size_t length) noexcept;
  RequestError add_field(const char* data, const char* line, const FieldLine& found) noexcept;
  ParseStatus unfinished(RequestError error, bool window_full, RequestError limit_error) noexcept;
  ParseStatus fail(RequestError error) noexcept;

  HeadLimits limits_;
  ScanPath scan_;
  FieldTable& table_;
  ParserState state_;
  KnownHost known_host_;
};

}  // namespace millrace
