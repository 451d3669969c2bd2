// What a path leads to, by the options of its root, and what is said of the file that it leads to.
#include "files/file_lookup.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "native/check.h"
#include "native/file_tree.h"
#include "native/proc_entries.h"
#include "native/scale.h"
#include "pool/gzip.h"

namespace millrace {
namespace {

using check::FileTree;
using check::scaled;
using Kind = FoundFile::Kind;

/// What browsers say, as far as we compress.
const CompressionWish kTakesGzip = compression_wish_of({.accept_encoding = "gzip"});

/// One root, in the directory `root` of a tree.
struct Site {
  Site() {
    tree.directory("root");
    root().directory = tree.at("root");
    root().index = {"index.html"};
    roots.media_types.add("txt", "text/plain");
    roots.media_types.add("html", "text/html; charset=utf-8");
    roots.media_types.add("js", "text/javascript");
    roots.media_types.add("gz", "application/gzip");
  }
  FileRoot& root() { return roots.roots[0]; }
  [[nodiscard]] FoundFile look_up(std::string_view path) const {
    return millrace::look_up(roots, roots.roots[0], path, kTakesGzip);
  }

  FileTree tree;
  FileRoots roots{.roots = std::vector<FileRoot>(1), .media_types = {}};
};

/// What its descriptor reads; of what is in memory there is none.
std::string read(const FileVariant& variant) {
  if (variant.in_memory()) return variant.contents;
  std::string contents(1 << 20, '\0');
  const ssize_t got = ::pread(variant.file->get(), contents.data(), contents.size(), 0);
  contents.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return contents;
}

std::string shown(const FoundFile& found) {
  switch (found.kind) {
    case Kind::file: {
      std::string all;
      for (const FileVariant& variant : found.entry->variants) {
        all += (all.empty() ? "" : " + ") + read(variant);
        EXPECT_EQ(variant.contents, read(variant));
      }
      return all;
    }
    case Kind::directory:
      return "(directory)";
    case Kind::missing:
      return "(missing)";
    case Kind::unavailable:
      return "(unavailable)";
    case Kind::broken:
      return "(broken)";
  }
  return "(no kind)";
}

TEST("a path leads where the options of its root let it") {
  Site s;
  // Each file says where it is.
  const auto file = [&](const std::string& path) { s.tree.write("root/" + path, path); };
  for (const char* name : {"docs", "empty", "both", "dir.html", "index-is-directory", ".well-known", "v1.2",
                           "about-dir", "docs/deep", "dir.js.gz", "dir.js.gz/x"}) {
    s.tree.directory("root/" + std::string(name));
  }
  s.tree.directory("root/index-is-directory/index.html");
  s.tree.directory("outside");
  s.tree.write("outside/secret", "secret");
  s.tree.write("outside/index.html", "outside index");
  for (const char* name : {"index.html",
                           "a.txt",
                           "a b.txt",
                           "docs/index.html",
                           "docs/deep/x.txt",
                           "both/index.html",
                           "both/index.txt",
                           "about.html",
                           "about.txt",
                           "about-dir.html",
                           ".hidden",
                           ".well-known/x",
                           "docs/.hidden.txt",
                           ".dot.html",
                           "index-is-directory/index.txt",
                           "br.js",
                           "br.js.br",
                           "all.js",
                           "all.js.br",
                           "all.js.gz",
                           "all.js.zst",
                           "plain.js",
                           "dir.js",
                           "only.js.gz",
                           "app.html"}) {
    file(name);
  }
  s.tree.link("root/link", "a.txt");
  s.tree.link("root/link-dir", "docs");
  s.tree.link("root/link-out", "../outside/secret");
  s.tree.link("root/link-out-dir", "../outside");
  s.tree.link("root/link-absolute", s.tree.at("root/a.txt"));
  s.tree.link("root/link-nowhere", "nowhere");
  s.tree.link("root/linked.js", "plain.js");
  s.tree.link("root/linked.js.gz", "../outside/secret");
  EXPECT_EQ(::mkfifo(s.tree.at("root/fifo").c_str(), 0644), 0);

  using Options = void (*)(FileRoot & root);
  constexpr Options kNone = [](FileRoot&) {};
  constexpr Options kIndexes = [](FileRoot& root) { root.index = {"index.txt", "index.html"}; };
  constexpr Options kNoIndex = [](FileRoot& root) { root.index = {}; };
  constexpr Options kDeepIndex = [](FileRoot& root) { root.index = {"deep/x.txt"}; };
  constexpr Options kExtensions = [](FileRoot& root) { root.extensions = {"txt", "html"}; };
  constexpr Options kNoRedirect = [](FileRoot& root) { root.redirect = false; };
  constexpr Options kDotfiles = [](FileRoot& root) {
    root.dotfiles = true;
    root.extensions = {"html"};
  };
  constexpr Options kFollow = [](FileRoot& root) { root.symlinks = SymlinkPolicy::follow; };
  constexpr Options kRefuse = [](FileRoot& root) { root.symlinks = SymlinkPolicy::refuse; };
  constexpr Options kFallback = [](FileRoot& root) { root.fallback = "app.html"; };
  constexpr Options kFallbackNoRedirect = [](FileRoot& root) {
    root.fallback = "app.html";
    root.redirect = false;
  };
  constexpr Options kFallbackAndHtml = [](FileRoot& root) {
    root.fallback = "app.html";
    root.extensions = {"html"};
  };
  constexpr Options kNoFallback = [](FileRoot& root) { root.fallback = "nowhere.html"; };
  constexpr Options kFallbackIsDirectory = [](FileRoot& root) { root.fallback = "docs"; };
  constexpr Options kCompressed = [](FileRoot& root) {
    root.precompressed = {ContentCoding::br, ContentCoding::zstd, ContentCoding::gzip};
  };
  constexpr Options kGzip = [](FileRoot& root) { root.precompressed = {ContentCoding::gzip}; };
  struct Case {
    Options options;
    const char* path;
    const char* expected;
  };
  const Case cases[] = {
      {kNone, "a.txt", "a.txt"},
      {kNone, "a%20b.txt", "a b.txt"},
      {kNone, "%61.txt", "a.txt"},
      {kNone, "docs//deep/x.txt", "docs/deep/x.txt"},
      {kNone, "A.txt", "(missing)"},
      {kNone, "a.txt/", "(missing)"},
      {kNone, "a.txt/x", "(missing)"},
      {kNone, "nowhere", "(missing)"},
      {kNone, "nowhere/", "(missing)"},
      {kNone, "fifo", "(missing)"},
      // What request_path.h refuses.
      {kNone, "../outside/secret", "(missing)"},
      {kNone, "docs/../a.txt", "(missing)"},
      {kNone, "%2e%2e/outside/secret", "(missing)"},
      {kNone, "docs%2findex.html", "(missing)"},
      {kNone, "a.txt%00", "(missing)"},
      {kNone, "%", "(missing)"},
      // Directories.
      {kNone, "", "index.html"},
      {kNone, "docs/", "docs/index.html"},
      {kNone, "docs", "(directory)"},
      {kNone, "empty/", "(missing)"},
      {kNone, "empty", "(directory)"},
      {kNone, "index-is-directory/", "(missing)"},
      {kIndexes, "", "index.html"},
      {kIndexes, "both/", "both/index.txt"},
      {kIndexes, "docs/", "docs/index.html"},
      {kIndexes, "index-is-directory/", "index-is-directory/index.txt"},
      {kNoIndex, "", "(missing)"},
      {kNoIndex, "docs/", "(missing)"},
      {kNoIndex, "docs", "(directory)"},
      {kNoIndex, "docs/index.html", "docs/index.html"},
      {kDeepIndex, "docs/", "docs/deep/x.txt"},
      {kNoRedirect, "docs", "(missing)"},
      {kNoRedirect, "docs/", "docs/index.html"},
      // Extensions.
      {kNone, "about", "(missing)"},
      {kExtensions, "about", "about.txt"},
      {kExtensions, "about-dir", "(directory)"},
      {kExtensions, "docs/deep/x", "docs/deep/x.txt"},
      {kExtensions, "app", "app.html"},
      {kExtensions, "app/", "(missing)"},
      {kExtensions, "dir", "(missing)"},
      {kExtensions, "", "index.html"},
      {kExtensions, "about.", "(missing)"},
      // Names that begin with a dot.
      {kNone, ".hidden", "(missing)"},
      {kNone, "%2ehidden", "(missing)"},
      {kNone, ".well-known/x", "(missing)"},
      {kNone, ".well-known", "(missing)"},
      {kNone, "docs/.hidden.txt", "(missing)"},
      {kExtensions, "docs/.hidden", "(missing)"},
      {kDotfiles, ".hidden", ".hidden"},
      {kDotfiles, ".well-known/x", ".well-known/x"},
      {kDotfiles, ".well-known", "(directory)"},
      {kDotfiles, ".dot", ".dot.html"},
      {kDotfiles, ".", "(missing)"},
      {kDotfiles, "..", "(missing)"},
      // Links.
      {kNone, "link", "a.txt"},
      {kNone, "link-dir/", "docs/index.html"},
      {kNone, "link-dir", "(directory)"},
      {kNone, "link-out", "(missing)"},
      {kNone, "link-out-dir/secret", "(missing)"},
      {kNone, "link-out-dir/", "(missing)"},
      {kNone, "link-out-dir", "(missing)"},
      {kNone, "link-absolute", "(missing)"},
      {kNone, "link-nowhere", "(missing)"},
      {kFollow, "link", "a.txt"},
      {kFollow, "link-out", "secret"},
      {kFollow, "link-out-dir/secret", "secret"},
      {kFollow, "link-out-dir/", "outside index"},
      {kFollow, "link-out-dir", "(directory)"},
      {kFollow, "link-absolute", "a.txt"},
      {kFollow, "link-nowhere", "(missing)"},
      {kFollow, "../outside/secret", "(missing)"},
      {kRefuse, "link", "(missing)"},
      {kRefuse, "link-dir/", "(missing)"},
      {kRefuse, "link-dir", "(missing)"},
      {kRefuse, "a.txt", "a.txt"},
      // The fallback, in place of all that is no file.
      {kFallback, "a.txt", "a.txt"},
      {kFallback, "nowhere", "app.html"},
      {kFallback, "nowhere/deep/", "app.html"},
      {kFallback, "empty/", "app.html"},
      {kFallback, "docs", "(directory)"},
      {kFallback, "empty", "app.html"},
      {kFallback, "about-dir", "app.html"},
      {kFallbackAndHtml, "about-dir", "about-dir.html"},
      {kFallbackAndHtml, "docs", "(directory)"},
      {kFallback, ".hidden", "app.html"},
      {kFallback, "../outside/secret", "app.html"},
      {kFallback, "%", "app.html"},
      {kFallback, "link-out", "app.html"},
      {kFallbackNoRedirect, "docs", "app.html"},
      {kNoFallback, "nowhere", "(missing)"},
      {kFallbackIsDirectory, "nowhere", "(missing)"},
      // Siblings: in the order of the root.
      {kNone, "all.js", "all.js"},
      {kCompressed, "all.js", "all.js + all.js.br + all.js.zst + all.js.gz"},
      {kCompressed, "br.js", "br.js + br.js.br"},
      {kCompressed, "plain.js", "plain.js"},
      {kCompressed, "dir.js", "dir.js"},
      {kCompressed, "only.js", "(missing)"},
      {kCompressed, "only.js.gz", "only.js.gz"},
      {kCompressed, "all.js.gz", "all.js.gz"},
      {kCompressed, "linked.js", "plain.js"},
      {kGzip, "all.js", "all.js + all.js.gz"},
      {kGzip, "br.js", "br.js"},
  };
  const FileRoot preset = s.root();
  const int before = check::entries_of("/proc/self/fd");
  for (const Case& test : cases) {
    SCOPE(test.path);
    s.root() = preset;
    test.options(s.root());
    EXPECT_EQ(shown(s.look_up(test.path)), test.expected);
  }
  EXPECT_EQ(check::entries_of("/proc/self/fd"), before);
}

TEST("a directory that is not there has no files, and one that comes has them") {
  Site s;
  s.root().directory = s.tree.at("later");
  s.root().fallback = "app.html";
  for (const char* path : {"", "a.txt", "../x"}) EXPECT_EQ(shown(s.look_up(path)), "(missing)");
  s.tree.write("later", "a file");
  EXPECT_EQ(shown(s.look_up("a.txt")), "(missing)");
  s.tree.remove("later");
  s.tree.directory("later");
  s.tree.write("later/a.txt", "a");
  EXPECT_EQ(shown(s.look_up("a.txt")), "a");
  EXPECT_EQ(shown(s.look_up("b.txt")), "(missing)");
  // A link to it may be changed.
  s.tree.directory("other");
  s.tree.write("other/a.txt", "other a");
  s.tree.link("current", "later");
  s.root().directory = s.tree.at("current");
  EXPECT_EQ(shown(s.look_up("a.txt")), "a");
  s.tree.remove("current");
  s.tree.link("current", "other");
  EXPECT_EQ(shown(s.look_up("a.txt")), "other a");
}

TEST("a media type is that of what is behind the last dot of a name, in whatever case") {
  MediaTypes types;
  types.add("txt", "text/plain");
  types.add("gz", "application/gzip");
  types.add("", "never");
  struct {
    const char* name;
    const char* type;
  } const cases[] = {
      {"a.txt", "text/plain"},
      {"a.TXT", "text/plain"},
      {"a.tXt", "text/plain"},
      {"d/a.txt", "text/plain"},
      {".txt", "text/plain"},
      {"x.tar.gz", "application/gzip"},
      {"a.txt.unknown", ""},
      {"txt", ""},
      {"v1.txt/readme", ""},
      {"v1.gz/a.txt", "text/plain"},
      {"", ""},
      {"a.tx", ""},
      {"a.txtt", ""},
      {"a.t\xd8t", ""},
  };
  for (const auto& test : cases) {
    SCOPE(test.name);
    EXPECT_EQ(types.of(test.name), std::string_view(test.type));
  }
  MediaTypes none;
  EXPECT_EQ(none.of("a.txt"), std::string_view());
}

TEST("small files are read, large ones are not, and an empty one is in memory too") {
  Site s;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, kFileInMemoryBytes - 1,
                                  kFileInMemoryBytes, kFileInMemoryBytes + 1, std::size_t{1'000'000}}) {
    SCOPE(std::to_string(bytes) + " bytes");
    const std::string contents = check::contents_of_size(bytes);
    s.tree.write("root/f", contents);
    const FoundFile found = s.look_up("f");
    ASSERT_TRUE(found.kind == Kind::file);
    const FileVariant& variant = found.entry->variants.front();
    EXPECT_EQ(variant.status.size, bytes);
    EXPECT_EQ(variant.in_memory(), bytes <= kFileInMemoryBytes);
    EXPECT_TRUE(variant.contents == (variant.in_memory() ? contents : std::string()));
    EXPECT_TRUE(read(variant) == contents);
    EXPECT_EQ(variant.path, s.tree.at("root") + "/f");
  }
}

