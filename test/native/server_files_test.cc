// Files through a server: what clients get, while they ask, vanish, read slowly or the server ends, and while
// the files change.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "native/check.h"
#include "native/file_tree.h"
#include "native/held_requests.h"
#include "native/proc_entries.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::contents_of_size;
using check::FileTree;
using check::Gate;
using check::HeldRequests;
using check::Response;
using check::scaled;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

constexpr std::uint32_t kForeverMs = 600'000;
constexpr std::size_t kLarge = 8 << 20;

std::string ask(std::string_view method, std::string_view path, std::string_view fields = {}) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) +
         "\r\n";
}
std::string get(std::string_view path, std::string_view fields = {}) { return ask("GET", path, fields); }

int descriptors() { return check::entries_of("/proc/self/fd"); }

/// Answers with the path, and the body of the request behind it.
void answer_path(js::JsThread& thread, js::Claimed request) {
  thread.answer(
      {.id = request.id, .body = std::string(js::RequestReader(request.record).path()) + request.body});
}

/// Keeps a pool thread until the gate opens.
class BlockingJob final : public Job {
 public:
  explicit BlockingJob(Gate& gate) : gate_(gate) {}
  [[nodiscard]] bool is_wanted() const noexcept override { return true; }
  void run() noexcept override { gate_.pass(); }
  void finish(const OnReactor&) override {}

 private:
  Gate& gate_;
};

/// The files of a directory under /files/, a reply under /native, and JavaScript for everything else.
struct FileServer {
  explicit FileServer(ServerOptions options = {.handler = answer_path}, bool fallthrough = true) {
    Routes& routes = options.routes;
    for (const char* pattern : {"/files", "/files/*"}) {
      EXPECT_TRUE(routes.router.add("GET", pattern, {RouteTarget::Kind::files, 0}) == Router::AddError::none);
    }
    EXPECT_TRUE(routes.router.add("GET", "/native", {RouteTarget::Kind::reply, 0}) == Router::AddError::none);
    routes.replies.emplace_back().body = "/native";
    FileRoot& root = routes.files.roots.emplace_back();
    root.prefix = "/files";
    root.directory = tree.path();
    root.fallthrough = fallthrough;
    root.index = {"index.html"};
    routes.files.media_types.add("txt", "text/plain");
    server = std::make_unique<TestServer>(std::move(options));
  }
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;
  ~FileServer() { gate.open(); }

  /// All pool threads are busy until the gate opens.
  void block_workers() {
    const int workers = static_cast<int>(stats().threads);
    for (int i = 0; i < workers; ++i) {
      std::unique_ptr<Job> job = std::make_unique<BlockingJob>(gate);
      // The server shows its pool to be read; that we put something into it is the test's trick.
      EXPECT_TRUE(const_cast<WorkerPool&>(server->server().workers()).try_submit(job, returns));
      ASSERT_TRUE(gate.wait_for(i + 1));
    }
  }
  [[nodiscard]] WorkerPool::Stats stats() const { return server->server().workers().stats(); }
  [[nodiscard]] bool wait_for_queued(std::uint32_t count) const {
    return wait_until([&] { return stats().queued == count; });
  }

  FileTree tree;
  Gate gate;
  Wakeup wakeup = std::move(Wakeup::make()).value();
  JobReturns returns{wakeup};  // outlives the pool
  std::unique_ptr<TestServer> server;
};

ServerOptions options_of(std::uint32_t reactors, std::uint32_t workers = 4,
                         std::uint32_t worker_queue = 4096) {
  ServerOptions options{.handler = answer_path};
  options.config.reactors = reactors;
  options.config.workers = workers;
  options.config.limits.worker_queue = worker_queue;
  return options;
}

void expect_body(Client& client, std::string_view body, int status = 200) {
  const std::optional<Response> response = client.read_response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, status);
  // Not printed: it may have megabytes.
  EXPECT_EQ(response->body.size(), body.size());
  EXPECT_TRUE(response->body == body);
}

void expect_answer(Client& client, std::string_view request, std::string_view body, int status = 200) {
  EXPECT_TRUE(client.send(request));
  expect_body(client, body, status);
}

