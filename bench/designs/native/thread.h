// thread.h: a named thread that is joined, and whose start may fail: a server that is out of threads is no
// crash.

#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace designs {

class Thread {
 public:
  /// Far less than the usual 8 MiB: a thread for each connection is what some designs are about.
  static constexpr std::size_t kStackBytes = 256 * 1024;

  /// @param name At most 15 bytes, as `top -H` and /proc show it.
  /// @returns One that is false where there is no thread to be had.
  [[nodiscard]] static Thread start(const char* name, std::function<void()> run) {
    auto owned = std::make_unique<std::function<void()>>(std::move(run));
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_t handle{};
    const int error = ::pthread_create(&handle, &attributes, &Thread::enter, owned.get());
    ::pthread_attr_destroy(&attributes);
    if (error != 0) return {};
    static_cast<void>(owned.release());  // enter() has it
    ::pthread_setname_np(handle, name);
    return Thread(handle);
  }

  Thread() noexcept = default;
  Thread(Thread&& other) noexcept
      : handle_(other.handle_), is_running_(std::exchange(other.is_running_, false)) {}
  Thread& operator=(Thread&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(is_running_, other.is_running_);
    return *this;
  }
  ~Thread() { join(); }

  /// Started, and not joined yet.
  [[nodiscard]] explicit operator bool() const noexcept { return is_running_; }

  void join() {
    if (std::exchange(is_running_, false)) ::pthread_join(handle_, nullptr);
  }

 private:
  explicit Thread(pthread_t handle) : handle_(handle), is_running_(true) {}

  static void* enter(void* run) {
    const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(run));
    (*owned)();
    return nullptr;
  }

  pthread_t handle_{};
  bool is_running_ = false;
};

}  // namespace designs
