#include "files/accept_encoding.h"

#include <algorithm>
#include <optional>

#include "http/field_rules.h"
#include "http/framing_rules.h"

namespace millrace {
namespace {

constexpr std::uint16_t kBest = 1000;
constexpr std::uint16_t kLeast = 1;

constexpr std::size_t index_of(ContentCoding coding) { return static_cast<std::size_t>(coding); }

struct CodingName {
  std::string_view name;
  ContentCoding coding;
};

/// x-gzip: RFC 9110 §8.4.1.3.
constexpr std::array<CodingName, 5> kNames = {{{"gzip", ContentCoding::gzip},
                                               {"br", ContentCoding::br},
                                               {"zstd", ContentCoding::zstd},
                                               {"identity", ContentCoding::identity},
                                               {"x-gzip", ContentCoding::gzip}}};

/// Among equals the first: the smallest files, and last what costs most to send.
constexpr std::array<ContentCoding, kContentCodings> kServerOrder = {
    ContentCoding::br, ContentCoding::zstd, ContentCoding::gzip, ContentCoding::identity};

/// RFC 9110 §12.4.2: "0" or "1", a point, up to three digits, and nothing above 1.
std::optional<std::uint16_t> read_quality(std::string_view text) noexcept {
  constexpr std::size_t kMostBytes = std::string_view("0.123").size();
  if (text.empty() || text.size() > kMostBytes || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  unsigned sum = text[0] == '1' ? kBest : 0;
  unsigned unit = 100;
  for (const char c : text.substr(text.size() > 1 ? 2 : 1)) {
    if (!is(kDigit, c)) return std::nullopt;
    sum += unit * static_cast<unsigned>(c - '0');
    unit /= 10;
  }
  if (sum > kBest) return std::nullopt;
  return static_cast<std::uint16_t>(sum);
}

/// The weight behind a coding's name: nothing, or `;q=0.5` with white space around the semicolon.
std::optional<std::uint16_t> read_weight(std::string_view text) noexcept {
  if (text.empty()) return kBest;
  text = trim(text.substr(1));
  if (text.size() < 2 || !equals_ignoring_case(text.substr(0, 2), "q=")) return std::nullopt;
  return read_quality(text.substr(2));
}

}  // namespace

CodingPreferences parse_accept_encoding(std::string_view value, bool present) noexcept {
  std::array<std::optional<std::uint16_t>, kContentCodings> named{};
  std::optional<std::uint16_t> others;
  if (present) {
    for_each_element(value, [&](std::string_view element) {
      const std::size_t semicolon = std::min(element.find(';'), element.size());
      const auto quality = read_weight(element.substr(semicolon));
      if (!quality) return;
      const std::string_view name = trim(element.substr(0, semicolon));
      if (name == "*") others = quality;
      for (const CodingName& known : kNames) {
        if (equals_ignoring_case(name, known.name)) named[index_of(known.coding)] = quality;
      }
    });
  }
  CodingPreferences preferences;
  for (std::size_t i = 0; i < kContentCodings; ++i) {
    const std::uint16_t unmentioned = i == index_of(ContentCoding::identity) ? kLeast : 0;
    preferences.qualities[i] = named[i].value_or(others.value_or(unmentioned));
  }
  return preferences;
}

ContentCoding choose_coding(const CodingPreferences& preferences, CodingSet available) noexcept {
  available |= coding_bit(ContentCoding::identity);
  ContentCoding best = ContentCoding::identity;
  std::uint16_t best_quality = 0;
  for (const ContentCoding coding : kServerOrder) {
    const std::uint16_t quality = preferences.quality(coding);
    if ((available & coding_bit(coding)) == 0 || quality <= best_quality) continue;
    best = coding;
    best_quality = quality;
  }
  return best;
}

}  // namespace millrace
