// What may run beside what on one connection, in which order answers leave it, and when it ends.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/check.h"
#include "native/held_requests.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::HeldRequests;
using check::ServerOptions;
using check::TestServer;
using Paths = std::vector<std::string>;

/// A server whose requests the test answers, with a native route besides.
struct HoldingServer {
  explicit HoldingServer(std::uint32_t js_threads = 1, std::uint32_t pipeline_depth = 64) {
    ServerOptions options{.js_threads = js_threads, .handler = held.handler()};
    options.config.limits.pipeline_depth = pipeline_depth;
    EXPECT_TRUE(options.routes.router.add("GET", "/native", {RouteTarget::Kind::reply, 0}) ==
                Router::AddError::none);
    options.routes.replies.emplace_back().body = "/native";
    server = std::make_unique<TestServer>(std::move(options));
  }

  /// Everything that was sent to the server before, on any connection, has been read when this returns: there
  /// is one reactor, and what came first is looked at first. Twice, since epoll may have been in the middle
  /// of it.
  void let_it_read() {
    for (int i = 0; i < 2; ++i) {
      Client client = server->connect();
      EXPECT_TRUE(client.send("GET /native HTTP/1.1\r\nHost: h\r\n\r\n"));
      EXPECT_EQ(client.read_status(), 200);
    }
  }

  HeldRequests held;
  std::unique_ptr<TestServer> server;
};

std::string ask(std::string_view method, std::string_view path, std::string_view fields = {}) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) +
         "\r\n";
}

void expect_body(Client& client, std::string_view body) {
  const auto response = client.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, body);
}

TEST("answers leave in the order of the requests, in whatever order they are given") {
  for (const std::uint32_t js_threads : {1u, 3u}) {
    HoldingServer s(js_threads);
    Client client = s.server->connect();
    EXPECT_TRUE(client.send(ask("GET", "/0") + ask("GET", "/native") + ask("GET", "/1") + ask("GET", "/2") +
                            ask("GET", "/nowhere-native") + ask("GET", "/3")));
    ASSERT_TRUE(s.held.wait_for(5));
    for (const char* path : {"/3", "/1", "/nowhere-native", "/2", "/0"}) EXPECT_TRUE(s.held.answer(path));
    for (const char* path : {"/0", "/native", "/1", "/2", "/nowhere-native", "/3"}) expect_body(client, path);
  }
}

TEST("large answers given out of order keep their places too") {
  HoldingServer s(2);
  Client client = s.server->connect();
  std::string all;
  for (int i = 0; i < 20; ++i) all += ask("GET", "/" + std::to_string(i));
  EXPECT_TRUE(client.send(all));
  ASSERT_TRUE(s.held.wait_for(20));
  const auto body_of = [](int i) {
    return std::string(static_cast<std::size_t>(i) * 9000, static_cast<char>('a' + i));
  };
  for (int i = 20; i-- > 0;) EXPECT_TRUE(s.held.answer("/" + std::to_string(i), {.body = body_of(i)}));
  for (int i = 0; i < 20; ++i) {
    const auto response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_TRUE(response->body == body_of(i));
  }
}

TEST("an unsafe request waits for its predecessors and holds back its successors (RFC 9112 §9.3.2)") {
  HoldingServer s;
  Client client = s.server->connect();
  const std::string post = ask("POST", "/post", "Content-Length: 4\r\n") + "body";
  EXPECT_TRUE(client.send(ask("GET", "/a") + ask("HEAD", "/b") + post + ask("GET", "/c") + ask("GET", "/d")));
  ASSERT_TRUE(s.held.wait_for(2));
  EXPECT_TRUE(s.held.answer("/b"));
  s.let_it_read();
  EXPECT_TRUE(s.held.arrived() == Paths({"/a", "/b"}));
  EXPECT_TRUE(s.held.answer("/a"));
  ASSERT_TRUE(s.held.wait_for(3));
  s.let_it_read();
  EXPECT_TRUE(s.held.arrived() == Paths({"/a", "/b", "/post"}));
  EXPECT_TRUE(s.held.answer("/post"));
  ASSERT_TRUE(s.held.wait_for(5));
  EXPECT_TRUE(s.held.answer("/d"));
  EXPECT_TRUE(s.held.answer("/c"));
  expect_body(client, "/a");
  EXPECT_TRUE(client.read_response(true).has_value());  // of HEAD
  for (const char* path : {"/post", "/c", "/d"}) expect_body(client, path);
}

TEST("no more than limits.pipelineDepth requests of a connection run at a time") {
  HoldingServer s(1, 3);
  Client client = s.server->connect();
  std::string all;
  for (int i = 0; i < 10; ++i) all += ask("GET", "/" + std::to_string(i));
  EXPECT_TRUE(client.send(all));
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(s.held.wait_for(std::min<std::size_t>(10, i + 3)));
    s.let_it_read();
    EXPECT_EQ(s.held.arrived().size(), std::min<std::size_t>(10, i + 3));
    EXPECT_TRUE(s.held.answer("/" + std::to_string(i)));
    expect_body(client, "/" + std::to_string(i));
  }
}

