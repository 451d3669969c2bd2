// gzip.h: compresses bytes in the gzip format (RFC 1952), with the zlib that the process has. Any thread that
// may compute.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/owned_bytes.h"

namespace millrace {

/// False: the process has no zlib. Node has one, whose functions addons may use.
[[nodiscard]] bool has_gzip() noexcept;

/// One stream at a time. Takes 40 to 270 KB, so idle ones are not kept.
class Gzip {
 public:
  enum class Size : bool {
    small,  // for streams that are open for long, many at once: a window of 8 KB
    full,   // 32 KB
  };
  /// What one of the small ones takes, about.
  static constexpr std::size_t kSmallBytes = 48 * 1024;

  enum class Flush : bool {
    piece,  // what has been given so far can be read
    end,
  };

  /// `level`: 1 is quick, 9 is small. Null: no memory.
  [[nodiscard]] static std::unique_ptr<Gzip> make(int level, Size size);
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip();

  /// Appends to `to` what comes of these bytes. False: no memory, and nothing more can be done with the
  /// stream.
  [[nodiscard]] bool add(std::string_view bytes, Flush flush, OwnedBytes& to) noexcept;

  /// Begins another stream, with the same settings.
  void restart() noexcept;

 private:
  struct State;
  explicit Gzip(std::unique_ptr<State> state) noexcept;

  std::unique_ptr<State> state_;
};

/// All of a body at once; false: no memory.
[[nodiscard]] bool gzip_whole(std::string_view bytes, int level, OwnedBytes& to);

}  // namespace millrace