TEST("a file is sent as it is, whatever its size, the first time and again") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    FileServer s(options_of(reactors));
    const std::size_t sizes[] = {0,
                                 1,
                                 5000,
                                 kFileInMemoryBytes,
                                 kFileInMemoryBytes + 1,
                                 kFileBytesPerWake,
                                 kFileBytesPerWake + 1,
                                 kLarge + 3};
    for (const std::size_t size : sizes) {
      s.tree.write(std::to_string(size) + ".txt", contents_of_size(size));
    }
    Client client = s.server->connect();
    for (int round = 0; round < 3; ++round) {
      for (const std::size_t size : sizes) {
        SCOPE(std::to_string(size) + " bytes");
        const std::string path = "/files/" + std::to_string(size) + ".txt";
        EXPECT_TRUE(client.send(ask("HEAD", path) + get(path)));
        const std::optional<Response> head = client.read_response(true);
        const std::optional<Response> response = client.read_response();
        ASSERT_TRUE(head.has_value() && response.has_value());
        EXPECT_EQ(response->status, 200);
        EXPECT_TRUE(response->body == contents_of_size(size));
        EXPECT_EQ(response->header("Content-Length"), std::to_string(size));
        EXPECT_EQ(response->header("Content-Type"), "text/plain");
        EXPECT_EQ(response->header("Accept-Ranges"), "bytes");
        for (const char* name :
             {"Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"}) {
          EXPECT_NE(head->header(name), "");
          EXPECT_EQ(head->header(name), response->header(name));
        }
      }
    }
    EXPECT_TRUE(s.server->wait_for_connections(1));
  }
}

TEST("a request for a file means the same wherever it is cut") {
  FileServer s;
  s.tree.write("a.txt", "content");
  s.tree.write("large", contents_of_size(100'000));
  const std::string request = get("/files/a.txt", "Range: bytes=2-4\r\n") + get("/files/large");
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    SCOPE("cut at " + std::to_string(cut));
    Client client = s.server->connect();
    EXPECT_TRUE(client.send(request.substr(0, cut)));
    if (cut % 2 == 0) {  // it has been read when this is answered: there is one reactor
      Client other = s.server->connect();
      expect_answer(other, get("/native"), "/native");
    }
    EXPECT_TRUE(client.send(request.substr(cut)));
    expect_body(client, "nte", 206);
    expect_body(client, contents_of_size(100'000));
  }
}

TEST("ranges and conditions are answered, from memory and from the file") {
  FileServer s;
  for (const std::size_t size : {std::size_t{1000}, std::size_t{1'000'000}}) {
    const std::string path = "/files/" + std::to_string(size);
    const std::string contents = contents_of_size(size);
    s.tree.write(std::to_string(size), contents);
    Client client = s.server->connect();
    EXPECT_TRUE(client.send(get(path)));
    const std::optional<Response> whole = client.read_response();
    ASSERT_TRUE(whole.has_value());
    const std::string tag = whole->header("ETag");
    expect_answer(client, get(path, "Range: bytes=500-\r\n"), contents.substr(500), 206);
    expect_answer(client, get(path, "Range: bytes=-1\r\nIf-Range: " + tag + "\r\n"),
                  contents.substr(size - 1), 206);
    expect_answer(client, get(path, "Range: bytes=-1\r\nIf-Range: \"other\"\r\n"), contents);
    // Lines of one field are one list (RFC 9110 §5.3).
    EXPECT_TRUE(client.send(ask("HEAD", path, "If-None-Match: \"a\"\r\nIf-None-Match: " + tag + "\r\n") +
                            get(path, "If-None-Match: \"a\"\r\nIf-None-Match: " + tag + "\r\n")));
    for (int i = 0; i < 2; ++i) {
      const std::optional<Response> response = client.read_response(true);
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->status, 304);
      EXPECT_EQ(response->header("ETag"), tag);
      EXPECT_EQ(response->header("Content-Length"), "");
    }
    expect_answer(client, get(path, "If-Match: \"other\"\r\n"), "", 412);
    EXPECT_TRUE(client.send(get(path, "Range: bytes=2000000-\r\n")));
    std::optional<Response> response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 416);
    EXPECT_EQ(response->header("Content-Range"), "bytes */" + std::to_string(size));
    EXPECT_EQ(response->body, "");
    EXPECT_TRUE(client.send(get(path, "Range: bytes=0-9,20-399,-7\r\n")));
    response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 206);
    const std::string type = response->header("Content-Type");
    const std::string boundary = type.substr(type.find('=') + 1);
    const auto part = [&](std::size_t first, std::size_t bytes) {
      return "--" + boundary + "\r\nContent-Range: bytes " + std::to_string(first) + "-" +
             std::to_string(first + bytes - 1) + "/" + std::to_string(size) + "\r\n\r\n" +
             contents.substr(first, bytes) + "\r\n";
    };
    EXPECT_TRUE(response->body ==
                part(0, 10) + part(20, 380) + part(size - 7, 7) + "--" + boundary + "--\r\n");
    expect_answer(client, get("/native"), "/native");
  }
}

