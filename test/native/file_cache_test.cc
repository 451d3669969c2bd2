// What the cache of files keeps, what it notices, and that it lets go of everything.
#include "files/file_cache.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "files/file_lookup.h"
#include "native/check.h"
#include "native/file_tree.h"
#include "native/proc_entries.h"
#include "native/scale.h"

namespace millrace {
namespace {

using check::FileTree;
using check::scaled;
using Entry = std::shared_ptr<const FileEntry>;

constexpr FileCache::Limits kLimits{
    .entries = 100, .descriptors = 100, .bytes = 1 << 20, .keep_ms = 2'000, .idle_ms = 10'000};

int descriptors() { return check::entries_of("/proc/self/fd"); }

/// A cache of the files in a directory.
struct Cached {
  explicit Cached(const FileCache::Limits& limits = kLimits) : cache(limits) {
    FileRoot& root = roots.roots.emplace_back();
    root.directory = tree.path();
    root.precompressed = {ContentCoding::gzip};
    cache.begin_wake(now_ms);
  }

  [[nodiscard]] Entry look_up(const std::string& path) const {
    FoundFile found = millrace::look_up(roots, roots.roots[0], path, {});
    EXPECT_TRUE(found.kind == FoundFile::Kind::file);
    return std::move(found.entry);
  }
  /// Of `path` what there is now.
  void keep(const std::string& path, std::uint32_t root = 0) { cache.keep(root, path, look_up(path)); }
  [[nodiscard]] bool has(const std::string& path, std::uint32_t root = 0) {
    return cache.find(root, path) != nullptr;
  }
  void write_and_keep(const std::string& path, std::size_t bytes) {
    tree.write(path, std::string(bytes, 'x'));
    keep(path);
  }
  void next_wake(std::uint32_t later_ms = 1) { cache.begin_wake(now_ms += later_ms); }

