#include "pool/gzip.h"

#include <dlfcn.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace millrace {

namespace {

/// Found by name: in Node they are in the executable or in a library that it has loaded, in tests in the
/// system's. Nothing has to be linked, and an executable without zlib still runs.
struct Zlib {
  decltype(&::deflateInit2_) init = nullptr;
  decltype(&::deflate) deflate = nullptr;
  decltype(&::deflateReset) reset = nullptr;
  decltype(&::deflateEnd) end = nullptr;
  decltype(&::deflateBound) bound = nullptr;

  [[nodiscard]] bool complete() const noexcept {
    return init != nullptr && deflate != nullptr && reset != nullptr && end != nullptr && bound != nullptr;
  }
};

template <class Function>
void find(void* library, const char* name, Function& function) noexcept {
  function = reinterpret_cast<Function>(::dlsym(library, name));
}

[[nodiscard]] Zlib zlib_in(void* library) noexcept {
  Zlib zlib;
  find(library, "deflateInit2_", zlib.init);
  find(library, "deflate", zlib.deflate);
  find(library, "deflateReset", zlib.reset);
  find(library, "deflateEnd", zlib.end);
  find(library, "deflateBound", zlib.bound);
  return zlib;
}

[[nodiscard]] Zlib load_zlib() noexcept {
  if (const Zlib zlib = zlib_in(RTLD_DEFAULT); zlib.complete()) return zlib;
  void* const library = ::dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  return library == nullptr ? Zlib() : zlib_in(library);
}

[[nodiscard]] const Zlib& zlib() noexcept {
  static const Zlib functions = load_zlib();
  return functions;
}

constexpr int kGzipFormat = 16;  // added to the window's bits: see deflateInit2() in zlib.h
constexpr int kFullWindowBits = 15;
constexpr int kSmallWindowBits = 13;
constexpr int kFullMemoryLevel = 8;
constexpr int kSmallMemoryLevel = 5;
/// What add() makes room for at least.
constexpr std::size_t kOutputBytes = 1024;

}  // namespace

struct Gzip::State {
  z_stream stream{};
};

bool has_gzip() noexcept { return zlib().complete(); }

Gzip::Gzip(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Gzip::~Gzip() {
  // There is none without it; the analyzer does not know.
  if (const auto end = zlib().end; end != nullptr) end(&state_->stream);
}

std::unique_ptr<Gzip> Gzip::make(int level, Size size) {
  if (!has_gzip()) return nullptr;
  auto state = std::make_unique<State>();
  const bool full = size == Size::full;
  const int window = (full ? kFullWindowBits : kSmallWindowBits) + kGzipFormat;
  const int memory = full ? kFullMemoryLevel : kSmallMemoryLevel;
  const int result = zlib().init(&state->stream, level, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY,
                                 ZLIB_VERSION, static_cast<int>(sizeof(z_stream)));
  if (result != Z_OK) return nullptr;
  return std::unique_ptr<Gzip>(new Gzip(std::move(state)));
}

bool Gzip::add(std::string_view bytes, Flush flush, OwnedBytes& to) noexcept {
  z_stream& stream = state_->stream;
  const std::size_t expected = zlib().bound(&stream, bytes.size());
  if (!to.reserve(to.size() + std::min(expected, bytes.size() / 2 + kOutputBytes))) return false;
  do {
    // zlib counts in 32 bits.
    const std::size_t part = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max() / 2);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(part);
    bytes.remove_prefix(part);
    const bool is_last = bytes.empty();
    const int mode = !is_last ? Z_NO_FLUSH : flush == Flush::end ? Z_FINISH : Z_SYNC_FLUSH;
    for (bool done = false; !done;) {
      if (to.capacity() - to.size() < kOutputBytes / 2 &&
          !to.reserve(to.size() + std::max(kOutputBytes, to.size() / 2))) {
        return false;
      }
      const auto room = static_cast<uInt>(
          std::min<std::size_t>(to.capacity() - to.size(), std::numeric_limits<uInt>::max()));
      stream.next_out = reinterpret_cast<Bytef*>(to.data() + to.size());
      stream.avail_out = room;
      const int result = zlib().deflate(&stream, mode);
      if (result == Z_STREAM_ERROR) return false;
      to.set_size(to.size() + (room - stream.avail_out));
      // Room that is left: all there is has been written.
      done = mode == Z_FINISH ? result == Z_STREAM_END : stream.avail_out > 0;
    }
  } while (!bytes.empty());
  return true;
}

void Gzip::restart() noexcept { zlib().reset(&state_->stream); }

bool gzip_whole(std::string_view bytes, int level, OwnedBytes& to) {
  // By level: making one costs more than compressing a small body. They go with their thread.
  constexpr std::size_t kLevels = 10;
  thread_local std::array<std::unique_ptr<Gzip>, kLevels> kept;
  std::unique_ptr<Gzip>& gzip = kept[static_cast<std::size_t>(level)];
  if (gzip == nullptr) gzip = Gzip::make(level, Gzip::Size::full);
  if (gzip == nullptr) return false;
  gzip->restart();
  return gzip->add(bytes, Gzip::Flush::end, to);
}

}  // namespace millrace
