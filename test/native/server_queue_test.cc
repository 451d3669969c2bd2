// What waits for JavaScript: the queue and its limit, full rings, threads that are stuck.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/held_requests.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::Gate;
using check::HeldRequests;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

/// The fewest slots there can be; the arenas have to hold the largest messages all the same.
constexpr RingSizes kTinyRings{.request_slots = 2,
                               .request_arena_bytes = 256 * 1024,
                               .response_slots = 2,
                               .response_arena_bytes = 512 * 1024};

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

std::string post(std::string_view path, std::size_t bytes) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) +
         "\r\n\r\n" + std::string(bytes, 'b');
}

/// A server whose handlers answer their path; /block first waits at the gate. It notes what has run, in
/// order.
struct BlockingServer {
  explicit BlockingServer(ServerOptions options, std::uint32_t queue = 4096) {
    options.config.limits.queue = queue;
    options.handler = [this](js::JsThread& thread, js::Claimed request) {
      const std::string path(js::RequestReader(request.record).path());
      {
        const std::lock_guard lock(mutex);
        ran.push_back(path);
      }
      if (path == "/block") gate.pass();
      thread.answer({.id = request.id, .body = path});
    };
    if (!EXPECT_TRUE(options.routes.router.add("GET", "/native", {RouteTarget::Kind::reply, 0}) ==
                     Router::AddError::none)) {
      return;
    }
    options.routes.replies.emplace_back().body = "native";
    server = std::make_unique<TestServer>(std::move(options));
    blocker = std::make_unique<Client>(server->connect());
    EXPECT_TRUE(blocker->send(get("/block")));
    EXPECT_TRUE(gate.wait_for(1));
  }
  ~BlockingServer() { gate.open(); }

  /// A client that has sent `bytes`; they have arrived when this many requests wait.
  Client send(std::string_view bytes, std::uint32_t then_waiting) {
    Client client = server->connect();
    EXPECT_TRUE(client.send(bytes));
    EXPECT_TRUE(wait_until([&] { return waiting() == then_waiting; }));
    return client;
  }
  [[nodiscard]] std::uint32_t waiting() const { return server->server().queue().waiting(); }

  void expect_served(Client& client, std::string_view path) {
    const auto response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, path);
  }

  std::mutex mutex;
  std::vector<std::string> ran;
  Gate gate;
  std::unique_ptr<TestServer> server;
  std::unique_ptr<Client> blocker;
};

ServerOptions with_reactors(std::uint32_t reactors, RingSizes sizes = check::kSmallRings) {
  ServerOptions options{.sizes = sizes};
  options.config.reactors = reactors;
  return options;
}

TEST("refuses with 503 and Retry-After at once what exceeds limits.queue, and runs the rest later") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    BlockingServer s(with_reactors(reactors), 4);
    std::vector<Client> waiting;
    for (std::uint32_t i = 0; i < 4; ++i) waiting.push_back(s.send(get("/w" + std::to_string(i)), i + 1));
    for (int i = 0; i < 8; ++i) {
      Client late = s.server->connect();
      EXPECT_TRUE(late.send(get("/late")));
      const auto response = late.read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->status, 503);
      EXPECT_EQ(response->header("Retry-After"), "1");
      // The connection lives on: its next request may find room.
      EXPECT_EQ(response->header("Connection"), "");
      EXPECT_TRUE(late.send(get("/native")));
      EXPECT_EQ(late.read_status(), 200);
    }
    s.gate.open();
    for (std::uint32_t i = 0; i < 4; ++i) s.expect_served(waiting[i], "/w" + std::to_string(i));
    EXPECT_EQ(s.server->count(&Counters::requests_overload), 8u);
    const std::lock_guard lock(s.mutex);
    EXPECT_EQ(s.ran.size(), 5u);  // /late never ran
  }
}

