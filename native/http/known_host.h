// known_host.h: the last Host that was found valid. A server's clients nearly all send the same one. Any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace millrace {

class KnownHost {
 public:
  [[nodiscard]] bool is(std::string_view value) const noexcept {
    return value.size() == size_ && size_ != 0 && std::memcmp(value.data(), text_.data(), size_) == 0;
  }

  /// A longer one is checked each time.
  void remember(std::string_view value) noexcept {
    if (value.size() > text_.size()) return;
    size_ = value.size();
    std::memcpy(text_.data(), value.data(), size_);
  }

 private:
  std::array<char, 64> text_{};
  std::size_t size_ = 0;
};

}  // namespace millrace
