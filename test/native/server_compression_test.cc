// Compressed answers through a server: their order, clients that vanish, a pool that is full, streams that
// wait for their clients, and servers that end meanwhile.
#include <atomic>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/gunzip.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::Response;
using check::scaled;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;
namespace response = ring::response;

constexpr std::uint8_t kText = 1;  // ContentType::text

std::string get(std::string_view path, bool gzip = true) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + (gzip ? "Accept-Encoding: gzip\r\n" : "") +
         "\r\n";
}

std::string text_of(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i) + " of an answer\n";
  text.resize(bytes);
  return text;
}

/// `/whole/N` and `/pieces/N` are answered with N bytes.
void answer_by_path(js::JsThread& thread, const js::Claimed& request) {
  const std::string path(js::RequestReader(request.record).path());
  std::size_t bytes = 0;
  const std::size_t number = path.rfind('/') + 1;
  std::from_chars(path.data() + number, path.data() + path.size(), bytes);
  const std::string text = text_of(bytes);
  if (!path.starts_with("/pieces/")) {
    thread.answer({.id = request.id, .content_type = kText, .body = text});
    return;
  }
  constexpr std::size_t kPiece = 10'000;
  thread.answer({.id = request.id, .content_type = kText, .flags = response::kMore});
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    thread.answer({.id = request.id,
                   .status = response::kPiece,
                   .flags = response::kControl | response::kMore,
                   .body = text.substr(at, kPiece)});
  }
  thread.answer({.id = request.id, .status = response::kPiece, .flags = response::kControl});
}

ServerOptions options_of(std::uint32_t workers, std::uint32_t queue) {
  ServerOptions options;
  options.config.reactors = 2;
  options.config.workers = workers;
  options.config.limits.worker_queue = queue;
  options.config.compression.enabled = true;
  options.config.compression.types = {"text/*"};
  options.handler = [](js::JsThread& thread, const js::Claimed& request) { answer_by_path(thread, request); };
  return options;
}

/// The body without chunks: the client's reader knows lengths only.
std::optional<std::string> unchunked(std::string_view bytes) {
  std::string body;
  for (;;) {
    std::size_t length = 0;
    const std::size_t line = bytes.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    std::from_chars(bytes.data(), bytes.data() + line, length, 16);
    if (bytes.size() < line + 2 + length + 2) return std::nullopt;
    body.append(bytes.substr(line + 2, length));
    bytes.remove_prefix(line + 2 + length + 2);
    if (length == 0) return body;
  }
}

bool is_text(std::string_view body, bool gzip, std::size_t bytes) {
  if (!gzip) return body == text_of(bytes);
  const auto read = check::gunzip(body);
  return read && read->ended && read->text == text_of(bytes);
}

TEST("pipelined answers come in their order, whether they are compressed or the pool is full") {
  if (!has_gzip()) SKIP("no zlib here");
  for (const std::uint32_t queue : {1U, 64U}) {
    TestServer server(options_of(2, queue));
    std::vector<std::thread> clients;
    std::atomic<int> right{0};
    const int rounds = scaled(20);
    constexpr int kClients = 6;
    constexpr int kRequests = 12;
    for (int c = 0; c < kClients; ++c) {
      clients.emplace_back([&, c] {
        Client client = server.connect();
        for (int round = 0; round < rounds; ++round) {
          std::string requests;
          for (int i = 0; i < kRequests; ++i)
            requests += get("/whole/" + std::to_string(700 * i + c), (i + c) % 4 != 0);
          client.send(requests);
          for (int i = 0; i < kRequests; ++i) {
            const std::optional<Response> got = client.read_response();
            if (!got) return;
            const bool gzip = got->header("Content-Encoding") == "gzip";
            if (is_text(got->body, gzip, static_cast<std::size_t>(700 * i + c))) ++right;
          }
        }
      });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(right.load(), kClients * rounds * kRequests);
    EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
  }
}

TEST("pieces make one stream, whoever else asks and goes meanwhile") {
  if (!has_gzip()) SKIP("no zlib here");
  TestServer server(options_of(2, 2));
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  std::atomic<int> wanted{0};
  const int rounds = scaled(20);
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      for (int round = 0; round < rounds; ++round) {
        Client client = server.connect(c % 2 == 0 ? 8192 : 0);
        const std::size_t bytes = static_cast<std::size_t>(20'000 * (round % 5) + 1 + c);
        client.send(get("/pieces/" + std::to_string(bytes)));
        if ((c + round) % 3 == 0) {
          static_cast<void>(client.read_some(static_cast<std::size_t>(1 + round * 97)));
          client.reset();
          continue;
        }
        ++wanted;
        std::string got;
        while (got.find("\r\n0\r\n\r\n") == std::string::npos) {
          const std::string some = client.read_some(65536);
          if (some.empty()) break;
          got += some;
        }
        const std::size_t head = got.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        const auto body = unchunked(std::string_view(got).substr(head + 4));
        if (body && is_text(*body, true, bytes)) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right.load(), wanted.load());
  EXPECT_TRUE(server.wait_for_connections(0));
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

TEST("a server that ends while the pool compresses takes all with it") {
  if (!has_gzip()) SKIP("no zlib here");
  const int rounds = scaled(20);
  for (int round = 0; round < rounds; ++round) {
    TestServer server(options_of(1, 64));
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(server.connect());
      clients.back().send(get("/whole/30000") + get("/pieces/100000") + get("/whole/30000"));
    }
    if (round % 2 == 0) static_cast<void>(clients[0].read_some(1));
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
