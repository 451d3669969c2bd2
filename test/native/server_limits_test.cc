// Time-outs and limits: what a client may do slowly, and how much it may make the server hold.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
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
using check::scaled;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

constexpr std::uint32_t kShortMs = 200;
constexpr std::uint32_t kForeverMs = 600'000;

/// Answers /BYTES with so many of them.
void answer_bytes(js::JsThread& thread, js::Claimed request) {
  const std::string path(js::RequestReader(request.record).path());
  thread.answer({.id = request.id, .body = std::string(std::strtoul(path.c_str() + 1, nullptr, 10), 'x')});
}

/// Nothing ends by time unless a test says so.
ServerOptions patient() {
  ServerOptions options{.handler = answer_bytes};
  options.config.timeouts = {.header_ms = kForeverMs,
                             .body_ms = kForeverMs,
                             .keep_alive_ms = kForeverMs,
                             .handler_ms = 0,
                             .write_ms = kForeverMs};
  options.config.limits.min_bytes_per_second = 0;
  return options;
}

ServerOptions with_reply(ServerOptions options, std::size_t bytes) {
  EXPECT_TRUE(options.routes.router.add("GET", "/reply", {RouteTarget::Kind::reply, 0}) ==
              Router::AddError::none);
  options.routes.replies.emplace_back().body = std::string(bytes, 'r');
  return options;
}

std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

void pause(std::uint32_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// --- time
// -------------------------------------------------------------------------------------------------------------

TEST("an answer may take longer than an idle connection lives") {
  ServerOptions options = patient();
  options.config.timeouts.keep_alive_ms = kShortMs;
  TestServer server(std::move(options));
  Client client = server.connect(4096);
  EXPECT_TRUE(client.send(get("/12000000")));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() > 0; }));  // the rest waits for us
  pause(4 * kShortMs);
  const auto response = client.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), 12'000'000u);
  EXPECT_TRUE(client.at_end());  // now it was idle for long enough
}

TEST("idle connections end, whatever empty lines they have sent") {
  ServerOptions options = patient();
  options.config.timeouts.keep_alive_ms = kShortMs;
  TestServer server(std::move(options));
  for (const std::string& sent :
       {get("/5"), get("/5") + "\r\n", get("/5") + "\r\n\r\n", get("/5") + get("/5") + "\r\n"}) {
    SCOPE(sent);
    Client client = server.connect();
    EXPECT_TRUE(client.send(sent));
    while (client.read_status() == 200) {
    }
    EXPECT_TRUE(client.at_end());
  }
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST("a head that does not become complete is answered 408, wherever it begins") {
  ServerOptions options = patient();
  options.config.timeouts.header_ms = kShortMs;
  TestServer server(std::move(options));
  struct Case {
    const char* sentence;
    std::vector<std::string> packets;
    int answers_before;
  };
  const Case cases[] = {
      {"on a new connection", {"GET / HT"}, 0},
      {"behind an answer", {get("/5"), "GET / HT"}, 1},
      {"behind an empty line in a packet of its own", {get("/5"), "\r\n", "GET / HT"}, 1},
      {"in the same packet as the request before", {get("/5") + "GET / HT"}, 1},
  };
  for (const Case& c : cases) {
    SCOPE(c.sentence);
    Client client = server.connect();
    int answers = 0;
    for (const std::string& packet : c.packets) {
      EXPECT_TRUE(client.send(packet));
      if (answers++ < c.answers_before) EXPECT_EQ(client.read_status(), 200);
      pause(20);  // or the kernel would join them
    }
    EXPECT_EQ(client.read_status(), 408);
    EXPECT_TRUE(client.at_end());
  }
  Client silent = server.connect();
  EXPECT_TRUE(silent.at_end());
}

TEST("a body that stalls or trickles is answered 408") {
  for (const bool trickles : {false, true}) {
    SCOPE(trickles ? "trickles" : "stalls");
    ServerOptions options = patient();
    options.config.timeouts.body_ms = kShortMs;
    if (trickles) options.config.limits.min_bytes_per_second = 100'000;
    TestServer server(std::move(options));
    Client client = server.connect();
    EXPECT_TRUE(client.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"));
    bool taken = client.send("a");
    for (int i = 0; trickles && taken && i < 40; ++i) {
      pause(kShortMs / 10);
      taken = client.send("a");
    }
    EXPECT_EQ(client.read_status(), 408);
    EXPECT_EQ(server.count(&Counters::requests_refused), 1u);
  }
}

TEST("a client that does not read its answer is cut off") {
  ServerOptions options = patient();
  options.config.timeouts.write_ms = kShortMs;
  TestServer server(std::move(options));
  Client client = server.connect(4096);
  EXPECT_TRUE(client.send(get("/20000000")));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() > 0; }));
  EXPECT_TRUE(server.wait_for_connections(0));
  EXPECT_EQ(server.server().budget().used(), 0u);
}