TEST("many clients that ask at once each get theirs, of files that nobody has asked for and of others") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    FileServer s(options_of(reactors));
    constexpr std::uint32_t kFiles = 20;
    const auto size_of = [](std::uint32_t n) { return std::size_t{n} * 10'007; };
    for (std::uint32_t n = 0; n < kFiles; ++n) {
      s.tree.write(std::to_string(n), contents_of_size(size_of(n), n));
    }
    std::vector<Client> clients;
    for (int i = 0; i < 60; ++i) clients.push_back(s.server->connect());
    for (int round = 0; round < 4; ++round) {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        std::string all;
        for (std::size_t n = 0; n < 5; ++n) all += get("/files/" + std::to_string((i + n * 3) % kFiles));
        EXPECT_TRUE(clients[i].send(all));
      }
      for (std::size_t i = 0; i < clients.size(); ++i) {
        for (std::size_t n = 0; n < 5; ++n) {
          const auto file = static_cast<std::uint32_t>((i + n * 3) % kFiles);
          expect_body(clients[i], contents_of_size(size_of(file), file));
        }
      }
    }
    EXPECT_EQ(s.stats().rejected, 0u);
  }
}

TEST("files, replies and answers of JavaScript leave in the order of the requests") {
  HeldRequests held;
  for (const bool warm : {false, true}) {
    FileServer s(ServerOptions{.handler = held.handler()});
    const std::string small = contents_of_size(100);
    const std::string large = contents_of_size(3'000'000);
    s.tree.write("small", small);
    s.tree.write("large", large);
    s.tree.directory("dir");
    const std::size_t before = held.arrived().size();
    if (warm) {
      Client client = s.server->connect();
      expect_answer(client, get("/files/small"), small);
      expect_answer(client, get("/files/large"), large);
    }
    Client client = s.server->connect();
    EXPECT_TRUE(client.send(get("/0") + get("/files/small") + get("/native") + get("/files/large") +
                            get("/1") + ask("HEAD", "/files/large") + get("/files/none") +
                            get("/files/large", "Range: bytes=0-1,5-\r\n") + get("/files/dir") +
                            get("/files") + get("/files/large") + get("/2") + get("/files/small")));
    ASSERT_TRUE(held.wait_for(before + 4));
    for (const char* path : {"/2", "/files/none", "/0", "/1"}) EXPECT_TRUE(held.answer(path));
    expect_body(client, "/0");
    expect_body(client, small);
    expect_body(client, "/native");
    expect_body(client, large);
    expect_body(client, "/1");
    std::optional<Response> response = client.read_response(true);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->header("Content-Length"), std::to_string(large.size()));
    expect_body(client, "/files/none");
    response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 206);
    EXPECT_LT(large.size() - 5, response->body.size());
    for (const char* location : {"/files/dir/", "/files/"}) {
      response = client.read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->status, 301);
      EXPECT_EQ(response->header("Location"), location);
    }
    expect_body(client, large);
    expect_body(client, "/2");
    expect_body(client, small);
  }
}

/// More large files than one connection keeps open, all in the cache.
std::string ask_for_many(FileServer& s) {
  const std::string large = contents_of_size(kFileInMemoryBytes + 1);
  std::string requests;
  for (std::uint32_t i = 0; i < kFilesPerConnection; ++i) {
    const std::string name = "f" + std::to_string(i);
    s.tree.write(name, large);
    requests += get("/files/" + name);
  }
  check::settle();
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(requests));
  for (std::uint32_t i = 0; i < kFilesPerConnection; ++i) expect_body(client, large);
  return requests;
}

TEST("while a connection keeps so many files open its next request waits") {
  HeldRequests held;
  FileServer s(ServerOptions{.handler = held.handler()});
  const std::string large = contents_of_size(kFileInMemoryBytes + 1);
  const std::string many = ask_for_many(s);
  Client client = s.server->connect();
  EXPECT_TRUE(client.send(get("/0") + many + get("/1") + many + get("/2")));
  ASSERT_TRUE(held.wait_for(1));
  Client other = s.server->connect();
  EXPECT_TRUE(other.send(get("/other")));
  ASSERT_TRUE(held.wait_for(2));
  EXPECT_EQ(held.arrived()[1], "/other");
  for (const char* path : {"/0", "/1", "/2"}) {
    ASSERT_TRUE(wait_until([&] { return held.answer(path); }));
    expect_body(client, path);
    for (std::uint32_t i = 0; path != std::string_view("/2") && i < kFilesPerConnection; ++i)
      expect_body(client, large);
  }
}

