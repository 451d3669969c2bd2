#include "files/file_lookup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "http/compression_rules.h"
#include "http/field_lines.h"
#include "http/framing_rules.h"
#include "http/http_date.h"
#include "pool/gzip.h"

namespace millrace {

namespace {

using Kind = FoundFile::Kind;

// Not in linux/magic.h of all kernels that are supported.
constexpr std::int64_t kFuseMagic = 0x65735546;
constexpr std::int64_t kCifsMagic = 0xFF534D42;
constexpr std::int64_t kSmb2Magic = 0xFE534D42;
constexpr std::int64_t kCephMagic = 0x00C36400;
constexpr std::int64_t k9pMagic = 0x01021997;

/// Steps of the clock that files' times are taken from, at most: a tick of a kernel with 100 a second.
constexpr std::int64_t kFileClockNs = 10'000'000;

/// Of a small file that is being written while it is read.
constexpr int kReadAttempts = 3;

/// False where the file system asks another machine, or a program.
[[nodiscard]] bool is_local(int fd) noexcept {
  struct statfs info;
  if (::fstatfs(fd, &info) != 0) return false;
  const std::array<std::int64_t, 7> remote{NFS_SUPER_MAGIC, kFuseMagic, kCifsMagic,     kSmb2Magic,
                                           kCephMagic,      k9pMagic,   AFS_SUPER_MAGIC};
  const auto type = static_cast<std::int64_t>(static_cast<std::uint32_t>(info.f_type));
  for (const std::int64_t magic : remote) {
    if (type == magic) return false;
  }
  return true;
}

/// A further change now would show: the file system's clock has moved on since the last one.
[[nodiscard]] bool is_settled(const FileStatus& status) noexcept {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return status.changed_ns + kFileClockNs < nanoseconds_of(now);
}

[[nodiscard]] bool read_all(int fd, std::string& contents) noexcept {
  std::size_t got = 0;
  while (got < contents.size()) {
    const ssize_t count = ::pread(fd, contents.data() + got, contents.size() - got, static_cast<off_t>(got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    got += static_cast<std::size_t>(count);
  }
  return true;
}

/// What it holds, if that is little, with the status that goes with it: nothing is ever answered with the
/// length or the validator of something else. Empty: it is large, or changes all the time.
[[nodiscard]] std::string contents_of(OpenedFile& file) {
  for (int attempt = 0; attempt < kReadAttempts && file.status.size <= kFileInMemoryBytes; ++attempt) {
    std::string contents(file.status.size, '\0');
    const bool complete = read_all(file.fd.get(), contents);
    struct stat now;
    if (::fstat(file.fd.get(), &now) != 0) return {};
    const FileStatus before = std::exchange(file.status, status_of(now));
    if (complete && before == file.status) return contents;
  }
  return {};
}

[[nodiscard]] std::string_view suffix_of(ContentCoding coding) noexcept {
  switch (coding) {
    case ContentCoding::gzip:
      return ".gz";
    case ContentCoding::br:
      return ".br";
    case ContentCoding::zstd:
      return ".zst";
    case ContentCoding::identity:
      return "";
  }
  return "";
}

[[nodiscard]] std::string_view name_of(ContentCoding coding) noexcept {
  switch (coding) {
    case ContentCoding::gzip:
      return "gzip";
    case ContentCoding::br:
      return "br";
    case ContentCoding::zstd:
      return "zstd";
    case ContentCoding::identity:
      return "";
  }
  return "";
}

void append_hexadecimal(std::string& text, std::uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  text.append(digits.data(), end);
}

/// Another one for every change, and for each coding (RFC 9110 §8.8.3.3).
[[nodiscard]] std::string etag_of(const FileStatus& status, ContentCoding coding) {
  std::string etag = "\"";
  append_hexadecimal(etag, static_cast<std::uint64_t>(status.modified_ns));
  etag += '-';
  append_hexadecimal(etag, status.size);
  if (coding != ContentCoding::identity) etag.append("-").append(name_of(coding));
  return etag += '"';
}

void append_line(std::string& fields, std::string_view name, std::string_view value) {
  fields.append(name).append(": ").append(value).append("\r\n");
}

class Lookup {
 public:
  Lookup(const FileRoots& files, const FileRoot& root, const CompressionWish& wish) noexcept
      : files_(files), root_(root), wish_(wish) {}

  /// Nothing: what no file can be called.
  FoundFile run(const std::optional<FilePath>& asked) {
    const bool hidden = asked && asked->has_dotfile && !root_.dotfiles;
    FoundFile found;
    if (asked && !hidden) {
      if (const std::optional<Kind> failed = open_directory()) return {.kind = *failed};
      found = find(*asked);
    }
    if (found.kind != Kind::missing || root_.fallback.empty()) return found;
    if (!directory_) {
      if (const std::optional<Kind> failed = open_directory()) return {.kind = *failed};
    }
    found = find({.path = root_.fallback, .wants_directory = false, .has_dotfile = false});
    // No redirect from what was asked for to itself with one more slash: it would lead here again.
    return found.kind == Kind::directory ? FoundFile{} : found;
  }

 private:
  struct Opened {
    Kind kind = Kind::missing;
    OpenedFile file = {};
  };

  std::optional<Kind> open_directory() {
    directory_ = UniqueFd(::open(root_.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory_) return std::nullopt;
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? Kind::unavailable : Kind::missing;
  }

  [[nodiscard]] Opened open(const std::string& path) const {
    auto opened = open_beneath(directory_.get(), path.c_str(), root_.symlinks);
    if (auto* file = std::get_if<OpenedFile>(&opened)) return {.kind = Kind::file, .file = std::move(*file)};
    switch (std::get<OpenFailure>(opened)) {
      case OpenFailure::not_found:
      case OpenFailure::not_regular:
        return {.kind = Kind::missing};
      case OpenFailure::out_of_descriptors:
        return {.kind = Kind::unavailable};
      case OpenFailure::broken:
        return {.kind = Kind::broken};
    }
    return {.kind = Kind::broken};
  }

  [[nodiscard]] FoundFile find(const FilePath& asked) const {
    Opened opened = open(asked.path);
    if (opened.kind == Kind::file && opened.file.is_directory) {
      if (asked.wants_directory) return find_index(asked);
      if (!root_.redirect) return {};
      if (root_.fallback.empty()) return {.kind = Kind::directory};
      // One without an index may have the name of what the fallback is for.
      const First index = first_of(asked.path, between(asked), root_.index);
      if (index.opened.kind != Kind::missing)
        return {.kind = index.opened.kind == Kind::file ? Kind::directory : index.opened.kind};
      return find_first(asked.path, ".", root_.extensions);
    }
    if (opened.kind == Kind::file) {
      return asked.wants_directory ? FoundFile{} : serve(asked.path, std::move(opened.file));
    }
    if (opened.kind != Kind::missing || asked.wants_directory) return {.kind = opened.kind};
    return find_first(asked.path, ".", root_.extensions);
  }

  [[nodiscard]] static std::string_view between(const FilePath& asked) noexcept {
    return asked.path.empty() ? "" : "/";
  }

  [[nodiscard]] FoundFile find_index(const FilePath& asked) const {
    return find_first(asked.path, between(asked), root_.index);
  }

  [[nodiscard]] FoundFile find_first(const std::string& path, std::string_view between,
                                     const std::vector<std::string>& endings) const {
    First first = first_of(path, between, endings);
    if (first.opened.kind != Kind::file) return {.kind = first.opened.kind};
    return serve(first.path, std::move(first.opened.file));
  }

  struct First {
    std::string path = {};
    Opened opened = {};
  };

  /// The first file; or why it cannot be known which one that is.
  [[nodiscard]] First first_of(const std::string& path, std::string_view between,
                               const std::vector<std::string>& endings) const {
    for (const std::string& ending : endings) {
      std::string candidate = path;
      candidate.append(between).append(ending);
      Opened opened = open(candidate);
      if (opened.kind == Kind::missing || (opened.kind == Kind::file && opened.file.is_directory)) continue;
      return {.path = std::move(candidate), .opened = std::move(opened)};
    }
    return {};
  }

  [[nodiscard]] FoundFile serve(const std::string& path, OpenedFile file) const {
    auto entry = std::make_shared<FileEntry>();
    const std::string_view media_type =
        root_.media_type ? std::string_view(*root_.media_type) : files_.media_types.of(path);
    const bool compressible = root_.compression != nullptr && root_.compression->enabled &&
                              is_compressible(*root_.compression, media_type);
    const bool varies = !root_.precompressed.empty() || compressible;
    const bool local = is_local(file.fd.get());
    const auto add = [&](const std::string& name, ContentCoding coding, OpenedFile opened) {
      entry->variants.push_back(variant_of(name, coding, media_type, varies, std::move(opened)));
      entry->codings |= coding_bit(coding);
    };
    add(path, ContentCoding::identity, std::move(file));
    for (const ContentCoding coding : root_.precompressed) {
      if (have_digest(root_.fields)) break;  // it is that of the file itself
      std::string sibling = path;
      sibling.append(suffix_of(coding));
      Opened opened = open(sibling);
      if (opened.kind == Kind::unavailable) return {.kind = Kind::unavailable};
      if (opened.kind == Kind::file && !opened.file.is_directory)
        add(sibling, coding, std::move(opened.file));
    }
    // Asked of what has been read, which may be younger than what was opened.
    entry->may_be_kept = local && std::all_of(entry->variants.begin(), entry->variants.end(),
                                              [](const FileVariant& v) { return is_settled(v.status); });
    if (compressible && may_be_compressed(*entry)) {
      if (would_get_compressed(wish_, *entry)) {
        add_compressed(*entry);
      } else {
        entry->may_be_compressed = true;
      }
    }
    // What is in memory needs no descriptor, however many names clients find for it.
    for (FileVariant& variant : entry->variants) {
      if (variant.in_memory()) variant.file.reset();
    }
    return {.kind = Kind::file, .entry = std::move(entry)};
  }

  [[nodiscard]] FileVariant variant_of(const std::string& path, ContentCoding coding,
                                       std::string_view media_type, bool varies, OpenedFile file) const {
    FileVariant variant;
    variant.coding = coding;
    variant.path = root_.directory + "/" + path;
    variant.contents = contents_of(file);
    variant.status = file.status;
    variant.file = std::make_shared<const UniqueFd>(std::move(file.fd));
    if (root_.etag) {
      variant.etag = etag_of(file.status, coding);
      append_line(variant.validators, "ETag", variant.etag);
    }
    if (root_.last_modified) {
      HttpDate date;
      // None that is to come (RFC 9110 §8.8.2.1): of such a file clients are told when it was found.
      variant.modified = std::min<std::int64_t>(file.status.modified_seconds(), ::time(nullptr));
      append_line(variant.validators, "Last-Modified", date.at(*variant.modified));
    }
    if (varies) append_line(variant.validators, "Vary", "Accept-Encoding");
    take_own_fields(variant);
    if (!media_type.empty()) append_line(variant.fields, "Content-Type", media_type);
    if (coding != ContentCoding::identity) append_line(variant.fields, "Content-Encoding", name_of(coding));
    // The app's own line is the one that is sent, and what it says is what is done.
    const auto accept_ranges = value_of_line(root_.fields, "accept-ranges");
    variant.ranges = root_.ranges && (!accept_ranges || has_element(*accept_ranges, "bytes")) &&
                     !value_of_line(root_.fields, "content-digest");  // it is that of all of the file
    if (variant.ranges && !accept_ranges) append_line(variant.fields, "Accept-Ranges", "bytes");
    variant.fields += variant.validators;
    return variant;
  }

  /// Validators among the fields that the app has set are the ones that clients get, so those are what their
  /// conditions are about (RFC 9110 §13.1).
  void take_own_fields(FileVariant& variant) const {
    // One ETag for the file, and for each coding of it the same: strong it would say that the bytes are
    // (§8.8.3.3), and ranges of different codings could be put together.
    const std::string fields =
        variant.coding == ContentCoding::identity ? root_.fields : with_weak_etag(root_.fields);
    variant.validators += fields;
    if (const auto etag = value_of_line(fields, "etag")) variant.etag = *etag;
    if (const auto date = value_of_line(fields, "last-modified"))
      variant.modified = parse_http_date(*date, ::time(nullptr));
  }

  [[nodiscard]] bool may_be_compressed(const FileEntry& entry) const noexcept {
    const FileVariant& plain = entry.variants.front();
    const bool has_sibling = (entry.codings & coding_bit(ContentCoding::gzip)) != 0;
    return !has_sibling && plain.status.size >= root_.compression->threshold &&
           plain.status.size <= kCompressedFileBytes &&
           may_compress(*root_.compression, 200, ContentType::none, plain.fields) != Compressing::never;
  }

  /// What precompressed siblings are for, made here: once, as long as the file stays what it is.
  void add_compressed(FileEntry& entry) const {
    const FileVariant& plain = entry.variants.front();
    const auto make = [&] { return compress(plain); };
    // By its status it is known only if a change would show there.
    CompressedFiles::Contents contents =
        entry.may_be_kept ? files_.compressed->find_or_make(plain.status, make) : make();
    if (!contents || contents->empty()) return;
    FileVariant smaller;
    smaller.contents = *std::move(contents);
    smaller.coding = ContentCoding::gzip;
    smaller.generated = true;
    smaller.ranges = plain.ranges;
    smaller.path = plain.path;
    smaller.status = plain.status;
    smaller.modified = plain.modified;
    if (!plain.etag.empty()) smaller.etag = (plain.etag.starts_with('"') ? "W/" : "") + plain.etag;
    smaller.validators = with_weak_etag(plain.validators);
    smaller.fields = compressed_fields(plain.fields);
    entry.variants.push_back(std::move(smaller));
    entry.codings |= coding_bit(ContentCoding::gzip);
  }

  /// Nothing: it changes while it is read, or there is no memory.
  [[nodiscard]] CompressedFiles::Contents compress(const FileVariant& plain) const {
    std::string contents = plain.contents;
    if (contents.empty()) {
      contents.resize(plain.status.size);
      struct stat now;
      const bool read = read_all(plain.file->get(), contents) && ::fstat(plain.file->get(), &now) == 0;
      if (!read || status_of(now) != plain.status) return std::nullopt;
    }
    OwnedBytes smaller;
    if (!gzip_whole(contents, root_.compression->level, smaller)) return std::nullopt;
    return smaller.size() < contents.size() ? std::string(smaller.view()) : std::string();
  }

  const FileRoots& files_;
  const FileRoot& root_;
  const CompressionWish& wish_;
  UniqueFd directory_;
};

}  // namespace

std::string_view MediaTypes::of(std::string_view file_name) const {
  const std::size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos || file_name.find('/', dot) != std::string_view::npos) return {};
  std::string extension(file_name.substr(dot + 1));
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  const auto found = by_extension_->find(extension);
  return found == by_extension_->end() ? std::string_view() : std::string_view(found->second);
}

FoundFile look_up(const FileRoots& files, const FileRoot& root, std::string_view raw_path,
                  const CompressionWish& wish) {
  return Lookup(files, root, wish).run(decode_request_path(raw_path));
}

FoundFile look_up(const FileRoots& files, const FileRoot& root, const FilePath& path,
                  const CompressionWish& wish) {
  return Lookup(files, root, wish).run(path);
}

}  // namespace millrace
