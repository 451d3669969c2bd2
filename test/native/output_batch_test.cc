#include "net/output_batch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "native/check.h"
#include "native/file_of.h"
#include "native/on_reactor.h"
#include "net/connection_table.h"

namespace millrace {
namespace {

using Sent = OutputBatch::Sent;

const OnReactor& here = check::on_reactor();

OwnedBytes block_of(std::string_view text) {
  OwnedBytes block;
  EXPECT_TRUE(block.append(text));
  return block;
}

/// A connection whose client is in our hands.
struct Pair {
  Pair(ConnectionTable& table, int send_buffer = 0) {
    std::array<int, 2> fds{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()), 0);
    if (send_buffer > 0) ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    connection = &table.add(UniqueFd(fds[0]), {}, here);
    client = UniqueFd(fds[1]);
  }

  /// What has arrived so far.
  std::string read() const {
    std::string all;
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t got = ::read(client.get(), buffer.data(), buffer.size());
      if (got <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  Connection* connection;
  UniqueFd client;
};

struct Batch {
  Sent send(Connection& connection) { return batch.send(connection, budget, bytes_sent); }
  void write(Connection& connection, std::string_view text) {
    char* const room = batch.try_reserve(text.size());
    ASSERT_TRUE(room != nullptr);
    std::memcpy(room, text.data(), text.size());
    batch.commit(connection, text.size());
  }

  BufferBudget budget{1 << 30};
  std::uint64_t bytes_sent = 0;
  ConnectionTable table;
  OutputBatch batch;
};

TEST("sends what was committed") {
  Batch b;
  Pair a(b.table);
  b.write(*a.connection, "hello");
  ASSERT_EQ(b.batch.connections().size(), 1u);
  EXPECT_EQ(b.batch.connections()[0].slot, a.connection->id.slot);
  EXPECT_TRUE(b.send(*a.connection) == Sent::everything);
  b.batch.clear();
  EXPECT_EQ(a.read(), "hello");
  EXPECT_EQ(b.bytes_sent, 5u);
  EXPECT_TRUE(a.connection->output == nullptr);
  EXPECT_EQ(a.connection->first_piece, kNone);
}

TEST("room that is reserved and not committed is not sent") {
  Batch b;
  Pair a(b.table);
  char* const room = b.batch.try_reserve(100);
  ASSERT_TRUE(room != nullptr);
  EXPECT_TRUE(b.batch.try_reserve(50) == room);
  EXPECT_EQ(b.batch.connections().size(), 0u);
}

TEST("keeps the answers of connections apart, each in its order") {
  Batch b;
  Pair a(b.table);
  Pair c(b.table);
  b.write(*a.connection, "a1 ");
  b.write(*c.connection, "c1 ");
  b.write(*a.connection, "a2 ");
  b.write(*a.connection, "a3 ");
  b.batch.append(*c.connection, block_of("block "));
  b.write(*c.connection, "c2 ");
  b.batch.append(*c.connection, OwnedBytes());  // nothing
  EXPECT_EQ(b.batch.connections().size(), 2u);
  EXPECT_TRUE(b.send(*a.connection) == Sent::everything);
  EXPECT_TRUE(b.send(*c.connection) == Sent::everything);
  EXPECT_EQ(a.read(), "a1 a2 a3 ");
  EXPECT_EQ(c.read(), "c1 block c2 ");
}

TEST("says when the scratch is full, and has it back when it is cleared") {
  Batch b;
  Pair a(b.table);
  const std::string half(kOutputScratchBytes / 2, 'h');
  b.write(*a.connection, half);
  EXPECT_TRUE(b.batch.try_reserve(kOutputScratchBytes) == nullptr);
  b.write(*a.connection, half);
  EXPECT_TRUE(b.batch.try_reserve(1) == nullptr);
  static_cast<void>(b.send(*a.connection));
  b.batch.clear();
  EXPECT_EQ(b.batch.connections().size(), 0u);
  EXPECT_TRUE(b.batch.try_reserve(kOutputScratchBytes) != nullptr);
}

TEST("keeps what the socket does not take, wherever it stops") {
  for (const std::size_t block_bytes : {std::size_t{1}, std::size_t{30'000}, std::size_t{300'000}}) {
    SCOPE("a block of " + std::to_string(block_bytes));
    Batch b;
    Pair a(b.table, 1);  // the kernel makes it a few thousand
    const std::string head(1000, 'h');
    const std::string block(block_bytes, 'b');
    const std::string tail(100'000, 't');
    b.write(*a.connection, head);
    b.batch.append(*a.connection, block_of(block));
    b.write(*a.connection, tail);
    EXPECT_TRUE(b.send(*a.connection) == Sent::partly);
    b.batch.clear();
    ASSERT_TRUE(a.connection->output != nullptr);
    std::string got = a.read();
    EXPECT_EQ(got.size(), b.bytes_sent);
    OutputQueue& queue = *a.connection->output;
    EXPECT_EQ(got.size() + queue.bytes(), head.size() + block.size() + tail.size());
    EXPECT_LE(queue.bytes(), b.budget.used());
    std::array<iovec, kPiecesPerSend> pieces;
    const std::size_t count = queue.peek(pieces.data(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) {
      got.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    }
    EXPECT_TRUE(got == head + block + tail);
  }
}

TEST("of static bytes that the socket does not take it keeps no copy") {
  Batch b;
  Pair a(b.table, 4096);
  const std::string fixed(1 << 20, 'f');
  b.write(*a.connection, "head ");
  b.batch.append_static(*a.connection, fixed);
  b.batch.append_static(*a.connection, "small");
  ASSERT_TRUE(b.send(*a.connection) == Sent::partly);
  b.batch.clear();
  ASSERT_TRUE(a.connection->output != nullptr);
  EXPECT_EQ(b.bytes_sent + a.connection->output->bytes(), 5 + fixed.size() + 5);
  EXPECT_LT(b.budget.used(), 1000u);
}

TEST("nothing overtakes bytes that are waiting already") {
  Batch b;
  Pair a(b.table, 1);
  b.write(*a.connection, std::string(200'000, '1'));
  EXPECT_TRUE(b.send(*a.connection) == Sent::partly);
  b.batch.clear();
  const std::size_t first = a.read().size();  // now the socket would take more
  b.write(*a.connection, "2");
  EXPECT_TRUE(b.send(*a.connection) == Sent::partly);
  b.batch.clear();
  EXPECT_EQ(a.read(), "");
  EXPECT_EQ(a.connection->output->bytes(), 200'000 - first + 1);
}

TEST("sends more pieces than one system call takes, in order") {
  Batch b;
  Pair a(b.table);
  Pair other(b.table);
  std::string expected;
  for (std::size_t i = 0; i < 3 * kPiecesPerSend; ++i) {
    const std::string text = "piece " + std::to_string(i) + ";";
    b.write(*a.connection, text);
    b.write(*other.connection, "-");  // or they would be one piece
    expected += text;
  }
  // What did not fit into the call goes through the queue.
  EXPECT_TRUE(b.send(*a.connection) == Sent::partly);
  std::string got = a.read();
  std::array<iovec, kPiecesPerSend> pieces;
  const std::size_t count = a.connection->output->peek(pieces.data(), pieces.size());
  for (std::size_t i = 0; i < count; ++i) {
    got.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  EXPECT_EQ(got, expected);
}

TEST("sends what is before a file, and leaves the file and what is behind it to the queue") {
  Batch b;
  Pair a(b.table);
  b.write(*a.connection, "head ");
  b.batch.append(*a.connection, block_of("block "));
  b.batch.append_file(*a.connection, {.file = check::file_of("0123456789"), .offset = 3, .bytes = 4});
  b.write(*a.connection, " tail");
  EXPECT_EQ(b.batch.bytes(), 20u);
  EXPECT_TRUE(b.send(*a.connection) == Sent::up_to_file);
  EXPECT_EQ(a.read(), "head block ");
  ASSERT_TRUE(a.connection->output != nullptr);
  EXPECT_EQ(a.connection->output->bytes(), 9u);
  ASSERT_TRUE(a.connection->output->front_file() != nullptr);
  EXPECT_EQ(a.connection->output->front_file()->offset, 3u);
  b.batch.clear();
  // What comes now comes after it.
  b.write(*a.connection, " more");
  EXPECT_TRUE(b.send(*a.connection) == Sent::partly);
  EXPECT_EQ(a.connection->output->bytes(), 14u);
}

TEST("says when the client has gone, and raises no signal") {
  Batch b;
  Pair a(b.table);
  a.client = UniqueFd();
  b.write(*a.connection, "hello");
  EXPECT_TRUE(b.send(*a.connection) == Sent::failed);
}

TEST("outlives connections that end before they are sent") {
  Batch b;
  Pair a(b.table);
  const ConnectionId id = a.connection->id;
  b.write(*a.connection, "for nobody");
  b.batch.append(*a.connection, block_of("for nobody either"));
  b.table.remove(*a.connection, here);
  Pair next(b.table);  // the same slot
  EXPECT_EQ(next.connection->id.slot, id.slot);
  b.write(*next.connection, "mine");
  ASSERT_EQ(b.batch.connections().size(), 2u);
  EXPECT_TRUE(b.table.find(b.batch.connections()[0], here) == nullptr);
  EXPECT_TRUE(b.send(*next.connection) == Sent::everything);
  EXPECT_EQ(next.read(), "mine");
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
