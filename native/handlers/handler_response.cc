#include "handlers/handler_response.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/limits.h"
#include "http/field_rules.h"
#include "http/status_lines.h"

namespace millrace {

namespace {

[[nodiscard]] bool is_one_of(std::string_view name, std::span<const std::string_view> lower) noexcept {
  return std::any_of(lower.begin(), lower.end(),
                     [&](std::string_view other) { return equals_ignoring_case(name, other); });
}

/// What belongs to the server, because it delimits messages and manages connections.
constexpr auto kRefused = std::to_array<std::string_view>(
    {"content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"});

/// Fields with one value, as in lib/field-validation.ts.
constexpr auto kSingle = std::to_array<std::string_view>(
    {"access-control-allow-origin", "age", "content-disposition", "content-location", "content-range",
     "content-type", "date", "etag", "expires", "last-modified", "location", "retry-after", "server",
     "strict-transport-security"});

constexpr int kFirstStatus = 200;  // interim answers are no answers

}  // namespace

int HandlerResponse::set_status(int status) noexcept {
  if (status < kFirstStatus || status > kMaxStatus) return MILLRACE_BAD_STATUS;
  status_ = static_cast<std::uint16_t>(status);
  return MILLRACE_OK;
}

int HandlerResponse::add_header(std::string_view name, std::string_view value) {
  const auto end_of = [](std::string_view text) { return text.data() + text.size(); };
  if (name.empty() || skip(kTchar, name.data(), end_of(name)) != end_of(name)) return MILLRACE_BAD_NAME;
  if (!value.empty() && skip(kFieldByte, value.data(), end_of(value)) != end_of(value)) {
    return MILLRACE_BAD_VALUE;
  }
  if (is_one_of(name, kRefused)) return MILLRACE_NOT_YOURS;
  if (equals_ignoring_case(name, "connection")) {  // the server writes it, from what it knows besides
    if (!equals_ignoring_case(trim(value), "close")) return MILLRACE_NOT_YOURS;
    wants_close_ = true;
    return MILLRACE_OK;
  }
  if (is_one_of(name, kSingle) && has_value_already(name)) return MILLRACE_REPEATED;
  constexpr std::size_t kAround = std::string_view(": \r\n").size();
  if (fields_.size() + name.size() + value.size() + kAround > kHandlerFieldBytes) return MILLRACE_TOO_LARGE;
  fields_.append(name).append(": ").append(value).append("\r\n");
  has_date_ = has_date_ || equals_ignoring_case(name, "date");
  return MILLRACE_OK;
}

bool HandlerResponse::has_value_already(std::string_view name) const noexcept {
  std::string_view rest = fields_;
  while (!rest.empty()) {
    const std::string_view other = rest.substr(0, rest.find(':'));
    const bool is_same = std::equal(other.begin(), other.end(), name.begin(), name.end(), [](char a, char b) {
      return a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
    });
    if (is_same) return true;
    rest.remove_prefix(rest.find('\n') + 1);
  }
  return false;
}

int HandlerResponse::set_body(std::string_view bytes) noexcept {
  OwnedBytes body;
  if (!body.append(bytes)) return MILLRACE_NO_MEMORY;  // it may be a part of what there was
  release_taken();
  body_ = std::move(body);
  return MILLRACE_OK;
}

int HandlerResponse::append_body(std::string_view bytes) noexcept {
  if (taken_.data == nullptr) return body_.append(bytes) ? MILLRACE_OK : MILLRACE_NO_MEMORY;
  // What is appended may be a part of what was taken: that goes last.
  OwnedBytes both;
  if (!both.append({static_cast<const char*>(taken_.data), taken_.size}) || !both.append(bytes)) {
    return MILLRACE_NO_MEMORY;
  }
  release_taken();
  body_ = std::move(both);
  return MILLRACE_OK;
}

int HandlerResponse::take_body(void* data, std::size_t size, Release release, void* context) noexcept {
  release_taken();
  body_.clear();
  taken_ = {.data = data, .size = size, .release = release, .context = context};
  return MILLRACE_OK;
}

void HandlerResponse::release_taken() noexcept {
  const Taken taken = std::exchange(taken_, {});
  if (taken.data != nullptr && taken.release != nullptr) taken.release(taken.context, taken.data);
}

/// Copied here, on a thread that may take its time: what is sent then outlives library and state, and is
/// memory whose end calls nobody.
bool HandlerResponse::own_taken() noexcept {
  if (taken_.data == nullptr) return true;
  const bool copied = body_.append({static_cast<const char*>(taken_.data), taken_.size});
  release_taken();
  return copied;
}

bool HandlerResponse::settle() noexcept {
  if (!own_taken()) return false;
  body_.shrink();
  return true;
}

}  // namespace millrace
