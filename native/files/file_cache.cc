#include "files/file_cache.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

[[nodiscard]] std::size_t bytes_of(const FileEntry& entry) noexcept {
  std::size_t sum = 0;
  for (const FileVariant& variant : entry.variants) sum += variant.contents.size();
  return sum;
}

[[nodiscard]] std::size_t descriptors_of(const FileEntry& entry) noexcept {
  return static_cast<std::size_t>(std::count_if(entry.variants.begin(), entry.variants.end(),
                                                [](const auto& variant) { return variant.file != nullptr; }));
}

}  // namespace

std::shared_ptr<const FileEntry> FileCache::find(std::uint32_t root, std::string_view path) {
  const auto found = places_.find({.root = root, .path = path});
  if (found == places_.end()) return nullptr;
  const Place place = found->second;
  if (place->compared_in != wake_) {
    if (place->since_ms + limits_.keep_ms <= now_ms_ || !is_unchanged(*place->entry)) {
      drop(place);
      return nullptr;
    }
    place->compared_in = wake_;
    place->used_ms = now_ms_;
    kept_.splice(kept_.begin(), kept_, place);
  }
  return place->entry;
}

void FileCache::keep(std::uint32_t root, std::string_view path, std::shared_ptr<const FileEntry> entry) {
  const std::size_t bytes = bytes_of(*entry);
  const std::size_t descriptors = descriptors_of(*entry);
  if (bytes > limits_.bytes || descriptors > limits_.descriptors || limits_.entries == 0) return;
  if (const auto found = places_.find({.root = root, .path = path}); found != places_.end())
    drop(found->second);
  while (kept_.size() >= limits_.entries || bytes_ + bytes > limits_.bytes ||
         descriptors_ + descriptors > limits_.descriptors) {
    drop(std::prev(kept_.end()));
  }
  kept_.push_front({.root = root,
                    .path = std::string(path),
                    .entry = std::move(entry),
                    .bytes = bytes,
                    .descriptors = descriptors,
                    .since_ms = now_ms_,
                    .used_ms = now_ms_,
                    .compared_in = wake_ - 1});  // who looked did so before
  places_.emplace(Key{.root = root, .path = kept_.front().path}, kept_.begin());
  bytes_ += bytes;
  descriptors_ += descriptors;
  if (next_sweep_ms_ == 0) next_sweep_ms_ = now_ms_ + limits_.idle_ms;
}

void FileCache::sweep() {
  while (!kept_.empty() && kept_.back().used_ms + limits_.idle_ms <= now_ms_) drop(std::prev(kept_.end()));
  next_sweep_ms_ = kept_.empty() ? 0 : kept_.back().used_ms + limits_.idle_ms;
}

void FileCache::drop(Place place) {
  bytes_ -= place->bytes;
  descriptors_ -= place->descriptors;
  places_.erase({.root = place->root, .path = place->path});
  kept_.erase(place);
}

bool FileCache::is_unchanged(const FileEntry& entry) noexcept {
  return std::all_of(entry.variants.begin(), entry.variants.end(), [](const FileVariant& variant) {
    if (variant.generated) return true;  // the file itself is among them
    struct stat now;
    return ::stat(variant.path.c_str(), &now) == 0 && status_of(now) == variant.status;
  });
}

}  // namespace millrace
