#include "handlers/handler_request.h"

#include <algorithm>
#include <array>

#include "http/field_rules.h"
#include "http/request_text.h"

namespace millrace {

namespace {

// Of no bytes, at an address: C gets it as a pointer.
constexpr std::string_view kEmpty = std::string_view("\0", 1).substr(0, 0);

[[nodiscard]] std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

/// Of several lines the first counts, as in lib/header-joins.ts.
[[nodiscard]] bool has_one_value(std::string_view lower) noexcept {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host",
       "if-modified-since", "if-unmodified-since", "last-modified", "location", "max-forwards",
       "proxy-authorization", "referer", "retry-after", "server", "user-agent"});
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace

bool HandlerRequest::take_head(const RequestHead& head, std::span<const Field> fields, const char* head_bytes,
                               const PeerAddress& peer) {
  if (!head_.append({head_bytes, head.bytes})) return false;
  fields_.assign(fields.begin(), fields.end());
  path_ = routing_path(head, head_bytes);
  // Each is followed by a byte that nobody asks for: a space, a colon, the end of a line. The query ends
  // where the target does.
  query_ = head.query.length == 0 ? kEmpty : text_of(head.query, head_.data());
  method_ = terminated(head.method_name.offset, head.method_name.length);
  target_ = terminated(head.target.offset, head.target.length);
  for (const Field& field : fields_) {
    static_cast<void>(terminated(field.name_offset, field.name_length));
    static_cast<void>(terminated(field.value_offset, field.value_length));
  }
  address_bytes_ = peer.write_text(address_);
  port_ = peer.port;
  return true;
}

std::string_view HandlerRequest::terminated(std::size_t offset, std::size_t length) noexcept {
  if (length == 0) return kEmpty;  // wherever it is said to be, it ends nothing there
  head_.data()[offset + length] = '\0';
  return {head_.data() + offset, length};
}

bool HandlerRequest::take_body(ByteBlocks& blocks) {
  const std::size_t size = blocks.size();
  if (size == 0) return true;
  if (blocks.is_one_block()) {
    body_ = std::move(blocks.last());
    if (!body_.reserve(size + 1)) return false;
  } else {
    if (!body_.reserve(size + 1)) return false;
    blocks.move_to(body_.data());
    body_.set_size(size);
  }
  body_.data()[size] = '\0';
  return true;
}

std::string_view HandlerRequest::name_at(std::size_t index) const noexcept {
  const Field& field = fields_[index];
  return {head_.data() + field.name_offset, field.name_length};
}

std::string_view HandlerRequest::value_at(std::size_t index) const noexcept {
  const Field& field = fields_[index];
  if (field.value_length == 0) return kEmpty;
  return {head_.data() + field.value_offset, field.value_length};
}

std::string_view HandlerRequest::header(std::string_view name) {
  const std::string lower = lower_case(name);
  for (const auto& [known, value] : joined_) {
    if (known == lower) return value;
  }
  std::string_view first;
  std::string* joined = nullptr;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!equals_ignoring_case(name_at(i), lower)) continue;
    const std::string_view value = value_at(i);
    if (first.data() == nullptr) {
      first = value;
      if (has_one_value(lower)) break;
    } else {
      if (joined == nullptr) joined = &joined_.emplace_back(lower, first).second;
      joined->append(lower == "cookie" ? "; " : ", ").append(value);
    }
  }
  return joined == nullptr ? first : *joined;
}

std::string_view HandlerRequest::param(std::string_view name) {
  for (const auto& [known, value] : decoded_) {
    if (known == name) return value;
  }
  const std::string_view raw = raw_param(params_, path_, name);
  if (raw.data() == nullptr) return {};
  return decoded_.emplace_back(name, percent_decoded(raw)).second;
}

}  // namespace millrace
