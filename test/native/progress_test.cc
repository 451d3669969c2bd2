#include "base/progress.h"

#include <cstdint>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::uint32_t kStallMs = 30'000;
constexpr std::uint32_t kRate = 240;
constexpr std::uint32_t kNoRate = 0;

struct Case {
  const char* sentence;
  std::uint64_t now;
  std::uint64_t started;
  std::uint64_t bytes;
  std::uint32_t stall;
  std::uint32_t rate;
  std::uint64_t deadline;
};

constexpr Case kCases[] = {
    {"without a rate only a stall counts", 1000, 0, 0, kStallMs, kNoRate, 31'000},
    {"without a rate the stall counts from now", 500'000, 0, 1, kStallMs, kNoRate, 530'000},
    {"nothing moved: the grace decides", 1000, 1000, 0, kStallMs, kRate, 1000 + kSlowTransferGraceMs},
    {"the grace runs from the start, not from the last byte", 3000, 1000, 10, kStallMs, kRate,
     1000 + kSlowTransferGraceMs},
    {"a stall shorter than the grace shortens it", 1000, 1000, 0, 2000, kRate, 3000},
    {"240 bytes buy a second", 9000, 1000, 2400, kStallMs, kRate, 11'000},
    {"what was fast at first may not stall", 10'000, 0, 1'000'000'000, kStallMs, kRate, 40'000},
    {"slower than the rate: overdue already", 20'000, 1000, 2400, kStallMs, kRate, 11'000},
    {"a rate of one byte", 1000, 1000, 6, kStallMs, 1, 7000},
    {"bytes beyond 32 bits do not wrap", 5000, 0, std::uint64_t{1} << 45, kStallMs, kRate, 35'000},
};

TEST("a transfer is given up when it stalls or is slower than allowed") {
  for (const Case& c : kCases) {
    SCOPE(c.sentence);
    EXPECT_EQ(transfer_deadline(c.now, c.started, c.bytes, c.stall, c.rate), c.deadline);
  }
}

TEST("a transfer at just the rate that is asked goes on for ever") {
  std::uint64_t bytes = 0;
  for (std::uint64_t now = 1000; now < 3'600'000; now += 500) {
    const std::uint64_t deadline = transfer_deadline(now, 1000, bytes, kStallMs, kRate);
    if (!EXPECT_LE(now, deadline)) return;
    bytes += kRate / 2;
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
