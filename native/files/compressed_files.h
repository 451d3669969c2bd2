// compressed_files.h: what has been compressed of files lately. Pool threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "files/file_status.h"

namespace millrace {

/// By what the files are and not by how clients call them, for all reactors: so that a file is compressed
/// once, by whatever paths and however many at a time it is asked for.
class CompressedFiles {
 public:
  /// Nothing: it could not be read. Empty: it does not become smaller.
  using Contents = std::optional<std::string>;

  CompressedFiles(std::size_t most_bytes, std::uint32_t keep_ms) noexcept
      : most_bytes_(most_bytes), keep_ms_(keep_ms) {}

  /// What was made of the file with this status; else what `make` gives. While another thread makes it, this
  /// one waits: to compress it as well would take as long, and a processor.
  [[nodiscard]] Contents find_or_make(const FileStatus& status, const std::function<Contents()>& make);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Made {
    FileStatus status;
    std::string contents;
    std::chrono::steady_clock::time_point since;
  };
  struct Hash {
    std::size_t operator()(const FileStatus& status) const noexcept;
  };

  void keep(const FileStatus& status, const std::string& contents);

  void drop(std::list<Made>::iterator made);

  const std::size_t most_bytes_;
  const std::chrono::milliseconds keep_ms_;
  mutable std::mutex mutex_;
  std::condition_variable made_;
  std::list<Made> kept_;  // the one used last in front
  std::unordered_map<FileStatus, std::list<Made>::iterator, Hash> places_;
  std::list<FileStatus> being_made_;  // at most as many as the pool has threads
  std::size_t bytes_ = 0;
};

}  // namespace millrace
