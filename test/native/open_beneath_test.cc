#include "files/open_beneath.h"

#include <fcntl.h>
#include <ftw.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "native/check.h"
#include "native/patience.h"
#include "native/proc_entries.h"
#include "native/scale.h"

namespace millrace {
namespace {

using check::entries_of;
using check::Patience;
using check::scaled;

struct Way {
  const char* name;
  OpenOutcome (*open)(int root_fd, const char* relative_path, SymlinkPolicy policy);
};
constexpr std::array kWays{Way{"openat2", open_beneath}, Way{"by hand", open_beneath_by_hand}};

/// A root with something in it, and something outside. Each directory has a file `name` that says which it
/// is.
class Tree {
 public:
  Tree() {
    std::string where = "/tmp/millrace-open-XXXXXX";
    top_ = ::mkdtemp(where.data());
    ::chmod(top_.c_str(), 0755);  // for the test that becomes somebody else
    directory("root");
    directory("root/a");
    directory("root/a/b");
    directory("outside");
    root_ = UniqueFd{::open((top_ + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() {
    const auto remove = [](const char* path, const struct stat*, int, FTW*) { return std::remove(path); };
    ::nftw(top_.c_str(), remove, 8, FTW_DEPTH | FTW_PHYS);
  }

  void directory(const std::string& path) const {
    ::mkdir(at(path).c_str(), 0755);
    file(path + "/name", path);
  }
  void file(const std::string& path, std::string_view content) const {
    const UniqueFd fd{::open(at(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    EXPECT_EQ(::write(fd.get(), content.data(), content.size()), content.size());
  }
  void link(const std::string& path, const std::string& target) const {
    EXPECT_EQ(::symlink(target.c_str(), at(path).c_str()), 0);
  }
  void exchange(const std::string& a, const std::string& b) const {
    ::renameat2(AT_FDCWD, at(a).c_str(), AT_FDCWD, at(b).c_str(), RENAME_EXCHANGE);
  }
  [[nodiscard]] std::string at(const std::string& path) const { return top_ + "/" + path; }
  [[nodiscard]] int root() const noexcept { return root_.get(); }

 private:
  std::string top_;
  UniqueFd root_;
};

std::string content_of(int fd) {
  std::array<char, 256> bytes;
  const ssize_t got = ::read(fd, bytes.data(), bytes.size());
  return got < 0 ? "(unreadable)" : std::string(bytes.data(), static_cast<std::size_t>(got));
}

/// The content of a file, "in " and its name for a directory, or why there is neither.
std::string shown(const OpenOutcome& outcome) {
  if (const auto* failure = std::get_if<OpenFailure>(&outcome)) {
    switch (*failure) {
      case OpenFailure::not_found:
        return "(not found)";
      case OpenFailure::not_regular:
        return "(not regular)";
      case OpenFailure::out_of_descriptors:
        return "(out of descriptors)";
      case OpenFailure::broken:
        return "(broken)";
    }
  }
  const auto& file = std::get<OpenedFile>(outcome);
  if (!file.is_directory) return content_of(file.fd.get());
  const UniqueFd name{::openat(file.fd.get(), "name", O_RDONLY | O_CLOEXEC)};
  return "in " + content_of(name.get());
}

constexpr const char* kNone = "(not found)";
constexpr const char* kOdd = "(not regular)";

struct Row {
  std::string path;
  const char* beneath;
  const char* follow;
  const char* refuse;
};

void fill(const Tree& tree) {
  tree.file("root/file", "plain");
  tree.file("root/a/file", "nested");
  tree.file("root/a/b/file", "deep");
  tree.file("root/with spaces %2e\xc3\xa4", "odd name");
  tree.file("root/...", "three dots");
  tree.file("root/" + std::string(255, 'n'), "long name");
  tree.file("outside/secret", "secret");
  tree.link("root/to_file", "file");
  tree.link("root/to_a", "a");
  tree.link("root/to_a_slash", "a/");
  tree.link("root/to_file_slash", "file/");
  tree.link("root/to_root", ".");
  tree.link("root/a/up", "../file");
  tree.link("root/a/b/up_twice", "../../file");
  tree.link("root/a/up_and_down", "b/../../a/./b//file");
  tree.link("root/out_file", "../outside/secret");
  tree.link("root/out_directory", "../outside");
  tree.link("root/a/above_root", "../..");
  tree.link("root/there_and_back", "../root/file");
  tree.link("root/absolute_inside", tree.at("root/file"));
  tree.link("root/absolute_outside", tree.at("outside/secret"));
  tree.link("root/over_outside", "out_directory/../root/file");
  tree.link("root/loop", "loop");
  tree.link("root/loop_a", "loop_b");
  tree.link("root/loop_b", "loop_a/x");
  tree.link("root/dangling", "nowhere");
  tree.link("root/null", "/dev/null");
  tree.link("root/chain1", "file");
  for (int i = 2; i <= 41; ++i) {
    tree.link("root/chain" + std::to_string(i), "chain" + std::to_string(i - 1));
  }
  ::mkfifo(tree.at("root/fifo").c_str(), 0644);
  const UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", tree.at("root/socket").c_str());
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<Row> rows(const Tree& tree) {
  const char* const in_root = "in root";
  const char* const in_a = "in root/a";
  return {
      // path, and what there is with links that stay beneath the root, that lead anywhere, with none at all
      {"file", "plain", "plain", "plain"},
      {"a/file", "nested", "nested", "nested"},
      {"a/b/file", "deep", "deep", "deep"},
      {"./a//b/./file", "deep", "deep", "deep"},
      {"with spaces %2e\xc3\xa4", "odd name", "odd name", "odd name"},
      {"...", "three dots", "three dots", "three dots"},
      {"nowhere", kNone, kNone, kNone},
      {"a/nowhere/file", kNone, kNone, kNone},
      {"file/", kNone, kNone, kNone},
      {"file/.", kNone, kNone, kNone},
      {"file/..", kNone, kNone, kNone},
      {"file/file", kNone, kNone, kNone},
      // directories
      {"", in_root, in_root, in_root},
      {".", in_root, in_root, in_root},
      {"./", in_root, in_root, in_root},
      {"a", in_a, in_a, in_a},
      {"a/", in_a, in_a, in_a},
      {"a//.//", in_a, in_a, in_a},
      // up
      {"..", kNone, kNone, kNone},
      {"../", kNone, kNone, kNone},
      {"../outside/secret", kNone, kNone, kNone},
      {"../root/file", kNone, kNone, kNone},
      {"a/../../outside/secret", kNone, kNone, kNone},
      {"a/b/../../..", kNone, kNone, kNone},
      {"nowhere/../file", kNone, kNone, kNone},
      {"a/../file", "plain", kNone, "plain"},
      {"a/b/../..", in_root, kNone, in_root},
      {"a/b/..", in_a, kNone, in_a},
      // absolute
      {"/", kNone, kNone, kNone},
      {"//file", kNone, kNone, kNone},
      {"/etc/passwd", kNone, kNone, kNone},
      {tree.at("root/file"), kNone, kNone, kNone},
      // links that stay inside
      {"to_file", "plain", "plain", kNone},
      {"to_file/", kNone, kNone, kNone},
      {"to_file_slash", kNone, kNone, kNone},
      {"to_a", in_a, in_a, kNone},
      {"to_a/", in_a, in_a, kNone},
      {"to_a_slash", in_a, in_a, kNone},
      {"to_a/file", "nested", "nested", kNone},
      {"to_a_slash/file", "nested", "nested", kNone},
      {"to_a/b/file", "deep", "deep", kNone},
      {"to_a/../file", "plain", kNone, kNone},
      {"to_root", in_root, in_root, kNone},
      {"to_root/to_root/to_a/file", "nested", "nested", kNone},
      {"a/up", "plain", "plain", kNone},
      {"a/b/up_twice", "plain", "plain", kNone},
      {"a/up_and_down", "deep", "deep", kNone},
      {"to_a/up", "plain", "plain", kNone},
      // links that do not
      {"out_file", kNone, "secret", kNone},
      {"out_directory", kNone, "in outside", kNone},
      {"out_directory/secret", kNone, "secret", kNone},
      {"out_directory/../outside/secret", kNone, kNone, kNone},
      {"out_directory/../root/file", kNone, kNone, kNone},
      {"a/above_root/outside/secret", kNone, "secret", kNone},
      {"there_and_back", kNone, "plain", kNone},
      {"over_outside", kNone, "plain", kNone},
      {"absolute_inside", kNone, "plain", kNone},
      {"absolute_outside", kNone, "secret", kNone},
      // links that lead nowhere, or too far
      {"loop", kNone, kNone, kNone},
      {"loop/file", kNone, kNone, kNone},
      {"loop_a", kNone, kNone, kNone},
      {"dangling", kNone, kNone, kNone},
      {"dangling/file", kNone, kNone, kNone},
      {"chain2", "plain", "plain", kNone},
      {"chain40", "plain", "plain", kNone},
      {"chain41", kNone, kNone, kNone},
      // no files
      {"fifo", kOdd, kOdd, kOdd},
      {"fifo/", kNone, kNone, kNone},
      {"socket", kOdd, kOdd, kOdd},
      {"null", kNone, kOdd, kNone},
      // long
      {std::string(255, 'n'), "long name", "long name", "long name"},
      {std::string(256, 'n'), kNone, kNone, kNone},
      {std::string(256, 'n') + "/file", kNone, kNone, kNone},
      {repeated("./", 2045) + "/file", "plain", "plain", "plain"},  // 4,095 bytes, and the NUL
      {repeated("./", 2046) + "file", kNone, kNone, kNone},
      {std::string(100'000, 'n'), kNone, kNone, kNone},
  };
}

void expect_all(const Tree& tree, const Way& way) {
  SCOPE(way.name);
  for (const Row& row : rows(tree)) {
    SCOPE(row.path.size() > 80 ? std::to_string(row.path.size()) + " bytes" : "\"" + row.path + "\"");
    const char* const path = row.path.c_str();
    EXPECT_EQ(shown(way.open(tree.root(), path, SymlinkPolicy::beneath)), row.beneath);
    EXPECT_EQ(shown(way.open(tree.root(), path, SymlinkPolicy::follow)), row.follow);
    EXPECT_EQ(shown(way.open(tree.root(), path, SymlinkPolicy::refuse)), row.refuse);
  }
}

TEST("no path leaves the root, with openat2 and by hand alike; and no descriptor is left behind") {
  const Tree tree;
  fill(tree);
  const int before = entries_of("/proc/self/fd");
  for (const Way& way : kWays) expect_all(tree, way);
  EXPECT_EQ(entries_of("/proc/self/fd"), before);
}

/// From here on this process has no openat2. False: this cannot be arranged here.
bool deny_openat2(int error) {
#ifdef SYS_openat2
  std::array<sock_filter, 4> program{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return false;
  return ::syscall(SYS_openat2, -1, "", nullptr, 0) < 0 && errno == error;
#else
  return false;
#endif
}

constexpr int kCannotTell = 77;

/// Runs `body` in a child and returns its exit code, -1 if it was killed.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST("where a sandbox denies openat2, with either error, it is done by hand") {
  const Tree tree;
  fill(tree);
  for (const int error : {ENOSYS, EPERM}) {
    SCOPE("error " + std::to_string(error));
    const int code = in_child([&tree, error] {
      if (!deny_openat2(error)) return kCannotTell;
      expect_all(tree, kWays[0]);
      return check::failures_in_test > 0 ? 1 : 0;
    });
    if (code == kCannotTell) SKIP("no seccomp here");
    EXPECT_EQ(code, 0);
  }
}

TEST("what may not be read is not found") {
  const Tree tree;
  tree.file("root/locked_file", "locked");
  tree.directory("root/locked");
  tree.directory("root/a/unlisted");
  ::chmod(tree.at("root/locked_file").c_str(), 0);
  ::chmod(tree.at("root/locked").c_str(), 0);
  ::chmod(tree.at("root/a/unlisted").c_str(), 0311);  // it may be walked through, not read
  const int code = in_child([&tree] {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) return kCannotTell;
    for (const Way& way : kWays) {
      SCOPE(way.name);
      for (const auto policy : {SymlinkPolicy::beneath, SymlinkPolicy::follow, SymlinkPolicy::refuse}) {
        EXPECT_EQ(shown(way.open(tree.root(), "locked_file", policy)), kNone);
        EXPECT_EQ(shown(way.open(tree.root(), "locked", policy)), kNone);
        EXPECT_EQ(shown(way.open(tree.root(), "locked/name", policy)), kNone);
        EXPECT_EQ(shown(way.open(tree.root(), "a/unlisted", policy)), kNone);
        EXPECT_EQ(shown(way.open(tree.root(), "a/unlisted/name", policy)), "root/a/unlisted");
      }
    }
    return check::failures_in_test > 0 ? 1 : 0;
  });
  ::chmod(tree.at("root/locked").c_str(), 0700);  // so that it can be removed
  ::chmod(tree.at("root/a/unlisted").c_str(), 0700);
  if (code == kCannotTell) SKIP("root, and cannot become somebody else");
  EXPECT_EQ(code, 0);
}

/// As proc(5) writes it: S where it waits.
char state_of(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(") ");
  return name_end == std::string::npos ? '?' : text[name_end + 2];
}

TEST("a fifo is looked at and not opened: who waits to write into it goes on waiting") {
  const Tree tree;
  const std::string path = tree.at("root/fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  for (const Way& way : kWays) {
    for (const auto policy : {SymlinkPolicy::beneath, SymlinkPolicy::follow, SymlinkPolicy::refuse}) {
      SCOPE(way.name);
      const pid_t writer = ::fork();
      if (writer == 0) ::_exit(::open(path.c_str(), O_WRONLY | O_CLOEXEC) < 0 ? 1 : 0);
      ASSERT_TRUE(check::wait_until([&] { return state_of(writer) == 'S'; }));
      EXPECT_EQ(shown(way.open(tree.root(), "fifo", policy)), kOdd);
      ::usleep(20'000);  // one that has been let go would have ended
      EXPECT_EQ(::waitpid(writer, nullptr, WNOHANG), 0);
      const UniqueFd reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
      EXPECT_EQ(::waitpid(writer, nullptr, 0), writer);
    }
  }
}

TEST("says what it has opened, and the descriptor is not inherited") {
  const Tree tree;
  tree.file("root/file", "eight by");
  struct stat wanted {};
  ASSERT_EQ(::stat(tree.at("root/file").c_str(), &wanted), 0);
  for (const Way& way : kWays) {
    SCOPE(way.name);
    const OpenOutcome outcome = way.open(tree.root(), "file", SymlinkPolicy::beneath);
    const auto* const file = std::get_if<OpenedFile>(&outcome);
    ASSERT_TRUE(file != nullptr);
    EXPECT_TRUE(file->status == status_of(wanted));
    EXPECT_EQ(file->status.size, 8);
    EXPECT_FALSE(file->is_directory);
    EXPECT_TRUE(::fcntl(file->fd.get(), F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(::fcntl(file->fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  }
}

TEST("says so when there is no descriptor left, on the way too") {
  const Tree tree;
  tree.file("root/a/b/file", "deep");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  for (const Way& way : kWays) {
    SCOPE(way.name);
    std::vector<std::string> seen;
    // Each time there is room for one more.
    for (rlim_t more = 0; more < 4; ++more) {
      const int next = ::dup(tree.root());
      ::close(next);
      rlimit few = before;
      few.rlim_cur = static_cast<rlim_t>(next) + more;
      ::setrlimit(RLIMIT_NOFILE, &few);
      const OpenOutcome outcome = way.open(tree.root(), "a/b/file", SymlinkPolicy::beneath);
      ::setrlimit(RLIMIT_NOFILE, &before);
      seen.push_back(shown(outcome));
    }
    EXPECT_EQ(seen.front(), "(out of descriptors)");
    EXPECT_EQ(seen.back(), "deep");
    for (const std::string& one : seen) EXPECT_TRUE(one == "deep" || one == "(out of descriptors)");
  }
}

/// Exchanges two paths of a tree all the time.
class Swapping {
 public:
  Swapping(const Tree& tree, std::string a, std::string b)
      : thread_([this, &tree, a = std::move(a), b = std::move(b)] {
          while (!stop_) tree.exchange(a, b);
        }) {}
  Swapping(const Swapping&) = delete;
  Swapping& operator=(const Swapping&) = delete;
  ~Swapping() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// How often each content was read; opens until all of `wanted` have been seen, and so many times at least.
struct Seen {
  int inside = 0;
  int outside = 0;
  int nothing = 0;
};

template <class Enough>
Seen open_often(const Way& way, const Tree& tree, const char* path, SymlinkPolicy policy, Enough enough) {
  Seen seen;
  const Patience patience;
  for (int i = 0; (i < scaled(20'000) || !enough(seen)) && !patience.over(); ++i) {
    const std::string what = shown(way.open(tree.root(), path, policy));
    if (what == "inside") {
      ++seen.inside;
    } else if (what == "outside") {
      ++seen.outside;
    } else {
      EXPECT_EQ(what, kNone);
      ++seen.nothing;
    }
  }
  return seen;
}

TEST("a directory that keeps turning into a link to outside never leads there") {
  const Tree tree;
  tree.directory("root/swapped");
  tree.file("root/swapped/file", "inside");
  tree.file("outside/file", "outside");
  tree.link("root/other", "../outside");
  const int before = entries_of("/proc/self/fd");
  {
    const Swapping swapping(tree, "root/swapped", "root/other");
    for (const Way& way : kWays) {
      SCOPE(way.name);
      for (const auto policy : {SymlinkPolicy::beneath, SymlinkPolicy::refuse}) {
        const Seen seen = open_often(way, tree, "swapped/file", policy,
                                     [](const Seen& all) { return all.inside > 0 && all.nothing > 0; });
        EXPECT_EQ(seen.outside, 0);
        EXPECT_LT(0, seen.inside);
        EXPECT_LT(0, seen.nothing);
      }
      // That there is something to see.
      const Seen seen = open_often(way, tree, "swapped/file", SymlinkPolicy::follow,
                                   [](const Seen& all) { return all.inside > 0 && all.outside > 0; });
      EXPECT_LT(0, seen.outside);
    }
  }
  EXPECT_EQ(entries_of("/proc/self/fd"), before);
}

TEST("a file that keeps turning into a link to outside never leads there") {
  const Tree tree;
  tree.file("root/swapped", "inside");
  tree.file("outside/file", "outside");
  tree.link("root/other", "../outside/file");
  const Swapping swapping(tree, "root/swapped", "root/other");
  for (const Way& way : kWays) {
    SCOPE(way.name);
    const Seen seen = open_often(way, tree, "swapped", SymlinkPolicy::beneath,
                                 [](const Seen& all) { return all.inside > 0 && all.nothing > 0; });
    EXPECT_EQ(seen.outside, 0);
    EXPECT_LT(0, seen.inside);
    EXPECT_LT(0, seen.nothing);
  }
}

TEST("`..` does not climb to outside from a directory that is moved there meanwhile") {
  const Tree tree;
  tree.directory("root/moved");
  tree.directory("root/moved/deep");
  tree.directory("outside/moved");
  tree.directory("outside/moved/deep");
  tree.file("root/file", "inside");
  tree.file("outside/file", "outside");
  const Swapping swapping(tree, "root/moved", "outside/moved");
  for (const Way& way : kWays) {
    SCOPE(way.name);
    const Seen seen = open_often(way, tree, "moved/deep/../../file", SymlinkPolicy::beneath,
                                 [](const Seen& all) { return all.inside > 0; });
    EXPECT_EQ(seen.outside, 0);
    EXPECT_EQ(seen.nothing, 0);  // what the kernel cannot tell is walked
    EXPECT_LT(0, seen.inside);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
