#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace millrace {

namespace {

// A deadline of a few ticks before the start of the clock is as good as any past one.
std::uint64_t tick_before(std::int64_t ms) {
  return ms <= 0 ? 0 : static_cast<std::uint64_t>(ms / TimerWheel::kTickMs);
}

std::uint64_t tick_after(std::int64_t ms) {
  const std::uint64_t before = tick_before(ms);
  return ms > 0 && ms % TimerWheel::kTickMs != 0 ? before + 1 : before;
}

// How far a tick of which only the low half is known lies ahead of `now`; negative: behind.
std::int32_t distance(std::uint32_t tick, std::uint64_t now) {
  return static_cast<std::int32_t>(tick - static_cast<std::uint32_t>(now));
}

}  // namespace

TimerWheel::TimerWheel(std::int64_t now_ms) : now_tick_(tick_before(now_ms)), target_tick_(now_tick_) {
  heads_.fill(kNone);
}

void TimerWheel::reserve(std::uint32_t count) {
  if (entries_.size() < count) entries_.resize(count);
}

void TimerWheel::arm(std::uint32_t index, std::int64_t deadline_ms) {
  if (index >= entries_.size()) entries_.resize(std::size_t{index} + 1);
  // Half the range of a tick, 3.4 years, is what distance() can tell from the past.
  constexpr std::uint64_t kFarthest = std::numeric_limits<std::int32_t>::max();
  const auto tick = static_cast<std::uint32_t>(std::clamp(tick_after(deadline_ms), target_tick_ + 1,
                                                          std::max(target_tick_ + 1, now_tick_ + kFarthest)));
  Entry& entry = entries_[index];
  entry.deadline_tick = tick;
  if (entry.previous == kUnlinked) {
    link(index, tick);
  } else if (distance(tick, now_tick_) < distance(entry.linked_tick, now_tick_)) {
    unlink(index);
    link(index, tick);
  }
}

void TimerWheel::cancel(std::uint32_t index) noexcept {
  if (armed(index)) unlink(index);
}

void TimerWheel::begin_advance(std::int64_t now_ms) noexcept {
  target_tick_ = std::max(now_tick_, tick_before(now_ms));
}

std::uint32_t TimerWheel::take_due() noexcept {
  for (;;) {
    const std::uint32_t index = first_at_now();
    if (index != kNone) {
      unlink(index);
      const std::uint32_t deadline = entries_[index].deadline_tick;
      // Compared with where this advance ends, not with where it is: what is due anyway need not be linked.
      if (distance(deadline, target_tick_) <= 0) return index;
      link(index, deadline);
      continue;
    }
    const std::uint64_t next = next_event_tick();
    if (next > target_tick_) break;
    now_tick_ = next;
  }
  now_tick_ = target_tick_;
  return kNone;
}

/// Hangs an entry into the finest level that reaches as far as its tick. Its slot comes up at the tick or
/// before, but never at now_tick_ itself, or take_due() would meet it again and again.
void TimerWheel::link(std::uint32_t index, std::uint32_t tick) noexcept {
  constexpr std::int32_t kReach = (1 << (kSlotBits * kLevels)) - 1;
  const std::int32_t ahead = std::clamp(distance(tick, now_tick_), 1, kReach);
  const std::uint64_t linked = now_tick_ + static_cast<std::uint32_t>(ahead);
  const std::size_t level =
      static_cast<std::size_t>(std::bit_width(static_cast<std::uint32_t>(ahead)) - 1) / kSlotBits;
  const std::size_t slot = (linked >> (level * kSlotBits)) % kSlots;
  const std::size_t list = level * kSlots + slot;

  Entry& entry = entries_[index];
  entry.linked_tick = static_cast<std::uint32_t>(linked);
  entry.next = heads_[list];
  entry.previous = kHeadMark | static_cast<std::uint32_t>(list);
  if (entry.next != kNone) entries_[entry.next].previous = index;
  heads_[list] = index;
  used_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::unlink(std::uint32_t index) noexcept {
  Entry& entry = entries_[index];
  if (entry.next != kNone) entries_[entry.next].previous = entry.previous;
  if ((entry.previous & kHeadMark) == 0) {
    entries_[entry.previous].next = entry.next;
  } else {
    const std::uint32_t list = entry.previous & ~kHeadMark;
    heads_[list] = entry.next;
    if (entry.next == kNone) used_[list / kSlots] &= ~(std::uint64_t{1} << (list % kSlots));
  }
  entry.previous = kUnlinked;
}

/// An entry whose slot begins at now_tick_, or kNone. A slot of a coarser level has its turn only at its
/// first tick; in the middle of it, the list with its number is the one a whole turn ahead.
std::uint32_t TimerWheel::first_at_now() const noexcept {
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::size_t shift = level * kSlotBits;
    const std::uint64_t slot = now_tick_ >> shift;
    if (slot << shift != now_tick_) break;
    const std::uint32_t head = heads_[level * kSlots + slot % kSlots];
    if (head != kNone) return head;
  }
  return kNone;
}

/// The first tick after now_tick_ at which a slot with entries begins.
std::uint64_t TimerWheel::next_event_tick() const noexcept {
  std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t level = 0; level < kLevels; ++level) {
    if (used_[level] == 0) continue;
    const std::size_t shift = level * kSlotBits;
    const std::uint64_t following = (now_tick_ >> shift) + 1;
    const int away = std::countr_zero(std::rotr(used_[level], static_cast<int>(following % kSlots)));
    next = std::min(next, (following + static_cast<std::uint64_t>(away)) << shift);
  }
  return next;
}

int TimerWheel::next_due_ms(std::int64_t now_ms) const noexcept {
  const std::uint64_t next = next_event_tick();
  if (next == std::numeric_limits<std::uint64_t>::max()) return -1;
  const std::int64_t wait = static_cast<std::int64_t>(next) * kTickMs - now_ms;
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, std::numeric_limits<int>::max()));
}

}  // namespace millrace