// --- handler deadlines
// ------------------------------------------------------------------------------------------------

TEST("a handler that does not answer in time is answered for, and its late answer finds nobody") {
  HeldRequests held;
  ServerOptions options = patient();
  options.config.timeouts.handler_ms = kShortMs;
  options.handler = held.handler();
  TestServer server(std::move(options));
  Client client = server.connect();
  EXPECT_TRUE(client.send(get("/0") + get("/1") + get("/2")));
  ASSERT_TRUE(held.wait_for(3));
  EXPECT_TRUE(held.answer("/2"));
  EXPECT_TRUE(held.answer("/0"));
  EXPECT_EQ(client.read_status(), 200);
  const auto late = client.read_response();
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->status, 503);
  EXPECT_EQ(late->header("Retry-After"), "1");
  EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/2");
  EXPECT_TRUE(held.answer("/1"));
  EXPECT_TRUE(client.send(get("/3")));
  ASSERT_TRUE(held.wait_for(4));
  EXPECT_TRUE(held.answer("/3"));
  EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/3");
  EXPECT_EQ(server.count(&Counters::handler_timeouts), 1u);
}

TEST("each route has its own deadline, also behind requests that have none and before one that must wait") {
  HeldRequests held;
  ServerOptions options = patient();
  options.handler = held.handler();
  options.routes.handlers = {{.body_bytes = 1000, .handler_ms = 0},
                             {.body_bytes = 1000, .handler_ms = kShortMs}};
  EXPECT_TRUE(options.routes.router.add("GET", "/hasty", {RouteTarget::Kind::handler, 1}) ==
              Router::AddError::none);
  TestServer server(std::move(options));
  Client client = server.connect();
  EXPECT_TRUE(client.send(get("/slow") + get("/hasty") +
                          "POST /behind HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_TRUE(held.wait_for(2));
  EXPECT_TRUE(held.answer("/slow"));
  EXPECT_EQ(client.read_status(), 200);
  EXPECT_EQ(client.read_status(), 503);
  ASSERT_TRUE(held.wait_for(3));
  EXPECT_TRUE(held.answer("/behind"));
  EXPECT_EQ(client.read_status(), 200);
}

// --- memory
// -----------------------------------------------------------------------------------------------------------

TEST("bodies that wait for JavaScript count against limits.bufferedBytes, and are given back") {
  constexpr std::uint64_t kLimit = 1'000'000;
  constexpr std::uint64_t kBody = 300'000;
  Gate gate;
  ServerOptions options = patient();
  options.config.limits.buffered_bytes = kLimit;
  TestServer server(std::move(options));
  server.js().post([&] { gate.pass(); });
  EXPECT_TRUE(gate.wait_for(1));
  const std::string upload = "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kBody) +
                             "\r\n\r\n" + std::string(kBody, 'u');
  std::vector<Client> clients;
  const auto settled = [&](std::size_t count) {
    return server.count(&Counters::requests_to_handlers) + server.count(&Counters::requests_overload) >=
           count;
  };
  for (std::size_t i = 0; i < 10; ++i) {
    clients.push_back(server.connect());
    static_cast<void>(clients.back().send(upload));  // what is refused may be reset
    EXPECT_TRUE(wait_until([&] { return settled(i + 1); }));
    EXPECT_LE(server.server().budget().used(), kLimit + 2 * kBody);
  }
  EXPECT_LT(0u, server.count(&Counters::requests_overload));
  EXPECT_LT(0u, server.count(&Counters::requests_to_handlers));
  gate.open();
  EXPECT_EQ(clients.front().read_status(), 200);
  // Without further requests: an idle server holds nothing.
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("bodies that a handler has asked for and cannot take count against limits.bufferedBytes") {
  constexpr std::uint64_t kLimit = 1'000'000;
  constexpr std::size_t kBody = 300'000;
  constexpr std::size_t kClients = 10;
  Gate gate;
  ServerOptions options = patient();
  options.config.limits.buffered_bytes = kLimit;
  options.handler = [](js::JsThread& thread, js::Claimed request) {
    thread.answer({.id = request.id, .body = std::to_string(request.body.size())});
  };
  TestServer server(std::move(options));
  std::vector<Client> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(server.connect());
    EXPECT_TRUE(clients.back().send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kBody) +
                                    "\r\n\r\n"));
  }
  // JavaScript has all of them, and has asked for their bodies: some in pieces, some whole.
  ASSERT_TRUE(wait_until([&] {
    return server.count(&Counters::requests_to_handlers) == kClients &&
           server.server().queue().waiting() == 0;
  }));
  server.js().post([&] { gate.pass(); });
  EXPECT_TRUE(gate.wait_for(1));
  for (std::size_t i = 0; i < kClients; ++i) {
    static_cast<void>(clients[i].send(std::string(kBody, 'u')));  // what is refused may be reset
    const auto settled = [&] {
      return server.server().budget().used() >= (i + 1) * kBody ||
             server.count(&Counters::requests_overload) > 0;
    };
    if (!EXPECT_TRUE(wait_until(settled))) break;
    EXPECT_LE(server.server().budget().used(), kLimit + 4 * kBody);
  }
  EXPECT_LT(0u, server.count(&Counters::requests_overload));
  gate.open();
  EXPECT_EQ(clients.front().read_response().value_or(check::Response()).body, std::to_string(kBody));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("trailers that have not ended count against limits.bufferedBytes") {
  constexpr std::size_t kTrailers = 15'000;
  TestServer server(patient());
  Client client = server.connect();
  EXPECT_TRUE(client.send("POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " +
                          std::string(kTrailers, 't')));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() >= kTrailers; }));
  client.reset();
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("a client that asks for much and reads nothing makes the server hold little") {
  // The whole answer of 100,000 bytes is asked for 2,000 times in less than two reads.
  constexpr std::size_t kBytes = 100'000;
  TestServer server(with_reply(patient(), kBytes));
  Client client = server.connect(4096);
  std::string all;
  for (int i = 0; i < 2000; ++i) all += get("/reply");
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_TRUE(client.send(all));
  EXPECT_TRUE(
      wait_until([&] { return server.server().budget().used() > server.server().budget().used() / 2; }));
  Client other = server.connect();
  EXPECT_TRUE(other.send(get("/5")));
  EXPECT_EQ(other.read_status(), 200);
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LE(server.server().budget().used(), 4'000'000u);
  constexpr long kKilobytes = 50'000;
  if (!check::kSanitized) EXPECT_LE(after.ru_maxrss - before.ru_maxrss, kKilobytes);
  // And it gets all of them when it reads at last.
  for (int i = 0; i < check::scaled(2000); ++i) {
    if (!EXPECT_EQ(client.read_response().value_or(check::Response()).body.size(), kBytes)) return;
  }
}

