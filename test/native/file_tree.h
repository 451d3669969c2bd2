// file_tree.h: a directory of its own for one test, with files in it.
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "native/check.h"

namespace millrace::check {

/// Files that were written before are kept by the cache: a change would show.
inline void settle() { ::usleep(30'000); }

/// Paths are relative to the directory, without a slash in front.
class FileTree {
 public:
  FileTree() {
    std::string where = "/tmp/millrace-files-XXXXXX";
    top_ = ::mkdtemp(where.data());
  }
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;
  ~FileTree() {
    const auto remove = [](const char* path, const struct stat*, int, FTW*) { return std::remove(path); };
    ::nftw(top_.c_str(), remove, 8, FTW_DEPTH | FTW_PHYS);
  }

  [[nodiscard]] const std::string& path() const noexcept { return top_; }
  [[nodiscard]] std::string at(const std::string& path) const { return top_ + "/" + path; }

  void directory(const std::string& path) const { EXPECT_EQ(::mkdir(at(path).c_str(), 0755), 0); }
  void write(const std::string& path, std::string_view contents) const {
    const UniqueFd fd{::open(at(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    while (!contents.empty()) {
      const ssize_t written = ::write(fd.get(), contents.data(), contents.size());
      if (!EXPECT_LT(0, written)) return;
      contents.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void truncate(const std::string& path, std::uint64_t bytes) const {
    EXPECT_EQ(::truncate(at(path).c_str(), static_cast<off_t>(bytes)), 0);
  }
  void remove(const std::string& path) const { EXPECT_EQ(std::remove(at(path).c_str()), 0); }
  void rename(const std::string& from, const std::string& to) const {
    EXPECT_EQ(std::rename(at(from).c_str(), at(to).c_str()), 0);
  }
  void link(const std::string& path, const std::string& target) const {
    EXPECT_EQ(::symlink(target.c_str(), at(path).c_str()), 0);
  }
  /// Since 1970: `seconds` and `nanoseconds` of them.
  void set_modified(const std::string& path, std::int64_t seconds, std::int64_t nanoseconds = 0) const {
    const timespec time{.tv_sec = seconds, .tv_nsec = nanoseconds};
    const timespec times[] = {time, time};
    EXPECT_EQ(::utimensat(AT_FDCWD, at(path).c_str(), times, 0), 0);
  }

 private:
  std::string top_;
};

/// Bytes in which each place can be told from the others.
inline std::string contents_of_size(std::size_t bytes, std::uint32_t seed = 1) {
  std::string contents(bytes, '\0');
  std::uint32_t state = seed * 2654435761u + 1;
  for (char& c : contents) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return contents;
}

}  // namespace millrace::check
