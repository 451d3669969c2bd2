// scan_test.cc: the vector code finds what the scalar code finds, and reads nothing outside its bytes.
#include "http/scan.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "native/check.h"

namespace millrace {

namespace {

/// A page whose end is the end of readable memory: one byte too far is a SIGSEGV, with or without a
/// sanitizer.
class GuardedPage {
 public:
  GuardedPage() : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    void* const pages =
        ::mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || ::mprotect(static_cast<char*>(pages) + size_, size_, PROT_NONE) != 0)
      std::abort();
    begin_ = static_cast<char*>(pages);
  }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;
  ~GuardedPage() { ::munmap(begin_, 2 * size_); }
  [[nodiscard]] char* end() const { return begin_ + size_; }

 private:
  std::size_t size_;
  char* begin_;
};

constexpr std::size_t kLongest = 80;

TEST("the end of a value is found at every length, place and byte, up to the last readable byte") {
  const GuardedPage page;
  for (std::size_t length = 0; length <= kLongest; ++length) {
    char* const begin = page.end() - length;
    std::memset(begin, 'a', length);
    EXPECT_TRUE(BestScan::field_value_end(begin, page.end()) == page.end());
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        begin[at] = static_cast<char>(byte);
        const char* const expected = ScalarScan::field_value_end(begin, page.end());
        if (BestScan::field_value_end(begin, page.end()) != expected) {
          SCOPE("byte " + std::to_string(byte) + " at " + std::to_string(at) + " of " +
                std::to_string(length));
          EXPECT_EQ(BestScan::field_value_end(begin, page.end()) - begin, expected - begin);
        }
      }
      begin[at] = 'a';
    }
  }
}

TEST("the first of several wrong bytes ends a value") {
  std::string bytes(64, 'a');
  for (std::size_t first = 0; first < bytes.size(); ++first) {
    for (std::size_t second = first; second < bytes.size(); ++second) {
      bytes[first] = bytes[second] = '\r';
      const char* const end = BestScan::field_value_end(bytes.data(), bytes.data() + bytes.size());
      EXPECT_EQ(end - bytes.data(), first);
      bytes[first] = bytes[second] = 'a';
    }
  }
}

TEST("a hint at a colon is the first colon, and nothing is read outside the bytes") {
  const GuardedPage page;
  for (std::size_t length = 0; length <= kLongest; ++length) {
    char* const begin = page.end() - length;
    std::memset(begin, 'a', length);
    EXPECT_TRUE(BestScan::find_colon(begin, page.end()) == nullptr);
    for (std::size_t at = 0; at < length; ++at) {
      begin[at] = ':';
      const char* const colon = BestScan::find_colon(begin, page.end());
      EXPECT_TRUE(colon == nullptr || colon == begin + at);
      begin[length - 1] = ':';
      EXPECT_TRUE(BestScan::find_colon(begin, page.end()) == colon || colon == nullptr);
      begin[at] = begin[length - 1] = 'a';
    }
  }
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