TEST("runs nothing of what a client sends behind a request that is refused for want of room") {
  BlockingServer s(with_reactors(1), 2);
  Client client = s.send(get("/w"), 1);
  Client other = s.send(get("/w2"), 2);
  // Its 503 waits behind the answer to /w. The body that comes now looks like a request.
  const std::string hidden = get("/hidden");
  const std::string head =
      "GET /refused HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n";
  EXPECT_TRUE(client.send(head));
  EXPECT_TRUE(wait_until([&] { return s.server->count(&Counters::requests_overload) == 1; }));
  EXPECT_TRUE(client.send(hidden));
  s.gate.open();
  s.expect_served(client, "/w");
  const auto refused = client.read_response();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
  s.expect_served(other, "/w2");
  const std::lock_guard lock(s.mutex);
  EXPECT_EQ(s.ran.size(), 3u);
}

TEST("answers once what queueMs and a bad body refuse, one after the other") {
  ServerOptions options = with_reactors(1);
  options.config.timeouts.queue_ms = 100;
  BlockingServer s(std::move(options));
  const std::string behind = "GET /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(s.blocker->send(behind));
  EXPECT_TRUE(wait_until([&] { return s.waiting() == 1; }));
  EXPECT_TRUE(s.blocker->send("zz\r\n"));
  EXPECT_TRUE(wait_until([&] { return s.server->count(&Counters::requests_refused) == 1; }));
  EXPECT_TRUE(wait_until([&] { return s.waiting() == 0; }));  // it has expired
  s.gate.open();
  s.expect_served(*s.blocker, "/block");
  EXPECT_EQ(s.blocker->read_status(), 400);
  EXPECT_TRUE(s.blocker->at_end());
}

TEST("parks what finds the ring full, answers natively meanwhile, and goes on with those who wait longest") {
  BlockingServer s(with_reactors(1, kTinyRings));
  std::vector<Client> clients;
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::string path = "/p" + std::to_string(i);
    clients.push_back(s.send(i % 3 == 2 ? post(path, 20'000 + i) : get(path), i + 1));
  }
  EXPECT_EQ(s.server->server().queue().parked(), 6u);
  Client native = s.server->connect();
  EXPECT_TRUE(native.send(get("/native")));
  s.expect_served(native, "native");
  s.gate.open();
  for (std::uint32_t i = 0; i < 8; ++i) s.expect_served(clients[i], "/p" + std::to_string(i));
  EXPECT_EQ(s.waiting(), 0u);
  const std::lock_guard lock(s.mutex);
  ASSERT_EQ(s.ran.size(), 9u);
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(s.ran[i + 1], "/p" + std::to_string(i));
}

TEST("goes on with everything that was pipelined behind a parked request") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    BlockingServer s(with_reactors(reactors, kTinyRings));
    std::vector<Client> clients;
    for (int c = 0; c < 6; ++c) {
      clients.push_back(s.server->connect());
      std::string all;
      for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::to_string(c) + "." + std::to_string(i);
        all += i % 7 == 3 ? get("/native") : i % 7 == 5 ? post(path, 30'000) : get(path);
      }
      EXPECT_TRUE(clients.back().send(all));
    }
    s.gate.open();
    for (int c = 0; c < 6; ++c) {
      for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::to_string(c) + "." + std::to_string(i);
        s.expect_served(clients[static_cast<std::size_t>(c)], i % 7 == 3 ? "native" : path);
      }
    }
    EXPECT_EQ(s.waiting(), 0u);
  }
}

TEST("clients that vanish while they are parked leave the queue") {
  BlockingServer s(with_reactors(1, kTinyRings));
  std::vector<Client> clients;
  for (std::uint32_t i = 0; i < 6; ++i) clients.push_back(s.send(get("/p" + std::to_string(i)), i + 1));
  for (const std::size_t gone : {2u, 3u, 5u}) clients[gone].reset();
  EXPECT_TRUE(wait_until([&] { return s.waiting() == 3; }));
  s.gate.open();
  for (const std::size_t i : {0u, 1u, 4u}) s.expect_served(clients[i], "/p" + std::to_string(i));
  EXPECT_TRUE(wait_until([&] { return s.waiting() == 0; }));
}

