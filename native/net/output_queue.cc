#include "net/output_queue.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace millrace {

bool OutputQueue::append(std::string_view bytes) noexcept {
  // Small answers share a block; a block that is already large is left alone, or growing it would copy it
  // each time.
  if (blocks_.empty() || blocks_.back().size() + bytes.size() > 4 * kOutputCopyBytes) blocks_.emplace_back();
  if (!blocks_.back().append(bytes)) return false;
  bytes_ += bytes.size();
  share_.set(bytes_);
  return true;
}

void OutputQueue::append(OwnedBytes block, std::size_t from) noexcept {
  if (blocks_.empty()) front_sent_ = from;
  bytes_ += block.size() - from;
  blocks_.push_back(std::move(block));
  share_.set(bytes_);
}

std::size_t OutputQueue::peek(iovec* pieces, std::size_t room) const noexcept {
  const std::size_t count = std::min(room, blocks_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t skip = i == 0 ? front_sent_ : 0;
    pieces[i] = {const_cast<char*>(blocks_[i].data()) + skip, blocks_[i].size() - skip};
  }
  return count;
}

void OutputQueue::consume(std::size_t count) noexcept {
  bytes_ -= count;
  sent += count;
  front_sent_ += count;
  while (!blocks_.empty() && front_sent_ >= blocks_.front().size()) {
    front_sent_ -= blocks_.front().size();
    blocks_.pop_front();
  }
  share_.set(bytes_);
}

}  // namespace millrace
