// The real reactors and plain threads in the place of JavaScript, with clients on the loopback.
#include "net/server.h"

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::Response;
using check::scaled;
using check::TestServer;

struct Setup {
  std::uint32_t reactors;
  std::uint32_t js_threads;
  std::uint32_t first_index;
};

// Each setup with its own counters, so that all of them pass 2^31 and 2^32 somewhere.
constexpr Setup kSetups[] = {
    {1, 1, ring::kFirstIndices[0]},
    {1, 3, ring::kFirstIndices[1]},
    {4, 1, ring::kFirstIndices[2]},
    {4, 3, ring::kFirstIndices[1]},
};

// --- the application: /n/NUMBER?BYTES answers so many bytes, /echo what it is sent
// ------------------------------------

[[nodiscard]] std::uint32_t number_in(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

[[nodiscard]] std::string payload(std::uint32_t seed, std::uint32_t bytes) {
  std::string body(bytes, '\0');
  ring::write_payload(body.data(), bytes, seed);
  return body;
}

void application(js::JsThread& thread, js::Claimed request) {
  const js::RequestReader reader(request.record);
  js::Answer answer{.id = request.id};
  std::uint32_t number = 0;
  if (reader.path() == "/echo") {
    number = static_cast<std::uint32_t>(request.body.size());
    answer.body = std::move(request.body);
  } else {
    number = number_in(reader.path().substr(3));
    answer.body = payload(number, number_in(reader.query()));
  }
  answer.fields = "X-Number: " + std::to_string(number) + "\r\n";
  const auto give = [&thread, answer = std::move(answer)] { thread.answer(answer); };
  switch (number % 4) {
    case 2:
      thread.set_immediate(give);  // after an await
      break;
    case 3:
      thread.post([&thread, give] { thread.post(give); });  // much later
      break;
    default:
      give();
  }
}

check::ServerOptions options_of(const Setup& setup) {
  check::ServerOptions options{.js_threads = setup.js_threads, .handler = application};
  options.config.reactors = setup.reactors;
  options.sizes.first_index = setup.first_index;
  return options;
}

std::string get(std::uint32_t number, std::uint32_t bytes) {
  return "GET /n/" + std::to_string(number) + "?" + std::to_string(bytes) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

bool expect_answer(Client& client, std::uint32_t number, std::uint32_t bytes) {
  const auto response = client.read_response();
  if (!EXPECT_TRUE(response.has_value())) return false;
  return EXPECT_EQ(response->status, 200) && EXPECT_EQ(number_in(response->header("X-Number")), number) &&
         EXPECT_TRUE(response->body == payload(number, bytes));
}

/// Runs `body(client thread's number)` in so many threads at once.
template <class Body>
void in_threads(std::uint32_t count, Body&& body) {
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

template <class Body>
void in_all_setups(Body&& body) {
  for (const Setup& setup : kSetups) {
    SCOPE(std::to_string(setup.reactors) + " reactors, " + std::to_string(setup.js_threads) + " JS threads");
    TestServer server(options_of(setup));
    body(server);
    EXPECT_TRUE(server.drain(10'000));
    EXPECT_EQ(server.aborted(), 0u);
    EXPECT_EQ(server.count(&Counters::connections_open), 0u);
    EXPECT_EQ(server.server().budget().used(), 0u);
    EXPECT_EQ(server.server().queue().waiting(), 0u);
  }
}

// --- what clients do
// --------------------------------------------------------------------------------------------------

void keep_alive(TestServer& server, std::uint32_t seed) {
  std::mt19937 random(seed);
  Client client = server.connect();
  for (int i = 0; i < scaled(150); ++i) {
    const std::uint32_t bytes = random() % 10 == 0 ? random() % 100'000 : random() % 500;
    if (!EXPECT_TRUE(client.send(get(seed * 1000 + static_cast<std::uint32_t>(i), bytes)))) return;
    if (!expect_answer(client, seed * 1000 + static_cast<std::uint32_t>(i), bytes)) return;
  }
}

/// Many requests at once, in pieces cut anywhere: the answers come in their order, whoever gives them.
void pipelining(TestServer& server, std::uint32_t seed) {
  std::mt19937 random(seed);
  Client client = server.connect();
  for (int round = 0; round < scaled(15); ++round) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> asked;
    std::string bytes;
    for (std::uint32_t i = 1 + random() % 60; i > 0; --i) {
      asked.emplace_back(random() % 100'000, random() % 20 == 0 ? random() % 40'000 : random() % 300);
      bytes += get(asked.back().first, asked.back().second);
    }
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + random() % 1500);
      if (!EXPECT_TRUE(client.send(piece))) return;
      rest.remove_prefix(piece.size());
    }
    for (const auto& [number, length] : asked) {
      if (!expect_answer(client, number, length)) return;
    }
  }
}

std::string chunked(std::string_view body, std::mt19937& random) {
  std::string out;
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, 1 + random() % 30'000);
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), chunk.size(), 16).ptr;
    out.append(size.data(), end).append("\r\n").append(chunk).append("\r\n");
    body.remove_prefix(chunk.size());
  }
  return out + "0\r\n\r\n";
}