/// The entity tag of a file as it is written now.
std::string tag_of(const std::string& path, const char* coding = "") {
  struct stat status;
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  std::array<char, 64> text;
  const auto modified = static_cast<unsigned long long>(status.st_mtim.tv_sec) * 1'000'000'000ULL +
                        static_cast<unsigned long long>(status.st_mtim.tv_nsec);
  std::snprintf(text.data(), text.size(), "\"%llx-%llx%s\"", modified,
                static_cast<unsigned long long>(status.st_size), coding);
  return text.data();
}

TEST("fields and validators are written out once, exactly so") {
  Site s;
  s.tree.write("root/a.txt", "abcdef");
  s.tree.write("root/a.txt.gz", "gz");
  s.tree.write("root/noext", "?");
  for (const char* name : {"root/a.txt", "root/a.txt.gz", "root/noext"}) {
    s.tree.set_modified(name, 784111777, 123);  // RFC 9110 §5.6.7
  }
  const std::string tag = tag_of(s.tree.at("root/a.txt"));
  const std::string gzip_tag = tag_of(s.tree.at("root/a.txt.gz"), "-gzip");
  EXPECT_EQ(tag, "\"ae1b981bc490a7b-6\"");
  const std::string modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  const std::string own = "Cache-Control: public, max-age=60\r\nX-Own: 1\r\n";

  s.root().precompressed = {ContentCoding::gzip};
  s.root().fields = own;
  FoundFile found = s.look_up("a.txt");
  ASSERT_TRUE(found.kind == Kind::file);
  ASSERT_EQ(found.entry->variants.size(), 2u);
  EXPECT_EQ(found.entry->codings, coding_bit(ContentCoding::identity) | coding_bit(ContentCoding::gzip));
  const FileVariant& plain = found.entry->of(ContentCoding::identity);
  EXPECT_EQ(plain.etag, tag);
  EXPECT_EQ(plain.validators, "ETag: " + tag + "\r\n" + modified + "Vary: Accept-Encoding\r\n" + own);
  EXPECT_EQ(plain.fields, "Content-Type: text/plain\r\nAccept-Ranges: bytes\r\n" + plain.validators);
  const FileVariant& gzip = found.entry->of(ContentCoding::gzip);
  EXPECT_EQ(gzip.etag, gzip_tag);
  EXPECT_EQ(gzip.validators, "ETag: " + gzip_tag + "\r\n" + modified + "Vary: Accept-Encoding\r\n" + own);
  EXPECT_EQ(gzip.fields, "Content-Type: text/plain\r\nContent-Encoding: gzip\r\nAccept-Ranges: bytes\r\n" +
                             gzip.validators);
  EXPECT_TRUE(&found.entry->of(ContentCoding::br) == &plain);

  // Where siblings are looked for, caches have to know it of files without any, too (RFC 9110 §12.5.5).
  found = s.look_up("noext");
  ASSERT_TRUE(found.kind == Kind::file);
  EXPECT_EQ(found.entry->variants.front().fields,
            "Accept-Ranges: bytes\r\nETag: " + tag_of(s.tree.at("root/noext")) + "\r\n" + modified +
                "Vary: Accept-Encoding\r\n" + own);

  s.root().precompressed = {};
  s.root().fields = {};
  found = s.look_up("a.txt");
  ASSERT_TRUE(found.kind == Kind::file);
  EXPECT_EQ(found.entry->variants.front().validators, "ETag: " + tag + "\r\n" + modified);

  s.root().etag = s.root().last_modified = s.root().ranges = false;
  found = s.look_up("a.txt");
  ASSERT_TRUE(found.kind == Kind::file);
  EXPECT_EQ(found.entry->variants.front().etag, "");
  EXPECT_EQ(found.entry->variants.front().validators, "");
  EXPECT_EQ(found.entry->variants.front().fields, "Content-Type: text/plain\r\n");
}

