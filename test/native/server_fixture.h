// server_fixture.h: a millrace::Server on a free port, with plain threads for its JavaScript.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/http_client.h"
#include "native/js_request.h"
#include "native/js_thread.h"
#include "native/patience.h"
#include "native/ring_memory.h"
#include "net/server.h"

namespace millrace::check {

/// Rings as small as the limits of an ordinary server allow, so that tests fill them.
inline constexpr RingSizes kSmallRings{.request_slots = 64,
                                       .request_arena_bytes = 256 * 1024,
                                       .response_slots = 64,
                                       .response_arena_bytes = 512 * 1024};

/// Idle connections end at once with a drain, unless a test is about them.
inline ServerConfig impatient_config() {
  ServerConfig config;
  config.timeouts.drain_idle_ms = 0;
  return config;
}

struct ServerOptions {
  std::uint32_t js_threads = 1;
  ServerConfig config = impatient_config();
  RingSizes sizes = kSmallRings;
  Routes routes = {};
  js::JsThread::Handler handler = {};  // of every request, unless `routes` has native answers
  js::JsThread::OnNews on_news = {};
};

class TestServer {
 public:
  explicit TestServer(ServerOptions options) : sizes_(options.sizes), on_news_(std::move(options.on_news)) {
    const std::uint32_t reactors = options.config.reactors;
    ServerMemory memory;
    for (std::uint32_t r = 0; r < reactors; ++r) {
      memory.requests.push_back(
          add_memory(ring::RequestRing::memory_bytes(sizes_.request_slots, sizes_.request_arena_bytes)));
    }
    for (std::uint32_t i = 0; i < options.js_threads; ++i) {
      js_.push_back(std::make_unique<js::JsThread>());
      memory.js_threads.push_back({.doorbell_word = js_.back()->doorbell_word(),
                                   .wake = &js::JsThread::wake,
                                   .wake_context = js_.back().get(),
                                   .responses = {}});
      for (std::uint32_t r = 0; r < reactors; ++r) {
        memory.js_threads.back().responses.push_back(
            add_memory(ring::ResponseRing::memory_bytes(sizes_.response_slots, sizes_.response_arena_bytes)));
      }
    }
    Result<Listener> listener = Listener::open({.host = "127.0.0.1"});
    ASSERT_TRUE(listener.ok());
    Routes routes = std::move(options.routes);
    routes.fallback = 0;
    if (routes.handlers.empty()) {
      routes.handlers.push_back(
          {.body_bytes = options.config.limits.body_bytes, .handler_ms = options.config.timeouts.handler_ms});
    }
    auto started =
        Server::start(options.config, std::move(routes), std::move(listener).value(), sizes_, memory);
    ASSERT_TRUE(started.ok());
    server_ = std::move(started).value();
    requests_ = memory.requests;
    for (const ServerMemory::JsThread& js : memory.js_threads) responses_.push_back(js.responses);
    handler_ = std::move(options.handler);
    for (std::uint32_t i = 0; i < options.js_threads; ++i) start_js(i);
  }

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  /// As an environment that ends: its JavaScript is over, then the native side goes.
  ~TestServer() {
    stop_js();
    server_.reset();
  }

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] js::JsThread& js(std::size_t i = 0) { return *js_[i]; }
  [[nodiscard]] Client connect(int receive_buffer = 0) { return Client(port(), receive_buffer); }
  [[nodiscard]] std::uint16_t port() { return server_->local().port; }

  void stop_js() {
    for (const auto& js : js_) js->stop();
  }

  /// A worker that ends, wherever it is between two turns of its loop.
  void end_js(std::uint32_t i) {
    js_[i]->stop();
    server_->leave(i);
  }
  /// And one that is started in its place. False: the place is never free.
  [[nodiscard]] bool replace_js(std::uint32_t i) {
    if (!wait_until([&] { return server_->has_left(i); })) return false;
    gone_.push_back(std::move(js_[i]));
    js_[i] = std::make_unique<js::JsThread>(*gone_.back());
    server_->connect(i, 0, &js::JsThread::wake, js_[i].get());
    start_js(i);
    js_[i]->post([thread = js_[i].get()] { thread->channel().drain(); });
    return true;
  }

  /// close({ graceMs }): false if it never comes to an end.
  [[nodiscard]] bool drain(std::uint32_t grace_ms) {
    server_->drain(grace_ms);
    if (!wait_until([this] { return server_->ended(); })) return false;
    server_->join();
    return true;
  }

  /// The sum of one counter over all reactors.
  [[nodiscard]] std::uint64_t count(Counter Counters::*counter) {
    std::uint64_t sum = 0;
    for (const auto& reactor : server_->reactors()) sum += (reactor->counters().*counter).get();
    return sum;
  }
  [[nodiscard]] std::uint64_t aborted() {
    std::uint64_t sum = 0;
    for (const auto& reactor : server_->reactors()) sum += reactor->aborted();
    return sum;
  }
  [[nodiscard]] bool wait_for_connections(std::uint64_t wanted) {
    return wait_until([&] { return count(&Counters::connections_open) == wanted; });
  }

 private:
  ring::SharedMemory add_memory(std::size_t bytes) {
    memory_.push_back(std::make_unique<ring::RingMemory>(bytes));
    return memory_.back()->shared();
  }

  void start_js(std::uint32_t i) {
    js::ChannelRings rings{.requests = requests_,
                           .responses = responses_[i],
                           .request_slots = sizes_.request_slots,
                           .response_slots = sizes_.response_slots,
                           .response_arena_bytes = sizes_.response_arena_bytes,
                           .first_index = gone_.empty() ? sizes_.first_index : 0};
    if (js_.size() > 1) rings.place = static_cast<std::uint8_t>(i);
    Server* const server = server_.get();
    js::Native native{
        .wake = [server](std::uint32_t reactor) { server->wake(reactor); },
        .take_body =
            [server](std::uint32_t reactor, std::uint32_t index) {
              return std::string(server->requests(reactor).outside_body(index).view());
            },
        .put_body =
            [server, i](std::uint32_t reactor, std::uint32_t index, OwnedBytes body) {
              server->responses(i, reactor).put_outside(index, std::move(body));
            },
        .take_news = [server, i](std::uint32_t reactor) { return server->news(i, reactor).take(); }};
    js_[i]->start(std::move(native), rings, handler_, on_news_);
  }

  const RingSizes sizes_;
  const js::JsThread::OnNews on_news_;
  std::vector<std::unique_ptr<ring::RingMemory>> memory_;
  std::vector<ring::SharedMemory> requests_;                // one a reactor
  std::vector<std::vector<ring::SharedMemory>> responses_;  // by JS thread, one a reactor
  js::JsThread::Handler handler_;
  std::vector<std::unique_ptr<js::JsThread>> js_;
  std::vector<std::unique_ptr<js::JsThread>> gone_;
  std::unique_ptr<Server> server_;
};

}  // namespace millrace::check