TEST("a handler's answers that nobody reads stop further requests of that connection") {
  constexpr std::size_t kBytes = 300'000;
  constexpr int kRequests = 100;
  ServerOptions options = patient();
  options.config.limits.pipeline_depth = 4;
  options.config.limits.unsent_bytes = 100'000;
  TestServer server(std::move(options));
  Client client = server.connect(4096);
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += get("/300000");
  EXPECT_TRUE(client.send(all));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() > 100'000; }));
  Client other = server.connect();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(other.send(get("/5")));
    EXPECT_EQ(other.read_status(), 200);
  }
  EXPECT_LE(server.server().budget().used(), 100'000 + 5 * kBytes);
  EXPECT_LT(server.count(&Counters::requests_to_handlers), kRequests);
  for (int i = 0; i < kRequests; ++i) {
    if (!EXPECT_EQ(client.read_response().value_or(check::Response()).body.size(), kBytes)) return;
  }
}

TEST("answers given in one turn count before the next requests of their connection are taken") {
  constexpr std::size_t kUnsent = 100'000;
  constexpr int kRequests = 8;
  ServerOptions options = patient();
  options.config.limits.pipeline_depth = 4;
  options.config.limits.unsent_bytes = kUnsent;
  HeldRequests handlers;
  options.handler = handlers.handler();
  TestServer server(std::move(options));
  Client client = server.connect(4096);
  Client other = server.connect();
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += get("/" + std::to_string(i));
  EXPECT_TRUE(client.send(all));
  ASSERT_TRUE(handlers.wait_for(4));
  // Three of them are more than the kernel takes unread, and less than is sent before the wake ends anyway.
  const std::string body(340'000, 'x');
  const auto answer = [&](int i) { return handlers.answer("/" + std::to_string(i), {.body = body}); };
  server.js().post([&] {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(answer(i));
  });
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() > kUnsent; }));
  // Whatever that wake let run has begun when a later request of somebody else has.
  const auto pass_a_wake = [&] {
    EXPECT_TRUE(other.send(get("/other")));
    EXPECT_TRUE(wait_until([&] { return handlers.answer("/other"); }));
    EXPECT_EQ(other.read_status(), 200);
  };
  pass_a_wake();
  int answered = 3;
  while (answered < kRequests && answer(answered)) ++answered;
  pass_a_wake();
  // What was queued and what was gathered when the last ones were taken, and their answers.
  EXPECT_LE(server.server().budget().used(), 2 * kUnsent + 4 * body.size());
  // And all go on when the client reads at last.
  for (int i = 0; i < kRequests; ++i) {
    if (i == answered) {
      EXPECT_TRUE(wait_until([&] { return answer(i); }));
      ++answered;
    }
    if (!EXPECT_EQ(client.read_response().value_or(check::Response()).body.size(), body.size())) return;
  }
}

