// file_status.h: by what a file is recognised, and a change of it. Plain data, any thread.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace millrace {

/// Two that are equal are of the same file with the same contents, as far as the file system's clock can
/// tell: writing moves mtime, and replacing, renaming or linking moves ctime.
struct FileStatus {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::int64_t changed_ns = 0;

  bool operator==(const FileStatus&) const = default;

  [[nodiscard]] std::int64_t modified_seconds() const noexcept {
    return modified_ns >= 0 ? modified_ns / kSecond : (modified_ns - kSecond + 1) / kSecond;
  }

  static constexpr std::int64_t kSecond = 1'000'000'000;
};

/// 64 bits of nanoseconds end in 2262; times of file systems go on.
[[nodiscard]] inline std::int64_t nanoseconds_of(const timespec& time) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / FileStatus::kSecond - 1;
  return std::clamp<std::int64_t>(time.tv_sec, -kMost, kMost) * FileStatus::kSecond + time.tv_nsec;
}

[[nodiscard]] inline FileStatus status_of(const struct stat& status) noexcept {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = nanoseconds_of(status.st_mtim),
          .changed_ns = nanoseconds_of(status.st_ctim)};
}

}  // namespace millrace
