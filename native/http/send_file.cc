#include "http/send_file.h"

#include <charconv>
#include <utility>

namespace millrace {

namespace {

/// Texts with a NUL behind each: none can be in a path or a field.
class Texts {
 public:
  explicit Texts(std::string_view message) noexcept : rest_(message) {}

  [[nodiscard]] std::string_view next() noexcept {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      is_complete_ = false;
      return {};
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  /// One that may be absent begins with a sign that it is not.
  [[nodiscard]] std::optional<std::string> next_if_present() {
    const std::string_view text = next();
    if (text.empty()) return std::nullopt;
    return std::string(text.substr(1));
  }

  [[nodiscard]] bool is_complete() const noexcept { return is_complete_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_complete_ = true;
};

[[nodiscard]] bool has(std::string_view flags, char flag) noexcept {
  return flags.find(flag) != std::string_view::npos;
}

[[nodiscard]] std::vector<ContentCoding> codings_of(std::string_view letters) {
  std::vector<ContentCoding> codings;
  for (const char letter : letters) {
    codings.push_back(letter == 'b'   ? ContentCoding::br
                      : letter == 'z' ? ContentCoding::zstd
                                      : ContentCoding::gzip);
  }
  return codings;
}

}  // namespace

FileWish SendFile::file_wish() const noexcept {
  return {.conditions = {.if_match = wish.if_match,
                         .if_unmodified_since = wish.if_unmodified_since,
                         .if_none_match = wish.if_none_match,
                         .if_modified_since = wish.if_modified_since,
                         .if_range = wish.if_range},
          .range = wish.range,
          .accept_encoding = wish.accept_encoding,
          .may_be_partial = root.ranges};
}

std::optional<SendFile> read_send_file(std::string_view message) {
  Texts texts(message);
  SendFile file;
  const std::string_view status = texts.next();
  std::from_chars(status.data(), status.data() + status.size(), file.status);
  file.root.directory = texts.next();
  file.path.path = texts.next();
  const std::string_view flags = texts.next();
  file.root.dotfiles = has(flags, 'd');
  file.root.etag = has(flags, 'e');
  file.root.last_modified = has(flags, 'm');
  file.root.ranges = has(flags, 'r');
  file.root.symlinks = has(flags, 'f')   ? SymlinkPolicy::follow
                       : has(flags, 'n') ? SymlinkPolicy::refuse
                                         : SymlinkPolicy::beneath;
  file.path.has_dotfile = has(flags, 'h');
  file.root.redirect = false;
  file.root.precompressed = codings_of(texts.next());
  file.root.media_type = texts.next_if_present();
  file.wish.if_match = texts.next_if_present();
  file.wish.if_unmodified_since = texts.next_if_present();
  file.wish.if_none_match = texts.next_if_present();
  file.wish.if_modified_since = texts.next_if_present();
  file.wish.if_range = texts.next_if_present();
  file.wish.range = texts.next_if_present();
  file.wish.accept_encoding = texts.next_if_present();
  if (!texts.is_complete()) return std::nullopt;
  return file;
}

}  // namespace millrace