TEST("for one request nothing is compressed that it would not get") {
  if (!has_gzip()) SKIP("no zlib here");
  Site s;
  ServerConfig::Compression compression{.enabled = true, .types = {"text/plain"}};
  s.root().compression = &compression;
  s.root().precompressed = {ContentCoding::br};
  for (const std::size_t bytes : {std::size_t{5000}, 2 * kFileInMemoryBytes})
    s.tree.write("root/" + std::to_string(bytes) + ".txt", std::string(bytes, 'x'));
  s.tree.write("root/5000.txt.br", "br");
  using Text = std::optional<std::string_view>;
  struct {
    const char* path;
    Text accepted;
    Text range;
    bool compressed;
  } const cases[] = {
      {"32768.txt", "gzip", {}, true},
      {"32768.txt", "br, gzip;q=0.1", {}, true},
      {"32768.txt", {}, {}, false},
      {"32768.txt", "br", {}, false},
      {"32768.txt", "gzip;q=0", {}, false},
      {"32768.txt", "gzip;q=0.1, identity", {}, false},
      {"32768.txt", "gzip", "bytes=0-1", false},
      {"5000.txt", "gzip", {}, true},
      {"5000.txt", "gzip, br", {}, false},
      {"5000.txt", "gzip, br;q=0.5", {}, true},
  };
  for (const auto& test : cases) {
    SCOPE(std::string(test.path) + " " + std::string(test.accepted.value_or("(nothing)")));
    const FileWish wish{.range = test.range, .accept_encoding = test.accepted};
    const FilePath path{.path = test.path, .wants_directory = false, .has_dotfile = false};
    const FoundFile found = look_up(s.roots, s.root(), path, compression_wish_of(wish));
    if (!EXPECT_TRUE(found.kind == Kind::file)) continue;
    EXPECT_EQ(found.entry->generated() != 0, test.compressed);
    EXPECT_EQ(found.entry->may_be_compressed, !test.compressed);
    // Whoever keeps the answer has to know all the same.
    EXPECT_TRUE(found.entry->variants.front().fields.find("Vary: Accept-Encoding") != std::string::npos);
  }
}

