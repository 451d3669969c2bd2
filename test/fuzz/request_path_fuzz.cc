// request_path_fuzz.cc: any bytes as the path of a file. What comes out is a name below the root, and no
// other spelling of it gives another one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "files/request_path.h"
#include "fuzz/oracle.h"

namespace millrace::fuzz {

namespace {

/// `path` with those bytes percent-encoded that `chosen` says.
template <class Chosen>
std::string encoded(std::string_view path, Chosen chosen) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '/' && chosen(c))
      ((text += '%') += kHex[byte >> 4]) += kHex[byte & 15];
    else
      text += c;
  }
  return text;
}

bool has_path(std::string_view raw, std::string_view path) {
  const auto file = decode_request_path(raw);
  return file && file->path == path;
}

void check_segments(const std::string& path) {
  // So that each segment is between two slashes.
  const std::string closed = '/' + path + '/';
  require(closed.find("/../") == std::string::npos, "no segment is ..");
  require(closed.find("/./") == std::string::npos, "no segment is .");
  if (!path.empty()) require(closed.find("//") == std::string::npos, "no segment is empty");
  std::size_t name_bytes = 0;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 && byte != 0x7f, "no byte controls anything");
    require(c != '\\', "no byte is a backslash");
    name_bytes = c == '/' ? 0 : name_bytes + 1;
    require(name_bytes <= kFileNameBytes, "no name is too long");
  }
  require(path.size() <= kFilePathBytes, "no path is too long");
}

void check(std::string_view raw) {
  const auto file = decode_request_path(raw);
  if (!file) return;
  const std::string& path = file->path;
  check_segments(path);
  require(file->has_dotfile == (('/' + path).find("/.") != std::string::npos), "dotfiles are told");
  require(file->wants_directory == (raw.empty() || raw.back() == '/'), "a slash asks for a directory");

  require(has_path(encoded(path, [](char c) { return c == '%'; }), path), "a name gives itself");
  require(has_path(encoded(path, [](char) { return true; }), path), "encoding every byte changes nothing");
  Numbers numbers(hash_of(raw));
  require(has_path(encoded(path, [&](char c) { return c == '%' || numbers.below(2) == 0; }), path),
          "encoding some bytes changes nothing");
  require(has_path('/' + std::string(raw) + '/', path), "slashes around it change nothing");
}

}  // namespace

}  // namespace millrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  millrace::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