TEST("and while its client does not read them") {
  HeldRequests held;
  ServerOptions options{.handler = held.handler()};
  options.config.limits.unsent_bytes = 1U << 30;
  FileServer s(std::move(options));
  s.tree.write("huge", "");
  s.tree.truncate("huge", 64 << 20);
  const std::string many = ask_for_many(s);
  Client client = s.server->connect(4096);
  EXPECT_TRUE(client.send(get("/files/huge") + many + get("/1")));
  EXPECT_EQ(client.read_some(5), "HTTP/");
  Client other = s.server->connect();
  EXPECT_TRUE(other.send(get("/other")));
  ASSERT_TRUE(held.wait_for(1));
  EXPECT_EQ(held.arrived()[0], "/other");
  client.close();
}

TEST("what is no file goes to JavaScript, with its body, or is answered 404") {
  for (const bool fallthrough : {true, false}) {
    FileServer s({.handler = answer_path}, fallthrough);
    s.tree.write("f", "content");
    Client client = s.server->connect();
    const auto expect_none = [&](std::string_view body = {}) {
      const std::optional<Response> response = client.read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->status, fallthrough ? 200 : 404);
      if (fallthrough) EXPECT_EQ(response->body, "/files/none" + std::string(body));
    };
    const std::string length = "Content-Length: 5\r\n";
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::string chunks = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    EXPECT_TRUE(client.send(get("/files/none") + get("/files/none", length) + "hello" +
                            get("/files/none", chunked) + chunks));
    expect_none();
    expect_none("hello");
    expect_none("hello");
    // In two pieces, with a wait in between that is long enough for the first to have been looked at.
    for (const auto& [fields, body] : {std::pair(length, std::string("hello")), std::pair(chunked, chunks)}) {
      for (const char* path : {"/files/none", "/files/f"}) {
        SCOPE(path + (" " + fields));
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
          const std::uint64_t looked = s.stats().completed;
          const bool is_file = std::string_view(path) == "/files/f";
          EXPECT_TRUE(client.send(get(path, fields + "Range: bytes=1-2\r\n") + body.substr(0, cut)));
          // A file may be known; then there is nothing that tells.
          if (!is_file) EXPECT_TRUE(wait_until([&] { return s.stats().completed > looked; }));
          EXPECT_TRUE(client.send(body.substr(cut) + get("/native")));
          is_file ? expect_body(client, "on", 206) : expect_none("hello");
          expect_body(client, "/native");
        }
      }
    }
    // More of it than anybody keeps.
    const std::string much(1'000'000, 'b');
    EXPECT_TRUE(client.send(get("/files/f", "Content-Length: 1000000\r\n") + much + get("/native")));
    expect_body(client, "content");
    expect_body(client, "/native");
    EXPECT_TRUE(client.send(get("/files/none", "Content-Length: 1000000\r\n") + much + get("/native")));
    expect_none(much);
    expect_body(client, "/native");
  }
}

TEST("what is served is what the file system has at the moment of asking") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    FileServer s(options_of(reactors));
    std::vector<Client> clients;
    for (int i = 0; i < 6; ++i) clients.push_back(s.server->connect());
    std::string tag = "\"none\"";
    for (int i = 0; i < scaled(300); ++i) {
      SCOPE("change " + std::to_string(i));
      // Each of another length: two writes may be one to the clock of the file system.
      const bool is_large = i % 3 == 2;
      const auto n = static_cast<std::size_t>(i);
      const std::string contents =
          contents_of_size(is_large ? 100'000 + n : n, static_cast<std::uint32_t>(n));
      if (i % 2 == 0) {
        s.tree.write("f", contents);
      } else {
        s.tree.write("new", contents);
        s.tree.rename("new", "f");
      }
      EXPECT_TRUE(clients[0].send(get("/files/f", "If-None-Match: " + tag + "\r\n")));
      const std::optional<Response> response = clients[0].read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->status, 200);
      EXPECT_TRUE(response->body == contents);
      tag = response->header("ETag");
      for (Client& client : clients) expect_answer(client, get("/files/f"), contents);
      if (i % 10 == 9) {
        s.tree.remove("f");
        for (Client& client : clients) expect_answer(client, get("/files/f"), "/files/f");
      }
    }
  }
}

