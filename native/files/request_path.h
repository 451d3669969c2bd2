// request_path.h: decides which file a request's path names, without asking the file system. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

struct FilePath {
  std::string path;              // relative, no slash at either end, no empty segments; "" is the root itself
  bool wants_directory = false;  // the request's path is empty or ends with a slash
  bool has_dotfile = false;      // a segment begins with "."
};

/// Decodes what stands behind the prefix under which files are served: `img/a%20b.png`, no slash before it,
/// no query behind it. Percent-encoding is decoded once, empty segments are left out. Bytes above 127 need
/// not be UTF-8, because names of files need not.
/// Nothing where no file can have this name, or where another reader of the same path may find another one:
/// malformed percent-encoding, control bytes, a backslash, an encoded slash, a segment "." or "..", a segment
/// or path that is too long for the kernel.
[[nodiscard]] std::optional<FilePath> decode_request_path(std::string_view raw);

}  // namespace millrace