TEST("one request gets one answer, also when it is answered twice") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + ask("GET", "/1")));
  ASSERT_TRUE(s.held.wait_for(2));
  EXPECT_TRUE(s.held.answer("/1", {.body = "first"}, true));
  EXPECT_TRUE(s.held.answer("/1", {.body = "second"}));
  EXPECT_TRUE(s.held.answer("/0", {.body = "zero"}, true));
  EXPECT_TRUE(s.held.answer("/0", {.body = "zero again"}));
  expect_body(client, "zero");
  expect_body(client, "first");
  EXPECT_TRUE(client.send(ask("GET", "/2")));
  ASSERT_TRUE(s.held.wait_for(3));
  EXPECT_TRUE(s.held.answer("/2"));
  expect_body(client, "/2");
}

TEST("an answer for a client that has gone finds nobody, also when another has its place") {
  HoldingServer s;
  Client gone = s.server->connect();
  EXPECT_TRUE(gone.send(ask("GET", "/gone")));
  ASSERT_TRUE(s.held.wait_for(1));
  gone.reset();
  EXPECT_TRUE(s.server->wait_for_connections(0));
  Client next = s.server->connect();
  EXPECT_TRUE(next.send(ask("GET", "/next")));
  ASSERT_TRUE(s.held.wait_for(2));
  EXPECT_TRUE(s.held.answer("/gone"));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/next"));
  expect_body(next, "/next");
}

TEST("a client that has finished sending gets its answers, then the end") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + ask("GET", "/1")));
  client.finish_sending();
  ASSERT_TRUE(s.held.wait_for(2));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  EXPECT_TRUE(s.held.answer("/1"));
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->body, "/1");
  EXPECT_EQ(last->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST("a client that finishes sending after its last answer was given still gets the end") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + ask("GET", "/1")));
  ASSERT_TRUE(s.held.wait_for(2));
  EXPECT_TRUE(s.held.answer("/1"));  // held, and written as one that keeps the connection
  s.let_it_read();
  client.finish_sending();
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  expect_body(client, "/1");
  EXPECT_TRUE(client.at_end());
}

TEST("a client that finishes sending inside a request gets the answers before it") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + "GET /1 HT"));
  client.finish_sending();
  ASSERT_TRUE(s.held.wait_for(1));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  static_cast<void>(client.read_response());  // a 400 for the rest, or nothing
  EXPECT_TRUE(client.at_end());
}

TEST("nothing behind a request with Connection: close runs") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(
      client.send(ask("GET", "/0") + ask("GET", "/1", "Connection: close\r\n") + ask("GET", "/never")));
  ASSERT_TRUE(s.held.wait_for(2));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/1"));
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(s.held.arrived().size(), 2u);
}

TEST("an application that ends the connection ends it for the requests behind as well") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + ask("GET", "/1") + ask("GET", "/2")));
  ASSERT_TRUE(s.held.wait_for(3));
  EXPECT_TRUE(s.held.answer("/2"));
  EXPECT_TRUE(s.held.answer("/1", {.flags = ring::response::kClose, .body = "/1"}));
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->body, "/1");
  EXPECT_EQ(last->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST("half an answer that only the end would delimit does not take those before it with it") {
  HoldingServer s;
  Client client = s.server->connect();
  const auto ask_1_0 = [](const std::string& path) {
    return "GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  };
  EXPECT_TRUE(client.send(ask_1_0("/0") + ask_1_0("/1") + ask_1_0("/2")));
  ASSERT_TRUE(s.held.wait_for(3));
  EXPECT_TRUE(s.held.answer("/2"));
  EXPECT_TRUE(s.held.answer("/1", {.flags = ring::response::kMore, .body = "half"}, true));
  EXPECT_TRUE(s.held.answer("/1", {.status = ring::response::kAbort, .flags = ring::response::kControl}));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  // Nothing of the half one has been sent, so it can be a whole one that says what happened.
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->status, 500);
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(s.server->wait_for_connections(0));
  EXPECT_EQ(s.server->server().budget().used(), 0u);
}

TEST("an answer that was given directly ahead of such a half one arrives") {
  for (int round = 0; round < check::scaled(10); ++round) {
    // Both in one slice, so that the reactor mostly takes them together.
    ServerOptions options;
    options.handler = [](js::JsThread& thread, js::Claimed request) {
      const std::string path(js::RequestReader(request.record).path());
      if (path == "/whole") {
        thread.answer({.id = request.id, .body = path});
        return;
      }
      thread.answer({.id = request.id, .flags = ring::response::kMore, .body = "half"});
      thread.answer({.id = request.id, .status = ring::response::kAbort, .flags = ring::response::kControl});
    };
    TestServer server(std::move(options));
    Client client = server.connect();
    EXPECT_TRUE(
        client.send("GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                    "GET /half HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    expect_body(client, "/whole");
    EXPECT_EQ(client.read_status(), 200);
    EXPECT_EQ(client.read_some(4), "half");
    EXPECT_FALSE(client.at_end());  // a reset is no end in order
    EXPECT_TRUE(server.wait_for_connections(0));
  }
}

TEST("a malformed request behind good ones is refused after their answers") {
  HoldingServer s;
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(ask("GET", "/0") + "GET / HTTP/1.1\r\nbad field\r\n\r\n" + ask("GET", "/never")));
  ASSERT_TRUE(s.held.wait_for(1));
  s.let_it_read();
  EXPECT_TRUE(s.held.answer("/0"));
  expect_body(client, "/0");
  EXPECT_EQ(client.read_status(), 400);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(s.held.arrived().size(), 1u);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