TEST("a client that has gone before its file was looked for is not looked for") {
  FileServer s(options_of(1, 1));
  s.tree.write("f", "content");
  s.tree.write("g", "other");
  s.block_workers();
  const int before = descriptors();
  for (int round = 0; round < 3; ++round) {
    std::vector<Client> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(s.server->connect());
      EXPECT_TRUE(clients.back().send(get("/files/f") + get("/files/g")));
    }
    EXPECT_TRUE(s.wait_for_queued(8 * (static_cast<std::uint32_t>(round) + 1)));
    for (Client& client : clients) client.reset();
    EXPECT_TRUE(s.server->wait_for_connections(0));
  }
  // Has the place of one of them, and not its file.
  Client next = s.server->connect();
  EXPECT_TRUE(next.send(get("/files/g")));
  EXPECT_TRUE(s.wait_for_queued(25));
  s.gate.open();
  expect_body(next, "other");
  const WorkerPool::Stats stats = s.stats();
  EXPECT_EQ(stats.cancelled, 24u);
  EXPECT_EQ(stats.completed, 2u);  // the one that blocked, and this one
  EXPECT_EQ(s.server->server().budget().used(), 0u);
  next.reset();
  EXPECT_TRUE(s.server->wait_for_connections(0));
  EXPECT_EQ(descriptors(), before);
}