TEST("answers of its own that wait for an older one make the server hold little") {
  constexpr std::size_t kBytes = 100'000;
  constexpr int kRequests = 60;
  HeldRequests held;
  ServerOptions options = with_reply(patient(), kBytes);
  options.config.limits.unsent_bytes = kBytes;
  options.handler = held.handler();
  TestServer server(std::move(options));
  Client client = server.connect();
  std::string all = get("/held");
  for (int i = 0; i < kRequests; ++i) all += get("/reply");
  EXPECT_TRUE(client.send(all));
  ASSERT_TRUE(held.wait_for(1));
  Client other = server.connect();  // what came before has been read when it is answered
  EXPECT_TRUE(other.send(get("/reply")));
  EXPECT_EQ(other.read_status(), 200);
  EXPECT_LE(server.server().budget().used(), 4 * kBytes);
  EXPECT_TRUE(held.answer("/held"));
  EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/held");
  for (int i = 0; i < kRequests; ++i) {
    if (!EXPECT_EQ(client.read_response().value_or(check::Response()).body.size(), kBytes)) return;
  }
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("with limits.bufferedBytes used up, what would have to wait for an older answer is refused") {
  constexpr std::uint64_t kLimit = 300'000;
  constexpr std::size_t kBytes = 100'000;
  constexpr int kRequests = 20;
  HeldRequests held;
  ServerOptions options = with_reply(patient(), kBytes);
  options.config.limits.buffered_bytes = kLimit;
  options.handler = held.handler();
  TestServer server(std::move(options));
  Client client = server.connect();
  std::string all = get("/held");
  for (int i = 0; i < kRequests; ++i) all += get("/reply");
  EXPECT_TRUE(client.send(all));
  ASSERT_TRUE(held.wait_for(1));
  Client other = server.connect();  // nothing has to be held for it
  EXPECT_TRUE(other.send(get("/reply")));
  EXPECT_EQ(other.read_status(), 200);
  EXPECT_LE(server.server().budget().used(), kLimit + 2 * kBytes);
  EXPECT_TRUE(held.answer("/held"));
  EXPECT_EQ(client.read_status(), 200);
  int refused = 0;
  for (int i = 0; i < kRequests; ++i) {
    const auto response = client.read_response();
    ASSERT_TRUE(response.has_value());
    if (response->status == 503) ++refused;
  }
  EXPECT_LT(0, refused);
  EXPECT_LT(refused, kRequests);
  EXPECT_EQ(server.count(&Counters::requests_overload), static_cast<std::uint64_t>(refused));
  EXPECT_TRUE(client.send(get("/reply")));
  EXPECT_EQ(client.read_status(), 200);
}

TEST("a stream of pipelined requests leaves nothing behind in its connection") {
  TestServer server(with_reply(patient(), 1));
  Client client = server.connect();
  const std::string request = get("/reply", "X-Long: " + std::string(4321, 'l') + "\r\n");
  std::string stream;
  for (int i = 0; i < 500; ++i) stream += request;
  // No piece ends with a request, so there is always the beginning of one to keep.
  const std::size_t piece = 12 * request.size() + 1;
  std::size_t answered = 0;
  for (std::size_t sent = piece; sent < stream.size(); sent += piece) {
    if (!EXPECT_TRUE(client.send(std::string_view(stream).substr(sent - piece, piece)))) return;
    for (; answered < sent / request.size(); ++answered) {
      if (!EXPECT_EQ(client.read_status(), 200)) return;
    }
    if (!EXPECT_LE(server.server().budget().used(), 3 * kReceiveBytes)) return;
  }
}

TEST("one connection too many is told so, and taken again when another has gone") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    ServerOptions options = patient();
    options.config.reactors = reactors;
    options.config.limits.connections = 3;
    TestServer server(std::move(options));
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(server.connect());
      EXPECT_TRUE(clients.back().send(get("/5")));
      EXPECT_EQ(clients.back().read_status(), 200);
    }
    Client refused = server.connect();
    const auto response = refused.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->header("Connection"), "close");
    EXPECT_TRUE(refused.at_end());
    clients.pop_back();
    EXPECT_TRUE(wait_until([&] {
      Client again = server.connect();
      return again.send(get("/5")) && again.read_status() == 200;
    }));
    EXPECT_LE(1u, server.count(&Counters::connections_refused));
  }
}

