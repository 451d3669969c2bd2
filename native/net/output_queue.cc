#include "net/output_queue.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace millrace {

bool OutputQueue::append(std::string_view bytes) noexcept {
  // Small answers share a block; a block that is already large is left alone, or growing it would copy it
  // each time.
  const bool shares = !blocks_.empty() && blocks_.back().fixed.empty() && !blocks_.back().is_file() &&
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
  blocks_.push_back({.own = std::move(block)});
  account();
}

void OutputQueue::append_static(std::string_view bytes) noexcept {
  bytes_ += bytes.size();
  fixed_bytes_ += bytes.size();
  blocks_.push_back({.fixed = bytes});
}

void OutputQueue::append_file(FileSlice slice) noexcept {
  if (slice.bytes == 0) return;
  bytes_ += slice.bytes;
  fixed_bytes_ += slice.bytes;
  ++files_;
  blocks_.push_back({.file = std::move(slice)});
}

std::size_t OutputQueue::peek(iovec* pieces, std::size_t room) const noexcept {
  const std::size_t most = std::min(room, blocks_.size());
  std::size_t count = 0;
  for (; count < most && !blocks_[count].is_file(); ++count) {
    const std::string_view block = blocks_[count].view().substr(count == 0 ? front_sent_ : 0);
    pieces[count] = {const_cast<char*>(block.data()), block.size()};
  }
  return count;
}

void OutputQueue::consume(std::size_t count) noexcept {
  bytes_ -= count;
  sent += count;
  while (count > 0) {
    if (blocks_.front().is_file()) {
      consume_file(count);
    } else {
      consume_bytes(count);
    }
  }
  account();
}

void OutputQueue::consume_file(std::size_t& count) noexcept {
  FileSlice& file = blocks_.front().file;
  const std::size_t taken = std::min<std::uint64_t>(count, file.bytes);
  file.offset += taken;
  file.bytes -= taken;
  fixed_bytes_ -= taken;
  count -= taken;
  if (file.bytes > 0) return;
  --files_;
  blocks_.pop_front();
}

void OutputQueue::consume_bytes(std::size_t& count) noexcept {
  const Block& front = blocks_.front();
  const std::size_t taken = std::min(count, front.view().size() - front_sent_);
  if (!front.fixed.empty()) fixed_bytes_ -= taken;
  front_sent_ += taken;
  count -= taken;
  if (front_sent_ < front.view().size()) return;
  front_sent_ = 0;
  blocks_.pop_front();
}

}  // namespace millrace
