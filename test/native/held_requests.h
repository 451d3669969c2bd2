// held_requests.h: handlers that wait until the test lets them go on.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/js_request.h"
#include "native/js_thread.h"
#include "native/patience.h"

namespace millrace::check {

/// Asynchronous handlers: JavaScript has the requests and goes on; each is answered when the test says so.
class HeldRequests {
 public:
  [[nodiscard]] js::JsThread::Handler handler() {
    return [this](js::JsThread& thread, js::Claimed request) {
      const std::string path(js::RequestReader(request.record).path());
      const std::lock_guard lock(mutex_);
      held_.push_back({&thread, request.id, path});
      arrived_.push_back(path);
    };
  }

  /// Paths of the requests whose handlers have begun, oldest first, also of those that have been answered.
  [[nodiscard]] std::vector<std::string> arrived() {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }
  [[nodiscard]] bool wait_for(std::size_t count) {
    return wait_until([&] { return arrived().size() >= count; });
  }

  /// Answers the request for `path` with `answer`, from its thread. Not twice, unless `keep`.
  bool answer(std::string_view path, js::Answer answer, bool keep = false) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(held_.begin(), held_.end(), [path](const Held& held) { return held.path == path; });
    if (found == held_.end()) return false;
    answer.id = found->id;
    found->thread->post([thread = found->thread, answer = std::move(answer)]() mutable {
      thread->answer(std::move(answer));
    });
    if (!keep) held_.erase(found);
    return true;
  }
  /// The usual answer: its path.
  bool answer(std::string_view path) { return answer(path, {.body = std::string(path)}); }

 private:
  struct Held {
    js::JsThread* thread;
    js::ExchangeId id;
    std::string path;
  };
  std::mutex mutex_;
  std::vector<Held> held_;
  std::vector<std::string> arrived_;
};

/// Blocks the threads that come to it until it is opened, as a handler that computes for long does.
class Gate {
 public:
  /// Never for longer than a test may take, or a failed test would not end.
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// True when `count` threads are blocked.
  [[nodiscard]] bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace millrace::check