TEST("times before 1970 are dates too, and those to come are now (RFC 9110 §8.8.2.1)") {
  Site s;
  s.tree.write("root/f", "x");
  struct {
    std::int64_t seconds;
    std::int64_t nanoseconds;
    const char* date;
  } const cases[] = {
      {0, 0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {-1, 999'999'999, "Wed, 31 Dec 1969 23:59:59 GMT"},
      {-1, 0, "Wed, 31 Dec 1969 23:59:59 GMT"},
      {1'700'000'000, 999'999'999, "Tue, 14 Nov 2023 22:13:20 GMT"},
  };
  for (const auto& test : cases) {
    SCOPE(test.date);
    s.tree.set_modified("root/f", test.seconds, test.nanoseconds);
    const FoundFile found = s.look_up("f");
    ASSERT_TRUE(found.kind == Kind::file);
    EXPECT_NE(found.entry->variants.front().validators.find("Last-Modified: " + std::string(test.date)),
              std::string::npos);
  }
  // The second is behind the end of 64 bits of nanoseconds.
  for (const std::int64_t seconds : {4'102'444'800, 10'413'792'000}) {
    s.tree.set_modified("root/f", seconds, 0);
    const std::int64_t before = ::time(nullptr);
    const FoundFile found = s.look_up("f");
    ASSERT_TRUE(found.kind == Kind::file);
    const std::int64_t modified = found.entry->variants.front().modified.value();
    EXPECT_TRUE(before <= modified && modified <= ::time(nullptr));
  }
}

TEST("an entity tag is another one after each change, and for each coding (RFC 9110 §8.8.3.3)") {
  Site s;
  s.root().precompressed = {ContentCoding::br, ContentCoding::gzip, ContentCoding::zstd};
  constexpr std::int64_t kThen = 1'600'000'000;
  const auto look = [&] {
    for (const char* name : {"root/f", "root/f.br", "root/f.gz", "root/f.zst"}) {
      s.tree.set_modified(name, kThen);
    }
    return s.look_up("f");
  };
  for (const char* name : {"root/f", "root/f.br", "root/f.gz", "root/f.zst"}) s.tree.write(name, "same");
  std::vector<std::string> tags;
  const auto add = [&](const FoundFile& found) {
    ASSERT_TRUE(found.kind == Kind::file);
    for (const FileVariant& variant : found.entry->variants) tags.push_back(variant.etag);
  };
  add(look());
  s.tree.write("root/f", "longer than it was");
  tags.push_back(look().entry->variants.front().etag);
  s.tree.set_modified("root/f", kThen, 1);
  tags.push_back(s.look_up("f").entry->variants.front().etag);
  s.tree.set_modified("root/f", kThen - 1);
  tags.push_back(s.look_up("f").entry->variants.front().etag);
  EXPECT_EQ(tags.size(), 7u);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(tags[i], tags[j]);
  }
}

TEST("contents in memory have the length that is told, also while the file is being written") {
  Site s;
  s.tree.write("root/f", "begin");
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const UniqueFd fd{::open(s.tree.at("root/f").c_str(), O_WRONLY | O_CLOEXEC)};
    const std::string bytes(2 * kFileInMemoryBytes, 'w');
    for (std::uint32_t n = 0; !done; ++n) {
      const std::size_t size = n * 7919 % (kFileInMemoryBytes + kFileInMemoryBytes / 8);
      EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size / 2)), 0);
      EXPECT_EQ(::pwrite(fd.get(), bytes.data(), size, 0), size);
    }
  });
  int in_memory = 0;
  int not_in_memory = 0;
  for (int i = 0; i < scaled(20'000); ++i) {
    const FoundFile found = s.look_up("f");
    if (!EXPECT_TRUE(found.kind == Kind::file)) break;
    const FileVariant& variant = found.entry->variants.front();
    ++(variant.in_memory() ? in_memory : not_in_memory);
    if (variant.in_memory() && !EXPECT_EQ(variant.contents.size(), variant.status.size)) break;
    // The tag is that of the length.
    std::array<char, 32> size;
    std::snprintf(size.data(), size.size(), "-%llx\"", static_cast<unsigned long long>(variant.status.size));
    if (!EXPECT_TRUE(variant.etag.ends_with(size.data()))) break;
  }
  done = true;
  writer.join();
  EXPECT_LT(0, in_memory + not_in_memory);
}