TEST("clients that go at any moment of a lookup leave nothing behind, and disturb nobody") {
  const int before = descriptors();
  for (const std::uint32_t reactors : {1u, 4u}) {
    SCOPE(std::to_string(reactors) + " reactors");
    {
      FileServer s(options_of(reactors, 2));
      const int files = scaled(400);
      for (int i = 0; i < files; ++i) {
        s.tree.write(std::to_string(i),
                     contents_of_size(i % 2 == 0 ? 100 : 200'000, static_cast<std::uint32_t>(i)));
      }
      Client stays = s.server->connect();
      for (int i = 0; i < files; ++i) {
        const std::string path = "/files/" + std::to_string(i);
        Client goes = s.server->connect();
        EXPECT_TRUE(goes.send(get(path) + get("/files/none") + get(path)));
        EXPECT_TRUE(stays.send(get(path)));
        if (i % 3 == 0) goes.finish_sending();
        i % 2 == 0 ? goes.reset() : goes.close();
        expect_body(stays, contents_of_size(i % 2 == 0 ? 100 : 200'000, static_cast<std::uint32_t>(i)));
      }
      stays.close();
      EXPECT_TRUE(s.server->wait_for_connections(0));
      EXPECT_TRUE(wait_until([&] { return s.server->server().budget().used() == 0; }));
    }
    EXPECT_EQ(descriptors(), before);
  }
}

TEST("a client that has finished sending gets its file, and the end") {
  for (const std::size_t size : {std::size_t{10}, kLarge}) {
    FileServer s;
    s.tree.write("f", contents_of_size(size));
    Client client = s.server->connect();
    EXPECT_TRUE(client.send(get("/files/f")));
    client.finish_sending();
    expect_body(client, contents_of_size(size));
    EXPECT_TRUE(client.at_end());
    EXPECT_TRUE(s.server->wait_for_connections(0));
  }
}

TEST("what was found for a client that cannot go on yet is given to nobody else") {
  HeldRequests held;
  ServerOptions options{.handler = held.handler()};
  options.config.workers = 1;
  options.config.limits.unsent_bytes = 1;
  FileServer s(std::move(options));
  s.tree.write("a", "of a");
  s.tree.write("b", "of b");
  s.block_workers();
  Client reads_late = s.server->connect(4096);
  EXPECT_TRUE(reads_late.send(get("/js") + get("/files/a") + get("/files/b")));
  ASSERT_TRUE(held.wait_for(1));
  EXPECT_TRUE(s.wait_for_queued(1));
  const std::string large(kLarge, 'j');
  EXPECT_TRUE(held.answer("/js", {.body = large}));
  EXPECT_EQ(reads_late.read_some(5), "HTTP/");
  s.gate.open();
  EXPECT_TRUE(wait_until([&] { return s.stats().completed == 2; }));
  for (const char* name : {"b", "a", "b"}) {
    Client other = s.server->connect();
    expect_answer(other, get("/native"), "/native");
    expect_answer(other, get("/files/" + std::string(name)), "of " + std::string(name));
  }
  std::string got;
  while (!got.ends_with("of b")) {
    const std::string some = reads_late.read_some(1 << 20);
    if (!EXPECT_FALSE(some.empty())) return;
    got += some;
  }
  const std::size_t of_a = got.find("of a");
  EXPECT_TRUE(of_a != std::string::npos && got.find(large) < of_a);
}

TEST("with too many lookups waiting the next is answered 503 at once, and what is known is still served") {
  FileServer s(options_of(1, 1, 1));
  s.tree.write("f", "content");
  s.tree.write("g", "other");
  s.tree.write("known", "known");
  check::settle();
  Client known = s.server->connect();
  expect_answer(known, get("/files/known"), "known");
  const auto known_since = std::chrono::steady_clock::now();
  s.block_workers();
  Client first = s.server->connect();
  EXPECT_TRUE(first.send(get("/files/f")));
  EXPECT_TRUE(s.wait_for_queued(1));
  EXPECT_TRUE(known.send(get("/files/known")));
  const int status = known.read_status();
  const bool is_known =
      std::chrono::steady_clock::now() - known_since < std::chrono::milliseconds(kFileKeptMs - 100);
  if (is_known) EXPECT_EQ(status, 200);
  const std::uint64_t rejected = s.stats().rejected;
  Client second = s.server->connect();
  for (const char* path : {"/files/g", "/files/f", "/files/none"}) {
    EXPECT_TRUE(second.send(get(path)));
    const std::optional<Response> response = second.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->header("Retry-After"), "1");
    EXPECT_EQ(response->header("Connection"), "");
  }
  EXPECT_EQ(s.stats().rejected, rejected + 3);
  EXPECT_EQ(s.server->count(&Counters::requests_overload), rejected + 3);
  expect_answer(second, get("/js"), "/js");
  s.gate.open();
  expect_body(first, "content");
  expect_answer(second, get("/files/g"), "other");
  expect_answer(second, get("/files/none"), "/files/none");
}

TEST("a file that falls through to a full ring is looked for once, and keeps its place there") {
  Gate handlers;
  ServerOptions options{.handler = [&](js::JsThread& thread, js::Claimed request) {
    handlers.pass();
    answer_path(thread, std::move(request));
  }};
  options.sizes = {.request_slots = 2,
                   .request_arena_bytes = 256 * 1024,
                   .response_slots = 2,
                   .response_arena_bytes = 512 * 1024};
  FileServer s(std::move(options));
  const auto waiting = [&](std::uint32_t count) {
    return wait_until([&] { return s.server->server().queue().waiting() == count; });
  };
  Client blocker = s.server->connect();
  EXPECT_TRUE(blocker.send(get("/block")));
  EXPECT_TRUE(handlers.wait_for(1));
  std::vector<Client> clients;
  for (std::uint32_t i = 0; i < 4; ++i) {
    clients.push_back(s.server->connect());
    EXPECT_TRUE(clients.back().send(get("/files/none")));
    EXPECT_TRUE(waiting(i + 1));
  }
  const std::uint64_t looked = s.stats().completed;
  EXPECT_EQ(looked, 4u);
  Client other = s.server->connect();
  for (int i = 0; i < 100; ++i) {  // a wake of the reactor each
    expect_answer(other, get("/native"), "/native");
  }
  EXPECT_TRUE(waiting(4));
  EXPECT_EQ(s.stats().completed, looked);
  handlers.open();
  expect_body(blocker, "/block");
  for (Client& client : clients) expect_body(client, "/files/none");
  EXPECT_EQ(s.stats().completed, looked);
}

TEST("a drain waits for lookups, and for files on their way") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    FileServer s(options_of(reactors, 1));
    const std::string large = contents_of_size(kLarge);
    s.tree.write("large", large);
    s.tree.write("small", "content");
    Client reading = s.server->connect(4096);
    EXPECT_TRUE(reading.send(get("/files/large")));
    EXPECT_EQ(reading.read_some(5), "HTTP/");
    s.block_workers();
    Client waiting = s.server->connect();
    EXPECT_TRUE(waiting.send(get("/files/small")));
    EXPECT_TRUE(s.wait_for_queued(1));
    s.server->server().drain(kForeverMs);
    EXPECT_TRUE(wait_until([&] { return !s.server->connect().connected(); }));  // it has begun
    EXPECT_FALSE(s.server->server().ended());
    s.gate.open();
    const std::optional<Response> response = waiting.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, "content");
    EXPECT_EQ(response->header("Connection"), "close");
    EXPECT_TRUE(waiting.at_end());
    waiting.close();
    EXPECT_FALSE(s.server->server().ended());
    const std::string rest = reading.read_rest();
    EXPECT_TRUE(rest.ends_with(large));
    reading.close();
    EXPECT_TRUE(wait_until([&] { return s.server->server().ended(); }));
    s.server->server().join();
  }
}