void uploading(TestServer& server, std::uint32_t seed) {
  std::mt19937 random(seed);
  Client client = server.connect();
  for (const std::uint32_t bytes : {0u, 1u, 700u, 16'384u, 16'385u, 70'000u, 1'000'000u}) {
    SCOPE("a body of " + std::to_string(bytes));
    const std::string body = payload(bytes + seed, bytes);
    for (const bool in_chunks : {false, true}) {
      const std::string framing =
          in_chunks ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(body.size());
      const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n";
      const std::string all = head + (in_chunks ? chunked(body, random) : body);
      const std::size_t cut = random() % all.size();
      if (!EXPECT_TRUE(client.send(std::string_view(all).substr(0, cut)))) return;
      if (!EXPECT_TRUE(client.send(std::string_view(all).substr(cut)))) return;
      const auto response = client.read_response();
      if (!EXPECT_TRUE(response.has_value()) || !EXPECT_EQ(response->status, 200)) return;
      EXPECT_TRUE(response->body == body);
    }
  }
}

/// Leaves at the worst moments, politely or not.
void vanishing(TestServer& server, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < scaled(100); ++i) {
    Client client = server.connect();
    const std::string pipelined = get(2, 50'000) + get(3, 10) + get(4, 400'000) + get(7, 5);
    switch (random() % 5) {
      case 0:  // in the middle of a head
        static_cast<void>(client.send("GET /n/1 HTT"));
        break;
      case 1:  // in the middle of a body
        static_cast<void>(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc"));
        break;
      case 2:  // with requests in flight
        static_cast<void>(client.send(pipelined));
        break;
      case 3:  // in the middle of an answer
        static_cast<void>(client.send(pipelined));
        static_cast<void>(client.read_some(1 + random() % 100'000));
        break;
      default:  // after it has asked for everything
        static_cast<void>(client.send(pipelined));
        client.finish_sending();
    }
    if (random() % 3 != 0) client.reset();
  }
}

TEST("serves keep-alive connections") {
  in_all_setups([](TestServer& server) { in_threads(6, [&](std::uint32_t i) { keep_alive(server, i); }); });
}

TEST("answers pipelined requests in their order, whichever JS thread answers first") {
  in_all_setups([](TestServer& server) { in_threads(4, [&](std::uint32_t i) { pipelining(server, i); }); });
}

TEST("carries bodies of every size in both directions, with a length or in chunks") {
  in_all_setups([](TestServer& server) { in_threads(3, [&](std::uint32_t i) { uploading(server, i); }); });
}

TEST("forgets clients that vanish, and serves the others") {
  in_all_setups([](TestServer& server) {
    in_threads(4, [&](std::uint32_t i) { i == 0 ? keep_alive(server, i) : vanishing(server, i); });
    EXPECT_TRUE(server.wait_for_connections(0));
    keep_alive(server, 9);
  });
}

TEST("does all of it at the same time") {
  in_all_setups([](TestServer& server) {
    in_threads(8, [&](std::uint32_t i) {
      if (i % 4 == 0) keep_alive(server, i);
      if (i % 4 == 1) pipelining(server, i);
      if (i % 4 == 2) uploading(server, i);
      if (i % 4 == 3) vanishing(server, i);
    });
  });
}

TEST("spreads connections evenly over the reactors") {
  TestServer server(options_of({4, 1, 0}));
  std::vector<Client> clients;
  for (std::uint32_t i = 0; i < 40; ++i) {
    clients.push_back(server.connect());
    EXPECT_TRUE(clients.back().send(get(i, 10)));
    expect_answer(clients.back(), i, 10);
  }
  for (const auto& reactor : server.server().reactors())
    EXPECT_EQ(reactor->counters().connections_open.get(), 10u);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