TEST("a file that is replaced all the time is always one of those that there were, whole") {
  Site s;
  const auto version = [](int n) {
    return std::string(static_cast<std::size_t>(100 + n), static_cast<char>('a' + n));
  };
  for (int n = 0; n < 10; ++n) s.tree.write("root/v" + std::to_string(n), version(n));
  s.tree.write("root/f", version(0));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int n = 0; !done; n = (n + 1) % 10) {
      s.tree.write("root/new", version(n));
      s.tree.rename("root/new", "root/f");
    }
  });
  for (int i = 0; i < scaled(10'000); ++i) {
    const FoundFile found = s.look_up("f");
    if (!EXPECT_TRUE(found.kind == Kind::file)) break;
    const FileVariant& variant = found.entry->variants.front();
    if (!EXPECT_TRUE(variant.in_memory()) || !EXPECT_LE(100u, variant.contents.size())) break;
    if (!EXPECT_EQ(variant.contents, version(static_cast<int>(variant.contents.size()) - 100))) break;
  }
  done = true;
  writer.join();
}

/// Of descriptors not yet open, only so many can be opened as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(int count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd next{::fcntl(0, F_DUPFD_CLOEXEC, 0)};
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next.get() + count), .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST("without descriptors a file is not missing but unavailable, whichever it was that could not be opened") {
  Site s;
  s.tree.write("root/f", "f");
  s.tree.write("root/f.gz", "gz");
  s.tree.write("root/app.html", "app");
  s.root().precompressed = {ContentCoding::gzip};
  s.root().fallback = "app.html";
  const int before = check::entries_of("/proc/self/fd");
  for (int count = 0; count <= 3; ++count) {
    SCOPE(std::to_string(count) + " descriptors");
    std::string got;
    {
      const FewDescriptors few(count);
      got = shown(s.look_up("f"));
    }
    EXPECT_EQ(got, count < 3 ? "(unavailable)" : "f + gz");
  }
  EXPECT_EQ(check::entries_of("/proc/self/fd"), before);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
