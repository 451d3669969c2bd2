// request_head.h: what the parser says about a request head. Plain data, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace millrace {

/// A run of the message's bytes, counted from the first byte that was given to the parser.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  bool operator==(const Slice&) const = default;
};

/// Methods the server treats specially or that are common; any other token is `other`. Methods are
/// case-sensitive (RFC 9110 §9.1), so `get` is `other`.
enum class Method : std::uint8_t { other, get, head, post, put, delete_, connect, options, trace, patch };

/// RFC 9110 §9.2.1. Unknown methods are not.
[[nodiscard]] constexpr bool is_safe(Method method) noexcept {
  return method == Method::get || method == Method::head || method == Method::options ||
         method == Method::trace;
}

/// One field line. Kept as bytes while the head is unfinished.
struct Field {
  std::uint32_t name_offset;
  std::uint16_t name_length;
  std::uint16_t id;  // FieldId; 0 is a name the server has no number for
  std::uint32_t value_offset;
  std::uint32_t value_length;  // without the white space around the value (RFC 9110 §5.5)

  bool operator==(const Field&) const = default;
};
static_assert(sizeof(Field) == 16 && std::is_trivially_copyable_v<Field>);

/// RFC 9112 §3.2.
enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

/// RFC 9112 §6: how the end of the body is found.
enum class BodyFraming : std::uint8_t { none, length, chunked };

struct RequestHead {
  Method method = Method::other;
  TargetForm target_form = TargetForm::origin;
  BodyFraming framing = BodyFraming::none;
  std::uint8_t minor_version = 1;  // 0 or 1; HTTP/1.2 and later minors are read as 1.1 (RFC 9110 §2.5)
  bool keep_alive = true;          // what version and Connection say (RFC 9112 §9.3)
  bool expect_continue = false;    // HTTP/1.1, asked for, and there is a body to ask for (RFC 9110 §10.1.1)
  bool unknown_expectation = false;
  bool upgrade = false;              // HTTP/1.1, `Connection: upgrade`, and a protocol named (RFC 9110 §7.8)
  std::uint64_t content_length = 0;  // 0 unless framing is `length`
  Slice method_name;
  Slice target;  // as sent
  Slice path;    // without the query; length 0 (meaning "/") for an absolute-form target without a path, and
                 // for the authority-form; "*" for the asterisk-form
  Slice query;   // without its "?"
  Slice authority;  // of the target if it has one, else the Host value; length 0: HTTP/1.0 without Host
  std::uint32_t bytes = 0;  // length of the head from the first byte given, with the empty line that ends it
  std::uint32_t start = 0;  // first byte of the request line, behind any empty lines that were skipped

  bool operator==(const RequestHead&) const = default;
};

/// Room for the field lines of one head. 16 KB, so there is one for each reactor, not one for each
/// connection.
struct FieldTable {
  /// The largest `headerCount` that can be configured; nginx stops at the same number.
  static constexpr std::uint32_t kCapacity = 1000;
  std::array<Field, kCapacity> fields;  // left uninitialised: only what was written is ever read
};

}  // namespace millrace
