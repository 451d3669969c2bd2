// result.h: a value or the system call that failed; errors as values. Any thread.
#pragma once

#include <cstdlib>
#include <utility>
#include <variant>

namespace millrace {

struct SysError {
  const char* syscall;  // a string literal, e.g. "epoll_create1": it is what the JS error's `syscall` says
  int error;            // an errno value
};

/// Reading the side that is not there is our own bug, not the user's, so it aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit both ways, so that `return SysError{"socket", errno};` and `return fd;` read as what they mean.
  Result(T value) noexcept : held_(std::in_place_index<0>, std::move(value)) {}
  Result(SysError error) noexcept : held_(std::in_place_index<1>, error) {}

  [[nodiscard]] bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & noexcept { return *checked(std::get_if<0>(&held_)); }
  [[nodiscard]] const T& value() const& noexcept { return *checked(std::get_if<0>(&held_)); }
  [[nodiscard]] T&& value() && noexcept { return std::move(*checked(std::get_if<0>(&held_))); }
  [[nodiscard]] SysError error() const noexcept { return *checked(std::get_if<1>(&held_)); }

 private:
  template <class P>
  static P* checked(P* side) noexcept {
    if (side == nullptr) std::abort();
    return side;
  }

  std::variant<T, SysError> held_;
};

/// Success without a value. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(SysError error) noexcept : error_(error) {}

  [[nodiscard]] bool ok() const noexcept { return error_.syscall == nullptr; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] SysError error() const noexcept {
    if (ok()) std::abort();
    return error_;
  }

 private:
  SysError error_{nullptr, 0};
};

using Status = Result<void>;

}  // namespace millrace
