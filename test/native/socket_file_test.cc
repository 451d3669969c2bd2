#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "native/check.h"
#include "net/listener.h"
#include "net/thread.h"

namespace millrace {
namespace {

/// An empty directory that goes away with all that a test left in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/millrace-test-XXXXXX";
    if (::mkdtemp(name) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    for (const std::string& name : names()) std::remove((path_ + '/' + name).c_str());
    ::rmdir(path_.c_str());
  }

  [[nodiscard]] std::string at(const std::string& name) const { return path_ + '/' + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    DIR* const directory = ::opendir(path_.c_str());
    for (const dirent* entry = ::readdir(directory); entry != nullptr; entry = ::readdir(directory)) {
      if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
    }
    ::closedir(directory);
    return out;
  }

 private:
  std::string path_;
};

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd connect_unix(const std::string& path, int type = SOCK_STREAM) {
  UniqueFd fd{::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const sockaddr_un address = unix_address(path);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return UniqueFd{};
  return fd;
}

UniqueFd raw_server(const std::string& path, int type, int backlog) {
  UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  const sockaddr_un address = unix_address(path);
  static_cast<void>(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  if (backlog >= 0) ::listen(fd.get(), backlog);
  return fd;
}

/// What a server leaves that was killed.
void leave_stale_socket(const std::string& path) { raw_server(path, SOCK_STREAM, 1); }

bool exists(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0;
}

Result<Listener> listen_at(const std::string& path) { return Listener::open({.path = path}); }

int error_at(const std::string& path) {
  const Result<Listener> listener = listen_at(path);
  return listener ? 0 : listener.error().error;
}

TEST("listens at a path, accepts there, and removes the file on close") {
  const TemporaryDirectory directory;
  const std::string path = directory.at("s");
  Result<Listener> listener = listen_at(path);
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(listener.value().local().value().path, path);
  EXPECT_EQ(listener.value().local().value().host, "");
  EXPECT_EQ(directory.names().size(), 1u);  // no lock file or the like beside it
  const UniqueFd client = connect_unix(path);
  ASSERT_TRUE(client);
  PeerAddress peer;
  peer.port = 1;
  EXPECT_TRUE(std::holds_alternative<UniqueFd>(listener.value().accept(peer)));
  EXPECT_EQ(peer.family, PeerAddress::Family::none);
  EXPECT_EQ(peer.port, 0);
  EXPECT_EQ(peer.text(), "");
  listener.value().close();
  EXPECT_FALSE(exists(path));
}

TEST("removes the file when it is destroyed or another listener takes its place") {
  const TemporaryDirectory directory;
  {
    const Result<Listener> listener = listen_at(directory.at("a"));
    ASSERT_TRUE(listener.ok());
  }
  EXPECT_FALSE(exists(directory.at("a")));
  Result<Listener> first = listen_at(directory.at("b"));
  Result<Listener> second = listen_at(directory.at("c"));
  ASSERT_TRUE(first.ok() && second.ok());
  first.value() = std::move(second).value();
  EXPECT_FALSE(exists(directory.at("b")));
  EXPECT_TRUE(connect_unix(directory.at("c")));
}

TEST("replaces the socket of a server that died") {
  const TemporaryDirectory directory;
  leave_stale_socket(directory.at("s"));
  ASSERT_TRUE(exists(directory.at("s")));
  const Result<Listener> listener = listen_at(directory.at("s"));
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(connect_unix(directory.at("s")));
}

TEST("leaves a live server alone, also one whose backlog is full or that speaks in packets") {
  const TemporaryDirectory directory;
  const Result<Listener> live = listen_at(directory.at("live"));
  ASSERT_TRUE(live.ok());
  EXPECT_EQ(error_at(directory.at("live")), EADDRINUSE);
  EXPECT_TRUE(connect_unix(directory.at("live")));

  const UniqueFd busy = raw_server(directory.at("busy"), SOCK_STREAM, 0);
  std::vector<UniqueFd> waiting;
  while (UniqueFd client = connect_unix(directory.at("busy"))) waiting.push_back(std::move(client));
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(error_at(directory.at("busy")), EADDRINUSE);
  EXPECT_TRUE(exists(directory.at("busy")));

  const UniqueFd packets = raw_server(directory.at("packets"), SOCK_SEQPACKET, 1);
  const UniqueFd datagrams = raw_server(directory.at("datagrams"), SOCK_DGRAM, -1);
  EXPECT_EQ(error_at(directory.at("packets")), EADDRINUSE);
  EXPECT_EQ(error_at(directory.at("datagrams")), EADDRINUSE);
}

TEST("never replaces what is no socket") {
  const TemporaryDirectory directory;
  const UniqueFd file{::open(directory.at("file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
  ASSERT_EQ(::mkdir(directory.at("folder").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("/nonexistent", directory.at("dangling").c_str()), 0);
  leave_stale_socket(directory.at("stale"));
  ASSERT_EQ(::symlink("stale", directory.at("link").c_str()), 0);
  for (const char* name : {"file", "folder", "dangling", "link"}) {
    SCOPE(name);
    EXPECT_EQ(error_at(directory.at(name)), EADDRINUSE);
    EXPECT_TRUE(exists(directory.at(name)));
  }
  EXPECT_TRUE(exists(directory.at("stale")));
}

TEST("refuses paths the kernel cannot bind") {
  const TemporaryDirectory directory;
  const std::string fits = directory.at(std::string(107 - directory.path().size() - 1, 'x'));
  EXPECT_EQ(fits.size(), 107u);
  EXPECT_EQ(error_at(fits), 0);
  EXPECT_EQ(error_at(fits + 'x'), ENAMETOOLONG);
  EXPECT_EQ(error_at(std::string(5000, '/')), ENAMETOOLONG);
  EXPECT_EQ(error_at(std::string("a\0b", 3)), EINVAL);
  EXPECT_EQ(error_at(std::string("\0abstract", 9)), EINVAL);
  EXPECT_EQ(error_at(directory.at("no-such-folder/s")), ENOENT);
}

TEST("leaves the file alone that somebody else has put in the place of ours") {
  const TemporaryDirectory directory;
  const std::string path = directory.at("s");
  Result<Listener> ours = listen_at(path);
  ASSERT_TRUE(ours.ok());
  ::unlink(path.c_str());
  const Result<Listener> theirs = listen_at(path);
  ASSERT_TRUE(theirs.ok());
  ours.value().close();
  EXPECT_TRUE(connect_unix(path));
}

TEST("leaves the file of its successor alone when it is replaced by assignment") {
  const TemporaryDirectory directory;
  const std::string path = directory.at("s");
  Result<Listener> listener = listen_at(path);
  ASSERT_TRUE(listener.ok());
  ::unlink(path.c_str());
  listener = listen_at(path);
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(connect_unix(path));
}

TEST("removes its file though it was chmodded meanwhile, and does not mind when it is gone") {
  const TemporaryDirectory directory;
  Result<Listener> listener = listen_at(directory.at("s"));
  ASSERT_TRUE(listener.ok());
  ASSERT_EQ(::chmod(directory.at("s").c_str(), 0666), 0);
  EXPECT_TRUE(connect_unix(directory.at("s")));
  listener.value().close();
  EXPECT_FALSE(exists(directory.at("s")));

  Result<Listener> gone = listen_at(directory.at("gone"));
  ASSERT_TRUE(gone.ok());
  ::unlink(directory.at("gone").c_str());
  gone.value().close();
}

TEST("finds the file of a relative path again after chdir") {
  const TemporaryDirectory directory;
  const UniqueFd before{::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_EQ(::chdir(directory.path().c_str()), 0);
  Result<Listener> listener = listen_at("relative");
  const int back = ::fchdir(before.get());
  ASSERT_EQ(back, 0);
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(connect_unix(directory.at("relative")));
  listener.value().close();
  EXPECT_FALSE(exists(directory.at("relative")));
}

TEST("goes on when somebody holds the lock of the directory for long") {
  const TemporaryDirectory directory;
  const UniqueFd cleaner{::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ASSERT_EQ(::flock(cleaner.get(), LOCK_EX), 0);
  leave_stale_socket(directory.at("s"));
  EXPECT_TRUE(listen_at(directory.at("s")).ok());
}

TEST("of eight servers that start at once over a stale socket exactly one gets the path") {
  constexpr int kServers = 8;
  constexpr int kRounds = 100;
  const TemporaryDirectory directory;
  const std::string path = directory.at("s");
  for (int round = 0; round < kRounds; ++round) {
    SCOPE("round " + std::to_string(round));
    leave_stale_socket(path);
    std::atomic<int> ready{0};
    std::atomic<int> listening{0};
    std::atomic<int> in_use{0};
    std::atomic<int> done{0};
    std::atomic<bool> reachable{false};
    {
      std::vector<Thread> servers;
      for (int i = 0; i < kServers; ++i) {
        Result<Thread> thread = Thread::start("server", [&] {
          ++ready;
          while (ready < kServers) ::sched_yield();
          const Result<Listener> listener = listen_at(path);
          ++(listener ? listening : in_use);
          if (!listener) EXPECT_EQ(listener.error().error, EADDRINUSE);
          ++done;
          while (done < kServers) ::usleep(100);  // keep it open until all have tried
          if (listener) reachable = static_cast<bool>(connect_unix(path));
        });
        ASSERT_TRUE(thread.ok());
        servers.push_back(std::move(thread).value());
      }
    }
    EXPECT_EQ(listening.load(), 1);
    EXPECT_EQ(in_use.load(), kServers - 1);
    EXPECT_TRUE(reachable.load());
    EXPECT_FALSE(exists(path));
  }
}

TEST("an inherited Unix socket keeps its file") {
  const TemporaryDirectory directory;
  const UniqueFd inherited = raw_server(directory.at("s"), SOCK_STREAM, 4);
  Result<Listener> listener = Listener::open({.fd = inherited.get()});
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(listener.value().local().value().path, directory.at("s"));
  const UniqueFd client = connect_unix(directory.at("s"));
  PeerAddress peer;
  EXPECT_TRUE(std::holds_alternative<UniqueFd>(listener.value().accept(peer)));
  EXPECT_EQ(peer.family, PeerAddress::Family::none);
  listener.value().close();
  EXPECT_TRUE(exists(directory.at("s")));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
