// bounded_channel.h: a queue between threads that holds so much and no more: mutex and condition variables.
// Any thread.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace designs {

template <class T>
class BoundedChannel {
 public:
  explicit BoundedChannel(std::size_t capacity) : capacity_(capacity) {}

  /// Waits while it is full. False: it has been closed, and the item is lost.
  [[nodiscard]] bool push(T item) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return items_.size() < capacity_ || is_closed_; });
    return put(std::move(item));
  }

  /// Never waits. False: full or closed, and the item is lost.
  [[nodiscard]] bool try_push(T item) {
    const std::lock_guard lock(mutex_);
    return items_.size() < capacity_ && put(std::move(item));
  }

  /// Waits while it is empty. Nothing: it has been closed, and everything that was in it has been taken.
  [[nodiscard]] std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    has_item_.wait(lock, [this] { return !items_.empty() || is_closed_; });
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    has_room_.notify_one();
    return item;
  }

  [[nodiscard]] bool is_empty() {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

  /// What is in it can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    has_item_.notify_all();
    has_room_.notify_all();
  }

 private:
  bool put(T item) {
    if (is_closed_) return false;
    items_.push_back(std::move(item));
    has_item_.notify_one();
    return true;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable has_item_;
  std::condition_variable has_room_;
  std::deque<T> items_;
  bool is_closed_ = false;
};

}  // namespace designs
