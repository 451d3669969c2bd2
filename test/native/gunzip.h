// gunzip.h: reads what Gzip has written, with the system's zlib.
#pragma once

#include <dlfcn.h>
#include <zlib.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "pool/gzip.h"

namespace millrace::check {

struct Gunzipped {
  std::string text;
  bool ended = false;  // and nothing came behind it
};

/// What can be read of one stream so far; nothing: it is wrong. Where has_gzip() is true.
inline std::optional<Gunzipped> gunzip(std::string_view bytes) {
  static void* const own = ::dlsym(RTLD_DEFAULT, "inflate");
  void* const library = own != nullptr ? RTLD_DEFAULT : ::dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto init = reinterpret_cast<decltype(&::inflateInit2_)>(::dlsym(library, "inflateInit2_"));
  const auto step = reinterpret_cast<decltype(&::inflate)>(::dlsym(library, "inflate"));
  const auto end = reinterpret_cast<decltype(&::inflateEnd)>(::dlsym(library, "inflateEnd"));
  constexpr int kGzipOnly = 16 + 15;
  z_stream stream{};
  if (init(&stream, kGzipOnly, ZLIB_VERSION, static_cast<int>(sizeof stream)) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  Gunzipped result;
  std::array<char, 65536> part;
  int outcome = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    outcome = step(&stream, Z_SYNC_FLUSH);
    result.text.append(part.data(), part.size() - stream.avail_out);
  } while (outcome == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
  result.ended = outcome == Z_STREAM_END && stream.avail_in == 0;
  end(&stream);
  if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) return std::nullopt;
  return result;
}

}  // namespace millrace::check