  FileTree tree;
  FileRoots roots;
  FileCache cache;
  std::uint64_t now_ms = 1'000;
};

TEST("gives what was kept for the same root and the same path, and nothing else") {
  Cached c;
  c.tree.write("a", "content of a");
  const Entry entry = c.look_up("a");
  c.cache.keep(3, "a", entry);
  EXPECT_TRUE(c.cache.find(3, "a") == entry);
  c.next_wake();
  EXPECT_TRUE(c.cache.find(3, "a") == entry);
  EXPECT_FALSE(c.has("a", 2));
  EXPECT_FALSE(c.has("a", 0));
  for (const char* path : {"", "A", "b", "a/", "/a", "aa", "%61"}) EXPECT_FALSE(c.has(path, 3));
  EXPECT_EQ(c.cache.size(), 1u);
  EXPECT_EQ(c.cache.bytes(), 12u);
}

TEST("keeps the same path of two roots apart") {
  Cached c;
  c.tree.write("a", "1");
  const Entry one = c.look_up("a");
  const Entry two = c.look_up("a");
  c.cache.keep(1, "a", one);
  c.cache.keep(2, "a", two);
  EXPECT_EQ(c.cache.size(), 2u);
  EXPECT_TRUE(c.cache.find(1, "a") == one);
  EXPECT_TRUE(c.cache.find(2, "a") == two);
}

TEST("is compared with the file system once a wake: a change is noticed in the next") {
  constexpr std::int64_t kThen = 1'600'000'000;
  struct Change {
    const char* name;
    void (*make)(const FileTree& tree);
  };
  const Change changes[] = {
      {"longer", [](const FileTree& tree) { tree.write("d/f", "123456"); }},
      {"shorter", [](const FileTree& tree) { tree.truncate("d/f", 4); }},
      {"empty", [](const FileTree& tree) { tree.truncate("d/f", 0); }},
      {"written, by time", [](const FileTree& tree) { tree.set_modified("d/f", kThen + 1); }},
      {"written, by nanosecond", [](const FileTree& tree) { tree.set_modified("d/f", kThen, 1); }},
      {"replaced by one that looks alike",
       [](const FileTree& tree) {
         tree.write("new", "abcde");
         tree.set_modified("new", kThen);
         tree.rename("new", "d/f");
       }},
      {"deleted", [](const FileTree& tree) { tree.remove("d/f"); }},
      {"a directory",
       [](const FileTree& tree) {
         tree.remove("d/f");
         tree.directory("d/f");
       }},
      {"the directory is another",
       [](const FileTree& tree) {
         tree.rename("d", "gone");
         tree.directory("d");
         tree.write("d/f", "12345");
         tree.set_modified("d/f", kThen);
       }},
      {"a sibling is longer", [](const FileTree& tree) { tree.write("d/f.gz", "longer than it was"); }},
      {"a sibling is deleted", [](const FileTree& tree) { tree.remove("d/f.gz"); }},
      {"a sibling is replaced",
       [](const FileTree& tree) {
         tree.write("new", "gz");
         tree.set_modified("new", kThen);
         tree.rename("new", "d/f.gz");
       }},
  };
  for (const Change& change : changes) {
    SCOPE(change.name);
    Cached c;
    c.tree.directory("d");
    c.tree.write("d/f", "12345");
    c.tree.write("d/f.gz", "gz");
    c.tree.set_modified("d/f", kThen);
    c.tree.set_modified("d/f.gz", kThen);
    const int before = descriptors();
    c.keep("d/f");
    EXPECT_EQ(descriptors(), before);  // in memory
    for (int i = 0; i < 3; ++i) {
      c.next_wake();
      EXPECT_TRUE(c.has("d/f"));
    }
    change.make(c.tree);
    EXPECT_TRUE(c.has("d/f"));  // compared already
    c.next_wake();
    EXPECT_FALSE(c.has("d/f"));
    EXPECT_FALSE(c.has("d/f"));
    EXPECT_EQ(c.cache.size(), 0u);
    EXPECT_EQ(c.cache.bytes(), 0u);
    EXPECT_EQ(descriptors(), before);
  }
}

TEST("forgets after keep_ms, however often it is asked: a sibling may have come") {
  Cached c;
  c.tree.write("f", "1");
  c.keep("f");
  for (std::uint32_t ms = 0; ms < kLimits.keep_ms - 100; ms += 100) {
    c.next_wake(100);
    EXPECT_TRUE(c.has("f"));
  }
  c.next_wake(99);
  EXPECT_TRUE(c.has("f"));
  c.next_wake(1);
  EXPECT_FALSE(c.has("f"));
  EXPECT_EQ(c.cache.size(), 0u);
  c.tree.write("f.gz", "2");
  c.keep("f");
  EXPECT_EQ(c.cache.find(0, "f")->variants.size(), 2u);
}

TEST("with too many entries the one goes that has not been asked for the longest") {
  FileCache::Limits limits = kLimits;
  limits.entries = 3;
  Cached c(limits);
  for (const char* path : {"a", "b", "c"}) c.write_and_keep(path, 10);
  c.next_wake();
  EXPECT_TRUE(c.has("a"));
  c.write_and_keep("d", 10);
  EXPECT_EQ(c.cache.size(), 3u);
  EXPECT_FALSE(c.has("b"));
  for (const char* path : {"a", "c", "d"}) EXPECT_TRUE(c.has(path));  // now d has not been used in this wake
  c.next_wake();
  for (const char* path : {"d", "a"}) EXPECT_TRUE(c.has(path));
  c.write_and_keep("e", 10);
  EXPECT_FALSE(c.has("c"));
  EXPECT_EQ(c.cache.bytes(), 30u);
}

TEST("with too many bytes as many go as it takes") {
  FileCache::Limits limits = kLimits;
  limits.bytes = 100;
  Cached c(limits);
  for (const char* path : {"a", "b", "c", "d"}) c.write_and_keep(path, 25);
  EXPECT_EQ(c.cache.size(), 4u);
  EXPECT_EQ(c.cache.bytes(), 100u);
  c.write_and_keep("e", 26);
  EXPECT_EQ(c.cache.bytes(), 76u);
  EXPECT_FALSE(c.has("a"));
  EXPECT_FALSE(c.has("b"));
  EXPECT_TRUE(c.has("c"));
  c.write_and_keep("all", 100);
  EXPECT_EQ(c.cache.size(), 1u);
  EXPECT_EQ(c.cache.bytes(), 100u);
}

TEST("an entry that is larger than the limit is not kept, and nothing goes for it") {
  FileCache::Limits limits = kLimits;
  limits.bytes = 100;
  Cached c(limits);
  c.write_and_keep("a", 50);
  c.write_and_keep("large", 101);
  EXPECT_FALSE(c.has("large"));
  EXPECT_TRUE(c.has("a"));
  EXPECT_EQ(c.cache.bytes(), 50u);
}

TEST("a file that is not in memory costs no bytes, and a sibling does") {
  Cached c;
  c.write_and_keep("large", kFileInMemoryBytes + 1);
  EXPECT_TRUE(c.has("large"));
  EXPECT_EQ(c.cache.bytes(), 0u);
  c.tree.write("large.gz", "12345");
  c.keep("large");
  EXPECT_EQ(c.cache.bytes(), 5u);
  c.write_and_keep("whole", kFileInMemoryBytes);
  EXPECT_EQ(c.cache.bytes(), 5 + kFileInMemoryBytes);
}

TEST("a cache without room keeps nothing") {
  FileCache::Limits limits = kLimits;
  limits.entries = 0;
  Cached c(limits);
  c.write_and_keep("a", 1);
  EXPECT_FALSE(c.has("a"));
  EXPECT_EQ(c.cache.next_sweep_ms(), 0u);
}

TEST("what is kept again takes the place of what there was, and who has that keeps it") {
  Cached c;
  c.write_and_keep("a", 10);
  const int before = descriptors();
  const Entry old = c.cache.find(0, "a");
  c.write_and_keep("a", 7);
  EXPECT_EQ(c.cache.size(), 1u);
  EXPECT_EQ(c.cache.bytes(), 7u);
  EXPECT_EQ(c.cache.find(0, "a")->variants.front().contents, "xxxxxxx");
  EXPECT_EQ(old->variants.front().contents, "xxxxxxxxxx");
  EXPECT_EQ(descriptors(), before);
}

TEST("a sweep closes what nobody has asked for, to the millisecond, and says when the next is due") {
  Cached c;
  const int before = descriptors();
  EXPECT_EQ(c.cache.next_sweep_ms(), 0u);
  c.write_and_keep("idle", kFileInMemoryBytes + 1);
  EXPECT_EQ(c.cache.next_sweep_ms(), c.now_ms + kLimits.idle_ms);
  c.next_wake(1'000);
  c.write_and_keep("used", kFileInMemoryBytes + 2);
  EXPECT_EQ(descriptors(), before + 2);
  c.next_wake(500);
  EXPECT_TRUE(c.has("used"));
  c.next_wake(kLimits.idle_ms - 1'501);
  c.cache.sweep();
  EXPECT_EQ(c.cache.size(), 2u);
  EXPECT_EQ(c.cache.next_sweep_ms(), c.now_ms + 1);
  c.next_wake(1);
  c.cache.sweep();
  EXPECT_EQ(c.cache.size(), 1u);
  EXPECT_EQ(c.cache.bytes(), 0u);
  EXPECT_EQ(descriptors(), before + 1);
  EXPECT_EQ(c.cache.next_sweep_ms(), c.now_ms + 1'500);
  c.next_wake(1'500);
  c.cache.sweep();
  EXPECT_EQ(c.cache.size(), 0u);
  EXPECT_EQ(c.cache.bytes(), 0u);
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(c.cache.next_sweep_ms(), 0u);
  c.write_and_keep("next", 1);
  EXPECT_EQ(c.cache.next_sweep_ms(), c.now_ms + kLimits.idle_ms);
}

TEST("closes what gives way to others, and all of it when it goes") {
  const int before = descriptors();
  {
    FileCache::Limits limits = kLimits;
    limits.entries = 5;
    Cached c(limits);
    for (int i = 0; i < 20; ++i) c.write_and_keep(std::to_string(i), kFileInMemoryBytes + 1);
    EXPECT_EQ(descriptors(), before + 5);
    for (int i = 0; i < 20; ++i) c.write_and_keep(std::to_string(i), kFileInMemoryBytes);
    EXPECT_EQ(descriptors(), before);
  }
  EXPECT_EQ(descriptors(), before);
}

TEST("keeps no more descriptors than it may, and none of one that has more") {
  const int before = descriptors();
  FileCache::Limits limits = kLimits;
  limits.descriptors = 3;
  Cached c(limits);
  for (int i = 0; i < 20; ++i) c.write_and_keep(std::to_string(i), kFileInMemoryBytes + 1);
  EXPECT_EQ(descriptors(), before + 3);
  EXPECT_EQ(c.cache.size(), 3u);
  c.cache.clear();
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(c.cache.bytes(), 0u);
}

TEST("who sends from a file that the cache has closed still has it") {
  Cached c;
  c.write_and_keep("a", kFileInMemoryBytes + 1);
  const Entry entry = c.cache.find(0, "a");
  c.next_wake(kLimits.idle_ms);
  c.cache.sweep();
  EXPECT_EQ(c.cache.size(), 0u);
  char byte = 0;
  EXPECT_EQ(::pread(entry->variants.front().file->get(), &byte, 1, 9), 1);
  EXPECT_EQ(byte, 'x');
}

TEST("whatever happens, it holds no more than it may, and gives only what the file system has") {
  FileCache::Limits limits = kLimits;
  limits.entries = 8;
  limits.bytes = 500;
  const int before = descriptors();
  Cached c(limits);
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same run each time
  std::vector<std::size_t> sizes(16, 0);
  for (int i = 0; i < scaled(20'000); ++i) {
    const std::size_t n = random() % sizes.size();
    const std::string path = std::to_string(n);
    switch (random() % 6) {
      case 0: {
        // A length that it has not had: two writes may be one to the clock of the file system.
        sizes[n] = sizes[n] % 200 + 1;
        c.tree.write(path, std::string(sizes[n], 'x'));
        c.next_wake();
        break;
      }
      case 1:
        if (sizes[n] > 0) c.keep(path);
        break;
      case 2:
        c.next_wake(random() % 300);
        break;
      case 3:
        if (c.cache.next_sweep_ms() != 0 && c.cache.next_sweep_ms() <= c.now_ms) c.cache.sweep();
        break;
      default:
        if (const Entry entry = c.cache.find(0, path)) {
          if (!EXPECT_EQ(entry->variants.front().contents.size(), sizes[n])) return;
        }
    }
    if (!EXPECT_LE(c.cache.size(), limits.entries) || !EXPECT_LE(c.cache.bytes(), limits.bytes)) return;
    if (!EXPECT_EQ(descriptors(), before)) return;
    if (!EXPECT_EQ(c.cache.next_sweep_ms() == 0 && c.cache.size() > 0, false)) return;
  }
  c.next_wake(limits.idle_ms);
  c.cache.sweep();
  EXPECT_EQ(c.cache.size(), 0u);
  EXPECT_EQ(c.cache.bytes(), 0u);
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