TEST("a parked connection whose client reads slowly is not forgotten") {
  HeldRequests held;
  ServerOptions options = with_reactors(1, kTinyRings);
  options.config.limits.unsent_bytes = 10'000;
  options.handler = held.handler();
  TestServer server(std::move(options));
  Gate gate;
  Client slow = server.connect(4096);
  EXPECT_TRUE(slow.send(get("/first")));
  EXPECT_TRUE(held.wait_for(1));
  // JavaScript is stuck in other things; two requests fill the ring, so the slow client's second one is
  // parked.
  server.js().post([&] { gate.pass(); });
  EXPECT_TRUE(gate.wait_for(1));
  Client other = server.connect();
  EXPECT_TRUE(other.send(get("/o1") + get("/o2")));
  const auto waiting = [&](std::uint32_t count) {
    return wait_until([&] { return server.server().queue().waiting() == count; });
  };
  EXPECT_TRUE(waiting(2));
  EXPECT_TRUE(slow.send(get("/second")));
  EXPECT_TRUE(waiting(3));
  EXPECT_EQ(server.server().queue().parked(), 1u);
  // First the large answer, which the client does not read, and only then there is room in the ring.
  const std::string large(8'000'000, 'l');
  EXPECT_TRUE(held.answer("/first", {.body = large}));
  server.js().post(
      [&] { EXPECT_TRUE(wait_until([&] { return server.server().budget().used() > 1'000'000; })); });
  gate.open();
  EXPECT_TRUE(held.wait_for(3));
  const auto first = slow.read_response();
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->body == large);
  ASSERT_TRUE(held.wait_for(4));
  EXPECT_TRUE(held.answer("/second"));
  EXPECT_EQ(slow.read_status(), 200);
  EXPECT_EQ(server.server().queue().waiting(), 0u);
}

TEST("what follows a parked upload with Connection: close never runs") {
  BlockingServer s(with_reactors(1, kTinyRings));
  const Client one = s.send(get("/1"), 1);
  const Client two = s.send(get("/2"), 2);
  // In chunks, since a body with a length that arrives whole waits as a whole; and safe, so that what follows
  // could run beside it.
  const std::string upload =
      "GET /upload HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n";
  Client last = s.send(upload + get("/never"), 3);
  s.gate.open();
  s.expect_served(last, "/upload");
  EXPECT_TRUE(last.at_end());
  last.close();
  EXPECT_TRUE(s.server->drain(10'000));
  const std::lock_guard lock(s.mutex);
  EXPECT_EQ(s.ran.size(), 4u);
}

TEST("answers that find their ring full wait for room, and all arrive") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    HeldRequests held;
    ServerOptions options = with_reactors(reactors);
    options.sizes.response_slots = 2;
    options.handler = held.handler();
    TestServer server(std::move(options));
    constexpr std::size_t kClients = 8;
    constexpr std::size_t kEach = 30;
    std::vector<Client> clients;
    for (std::size_t c = 0; c < kClients; ++c) {
      clients.push_back(server.connect());
      std::string all;
      for (std::size_t i = 0; i < kEach; ++i) all += get("/" + std::to_string(c * kEach + i));
      EXPECT_TRUE(clients.back().send(all));
    }
    EXPECT_TRUE(held.wait_for(kClients * kEach));
    Gate gate;  // so that all answers are given in one turn, faster than they can be collected
    server.js().post([&] { gate.pass(); });
    const auto body_of = [](std::size_t n) {
      return std::string(n % 5 == 0 ? 20'000 + n : n, static_cast<char>('a' + n % 26));
    };
    for (std::size_t n = 0; n < kClients * kEach; ++n) {
      EXPECT_TRUE(held.answer("/" + std::to_string(n), {.body = body_of(n)}));
    }
    gate.open();
    for (std::size_t n = 0; n < kClients * kEach; ++n) {
      const auto response = clients[n / kEach].read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_TRUE(response->body == body_of(n));
    }
    EXPECT_TRUE(server.drain(10'000));
    server.stop_js();
    EXPECT_LT(0u, server.js().channel().kept());  // else nothing ever waited
  }
}

TEST("a thread that is stuck in a handler leaves all others to those that are not") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    ServerOptions options = with_reactors(reactors);
    options.js_threads = 2;
    BlockingServer s(std::move(options));
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(s.server->connect());
      const std::string path = "/" + std::to_string(i);
      EXPECT_TRUE(clients.back().send(get(path)));
      s.expect_served(clients.back(), path);
    }
  }
}

