// file_cache.h: files that have been asked for lately, opened and small ones read. Reactor thread only.
#pragma once

#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "files/file_entry.h"

namespace millrace {

/// What it gives is what the file system has: each entry is compared with it once a wake. So a change is seen
/// by the first request that comes behind it.
class FileCache {
 public:
  struct Limits {
    std::size_t entries;
    std::size_t descriptors;
    std::size_t bytes;      // in memory
    std::uint32_t keep_ms;  // from then on it is looked up anew: siblings may have come
    std::uint32_t idle_ms;  // nobody has asked for it: its descriptor is closed
  };
  explicit FileCache(const Limits& limits) noexcept : limits_(limits) {}

  /// `path` is what was asked for, as it was sent. Null: not here, or not any more what it was.
  [[nodiscard]] std::shared_ptr<const FileEntry> find(std::uint32_t root, std::string_view path);

  void keep(std::uint32_t root, std::string_view path, std::shared_ptr<const FileEntry> entry);

  /// A new wake: what is compared from now on counts until the next.
  void begin_wake(std::uint64_t now_ms) noexcept {
    ++wake_;
    now_ms_ = now_ms;
  }

  /// Lets go of everything: descriptors are needed elsewhere.
  void clear() noexcept {
    while (!kept_.empty()) drop(std::prev(kept_.end()));
  }

  /// Lets go of what nobody has asked for.
  void sweep();
  /// When to do that; 0: there is nothing.
  [[nodiscard]] std::uint64_t next_sweep_ms() const noexcept { return next_sweep_ms_; }

  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Kept {
    std::uint32_t root;
    std::string path;
    std::shared_ptr<const FileEntry> entry;
    std::size_t bytes;
    std::size_t descriptors;
    std::uint64_t since_ms;
    std::uint64_t used_ms;
    std::uint64_t compared_in;  // wake
  };
  using Place = std::list<Kept>::iterator;

  struct Key {
    std::uint32_t root;
    std::string_view path;  // of Kept, or of who asks
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>()(key.path) ^ (std::size_t{key.root} << 1);
    }
  };

  void drop(Place place);
  [[nodiscard]] static bool is_unchanged(const FileEntry& entry) noexcept;

  const Limits limits_;
  std::list<Kept> kept_;  // the one used last in front
  std::unordered_map<Key, Place, Hash> places_;
  std::size_t bytes_ = 0;
  std::size_t descriptors_ = 0;
  std::uint64_t wake_ = 0;
  std::uint64_t now_ms_ = 0;
  std::uint64_t next_sweep_ms_ = 0;
};

}  // namespace millrace
