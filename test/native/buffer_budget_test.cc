#include "base/buffer_budget.h"

#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/scale.h"

namespace millrace {
namespace {

TEST("is exhausted at its limit, not before") {
  BufferBudget budget(100);
  EXPECT_FALSE(budget.exhausted());
  budget.charge(99);
  EXPECT_FALSE(budget.exhausted());
  budget.charge(1);
  EXPECT_TRUE(budget.exhausted());
  budget.charge(50);  // who charges has the bytes already: it is counted all the same
  EXPECT_EQ(budget.used(), 150u);
  budget.refund(51);
  EXPECT_FALSE(budget.exhausted());
}

TEST("counts beyond 2^32") {
  BufferBudget budget(std::uint64_t{1} << 40);
  budget.charge(std::uint64_t{1} << 39);
  EXPECT_FALSE(budget.exhausted());
  budget.charge(std::uint64_t{1} << 39);
  EXPECT_TRUE(budget.exhausted());
}

TEST("a share charges the difference to what it held") {
  BufferBudget budget(1000);
  BudgetShare share(budget);
  share.set(100);
  EXPECT_EQ(budget.used(), 100u);
  share.set(30);
  EXPECT_EQ(budget.used(), 30u);
  share.set(30);
  EXPECT_EQ(share.charged(), 30u);
  share.set(0);
  EXPECT_EQ(budget.used(), 0u);
}

TEST("a share refunds what it holds when it goes") {
  BufferBudget budget(1000);
  {
    BudgetShare a(budget);
    BudgetShare b(budget);
    a.set(10);
    b.set(20);
    EXPECT_EQ(budget.used(), 30u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST("a share that is moved is refunded once") {
  BufferBudget budget(1000);
  {
    BudgetShare a(budget);
    a.set(10);
    BudgetShare b(std::move(a));
    EXPECT_EQ(budget.used(), 10u);
    BudgetShare c(budget);
    c.set(5);
    c = std::move(b);
    EXPECT_EQ(budget.used(), 10u);
    EXPECT_EQ(c.charged(), 10u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST("a share that is moved between budgets takes its charge along") {
  BufferBudget one(1000);
  BufferBudget two(1000);
  BudgetShare a(one);
  a.set(10);
  {
    BudgetShare b(two);
    b.set(7);
    b = std::move(a);
    EXPECT_EQ(one.used(), 10u);
    EXPECT_EQ(two.used(), 0u);
  }
  EXPECT_EQ(one.used(), 0u);
}

TEST("reactors that charge at the same time lose nothing") {
  constexpr int kReactors = 4;
  const int rounds = check::scaled(20'000);
  BufferBudget budget(1);
  std::vector<std::thread> reactors;
  for (int r = 0; r < kReactors; ++r) {
    reactors.emplace_back([&] {
      BudgetShare share(budget);
      for (int i = 0; i < rounds; ++i) share.set(static_cast<std::uint64_t>(i) * 7919 % 4096);
      share.set(0);
      budget.charge(3);
    });
  }
  for (std::thread& reactor : reactors) reactor.join();
  EXPECT_EQ(budget.used(), 3u * kReactors);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
