#include "http/response_writer.h"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace millrace {
namespace {

constexpr std::uint16_t kInternalServerError = 500;

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kDate = "Date: ";
constexpr std::string_view kClose = "Connection: close\r\n";
constexpr std::string_view kKeepAlive = "Connection: keep-alive\r\n";
constexpr std::string_view kContentLength = "Content-Length: ";
constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";

// By ContentType.
constexpr std::array<std::string_view, 4> kContentTypes = {
    "",
    "Content-Type: text/plain; charset=utf-8\r\n",
    "Content-Type: text/html; charset=utf-8\r\n",
    "Content-Type: application/json\r\n",
};

constexpr std::size_t longest_content_type() {
  std::size_t longest = 0;
  for (const std::string_view line : kContentTypes) longest = line.size() > longest ? line.size() : longest;
  return longest;
}

constexpr std::size_t kMaxLengthDigits = std::numeric_limits<std::uint64_t>::digits10 + 1;

static_assert(kResponseHeadFixedBytes >= kStatusLineRecordBytes + kDate.size() + kHttpDateBytes +
                                             kLineEnd.size() + kKeepAlive.size() + longest_content_type() +
                                             kContentLength.size() + kMaxLengthDigits + kLineEnd.size() +
                                             kChunked.size() + kLineEnd.size());
// A status line that is put together has at most these parts besides the reason.
static_assert(kStatusLineRecordBytes >= kVersion.size() + 4 + kLineEnd.size());

// Inlined with a constant length wherever the text is one; only then is it a few moves instead of a call.
[[gnu::always_inline]] inline char* put(char* to, std::string_view text) noexcept {
  if (text.empty()) return to;  // memcpy must not be given the nullptr that an empty view may hold
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_digits(char* to, std::uint64_t value) noexcept {
  return std::to_chars(to, to + kMaxLengthDigits, value).ptr;
}

char* put_status_line(char* to, std::uint16_t status, std::string_view reason) noexcept {
  if (reason.empty()) {
    const std::string_view line = status_line(status);
    if (!line.empty()) {
      // A constant length, so a few moves; what is too much is overwritten by the next part.
      std::memcpy(to, line.data(), kStatusLineRecordBytes);
      return to + line.size();
    }
  }
  to = put(to, kVersion);
  to = put_digits(to, status);
  *to++ = ' ';
  to = put(to, reason);
  return put(to, kLineEnd);
}

}  // namespace

char* write_response_head(char* to, const ResponseHead& head, std::string_view date) noexcept {
  const bool valid = head.status >= kMinStatus && head.status <= kMaxStatus;
  const std::uint16_t status = valid ? head.status : kInternalServerError;

  to = put_status_line(to, status, head.reason);
  if (!head.omit_date && date.size() == kHttpDateBytes) {
    to = put(to, kDate);
    to = put(to, {date.data(), kHttpDateBytes});
    to = put(to, kLineEnd);
  }
  if (head.close) {
    to = put(to, kClose);
  } else if (head.keep_alive_1_0) {
    to = put(to, kKeepAlive);
  }
  if (head.content_type != ContentType::none) {
    to = put(to, kContentTypes[static_cast<std::size_t>(head.content_type)]);
  }
  to = put(to, head.fields);
  if (head.chunked && status_allows_content_length(status)) {
    to = put(to, kChunked);
  } else if (!head.omit_length && status_allows_content_length(status)) {
    to = put(to, kContentLength);
    to = put_digits(to, head.content_length);
    to = put(to, kLineEnd);
  }
  return put(to, kLineEnd);
}

}  // namespace millrace
