#include "files/compressed_files.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/scale.h"

namespace millrace {
namespace {

using check::scaled;
using Contents = CompressedFiles::Contents;

FileStatus status_of_file(std::uint64_t inode, std::int64_t changed_ns = 1) {
  return {.device = 1, .inode = inode, .size = 10, .modified_ns = 1, .changed_ns = changed_ns};
}

/// Of a test that counts what is made.
struct Counted {
  explicit Counted(std::size_t most_bytes = 1 << 20, std::uint32_t keep_ms = 60'000)
      : files(most_bytes, keep_ms) {}

  Contents get(const FileStatus& status, const Contents& contents) {
    return files.find_or_make(status, [&] {
      ++made;
      return contents;
    });
  }

  CompressedFiles files;
  std::atomic<int> made = 0;
};

TEST("a file is compressed once, and once more when it has changed") {
  Counted c;
  EXPECT_TRUE(c.get(status_of_file(1), "one") == "one");
  EXPECT_TRUE(c.get(status_of_file(1), "another") == "one");
  EXPECT_TRUE(c.get(status_of_file(2), "two") == "two");
  EXPECT_TRUE(c.get(status_of_file(1, 2), "changed") == "changed");
  EXPECT_EQ(c.made.load(), 3);
}

TEST("what does not become smaller is not tried again; what could not be read is") {
  Counted c;
  EXPECT_TRUE(c.get(status_of_file(1), "") == "");
  EXPECT_TRUE(c.get(status_of_file(1), "x") == "");
  EXPECT_FALSE(c.get(status_of_file(2), std::nullopt).has_value());
  EXPECT_TRUE(c.get(status_of_file(2), "read") == "read");
  EXPECT_EQ(c.made.load(), 3);
}

TEST("what was used longest ago goes when there is too much, also of what is empty") {
  Counted c(2'000);
  const std::string half(600, 'x');
  EXPECT_TRUE(c.get(status_of_file(1), half) == half);
  EXPECT_TRUE(c.get(status_of_file(2), half) == half);
  EXPECT_TRUE(c.get(status_of_file(1), half) == half);
  EXPECT_TRUE(c.get(status_of_file(3), half) == half);
  EXPECT_EQ(c.made.load(), 3);
  EXPECT_TRUE(c.get(status_of_file(1), half) == half);
  EXPECT_EQ(c.made.load(), 3);
  EXPECT_TRUE(c.get(status_of_file(2), half) == half);
  EXPECT_EQ(c.made.load(), 4);
  EXPECT_LE(c.files.bytes(), 2'000u);
  for (std::uint64_t inode = 10; inode < 1'000; ++inode) EXPECT_TRUE(c.get(status_of_file(inode), "") == "");
  EXPECT_LE(c.files.bytes(), 2'000u);
  const std::string large(3'000, 'x');
  for (int n = 0; n < 2; ++n) EXPECT_TRUE(c.get(status_of_file(5), large) == large);
  EXPECT_LE(c.files.bytes(), 2'000u);
}

TEST("is made anew after a while: a change may not show in the status") {
  Counted c(1 << 20, 20);
  EXPECT_TRUE(c.get(status_of_file(1), "old") == "old");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_TRUE(c.get(status_of_file(1), "new") == "new");
  const std::size_t one = c.files.bytes();
  EXPECT_LT(one, 1'000u);
}

TEST("threads that want the same file at the same time wait for the one that compresses it") {
  const int rounds = scaled(200);
  Counted c;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        const auto inode = static_cast<std::uint64_t>(round);
        const std::string text = "file " + std::to_string(round);
        const Contents got = c.files.find_or_make(status_of_file(inode), [&] {
          ++c.made;
          std::this_thread::yield();
          return Contents(text);
        });
        if (got != text) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(c.made.load(), rounds);
}

TEST("where one could not read it, the next that waits tries") {
  CompressedFiles files(1 << 20, 60'000);
  std::atomic<int> tries = 0;
  std::vector<std::thread> threads;
  std::atomic<int> got = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const Contents contents =
          files.find_or_make(status_of_file(1), [&] { return ++tries == 1 ? Contents() : Contents("read"); });
      if (contents == "read") ++got;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tries.load(), 2);
  EXPECT_EQ(got.load(), 3);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
