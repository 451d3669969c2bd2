// handler_failures.h: what native handlers have failed with, on its way to JavaScript. Reactors put, the
// server's JS thread takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace millrace {

struct HandlerFailure {
  std::string method;
  std::string path;
  std::string message;
  std::uint32_t route = 0;  // number of the handler, in Routes::natives
};

class HandlerFailures {
 public:
  using Wake = void (*)(void* context);

  /// Who is told that there are some. Before anything is put.
  void connect(Wake wake, void* context) noexcept {
    wake_ = wake;
    context_ = context;
  }

  /// Beyond kKeptFailures they are only counted: a client can make as many as it likes while JavaScript is
  /// busy.
  void put(HandlerFailure failure) {
    bool is_first = false;
    {
      const std::lock_guard lock(mutex_);
      is_first = failures_.empty();
      if (failures_.size() == kKeptFailures) {
        ++dropped_;
      } else {
        failures_.push_back(std::move(failure));
      }
    }
    if (is_first && wake_ != nullptr) wake_(context_);  // a system call: not under the lock
  }

  struct Taken {
    std::vector<HandlerFailure> failures;
    std::uint64_t dropped;
  };
  [[nodiscard]] Taken take() {
    const std::lock_guard lock(mutex_);
    return {.failures = std::exchange(failures_, {}), .dropped = std::exchange(dropped_, 0)};
  }

 private:
  Wake wake_ = nullptr;
  void* context_ = nullptr;
  std::mutex mutex_;  // guards all below
  std::vector<HandlerFailure> failures_;
  std::uint64_t dropped_ = 0;
};

}  // namespace millrace
