// accept_encoding.h: decides in which coding a file is sent (RFC 9110 §12.5.3). Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

enum class ContentCoding : std::uint8_t { identity, gzip, br, zstd };
inline constexpr std::size_t kContentCodings = 4;

/// Codings, a bit for each.
using CodingSet = std::uint8_t;

[[nodiscard]] constexpr CodingSet coding_bit(ContentCoding coding) noexcept {
  return static_cast<CodingSet>(1U << static_cast<unsigned>(coding));
}

/// How much a client wants each coding, in thousandths (RFC 9110 §12.4.2): 0 is not at all.
struct CodingPreferences {
  std::array<std::uint16_t, kContentCodings> qualities{};

  [[nodiscard]] std::uint16_t quality(ContentCoding coding) const noexcept {
    return qualities[static_cast<std::size_t>(coding)];
  }
};

/// Reads the value of an Accept-Encoding field. One that is empty asks for identity alone (RFC 9110 §12.5.3);
/// one that is absent leaves the choice to us, and that is the same one. Elements that break the grammar are
/// ignored; of two for one coding the last counts. An identity that nobody mentions has the least quality
/// there is: it is acceptable, and everything that is asked for is better.
[[nodiscard]] CodingPreferences parse_accept_encoding(std::string_view value, bool present) noexcept;

/// The best of those available, which identity always is; among equals br, then zstd, gzip, identity. What
/// accepts nothing that there is gets identity: RFC 9110 §12.5.3 permits it, and a 406 helps nobody.
[[nodiscard]] ContentCoding choose_coding(const CodingPreferences& preferences, CodingSet available) noexcept;

}  // namespace millrace