TEST("a thread that is rung and does not come leaves its requests to the others") {
  HeldRequests held;
  ServerOptions options{.js_threads = 2, .handler = held.handler()};
  TestServer server(std::move(options));
  Gate gate;
  // Idle as the reactors see it, for its flag is 1; but its loop is in somebody else's hands.
  server.js(0).post([&] { gate.pass(); });
  EXPECT_TRUE(gate.wait_for(1));
  Client client = server.connect();
  for (int i = 0; i < 4; ++i) {
    const std::string path = "/" + std::to_string(i);
    EXPECT_TRUE(client.send(get(path)));
    EXPECT_TRUE(held.wait_for(static_cast<std::size_t>(i) + 1));
    EXPECT_TRUE(held.answer(path));
    EXPECT_EQ(client.read_status(), 200);
  }
  gate.open();
}

/// Options with a queueMs of which nobody can say that it was not yet over when the test looks.
ServerOptions with_expiry(std::uint32_t reactors, RingSizes sizes = check::kSmallRings) {
  ServerOptions options = with_reactors(reactors, sizes);
  options.config.timeouts.queue_ms = 100;
  return options;
}

void expect_unavailable(Client& client) {
  const auto response = client.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->header("Retry-After"), "1");
  EXPECT_EQ(response->header("Connection"), "");
}

