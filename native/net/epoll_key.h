// epoll_key.h: what epoll gives back with each event. Reactor thread only.
#pragma once

#include <cstdint>

#include "net/connection.h"

namespace millrace {

/// A connection's key is its id, so an event that was queued before its connection ended finds nobody.
[[nodiscard]] inline std::uint64_t epoll_key(ConnectionId id) noexcept {
  return static_cast<std::uint64_t>(id.generation) << 32 | id.slot;
}
[[nodiscard]] inline ConnectionId connection_of(std::uint64_t key) noexcept {
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

// Slots never get so high: limits.connections ends far below.
inline constexpr std::uint64_t kWakeupKey = 0xffff'ffff'ffff'fffe;
inline constexpr std::uint64_t kListenerKey = 0xffff'ffff'ffff'ffff;

}  // namespace millrace
