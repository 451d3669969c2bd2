#include "net/connection_table.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/on_reactor.h"

namespace millrace {
namespace {

const OnReactor& here = check::on_reactor();

UniqueFd some_fd() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

[[nodiscard]] bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST("finds a connection by its id until it is removed") {
  ConnectionTable table;
  PeerAddress peer;
  peer.port = 4711;
  Connection& connection = table.add(some_fd(), peer, here);
  const ConnectionId id = connection.id;
  EXPECT_EQ(table.size(), 1u);
  EXPECT_TRUE(table.find(id, here) == &connection);
  EXPECT_TRUE(&table.at(id.slot) == &connection);
  EXPECT_EQ(connection.peer.port, 4711);
  EXPECT_TRUE(connection.idle());
  table.remove(connection, here);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(table.find(id, here) == nullptr);
}

TEST("an old id does not find the slot's next tenant") {
  ConnectionTable table;
  Connection& first = table.add(some_fd(), {}, here);
  const ConnectionId old = first.id;
  table.remove(first, here);
  Connection& second = table.add(some_fd(), {}, here);
  EXPECT_EQ(second.id.slot, old.slot);
  EXPECT_NE(second.id.generation, old.generation);
  EXPECT_TRUE(table.find(old, here) == nullptr);
  EXPECT_TRUE(table.find(second.id, here) == &second);
}

TEST("finds nobody by ids that never were") {
  ConnectionTable table;
  EXPECT_TRUE(table.find({0, 0}, here) == nullptr);
  EXPECT_TRUE(table.find({kNone, 0}, here) == nullptr);
  EXPECT_TRUE(table.find(ConnectionId{}, here) == nullptr);
  Connection& connection = table.add(some_fd(), {}, here);
  const ConnectionId id = connection.id;
  EXPECT_TRUE(table.find({id.slot + 1, id.generation}, here) == nullptr);
  table.remove(connection, here);
  // The generation that the next tenant will have: nobody is there yet.
  EXPECT_TRUE(table.find({id.slot, id.generation + 1}, here) == nullptr);
}

TEST("closes the descriptor of a connection that is removed, and leaves nothing of it to the next one") {
  ConnectionTable table;
  Connection& connection = table.add(some_fd(), {}, here);
  const int fd = connection.fd.get();
  connection.read_deadline_ms = 5;
  connection.in_flight = 3;
  connection.phase = Connection::Phase::lingering;
  connection.input_blocked = connection.waits_for_ring = connection.peer_finished = true;
  connection.lingered_bytes = 77;
  BufferBudget budget(1000);
  connection.input = std::make_unique<PendingInput>(budget);
  EXPECT_TRUE(connection.input->bytes.append("held"));
  connection.input->account();
  table.remove(connection, here);
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(budget.used(), 0u);
  const Connection& next = table.add(some_fd(), {}, here);
  EXPECT_TRUE(&next == &connection);
  EXPECT_TRUE(next.idle());
  EXPECT_TRUE(next.phase == Connection::Phase::open);
  EXPECT_EQ(next.read_deadline_ms, 0u);
  EXPECT_FALSE(next.input_blocked || next.waits_for_ring || next.peer_finished);
  EXPECT_EQ(next.lingered_bytes, 0u);
  EXPECT_EQ(next.first_exchange, kNone);
  EXPECT_EQ(next.first_piece, kNone);
}

TEST("connections stay where they are while others come and go") {
  ConnectionTable table;
  std::vector<Connection*> all;
  for (int i = 0; i < 600; ++i) all.push_back(&table.add(some_fd(), {}, here));  // more than two chunks
  EXPECT_EQ(table.size(), 600u);
  std::set<std::uint32_t> slots;
  for (Connection* connection : all) {
    EXPECT_TRUE(table.find(connection->id, here) == connection);
    slots.insert(connection->id.slot);
  }
  EXPECT_EQ(slots.size(), 600u);
  for (std::size_t i = 0; i < all.size(); i += 2) table.remove(*all[i], here);
  EXPECT_EQ(table.size(), 300u);
  for (std::size_t i = 1; i < all.size(); i += 2) EXPECT_TRUE(table.find(all[i]->id, here) == all[i]);
  for (int i = 0; i < 300; ++i)
    EXPECT_LT(table.add(some_fd(), {}, here).id.slot, 600u);  // slots are used again
  EXPECT_EQ(table.size(), 600u);
}

TEST("visits each connection once, and may remove the one it visits") {
  ConnectionTable table;
  std::set<std::uint32_t> expected;
  for (int i = 0; i < 10; ++i) expected.insert(table.add(some_fd(), {}, here).id.slot);
  table.remove(table.at(4), here);
  expected.erase(4);
  std::set<std::uint32_t> seen;
  table.for_each([&](Connection& connection) {
    EXPECT_TRUE(seen.insert(connection.id.slot).second);
    if (connection.id.slot % 2 == 0) table.remove(connection, here);
  });
  EXPECT_TRUE(seen == expected);
  EXPECT_EQ(table.size(), 5u);
}

TEST("closes what is left when it goes") {
  int fd = -1;
  {
    ConnectionTable table;
    fd = table.add(some_fd(), {}, here).fd.get();
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
