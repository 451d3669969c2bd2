// Native handlers, compiled in: what pool threads, reactors and the server's end do to each other.
#include <millrace.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "handlers/native_handler.h"
#include "handlers/path_params.h"
#include "native/check.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::scaled;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

/// What the handlers of one test share.
struct World {
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  std::atomic<int> running{0};
  std::atomic<int> ended_while_running{0};
  std::atomic<int> released{0};
  std::atomic<bool> open{false};  // what wait() waits for
};
World* world = nullptr;  // one test at a time

std::string_view view(millrace_text text) { return {text.data, text.size}; }

int begin(const millrace_api*, const char*, void** state, char*, std::size_t) {
  world->begun.fetch_add(1);
  *state = world;
  return MILLRACE_OK;
}

void end(const millrace_api*, void* state) {
  World& own = *static_cast<World*>(state);
  if (own.running.load() != 0) own.ended_while_running.fetch_add(1);
  own.ended.fetch_add(1);
}

/// The path and the body, back; where the path is long, in memory that is taken over.
int echo(const millrace_api* api, void* state, millrace_request* request, millrace_response* response) {
  World& own = *static_cast<World*>(state);
  own.running.fetch_add(1);
  std::string text(view(api->path(request)));
  text.append(view(api->body(request)));
  int code = api->add_header(response, "X-Id", api->param(request, "id").data, MILLRACE_TO_NUL);
  if (text.size() % 2 == 0) {
    code |= api->set_body(response, text.data(), text.size());
  } else {
    auto* const copy = new std::string(std::move(text));
    code |= api->take_body(
        response, copy->data(), copy->size(),
        [](void* context, void*) {
          world->released.fetch_add(1);
          delete static_cast<std::string*>(context);
        },
        copy);
  }
  own.running.fetch_sub(1);
  return code;
}

/// Until the world opens, or nobody waits for it.
int wait(const millrace_api* api, void* state, millrace_request* request, millrace_response* response) {
  World& own = *static_cast<World*>(state);
  own.running.fetch_add(1);
  while (!own.open.load() && api->is_cancelled(request) == 0) std::this_thread::yield();
  own.running.fetch_sub(1);
  return api->fail(response, "it has waited");
}

constexpr millrace_handler kEcho{MILLRACE_HANDLER_MAGIC, sizeof(millrace_handler), echo, begin, end};
constexpr millrace_handler kWait{MILLRACE_HANDLER_MAGIC, sizeof(millrace_handler), wait, begin, end};

void add(Routes& routes, std::string_view method, std::string_view pattern, const millrace_handler& handler) {
  const auto id = static_cast<std::uint32_t>(routes.natives.size());
  EXPECT_TRUE(routes.router.add(method, pattern, {RouteTarget::Kind::native, id}) == Router::AddError::none);
  NativeRoute& route = routes.natives.emplace_back();
  route.handler = std::make_shared<NativeHandler>(nullptr, handler, "");
  route.params.params.push_back({.name = "id", .segment = 1});
  route.body_bytes = 1u << 20;
  std::string error;
  EXPECT_TRUE(route.handler->begin(error));
}

void answer_at_once(js::JsThread& thread, js::Claimed request) {
  thread.answer({.id = request.id, .body = "js"});
}