TEST("the end of the grace cuts off lookups, and files on their way: half of one is no whole one") {
  const int before = descriptors();
  for (const std::uint32_t reactors : {1u, 4u}) {
    FileServer s(options_of(reactors, 1));
    s.tree.write("large", contents_of_size(kLarge));
    s.tree.write("small", "content");
    Client reading = s.server->connect(4096);
    EXPECT_TRUE(reading.send(get("/files/large")));
    EXPECT_EQ(reading.read_some(5), "HTTP/");
    s.block_workers();
    std::vector<Client> waiting;
    for (std::uint32_t i = 0; i < 4; ++i) {
      waiting.push_back(s.server->connect());
      EXPECT_TRUE(waiting.back().send(get("/files/small")));
      EXPECT_TRUE(s.wait_for_queued(i + 1));
    }
    s.server->server().drain(50);
    EXPECT_TRUE(wait_until([&] { return s.server->server().ended(); }));
    // The reactors have gone, and the lookups come home to nobody.
    s.gate.open();
    s.server->server().join();
    for (Client& client : waiting) EXPECT_FALSE(client.read_response().has_value());
    EXPECT_LT(reading.read_rest().size(), kLarge);
  }
  EXPECT_EQ(descriptors(), before);
}

TEST("a server that is destroyed with lookups under way leaves nothing behind") {
  const int before = descriptors();
  for (int i = 0; i < scaled(50); ++i) {
    FileServer s(options_of(2, 2));
    for (const char* name : {"a", "b", "c"}) s.tree.write(name, contents_of_size(100'000));
    std::vector<Client> clients;
    for (int n = 0; n < 12; ++n) {
      clients.push_back(s.server->connect());
      EXPECT_TRUE(clients.back().send(get("/files/" + std::string(1, static_cast<char>('a' + n % 3)))));
    }
    if (i % 3 == 0) static_cast<void>(clients[0].read_some(1));
    s.server.reset();
  }
  EXPECT_EQ(descriptors(), before);
}

TEST("of a file that a client reads slowly nothing is held") {
  FileServer s;
  const std::string large = contents_of_size(2 * kLarge);
  s.tree.write("large", large);
  Client client = s.server->connect(4096);
  EXPECT_TRUE(client.send(get("/files/large") + get("/native")));
  std::string got;
  std::uint64_t most = 0;
  while (got.size() < large.size()) {
    const std::string some = client.read_some(65536);
    if (!EXPECT_FALSE(some.empty())) break;
    got += some;
    most = std::max(most, s.server->server().budget().used());
    // Others have their turn.
    if (got.size() % 16 == 0) {
      Client other = s.server->connect();
      expect_answer(other, get("/native"), "/native");
    }
  }
  EXPECT_LT(most, 16 * 1024u);  // the request that waits behind it
  const std::size_t head = got.find("\r\n\r\n") + 4;
  while (got.size() < head + large.size()) {
    const std::string some = client.read_some(head + large.size() - got.size());
    if (!EXPECT_FALSE(some.empty())) break;
    got += some;
  }
  EXPECT_TRUE(got.substr(head, large.size()) == large);
  if (got.size() == head + large.size()) expect_body(client, "/native");
  EXPECT_TRUE(wait_until([&] { return s.server->server().budget().used() == 0; }));
}

TEST("a client that begins quickly and goes on slowly is not cut off, and one that stops is") {
  enum class Quick { in_this_file, in_the_one_before };
  for (const Quick quick : {Quick::in_this_file, Quick::in_the_one_before}) {
    for (const bool stops : {false, true}) {
      SCOPE(std::string(stops ? "stops" : "goes on") + (quick == Quick::in_this_file ? "" : ", next file"));
      ServerOptions options = options_of(1);
      options.config.timeouts.write_ms = 1'000;
      FileServer s(std::move(options));
      const std::string large = contents_of_size(4 * kLarge);
      s.tree.write("large", large);
      Client client = s.server->connect();
      std::size_t got = 0;
      if (quick == Quick::in_the_one_before) expect_answer(client, get("/files/large"), large);
      EXPECT_TRUE(client.send(get("/files/large", "Connection: close\r\n")));
      while (quick == Quick::in_this_file && got < kLarge) got += client.read_some(1 << 20).size();
      // The kernel has some megabytes for it now, and asks for more when a third of that is gone: after
      // seconds.
      for (int i = 0; i < 35; ++i) {
        ::usleep(100'000);
        if (!stops && !EXPECT_FALSE(client.read_some(32 * 1024).empty())) return;
      }
      const std::size_t rest = client.read_rest().size();
      if (stops) {
        EXPECT_LT(got + rest, 4 * kLarge);
      } else {
        EXPECT_LE(4 * kLarge, got + 35 * 32 * 1024 + rest + 1024);
      }
    }
  }
}

TEST("what is no file waits with us, not in the kernel, also for a client that has read files quickly") {
  const std::string answer(8 << 20, 'x');
  ServerOptions options = options_of(1);
  options.handler = [&](js::JsThread& thread, js::Claimed request) {
    thread.answer({.id = request.id, .body = answer});
  };
  FileServer s(std::move(options));
  const std::string large = contents_of_size(kLarge);
  s.tree.write("large", large);
  Client client = s.server->connect(256 * 1024);  // a fixed one: the kernel would let it grow to megabytes
  expect_answer(client, get("/files/large"), large);
  EXPECT_TRUE(client.send(get("/")));
  EXPECT_TRUE(wait_until([&] { return s.server->server().budget().used() > 0; }));
  ::usleep(200'000);  // the kernel has taken what it takes
  EXPECT_LT(answer.size() - (2 << 20), s.server->server().budget().used());
  expect_body(client, answer);
  expect_answer(client, get("/files/large"), large);
}

TEST("a file that becomes shorter while it is sent ends its connection, short") {
  for (const std::size_t left : {std::size_t{0}, std::size_t{1}, std::size_t{1 << 20}}) {
    SCOPE("truncated to " + std::to_string(left));
    FileServer s;
    s.tree.write("large", contents_of_size(2 * kLarge));
    Client client = s.server->connect(4096);
    EXPECT_TRUE(client.send(get("/files/large") + get("/native")));
    EXPECT_EQ(client.read_some(5), "HTTP/");
    s.tree.truncate("large", left);
    EXPECT_LT(client.read_rest().size(), 2 * kLarge);
    client.close();
    EXPECT_TRUE(s.server->wait_for_connections(0));
    // The next one is told what there is now.
    Client next = s.server->connect();
    expect_answer(next, get("/files/large"), contents_of_size(2 * kLarge).substr(0, left));
  }
}

TEST("a file that is replaced, deleted or becomes longer while it is sent is sent as it was") {
  struct Change {
    const char* name;
    void (*make)(const FileTree& tree);
  };
  const Change changes[] = {
      {"replaced",
       [](const FileTree& tree) {
         tree.write("new", "short");
         tree.rename("new", "large");
       }},
      {"deleted", [](const FileTree& tree) { tree.remove("large"); }},
      {"longer", [](const FileTree& tree) { tree.truncate("large", 3 * kLarge); }},
  };
  for (const Change& change : changes) {
    SCOPE(change.name);
    FileServer s;
    const std::string large = contents_of_size(2 * kLarge);
    s.tree.write("large", large);
    Client client = s.server->connect(4096);
    EXPECT_TRUE(client.send(get("/files/large") + get("/native")));
    EXPECT_EQ(client.read_some(5), "HTTP/");
    change.make(s.tree);
    std::string got = client.read_some(1 << 20);
    // Looked for behind the file only: in all of it, again and again, takes an emulated processor minutes.
    while (got.size() < large.size() || got.find("/native", large.size()) == std::string::npos) {
      const std::string some = client.read_some(1 << 20);
      if (!EXPECT_FALSE(some.empty())) return;
      got += some;
    }
    EXPECT_TRUE(std::string_view(got).substr(got.find("\r\n\r\n") + 4).starts_with(large));
  }
}

TEST("with one file asked for by all at once, and the budget of bytes exhausted, nobody is lost") {
  ServerOptions options = options_of(1, 1);
  options.config.limits.buffered_bytes = 64 * 1024;
  FileServer s(std::move(options));
  s.tree.write("f", "content");
  s.block_workers();
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(s.server->connect());
    // What waits behind is held, and charged.
    EXPECT_TRUE(
        clients.back().send(get("/files/f") + get("/files/f", "X-Long: " + std::string(8000, 'x') + "\r\n")));
    EXPECT_TRUE(s.wait_for_queued(static_cast<std::uint32_t>(i) + 1));
  }
  EXPECT_LT(64 * 1024u, s.server->server().budget().used());
  s.gate.open();
  for (Client& client : clients) {
    for (int i = 0; i < 2; ++i) {
      const std::optional<Response> response = client.read_response();
      ASSERT_TRUE(response.has_value());
      if (response->status == 200) EXPECT_EQ(response->body, "content");
      EXPECT_TRUE(response->status == 200 || response->status == 503);
      if (response->header("Connection") == "close") break;
    }
  }
  clients.clear();
  EXPECT_TRUE(s.server->wait_for_connections(0));
  EXPECT_EQ(s.server->server().budget().used(), 0u);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
