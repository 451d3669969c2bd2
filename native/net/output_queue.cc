#include "net/output_queue.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace millrace {

bool OutputQueue::append(std::string_view bytes) noexcept {
  // Small answers share a block; a block that is already large is left alone, or growing it would copy it
  // each time.
  const bool shares = !blocks_.empty() && blocks_.back().fixed.empty() &&
                      blocks_.back().own.size() + bytes.size() <= 4 * kOutputCopyBytes;
  if (!shares) blocks_.emplace_back();
  if (!blocks_.back().own.append(bytes)) return false;
  bytes_ += bytes.size();
  account();
  return true;
}

void OutputQueue::append(OwnedBytes block, std::size_t from) noexcept {
  if (blocks_.empty()) front_sent_ = from;
  bytes_ += block.size() - from;
  blocks_.push_back({std::move(block)});
  account();
}

void OutputQueue::append_static(std::string_view bytes) noexcept {
  bytes_ += bytes.size();
  fixed_bytes_ += bytes.size();
  blocks_.push_back({.own = {}, .fixed = bytes});
}

std::size_t OutputQueue::peek(iovec* pieces, std::size_t room) const noexcept {
  const std::size_t count = std::min(room, blocks_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view block = blocks_[i].view().substr(i == 0 ? front_sent_ : 0);
    pieces[i] = {const_cast<char*>(block.data()), block.size()};
  }
  return count;
}

void OutputQueue::consume(std::size_t count) noexcept {
  bytes_ -= count;
  sent += count;
  while (count > 0) {
    const Block& front = blocks_.front();
    const std::size_t from_front = std::min(count, front.view().size() - front_sent_);
    if (!front.fixed.empty()) fixed_bytes_ -= from_front;
    front_sent_ += from_front;
    count -= from_front;
    if (front_sent_ < front.view().size()) break;
    front_sent_ = 0;
    blocks_.pop_front();
  }
  account();
}

}  // namespace millrace
