#include "base/unique_fd.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "base/result.h"
#include "native/check.h"

namespace millrace {
namespace {

UniqueFd open_null() { return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST("owns nothing by default") {
  const UniqueFd none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
}

TEST("takes a failed call's -1 for nothing") { EXPECT_FALSE(UniqueFd{-1}); }

TEST("closes its descriptor at the end of its scope") {
  int number = -1;
  {
    const UniqueFd fd = open_null();
    number = fd.get();
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(errno, EBADF);
}

TEST("hands its descriptor over when moved") {
  UniqueFd from = open_null();
  const int number = from.get();
  const UniqueFd to = std::move(from);
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST("closes what it held when something else is assigned") {
  UniqueFd first = open_null();
  UniqueFd second = open_null();
  const int first_number = first.get();
  const int second_number = second.get();
  first = std::move(second);
  EXPECT_FALSE(is_open(first_number));
  EXPECT_TRUE(is_open(second_number));
  EXPECT_EQ(first.get(), second_number);
  first = UniqueFd{};
  EXPECT_FALSE(is_open(second_number));
}

TEST("survives an assignment to itself") {
  UniqueFd fd = open_null();
  const int number = fd.get();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST("does not close what it released") {
  int number = -1;
  {
    UniqueFd fd = open_null();
    number = fd.release();
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(is_open(number));
  const UniqueFd closes_it{number};
}

TEST("a result carries a descriptor out of a function") {
  Result<UniqueFd> result = open_null();
  ASSERT_TRUE(result.ok());
  const UniqueFd fd = std::move(result).value();
  EXPECT_TRUE(is_open(fd.get()));
}

TEST("a result carries the failed call and its errno") {
  const Result<UniqueFd> result = SysError{"open", ENOENT};
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().syscall, "open");
  EXPECT_EQ(result.error().error, ENOENT);
}

TEST("a status without an error is a success") {
  const Status good;
  const Status bad = SysError{"bind", EACCES};
  EXPECT_TRUE(good);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().error, EACCES);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
