// Answers in pieces: between a reactor that sends them and a JS thread that waits to hear how far they have
// come, clients that read, and clients that go.
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::Response;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;
namespace response = ring::response;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::size_t kPieceBytes = 20'000;  // more than travels in the arena
constexpr int kPieces = 12;

/// A handler that answers with kPieces pieces, two at a time, and waits in between until it is told that they
/// have been sent. Everything but the counters belongs to the JS thread.
class Streamer {
 public:
  void begin(js::JsThread& thread, const js::ExchangeId& id) {
    ++begun;
    // Requests overtake news: that the slot has another request says that the one before it is gone.
    if (streams_.contains(key_of(id.reactor, id.slot))) ++gone;
    streams_[key_of(id.reactor, id.slot)] = {.id = id, .left = kPieces};
    thread.answer({.id = id,
                   .flags = response::kMore | response::kOwnLength,
                   .fields = "Content-Length: " + std::to_string(kPieces * kPieceBytes) + "\r\n"});
    go_on(thread, streams_[key_of(id.reactor, id.slot)]);
  }

  void hear(js::JsThread& thread, std::uint32_t reactor, const ring::ExchangeNews& news) {
    const auto found = streams_.find(key_of(reactor, news.exchange_slot));
    // An answer that has been completed meanwhile has no news that matter.
    if (found == streams_.end() || found->second.id.generation != news.exchange_generation) return;
    if (news.kind == ring::news::kGone) {
      ++gone;
      streams_.erase(found);
      return;
    }
    if (found->second.left > 0) {
      go_on(thread, found->second);
      return;
    }
    thread.answer({.id = found->second.id, .status = response::kPiece, .flags = response::kControl});
    ++finished;
    streams_.erase(found);
  }

  std::atomic<int> begun{0};
  std::atomic<int> finished{0};
  std::atomic<int> gone{0};

 private:
  struct Stream {
    js::ExchangeId id;
    int left;
  };

  static std::uint64_t key_of(std::uint32_t reactor, std::uint32_t slot) {
    return std::uint64_t{reactor} << 32 | slot;
  }

  static void go_on(js::JsThread& thread, Stream& stream) {
    for (int i = 0; i < 2; ++i, --stream.left) {
      thread.answer({.id = stream.id,
                     .status = response::kPiece,
                     .flags = response::kControl | response::kMore,
                     .body = std::string(kPieceBytes, static_cast<char>('a' + stream.left))});
    }
    thread.answer({.id = stream.id, .status = response::kAskDrained, .flags = response::kControl});
  }

  std::map<std::uint64_t, Stream> streams_;
};

std::string whole_body() {
  std::string body;
  for (int left = kPieces; left > 0; --left) body.append(kPieceBytes, static_cast<char>('a' + left));
  return body;
}

TEST("answers in pieces arrive whole, in order, on many connections, and clients that go are told of") {
  Streamer streamer;
  ServerOptions options;
  options.config.reactors = 2;
  options.config.limits.unsent_bytes = 4096;
  options.handler = [&](js::JsThread& thread, js::Claimed request) { streamer.begin(thread, request.id); };
  options.on_news = [&](js::JsThread& thread, std::uint32_t reactor, const ring::ExchangeNews& news) {
    streamer.hear(thread, reactor, news);
  };
  TestServer server(std::move(options));
  const std::string expected = whole_body();
  const int rounds = check::scaled(40);
  constexpr int kClients = 6;
  std::atomic<int> whole{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      for (int round = 0; round < rounds; ++round) {
        Client client = server.connect(c % 2 == 0 ? 8192 : 0);
        client.send(kGet);
        client.send(kGet);  // pipelined: held, and then sent on, while the first one's pieces go out
        if ((c + round) % 3 == 0) {
          static_cast<void>(client.read_some(1 + static_cast<std::size_t>(round) * 997));
          client.reset();
          continue;
        }
        for (int i = 0; i < 2; ++i) {
          const std::optional<Response> response = client.read_response();
          if (response && response->body == expected) ++whole;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  int resets = 0;
  for (int c = 0; c < kClients; ++c) {
    for (int round = 0; round < rounds; ++round) resets += (c + round) % 3 == 0 ? 1 : 0;
  }
  EXPECT_EQ(whole.load(), 2 * (kClients * rounds - resets));
  // Each that was begun has come to an end of one kind or the other: nobody waits for news that never come.
  EXPECT_TRUE(wait_until([&] { return streamer.finished + streamer.gone == streamer.begun; }));
  EXPECT_TRUE(server.wait_for_connections(0));
  EXPECT_EQ(server.server().budget().used(), 0u);
}

TEST("an exchange that is watched has news when its client goes, and only then") {
  std::atomic<int> gone{0};
  std::atomic<int> asked{0};
  ServerOptions options;
  options.handler = [&](js::JsThread& thread, js::Claimed request) {
    thread.answer({.id = request.id, .status = response::kWatch, .flags = response::kControl});
    if (++asked == 1) thread.answer({.id = request.id, .body = "answered"});
  };
  options.on_news = [&](js::JsThread&, std::uint32_t, const ring::ExchangeNews& news) {
    if (news.kind == ring::news::kGone) ++gone;
  };
  TestServer server(std::move(options));
  Client client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_status(), 200);
  client.send(kGet);
  EXPECT_TRUE(wait_until([&] { return asked == 2; }));
  EXPECT_EQ(gone.load(), 0);
  client.reset();
  EXPECT_TRUE(wait_until([&] { return gone == 1; }));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