ServerOptions with_handlers(std::uint32_t workers, std::uint32_t reactors = 1) {
  ServerOptions options{.handler = answer_at_once};
  options.config.workers = workers;
  options.config.reactors = reactors;
  add(options.routes, "GET", "/echo/:id", kEcho);
  add(options.routes, "POST", "/echo/:id", kEcho);
  add(options.routes, "GET", "/wait/:id", kWait);
  return options;
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST("many clients and handlers at once: each gets its own answers, in order, and handlers end once") {
  World own;
  world = &own;
  {
    TestServer server(with_handlers(4, 2));
    std::vector<std::thread> clients;
    std::atomic<int> wrong{0};
    for (int c = 0; c < 8; ++c) {
      clients.emplace_back([&server, &wrong, c] {
        Client client = server.connect();
        for (int round = 0; round < scaled(50); ++round) {
          const std::string id = std::to_string(c * 1000 + round);
          const std::string body(static_cast<std::size_t>((c * 7919 + round * 104'729) % 60'000), 'b');
          client.send(get("/echo/" + id) + get("/js") + get("/echo/" + id + "x") + post("/echo/" + id, body));
          for (const std::string& expected :
               {"/echo/" + id, std::string("js"), "/echo/" + id + "x", "/echo/" + id + body}) {
            const auto response = client.read_response();
            if (!response || response->body != expected) wrong.fetch_add(1);
          }
        }
      });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
    EXPECT_TRUE(own.released.load() > 0);
    EXPECT_TRUE(server.drain(10'000));
    EXPECT_EQ(own.ended.load(), own.begun.load());
  }
  EXPECT_EQ(own.ended.load(), own.begun.load());
  EXPECT_EQ(own.ended_while_running.load(), 0);
}

TEST("clients that go leave nothing behind, whether their handlers run or wait") {
  World own;
  world = &own;
  TestServer server(with_handlers(2));
  for (int round = 0; round < scaled(20); ++round) {
    std::vector<Client> clients;
    for (int c = 0; c < 6; ++c) {
      clients.push_back(server.connect());
      clients.back().send(get("/wait/" + std::to_string(c)));
    }
    EXPECT_TRUE(wait_until([&] { return own.running.load() == 2; }));
    for (std::size_t c = 0; c < clients.size(); ++c) {
      if (c % 2 == 0) clients[c].reset();
    }
    clients.clear();
    EXPECT_TRUE(wait_until([&] { return own.running.load() == 0; }));
  }
  EXPECT_TRUE(server.wait_for_connections(0));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("a failure is answered 500, and is there for JavaScript") {
  World own;
  world = &own;
  own.open = true;
  TestServer server(with_handlers(1));
  Client client = server.connect();
  client.send(get("/wait/7"));
  EXPECT_EQ(client.read_status(), 500);
  const HandlerFailures::Taken taken = server.server().take_failures();
  ASSERT_EQ(taken.failures.size(), 1u);
  EXPECT_EQ(taken.failures[0].method, "GET");
  EXPECT_EQ(taken.failures[0].path, "/wait/7");
  EXPECT_EQ(taken.failures[0].message, "it has waited");
  EXPECT_EQ(taken.dropped, 0u);
  EXPECT_EQ(server.server().take_failures().failures.size(), 0u);
}

TEST("failures that nobody takes are counted, and bounded") {
  HandlerFailures failures;
  int woken = 0;
  failures.connect([](void* count) { ++*static_cast<int*>(count); }, &woken);
  for (std::size_t i = 0; i < kKeptFailures + 5; ++i) failures.put({"GET", "/", "why"});
  EXPECT_EQ(woken, 1);
  const HandlerFailures::Taken taken = failures.take();
  EXPECT_EQ(taken.failures.size(), kKeptFailures);
  EXPECT_EQ(taken.dropped, 5u);
  failures.put({"GET", "/", "why"});
  EXPECT_EQ(woken, 2);
}

TEST("the server ends while handlers run and others wait: those end first, these never begin") {
  for (int round = 0; round < scaled(10); ++round) {
    World own;
    world = &own;
    {
      TestServer server(with_handlers(2));
      std::vector<Client> clients;
      for (int c = 0; c < 6; ++c) {
        clients.push_back(server.connect());
        clients.back().send(get("/wait/" + std::to_string(c)));
      }
      EXPECT_TRUE(wait_until([&] { return own.running.load() == 2; }));
      EXPECT_TRUE(server.drain(20));
      EXPECT_EQ(own.running.load(), 0);
      EXPECT_EQ(own.ended.load(), 3);
    }
    EXPECT_EQ(own.ended.load(), 3);
    EXPECT_EQ(own.ended_while_running.load(), 0);
  }
}

TEST("a drain answers what is pipelined behind a request for which the pool has no room") {
  World own;
  world = &own;
  ServerOptions options = with_handlers(1);
  options.config.limits.worker_queue = 1;
  options.config.timeouts.drain_idle_ms = 600'000;
  TestServer server(std::move(options));
  Client client = server.connect();
  client.send(get("/js"));
  EXPECT_EQ(client.read_status(), 200);
  Client runs = server.connect();
  runs.send(get("/wait/1"));
  EXPECT_TRUE(wait_until([&] { return own.running.load() == 1; }));
  Client waits = server.connect();
  waits.send(get("/wait/2"));
  EXPECT_TRUE(wait_until([&] { return server.server().workers().stats().queued == 1; }));
  server.server().drain(600'000);
  EXPECT_TRUE(wait_until([&] { return !server.connect().connected(); }));  // it has begun
  client.send(get("/echo/1") + post("/echo/2", "body") + get("/js"));
  for (int i = 0; i < 2; ++i) {
    const auto refused = client.read_response();
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->header("Connection"), "");
  }
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->body, "js");
  EXPECT_EQ(last->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
  own.open = true;
}

TEST("a handler whose begin fails is not ended") {
  World own;
  world = &own;
  millrace_handler handler = kEcho;
  handler.init = [](const millrace_api*, const char* data, void**, char* error, std::size_t bytes) {
    std::string_view(data).copy(error, bytes);  // no NUL behind it
    return 3;
  };
  std::string error;
  EXPECT_FALSE(NativeHandler(nullptr, handler, std::string(5000, 'x')).begin(error));
  EXPECT_EQ(error, std::string(1023, 'x'));
  EXPECT_EQ(own.ended.load(), 0);
}

struct ParamRow {
  const char* name;
  const char* path;
  const char* raw;  // null: there is none
};

TEST("parameters are found by their segments") {
  PathParams params;
  params.params = {{.name = "a", .segment = 0}, {.name = "b", .segment = 2}};
  params.has_wildcard = true;
  params.wildcard_segment = 3;
  constexpr ParamRow kRows[] = {
      {"a", "/1/x/2/3/4", "1"}, {"b", "/1/x/2/3/4", "2"},  {"*", "/1/x/2/3/4", "3/4"},
      {"*", "/1/x/2/", ""},     {"c", "/1/x/2/", nullptr}, {"", "/1/x/2/", nullptr},
  };
  for (const ParamRow& row : kRows) {
    const std::string_view raw = raw_param(params, row.path, row.name);
    EXPECT_EQ(raw.data() == nullptr, row.raw == nullptr);
    if (row.raw != nullptr) EXPECT_EQ(raw, row.raw);
  }
  EXPECT_TRUE(raw_param({}, "/a", "*").data() == nullptr);
}

TEST("what is decoded is UTF-8, or it stays as it was sent") {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"", ""},
      {"plain", "plain"},
      {"%41%42", "AB"},
      {"%e2%82%AC", "\xe2\x82\xac"},
      {"%F4%8F%BF%BF", "\xf4\x8f\xbf\xbf"},
      {"%F4%90%80%80", "%F4%90%80%80"},  // beyond U+10FFFF
      {"%c0%80", "%c0%80"},              // longer than it must be
      {"%e0%9f%bf", "%e0%9f%bf"},
      {"%f0%8f%bf%bf", "%f0%8f%bf%bf"},
      {"%ed%a0%80", "%ed%a0%80"},  // half of a pair
      {"%e2%82", "%e2%82"},        // cut
      {"%80", "%80"},
      {"a%ff", "a%ff"},
      {"%4", "%4"},
      {"%", "%"},
      {"%4x%41", "%4x%41"},
      {"+", "+"},
  };
  for (const auto& [raw, decoded] : kRows) EXPECT_EQ(percent_decoded(raw), decoded);
  EXPECT_EQ(percent_decoded("a%00b"), std::string_view("a\0b", 3));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
