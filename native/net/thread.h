// thread.h: a native thread that is joined by its owner. The owner's thread only.
#pragma once

#include <pthread.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace millrace {

/// Unlike std::thread it says no with a value instead of throwing, and no signal is ever delivered in it:
/// SIGTERM and friends are Node's, and a handler there would run JavaScript's machinery on the wrong thread.
class Thread {
 public:
  /// The kernel keeps this much of a name; the rest is cut off.
  static constexpr std::size_t kMaxNameBytes = 15;

  Thread() noexcept = default;  // no thread
  Thread(Thread&& other) noexcept : id_(other.id_), running_(std::exchange(other.running_, false)) {}
  Thread& operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    join();
    id_ = other.id_;
    running_ = std::exchange(other.running_, false);
    return *this;
  }
  ~Thread() { join(); }

  /// Runs `body()` in a new thread. `body` is moved into the thread and destroyed there when it has returned;
  /// if there is no thread (EAGAIN: too many, or no memory for its stack) it is destroyed here without having
  /// run.
  template <class Body>
  [[nodiscard]] static Result<Thread> start(std::string_view name, Body body);

  /// Waits for the end of the body. Idempotent. Not from the thread itself.
  void join() noexcept;

  [[nodiscard]] bool joinable() const noexcept { return running_; }

 private:
  using Name = std::array<char, kMaxNameBytes + 1>;

  template <class Body>
  struct Start {
    Name name;
    Body body;
  };

  explicit Thread(pthread_t id) noexcept : id_(id), running_(true) {}

  static Name cut(std::string_view name) noexcept;
  static void set_own_name(const Name& name) noexcept;
  static Result<Thread> create(void* (*entry)(void*), void* argument) noexcept;

  template <class Body>
  static void* enter(void* argument) {
    const std::unique_ptr<Start<Body>> start(static_cast<Start<Body>*>(argument));
    set_own_name(start->name);
    start->body();
    return nullptr;
  }

  pthread_t id_{};
  bool running_ = false;
};

template <class Body>
Result<Thread> Thread::start(std::string_view name, Body body) {
  auto start = std::unique_ptr<Start<Body>>(new Start<Body>{cut(name), std::move(body)});
  Result<Thread> thread = create(&enter<Body>, start.get());
  if (thread.ok()) static_cast<void>(start.release());  // the thread deletes it
  return thread;
}

}  // namespace millrace
