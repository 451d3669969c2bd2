// handler_response.h: an answer as a native handler gives it: checked when it is said. One pool thread's,
// then the reactor's.
#pragma once

#include <millrace.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/owned_bytes.h"

namespace millrace {

class HandlerResponse {
 public:
  HandlerResponse() = default;
  HandlerResponse(const HandlerResponse&) = delete;
  HandlerResponse& operator=(const HandlerResponse&) = delete;
  ~HandlerResponse() { release_taken(); }

  using Release = void (*)(void* context, void* data);

  // Each gives a code of millrace.h.
  [[nodiscard]] int set_status(int status) noexcept;
  [[nodiscard]] int add_header(std::string_view name, std::string_view value);
  [[nodiscard]] int set_body(std::string_view bytes) noexcept;
  [[nodiscard]] int append_body(std::string_view bytes) noexcept;
  [[nodiscard]] int take_body(void* data, std::size_t size, Release release, void* context) noexcept;
  void set_failure(std::string_view message) { failure_ = message; }

  /// On the handler's thread, behind the handler: from now on nothing here is the library's. False: no
  /// memory.
  [[nodiscard]] bool settle() noexcept;

  [[nodiscard]] std::uint16_t status() const noexcept { return status_; }
  [[nodiscard]] const std::string& fields() const noexcept { return fields_; }
  [[nodiscard]] bool has_date() const noexcept { return has_date_; }
  [[nodiscard]] bool wants_close() const noexcept { return wants_close_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] OwnedBytes& body() noexcept { return body_; }

  /// On the heap.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return fields_.capacity() + body_.capacity(); }

 private:
  /// Of a field that has one.
  [[nodiscard]] bool has_value_already(std::string_view name) const noexcept;
  void release_taken() noexcept;
  [[nodiscard]] bool own_taken() noexcept;

  std::uint16_t status_ = 200;
  bool has_date_ = false;
  bool wants_close_ = false;
  std::string fields_;  // whole lines
  OwnedBytes body_;
  struct Taken {
    void* data = nullptr;
    std::size_t size = 0;
    Release release = nullptr;
    void* context = nullptr;
  };
  Taken taken_;  // instead of `body_`, where `data` is not null
  std::string failure_;
};

}  // namespace millrace

/// What the C API calls it.
struct millrace_response final : millrace::HandlerResponse {};
