#include "net/memory_trim.h"

#include <cstdint>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::uint64_t kMuch = 4 * kWorthTrimmingBytes;

TEST("memory goes back when much was held and has gone, after a rest") {
  TrimSchedule trim;
  trim.note(kMuch, 1000);
  EXPECT_EQ(trim.due_ms(), 0u);
  trim.note(kMuch / 2, 2000);
  EXPECT_EQ(trim.due_ms(), 0u);
  trim.note(kMuch / 4, 3000);
  EXPECT_EQ(trim.due_ms(), 3000u + kTrimRestMs);
  trim.note(0, 3500);
  EXPECT_EQ(trim.due_ms(), 3000u + kTrimRestMs);
}

TEST("who holds much again within the rest keeps it") {
  TrimSchedule trim;
  trim.note(kMuch, 1000);
  trim.note(0, 2000);
  trim.note(kMuch / 2, 2500);
  EXPECT_EQ(trim.due_ms(), 0u);
  trim.note(0, 2600);
  EXPECT_EQ(trim.due_ms(), 2600u + kTrimRestMs);
}

TEST("little is not worth it") {
  TrimSchedule trim;
  trim.note(kWorthTrimmingBytes - 1, 1000);
  trim.note(0, 2000);
  EXPECT_EQ(trim.due_ms(), 0u);
}

TEST("what has gone back is not given back again") {
  TrimSchedule trim;
  trim.note(kMuch, 1000);
  trim.note(100, 2000);
  trim.begin(100);
  trim.note(0, 9000);
  EXPECT_EQ(trim.due_ms(), 0u);
  trim.note(kMuch, 9100);
  trim.note(0, 9200);
  EXPECT_EQ(trim.due_ms(), 9200u + kTrimRestMs);
}

TEST("where the pool had no time it is tried again") {
  TrimSchedule trim;
  trim.note(kMuch, 1000);
  trim.note(0, 2000);
  trim.postpone(3000);
  EXPECT_EQ(trim.due_ms(), 3000u + kTrimRestMs);
  trim.note(0, 3100);
  EXPECT_EQ(trim.due_ms(), 3000u + kTrimRestMs);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