/// A server with room for three connections, whose further clients wait.
ServerOptions with_room_for_three(std::uint32_t reactors) {
  ServerOptions options = patient();
  options.config.reactors = reactors;
  options.config.limits.connections = 3;
  options.config.connection_policy = ServerConfig::ConnectionPolicy::wait;
  return options;
}

TEST("with the policy wait, one connection too many is served when another has gone") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    TestServer server(with_room_for_three(reactors));
    for (int round = 0; round < scaled(100); ++round) {
      std::vector<Client> clients;
      for (int i = 0; i < 3; ++i) {
        clients.push_back(server.connect());
        EXPECT_TRUE(clients.back().send(get("/5")));
        if (!EXPECT_EQ(clients.back().read_status(), 200)) return;
      }
      // In the order in which they have connected, and each when one has gone, whichever reactor has it.
      for (int i = 0; i < 4; ++i) {
        clients.push_back(server.connect());
        EXPECT_TRUE(clients.back().connected() && clients.back().send(get("/5")));
      }
      for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(server.count(&Counters::connections_open), 3u);
        clients[i].close();
        if (!EXPECT_EQ(clients[i + 3].read_status(), 200)) return;
      }
      clients.clear();
      EXPECT_TRUE(server.wait_for_connections(0));
    }
    EXPECT_EQ(server.count(&Counters::connections_refused), 0u);
    EXPECT_EQ(server.count(&Counters::connections_total), static_cast<std::uint64_t>(scaled(100)) * 7);
  }
}

TEST("clients that wait for a connection to end are refused when the server closes") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    TestServer server(with_room_for_three(reactors));
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) {
      clients.push_back(server.connect());
      EXPECT_TRUE(clients.back().send(get("/5")));
    }
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(clients[i].read_status(), 200);
    server.server().drain(kForeverMs);
    for (std::size_t i = 3; i < 5; ++i) EXPECT_EQ(clients[i].read_status(), 503);
    clients.clear();
    EXPECT_TRUE(server.drain(kForeverMs));
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
