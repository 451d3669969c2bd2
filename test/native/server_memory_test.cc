// What becomes of a connection where there is no memory for what it has sent.
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/held_requests.h"
#include "native/server_fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_OWN_MALLOC 0
#endif
#endif
#if !defined(HAS_OWN_MALLOC) && defined(__GLIBC__)
#define HAS_OWN_MALLOC 1
#elif !defined(HAS_OWN_MALLOC)
#define HAS_OWN_MALLOC 0
#endif

namespace {

/// There is no memory for blocks of this size; 0: there is for all.
std::atomic<std::size_t> refused_bytes{0};
std::atomic<int> refusals{0};

}  // namespace

#if HAS_OWN_MALLOC
// In the place of the C library's, whose own name for it is the second one.
extern "C" void* __libc_malloc(
    std::size_t bytes);  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

extern "C" void* malloc(std::size_t bytes) noexcept {
  if (bytes != 0 && bytes == refused_bytes.load()) {
    refusals.fetch_add(1);
    return nullptr;
  }
  return __libc_malloc(bytes);
}
#endif

namespace millrace {
namespace {

using check::Client;
using check::Gate;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

/// What the connection has to keep of kLongField takes one block of this size.
constexpr std::size_t kBlockBytes = 16 * 1024;
const std::string kLongField = "X-Long: " + std::string(10'000, 'x');
constexpr std::string_view kInside = "GET /inside HTTP/1.1\r\nHost: h\r\n\r\n";

/// Blocks of that size are refused for as long as it lives.
class NoMemory {
 public:
  NoMemory() {
    refusals = 0;
    refused_bytes = kBlockBytes;
  }
  ~NoMemory() { refused_bytes = 0; }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

/// Counts requests for what was meant as a part of a field.
struct Inside {
  std::atomic<int> count{0};
  js::JsThread::Handler handler() {
    return [this](js::JsThread& thread, js::Claimed request) {
      if (js::RequestReader(request.record).path() == "/inside") count.fetch_add(1);
      thread.answer({.id = request.id, .body = "ok"});
    };
  }
};

void expect_refusal(Client& client) {
  const auto response = client.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST("half a head that cannot be kept is refused, and what follows is no request") {
  if (HAS_OWN_MALLOC == 0) SKIP("the sanitizer has malloc()");
  Inside inside;
  TestServer server({.handler = inside.handler()});
  Client client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_status(), 200);
  {
    const NoMemory none;
    client.send("GET / HTTP/1.1\r\nHost: h\r\n" + kLongField);
    EXPECT_TRUE(wait_until([] { return refusals.load() > 0; }));
  }
  client.send(kInside);
  expect_refusal(client);
  EXPECT_EQ(inside.count.load(), 0);
}

TEST("a request that finds the ring full and cannot be kept is refused, and what follows is no request") {
  if (HAS_OWN_MALLOC == 0) SKIP("the sanitizer has malloc()");
  Inside inside;
  ServerOptions options{.handler = inside.handler()};
  options.sizes.request_slots = 2;
  TestServer server(std::move(options));
  Gate gate;
  server.js().post([&] { gate.pass(); });
  EXPECT_TRUE(gate.wait_for(1));
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    clients.back().send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  EXPECT_TRUE(wait_until([&] { return server.server().queue().waiting() == 3; }));
  Client client = server.connect();
  {
    const NoMemory none;
    // All of it in one piece, and the beginning of the next one.
    client.send("GET / HTTP/1.1\r\nHost: h\r\n" + kLongField + "\r\n\r\nGET / HTTP/1.1\r\nX: ");
    EXPECT_TRUE(wait_until([] { return refusals.load() > 0; }));
  }
  client.send(kInside);
  gate.open();
  expect_refusal(client);
  for (Client& other : clients) EXPECT_EQ(other.read_status(), 200);
  EXPECT_EQ(inside.count.load(), 0);
  EXPECT_EQ(server.server().queue().parked(), 0u);
  EXPECT_TRUE(wait_until([&] { return server.server().budget().used() == 0; }));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
