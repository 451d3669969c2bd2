#include "files/compressed_files.h"

#include <algorithm>
#include <iterator>

namespace millrace {

namespace {

/// What one that is kept takes beside its contents, about: many that are empty are no little either.
constexpr std::size_t kOverheadBytes = 256;

}  // namespace

CompressedFiles::Contents CompressedFiles::find_or_make(const FileStatus& status,
                                                        const std::function<Contents()>& make) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto found = places_.find(status); found != places_.end()) {
      if (std::chrono::steady_clock::now() - found->second->since < keep_ms_) {
        kept_.splice(kept_.begin(), kept_, found->second);
        return found->second->contents;
      }
      drop(found->second);
    }
    if (std::find(being_made_.begin(), being_made_.end(), status) == being_made_.end()) break;
    made_.wait(lock);
  }
  const auto mine = being_made_.insert(being_made_.end(), status);
  lock.unlock();
  Contents contents = make();
  lock.lock();
  being_made_.erase(mine);
  if (contents) keep(status, *contents);
  lock.unlock();
  made_.notify_all();
  return contents;
}

std::size_t CompressedFiles::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void CompressedFiles::keep(const FileStatus& status, const std::string& contents) {
  const std::size_t bytes = contents.size() + kOverheadBytes;
  if (bytes > most_bytes_) return;
  while (bytes_ + bytes > most_bytes_) drop(std::prev(kept_.end()));
  kept_.push_front({.status = status, .contents = contents, .since = std::chrono::steady_clock::now()});
  places_.emplace(status, kept_.begin());
  bytes_ += bytes;
}

void CompressedFiles::drop(std::list<Made>::iterator made) {
  bytes_ -= made->contents.size() + kOverheadBytes;
  places_.erase(made->status);
  kept_.erase(made);
}

std::size_t CompressedFiles::Hash::operator()(const FileStatus& status) const noexcept {
  const std::hash<std::uint64_t> hash;
  return hash(status.inode) ^ hash(static_cast<std::uint64_t>(status.changed_ns)) << 1 ^
         hash(status.device) << 2;
}

}  // namespace millrace
