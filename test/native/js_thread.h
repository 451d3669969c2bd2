// js_thread.h: a thread with an event loop and a Channel, as the threads of Node that run handlers have them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "native/js_channel.h"
#include "native/ring_memory.h"

namespace millrace::js {

class JsThread {
 public:
  using Handler = std::function<void(JsThread&, Claimed)>;
  using OnNews = std::function<void(JsThread&, std::uint32_t reactor, const ring::ExchangeNews&)>;

  JsThread() : doorbell_(std::make_shared<ring::RingMemory>(ring::kDoorbellStride * sizeof(std::uint32_t))) {
    ring::atomic_word(doorbell_word(), 0).store(1);
  }
  /// Takes the place of one that has left.
  explicit JsThread(const JsThread& before) : doorbell_(before.doorbell_) {}
  JsThread& operator=(const JsThread&) = delete;
  ~JsThread() { stop(); }

  [[nodiscard]] std::uint32_t* doorbell_word() { return doorbell_->shared().words; }

  /// What a reactor calls: a threadsafe function without an argument. `thread` is a JsThread.
  static void wake(void* thread) {
    auto* const self = static_cast<JsThread*>(thread);
    self->post([self] { self->channel_->drain(); });
  }

  /// Runs `task` on this thread, in a turn of its loop. Any thread.
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    wanted_.notify_one();
  }

  /// What has been rung before waits until now, as it does for a Node that is still inside listen().
  void start(Native native, const ChannelRings& rings, Handler handler, OnNews on_news = {}) {
    handler_ = std::move(handler);
    channel_ = std::make_unique<Channel>(
        std::move(native), rings, doorbell_word(),
        [this](std::function<void()> task) { immediates_.push_back(std::move(task)); },
        [this](Claimed request) { handler_(*this, std::move(request)); });
    if (on_news) {
      channel_->on_news = [this, on_news = std::move(on_news)](std::uint32_t reactor,
                                                               const ring::ExchangeNews& news) {
        on_news(*this, reactor, news);
      };
    }
    thread_ = std::thread([this] { run(); });
  }

  /// Ends the loop after its present turn, whatever there is to do. Any other thread, idempotent.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      wanted_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

  // --- this thread, so handlers and posted tasks ---

  void answer(Answer answer) { channel_->answer(std::move(answer)); }
  [[nodiscard]] Channel& channel() { return *channel_; }
  /// In the loop's next turn, behind other requests.
  void set_immediate(std::function<void()> task) { immediates_.push_back(std::move(task)); }

 private:
  void run() {
    for (;;) {
      std::deque<std::function<void()>> tasks;
      {
        std::unique_lock lock(mutex_);
        wanted_.wait(lock, [this] { return stopped_ || !posted_.empty() || !immediates_.empty(); });
        if (stopped_) return;
        tasks.swap(posted_);
      }
      for (const auto& task : tasks) task();
      tasks.clear();
      tasks.swap(immediates_);  // those they add come with the next turn
      for (const auto& task : tasks) task();
    }
  }

  std::shared_ptr<ring::RingMemory> doorbell_;  // belongs to the place
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::function<void()>> posted_;
  bool stopped_ = false;
  std::deque<std::function<void()>> immediates_;  // this thread only
  Handler handler_;
  std::unique_ptr<Channel> channel_;
  std::thread thread_;
};

}  // namespace millrace::js