TEST("what no thread has claimed within queueMs is answered 503, and never runs") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    BlockingServer s(with_expiry(reactors), 4);
    for (int round = 0; round < 2; ++round) {
      std::vector<Client> waiting;
      for (int i = 0; i < 4; ++i) {
        waiting.push_back(s.server->connect());
        EXPECT_TRUE(waiting.back().send(i == 2 ? post("/never", 20'000) : get("/never")));
      }
      for (Client& client : waiting) {
        expect_unavailable(client);
        EXPECT_TRUE(client.send(get("/native")));
        s.expect_served(client, "native");
      }
      EXPECT_EQ(s.waiting(), 0u);
    }
    EXPECT_EQ(s.server->count(&Counters::requests_expired), 8u);
    EXPECT_EQ(s.server->count(&Counters::requests_overload), 0u);
    EXPECT_EQ(s.server->count(&Counters::requests_to_handlers), 1u);
    EXPECT_TRUE(wait_until([&] { return s.server->server().budget().used() == 0; }));
    s.gate.open();
    s.expect_served(*s.blocker, "/block");
    EXPECT_TRUE(s.blocker->send(get("/after")));
    s.expect_served(*s.blocker, "/after");
    const std::lock_guard lock(s.mutex);
    EXPECT_EQ(s.ran.size(), 2u);
  }
}

TEST("parked requests expire too, and what is pipelined behind them goes on") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    BlockingServer s(with_expiry(reactors, kTinyRings));
    std::vector<Client> clients;
    for (int i = 0; i < 24; ++i) {
      clients.push_back(s.server->connect());
      EXPECT_TRUE(
          clients.back().send((i % 3 == 2 ? post("/never", 20'000) : get("/never")) + get("/native")));
    }
    for (Client& client : clients) {
      expect_unavailable(client);
      s.expect_served(client, "native");
    }
    EXPECT_EQ(s.waiting(), 0u);
    EXPECT_EQ(s.server->server().queue().parked(), 0u);
    EXPECT_EQ(s.server->count(&Counters::requests_expired), 24u);
    EXPECT_TRUE(wait_until([&] { return s.server->server().budget().used() == 0; }));
    s.gate.open();
    s.expect_served(*s.blocker, "/block");
    for (Client& client : clients) {
      EXPECT_TRUE(client.send(get("/after")));
      s.expect_served(client, "/after");
    }
    const std::lock_guard lock(s.mutex);
    EXPECT_EQ(s.ran.size(), 25u);
  }
}

TEST("a 503 for an expired request waits for the answers of older ones") {
  BlockingServer s(with_expiry(1));
  EXPECT_TRUE(s.blocker->send(get("/never") + get("/native")));
  EXPECT_TRUE(wait_until([&] { return s.server->count(&Counters::requests_expired) == 1; }));
  s.gate.open();
  s.expect_served(*s.blocker, "/block");
  expect_unavailable(*s.blocker);
  s.expect_served(*s.blocker, "native");
  const std::lock_guard lock(s.mutex);
  EXPECT_EQ(s.ran.size(), 1u);
}

TEST(
    "a request that expires while its body is still coming: the rest is thrown away, or the connection "
    "ends") {
  BlockingServer s(with_expiry(1));
  const std::string rest(10'000, 'b');
  std::string begun = post("/never", rest.size());
  begun.resize(begun.size() - rest.size());
  Client small = s.send(begun, 1);
  expect_unavailable(small);
  EXPECT_TRUE(small.send(rest + get("/native")));
  s.expect_served(small, "native");

  Client large = s.send("POST /never HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nb", 1);
  const auto response = large.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_TRUE(large.at_end());
  EXPECT_EQ(s.server->count(&Counters::requests_expired), 2u);
  s.gate.open();
  s.expect_served(*s.blocker, "/block");
  const std::lock_guard lock(s.mutex);
  EXPECT_EQ(s.ran.size(), 1u);
}

TEST("requests whose clients have gone expire without an answer") {
  BlockingServer s(with_expiry(1));
  for (int i = 0; i < 4; ++i) {
    Client gone = s.send(get("/never"), 1);
    gone.reset();
    EXPECT_TRUE(s.server->wait_for_connections(1));
    EXPECT_TRUE(wait_until([&] { return s.waiting() == 0; }));
  }
  EXPECT_EQ(s.server->count(&Counters::requests_expired), 0u);
  s.gate.open();
  s.expect_served(*s.blocker, "/block");
  const std::lock_guard lock(s.mutex);
  EXPECT_EQ(s.ran.size(), 1u);
}

TEST("while threads claim and requests expire at the same time, 200 has run once and 503 never") {
  for (const std::uint32_t reactors : {1u, 2u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    constexpr std::size_t kClients = 6;
    constexpr std::size_t kEach = 16;
    const auto rounds = static_cast<std::size_t>(check::scaled(60));
    std::vector<std::atomic<int>> ran(kClients * kEach * rounds);
    ServerOptions options = with_reactors(reactors);
    options.config.timeouts.queue_ms = 4;  // one step of the reactor's clock
    options.js_threads = 3;
    options.handler = [&ran](js::JsThread& thread, js::Claimed request) {
      const std::string path(js::RequestReader(request.record).path());
      const auto number = static_cast<std::size_t>(std::stoul(path.substr(1)));
      ++ran[number];
      if (number % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      thread.answer({.id = request.id, .body = path});
    };
    TestServer server(std::move(options));
    std::atomic<int> served{0};
    std::atomic<int> expired{0};
    std::vector<std::thread> threads;
    for (std::size_t c = 0; c < kClients; ++c) {
      threads.emplace_back([&, c] {
        Client client = server.connect();
        for (std::size_t round = 0; round < rounds; ++round) {
          const std::size_t first = (c * rounds + round) * kEach;
          std::string all;
          for (std::size_t i = 0; i < kEach; ++i) all += get("/" + std::to_string(first + i));
          if (!EXPECT_TRUE(client.send(all))) return;
          for (std::size_t i = 0; i < kEach; ++i) {
            const auto response = client.read_response();
            ASSERT_TRUE(response.has_value());
            const bool is_served = response->status == 200;
            if (is_served) EXPECT_EQ(response->body, "/" + std::to_string(first + i));
            if (!is_served) EXPECT_EQ(response->status, 503);
            ++(is_served ? served : expired);
            EXPECT_EQ(ran[first + i].load(), is_served ? 1 : 0);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    server.stop_js();
    std::size_t runs = 0;
    for (const auto& times : ran) runs += static_cast<std::size_t>(times.load());
    EXPECT_EQ(runs,
              static_cast<std::size_t>(served.load()));  // what was answered 503 has not run later either
    EXPECT_LT(0, served.load());
    EXPECT_LT(0, expired.load());
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
