// handler_request.h: a request as a native handler reads it: a copy, since its connection may end meanwhile.
// Made by the reactor, then one pool thread's.
#pragma once

#include <millrace.h>

#include <array>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_blocks.h"
#include "base/owned_bytes.h"
#include "handlers/path_params.h"
#include "http/request_head.h"
#include "net/peer_address.h"

namespace millrace {

/// Whether somebody waits for an answer. Any thread.
class AnswerWatch {
 public:
  AnswerWatch() = default;
  AnswerWatch(const AnswerWatch&) = delete;
  AnswerWatch& operator=(const AnswerWatch&) = delete;
  [[nodiscard]] virtual bool is_cancelled() const noexcept = 0;

 protected:
  ~AnswerWatch() = default;
};

class HandlerRequest {
 public:
  /// Both outlive it.
  HandlerRequest(const PathParams& params, const AnswerWatch& watch) noexcept
      : params_(params), watch_(watch) {}

  /// Copies the head. False: no memory.
  [[nodiscard]] bool take_head(const RequestHead& head, std::span<const Field> fields, const char* head_bytes,
                               const PeerAddress& peer);
  /// Makes one piece of a body. False: no memory.
  [[nodiscard]] bool take_body(ByteBlocks& blocks);
  void drop_body() noexcept { body_.clear(); }

  [[nodiscard]] std::string_view method() const noexcept { return method_; }
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  [[nodiscard]] std::string_view path() const noexcept { return path_; }
  [[nodiscard]] std::string_view query() const noexcept { return query_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_.view(); }
  [[nodiscard]] std::string_view remote_address() const noexcept { return {address_.data(), address_bytes_}; }
  [[nodiscard]] std::uint16_t remote_port() const noexcept { return port_; }
  [[nodiscard]] bool is_cancelled() const noexcept { return watch_.is_cancelled(); }

  [[nodiscard]] std::size_t field_count() const noexcept { return fields_.size(); }
  [[nodiscard]] std::string_view name_at(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view value_at(std::size_t index) const noexcept;
  /// All lines of a field together. A view of null: there is none.
  [[nodiscard]] std::string_view header(std::string_view name);
  [[nodiscard]] std::string_view param(std::string_view name);

  /// On the heap.
  [[nodiscard]] std::size_t bytes_held() const noexcept {
    return head_.capacity() + fields_.size() * sizeof(Field) + path_.size() + body_.capacity();
  }

 private:
  using Made = std::deque<std::pair<std::string, std::string>>;  // what is in it stays where it is

  [[nodiscard]] std::string_view terminated(std::size_t offset, std::size_t length) noexcept;

  const PathParams& params_;
  const AnswerWatch& watch_;
  OwnedBytes head_;  // with a NUL behind everything that can be asked for
  std::vector<Field> fields_;
  std::string_view method_;
  std::string_view target_;
  std::string_view query_;
  std::string path_;
  OwnedBytes body_;  // with a NUL behind it that is not counted
  std::array<char, PeerAddress::kMaxTextBytes> address_{};
  std::size_t address_bytes_ = 0;
  std::uint16_t port_ = 0;
  Made joined_;   // by name in lower case
  Made decoded_;  // by name
};

}  // namespace millrace

/// What the C API calls it.
struct millrace_request final : millrace::HandlerRequest {
  using HandlerRequest::HandlerRequest;
};
