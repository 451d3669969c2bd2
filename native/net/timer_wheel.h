// timer_wheel.h: finds which connections are overdue. Reactor thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// One timer for each entry, named by a small number (a connection's slot), so that it costs 16 bytes and no
/// allocation of its own. All times are milliseconds of one monotonic clock.
///
/// Nearly every timer of a server is moved later and never fires. So moving later is one store: the entry
/// stays where it is linked, and is linked anew when the wheel comes by. That is also how entries get from a
/// coarse level to a finer one.
///
/// Four levels of 64 slots: ticks of 50 ms, 3.2 s, 205 s and 3.6 h. A deadline beyond 9.7 days is visited
/// every 9.7 days until it is due.
class TimerWheel {
 public:
  /// A timer fires never early, and up to this much late: fine for time-outs of seconds, and it lets one wake
  /// serve all that fall due within it.
  static constexpr std::int64_t kTickMs = 50;

  explicit TimerWheel(std::int64_t now_ms);

  /// Sets or moves the deadline of `index`. O(1). One that is past fires at the next tick, not within an
  /// advance() that is under way; so a callback that re-arms cannot keep advance() from returning. Grows the
  /// table up to `index`, the only thing here that allocates; see reserve().
  void arm(std::uint32_t index, std::int64_t deadline_ms);

  /// Does nothing if `index` is not armed.
  void cancel(std::uint32_t index) noexcept;

  [[nodiscard]] bool armed(std::uint32_t index) const noexcept {
    return index < entries_.size() && entries_[index].previous != kUnlinked;
  }

  /// Makes room for entries below `count`, so that arm() does not allocate for them.
  void reserve(std::uint32_t count);

  /// Calls `due(index)` for each entry whose deadline has come, in no promised order; it is disarmed then.
  /// `due` may arm and cancel any entry, also its own; it may not advance.
  template <class Due>
  void advance(std::int64_t now_ms, Due&& due) {
    begin_advance(now_ms);
    for (std::uint32_t index = take_due(); index != kNone; index = take_due()) due(index);
  }

  /// For epoll_wait: how long until advance() has something to do (at times only to re-link). 0: now; -1:
  /// nothing is armed.
  [[nodiscard]] int next_due_ms(std::int64_t now_ms) const noexcept;

 private:
  static constexpr std::size_t kLevels = 4;
  static constexpr std::size_t kSlotBits = 6;  // as many slots as one 64-bit word can mark as used
  static constexpr std::size_t kSlots = 1u << kSlotBits;
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  static constexpr std::uint32_t kUnlinked = 0xffff'ffff;
  static constexpr std::uint32_t kHeadMark = 0x8000'0000;

  struct Entry {
    std::uint32_t next = kNone;
    std::uint32_t previous =
        kUnlinked;                    // an index, or kHeadMark and the list's number for the first of a list
    std::uint32_t linked_tick = 0;    // where it hangs: never after deadline_tick
    std::uint32_t deadline_tick = 0;  // both modulo 2^32, compared by their distance from now_tick_
  };
  static_assert(sizeof(Entry) == 16, "paid for each connection");

  void begin_advance(std::int64_t now_ms) noexcept;
  std::uint32_t take_due() noexcept;
  void link(std::uint32_t index, std::uint32_t tick) noexcept;
  void unlink(std::uint32_t index) noexcept;
  [[nodiscard]] std::uint32_t first_at_now() const noexcept;
  [[nodiscard]] std::uint64_t next_event_tick() const noexcept;

  std::vector<Entry> entries_;
  std::array<std::uint32_t, kLevels * kSlots> heads_;
  std::array<std::uint64_t, kLevels> used_{};  // bit s: slot s of the level has entries
  std::uint64_t now_tick_;                     // everything up to here has been looked at
  std::uint64_t target_tick_;                  // where the advance under way ends, else now_tick_
};

}  // namespace millrace
