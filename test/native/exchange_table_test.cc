#include "http/exchange_table.h"

#include <atomic>
#include <cstdint>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/scale.h"

namespace millrace {
namespace {

struct Table {
  BufferBudget budget{1 << 20};
  ExchangeTable exchanges{budget};
};

Connection connection_at(std::uint32_t slot) {
  Connection connection;
  connection.id = {slot, 1};
  return connection;
}

TEST("finds an exchange by slot and generation until it is closed") {
  Table t;
  Connection connection = connection_at(7);
  const std::uint32_t slot = t.exchanges.open(connection);
  const std::uint32_t generation = t.exchanges.generation_of(slot);
  EXPECT_EQ(connection.in_flight, 1u);
  EXPECT_EQ(t.exchanges.size(), 1u);
  Exchange* const exchange = t.exchanges.find(slot, generation);
  ASSERT_TRUE(exchange != nullptr);
  EXPECT_EQ(exchange->connection_slot, 7u);
  EXPECT_TRUE(t.exchanges.is_live(slot, generation));
  t.exchanges.close_oldest(connection);
  EXPECT_TRUE(t.exchanges.find(slot, generation) == nullptr);
  EXPECT_FALSE(t.exchanges.is_live(slot, generation));
  EXPECT_EQ(connection.in_flight, 0u);
  EXPECT_EQ(connection.first_exchange, kNone);
  EXPECT_EQ(connection.last_exchange, kNone);
  EXPECT_EQ(t.exchanges.size(), 0u);
}

TEST("a late answer does not find the slot's next tenant") {
  Table t;
  Connection one = connection_at(1);
  Connection two = connection_at(2);
  const std::uint32_t slot = t.exchanges.open(one);
  const std::uint32_t old = t.exchanges.generation_of(slot);
  t.exchanges.close_all(one);
  ASSERT_EQ(t.exchanges.open(two), slot);
  EXPECT_TRUE(t.exchanges.find(slot, old) == nullptr);
  EXPECT_FALSE(t.exchanges.is_live(slot, old));
  ASSERT_TRUE(t.exchanges.find(slot, t.exchanges.generation_of(slot)) != nullptr);
  EXPECT_EQ(t.exchanges.find(slot, t.exchanges.generation_of(slot))->connection_slot, 2u);
}

TEST("finds nobody by numbers that never were") {
  Table t;
  EXPECT_TRUE(t.exchanges.find(0, 0) == nullptr);
  EXPECT_FALSE(t.exchanges.is_live(0, 0));
  EXPECT_FALSE(t.exchanges.is_live(kNone, 0));
  EXPECT_FALSE(t.exchanges.is_live(8'000'000, 0));
  Connection connection = connection_at(1);
  const std::uint32_t slot = t.exchanges.open(connection);
  EXPECT_TRUE(t.exchanges.find(slot + 1, 0) == nullptr);
  EXPECT_TRUE(t.exchanges.find(kNone, 0) == nullptr);
}

TEST("keeps the exchanges of a connection in the order of its requests") {
  Table t;
  Connection a = connection_at(1);
  Connection b = connection_at(2);
  std::vector<std::uint32_t> of_a;
  for (int i = 0; i < 5; ++i) {
    of_a.push_back(t.exchanges.open(a));
    static_cast<void>(t.exchanges.open(b));  // between them, another's
  }
  EXPECT_EQ(a.in_flight, 5u);
  EXPECT_EQ(a.first_exchange, of_a.front());
  EXPECT_EQ(a.last_exchange, of_a.back());
  for (const std::uint32_t slot : of_a) {
    EXPECT_EQ(a.first_exchange, slot);
    t.exchanges.close_oldest(a);
  }
  EXPECT_EQ(a.in_flight, 0u);
  EXPECT_EQ(b.in_flight, 5u);
  t.exchanges.close_all(b);
  EXPECT_EQ(t.exchanges.size(), 0u);
}

TEST("leaves nothing of an exchange to the next one") {
  Table t;
  Connection connection = connection_at(1);
  const std::uint32_t slot = t.exchanges.open(connection);
  Exchange& exchange = t.exchanges.at(slot);
  exchange.deadline_ms = 9;
  exchange.head_request = exchange.keep_alive_1_0 = exchange.close_after = exchange.safe = true;
  exchange.begun = exchange.complete = exchange.chunked = exchange.watched = exchange.asked = true;
  EXPECT_TRUE(t.exchanges.hold(connection, exchange, "an answer"));
  t.exchanges.close_oldest(connection);
  EXPECT_EQ(t.budget.used(), 0u);
  ASSERT_EQ(t.exchanges.open(connection), slot);
  EXPECT_EQ(exchange.deadline_ms, 0u);
  EXPECT_FALSE(exchange.head_request || exchange.keep_alive_1_0 || exchange.close_after || exchange.safe);
  EXPECT_FALSE(exchange.begun || exchange.complete || exchange.chunked || exchange.watched || exchange.asked);
  EXPECT_TRUE(exchange.held_answer == nullptr);
  EXPECT_TRUE(t.exchanges.abandoned().empty());
  EXPECT_EQ(exchange.next, kNone);
}

TEST("tells of watched exchanges that end before their answers are complete, and of no others") {
  Table t;
  Connection connection = connection_at(1);
  std::uint32_t slots[4];
  for (std::uint32_t& slot : slots) slot = t.exchanges.open(connection);
  t.exchanges.at(slots[1]).watched = t.exchanges.at(slots[2]).watched = true;
  t.exchanges.at(slots[1]).js_thread = 3;
  t.exchanges.at(slots[2]).complete = true;
  const std::uint32_t generation = t.exchanges.generation_of(slots[1]);
  t.exchanges.close_all(connection);
  ASSERT_EQ(t.exchanges.abandoned().size(), 1u);
  const ExchangeTable::Abandoned& gone = t.exchanges.abandoned().front();
  EXPECT_EQ(gone.slot, slots[1]);
  EXPECT_EQ(gone.generation, generation);
  EXPECT_EQ(gone.js_thread, 3);
}

TEST("an answer that is held is charged until it is taken") {
  Table t;
  Connection connection = connection_at(1);
  Exchange& exchange = t.exchanges.at(t.exchanges.open(connection));
  EXPECT_TRUE(t.exchanges.hold(connection, exchange, "01234"));
  EXPECT_TRUE(t.exchanges.hold(connection, exchange, "56789"));
  EXPECT_LE(10u, t.budget.used());
  EXPECT_EQ(t.budget.used(), connection.held_bytes);
  EXPECT_EQ(t.exchanges.take_held(connection, exchange).bytes.view(), "0123456789");
  EXPECT_EQ(t.budget.used(), 0u);
  EXPECT_EQ(connection.held_bytes, 0u);
  t.exchanges.close_oldest(connection);
  EXPECT_EQ(t.budget.used(), 0u);
}

TEST("counts the files of a connection once each, until their exchanges are closed") {
  Table t;
  Connection connection = connection_at(1);
  for (int i = 0; i < 3; ++i) {
    Exchange& exchange = t.exchanges.at(t.exchanges.open(connection));
    for (int again = 0; again < 2; ++again) ExchangeTable::count_file(connection, exchange);
  }
  EXPECT_EQ(connection.files_held, 3u);
  ExchangeTable::take_back_file(connection, t.exchanges.at(connection.last_exchange));
  EXPECT_EQ(connection.files_held, 2u);
  t.exchanges.close_oldest(connection);
  EXPECT_EQ(connection.files_held, 1u);
  t.exchanges.close_all(connection);
  EXPECT_EQ(connection.files_held, 0u);
}

TEST("of a lookup that has to wait the time stands still") {
  Table t;
  Connection connection = connection_at(1);
  struct {
    std::uint64_t deadline_ms;
    std::uint64_t left;
  } const cases[] = {{0, 0}, {1500, 500}, {1000, 1}, {900, 1}};
  for (const auto& test : cases) {
    Exchange& exchange = t.exchanges.at(t.exchanges.open(connection));
    exchange.deadline_ms = test.deadline_ms;
    t.exchanges.hold_lookup(exchange, nullptr, 1000);
    EXPECT_EQ(exchange.deadline_ms, 0u);
    EXPECT_EQ(exchange.held_answer->lookup_ms_left, test.left);
  }
  t.exchanges.close_all(connection);
}

TEST("answers that are held go with their connection") {
  Table t;
  Connection connection = connection_at(1);
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t slot = t.exchanges.open(connection);
    if (i % 2 == 1) EXPECT_TRUE(t.exchanges.hold(connection, t.exchanges.at(slot), "held"));
  }
  EXPECT_LE(8u, t.budget.used());
  EXPECT_EQ(t.budget.used(), connection.held_bytes);
  t.exchanges.close_all(connection);
  EXPECT_EQ(t.budget.used(), 0u);
  EXPECT_EQ(connection.held_bytes, 0u);
  EXPECT_EQ(t.exchanges.size(), 0u);
}

TEST("grows while exchanges are open, and uses their slots again") {
  Table t;
  Connection connection = connection_at(1);
  std::vector<const Exchange*> where;
  std::set<std::uint32_t> slots;
  for (int i = 0; i < 3000; ++i) {  // more than two chunks
    const std::uint32_t slot = t.exchanges.open(connection);
    EXPECT_TRUE(slots.insert(slot).second);
    where.push_back(&t.exchanges.at(slot));
  }
  std::size_t i = 0;
  for (std::uint32_t slot = connection.first_exchange; slot != kNone; slot = t.exchanges.at(slot).next) {
    EXPECT_TRUE(&t.exchanges.at(slot) == where[i++]);  // they have not moved
  }
  t.exchanges.close_all(connection);
  for (int n = 0; n < 3000; ++n) EXPECT_LT(t.exchanges.open(connection), 3000u);
}

TEST("other threads may ask whether an exchange is live while the table works") {
  Table t;
  Connection connection = connection_at(1);
  std::atomic<std::uint64_t> shown{0};  // slot and generation of an exchange that is open for the moment
  std::atomic<bool> done{false};
  std::thread js([&] {
    int live = 0;
    while (!done) {
      const std::uint64_t now = shown.load();
      // Any answer is right; a slot that does not exist yet must not be touched.
      for (std::uint32_t ahead = 0; ahead < 3000; ahead += 1000) {
        live += t.exchanges.is_live(static_cast<std::uint32_t>(now) + ahead,
                                    static_cast<std::uint32_t>(now >> 32));
      }
    }
    EXPECT_LE(0, live);
  });
  for (int round = 0; round < check::scaled(50); ++round) {
    for (int i = 0; i < 2500; ++i) {
      const std::uint64_t slot = t.exchanges.open(connection);
      const std::uint32_t generation = t.exchanges.generation_of(static_cast<std::uint32_t>(slot));
      shown = std::uint64_t{generation} << 32 | slot;
    }
    t.exchanges.close_all(connection);
  }
  done = true;
  js.join();
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
