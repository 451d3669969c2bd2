#include "load/load_thread.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "load/load_clock.h"

namespace millrace::load {

namespace {

// Keys of connections have a generation of 31 bits and so are below.
constexpr std::uint64_t kWakeupKey = 0xffff'ffff'ffff'fffe;
constexpr std::uint64_t kTimerKey = 0xffff'ffff'ffff'ffff;

/// Part `index` of `whole`, divided as evenly as it goes.
template <class Number>
Number share_of(Number whole, std::uint32_t parts, std::uint32_t index) noexcept {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

RequestSchedule::Limits limits_of(const LoadPlan& plan, std::uint32_t index) noexcept {
  const bool counts = plan.count != RequestSchedule::kNoCount;
  // All threads together send `rate` requests a second: each sends a batch in every turn.
  const double turn_ns = plan.rate > 0 ? kNsPerSecond * plan.pipeline / plan.rate : 0;
  return {.count = counts ? share_of(plan.count, plan.threads, index) : plan.count,
          .duration_ns = plan.duration_ns,
          .batch = plan.pipeline,
          .interval_ns = turn_ns * plan.threads,
          .offset_ns = turn_ns * index};
}

std::int64_t cpu_ns(const timeval& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1'000;
}

}  // namespace

Result<std::unique_ptr<LoadThread>> LoadThread::make(const LoadPlan& plan, std::uint32_t index) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return SysError{"epoll_create1", errno};
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return SysError{"timerfd_create", errno};
  Result<Wakeup> wakeup = Wakeup::make();
  if (!wakeup.ok()) return wakeup.error();
  std::unique_ptr<LoadThread> thread(
      new LoadThread(plan, index, std::move(epoll), std::move(timer), std::move(wakeup).value()));
  if (const Status watched = thread->watch(thread->wakeup_.fd(), kWakeupKey); !watched.ok())
    return watched.error();
  if (const Status watched = thread->watch(thread->timer_.get(), kTimerKey); !watched.ok())
    return watched.error();
  return thread;
}

LoadThread::LoadThread(const LoadPlan& plan, std::uint32_t index, UniqueFd epoll, UniqueFd timer,
                       Wakeup wakeup)
    : plan_(plan),
      schedule_(limits_of(plan, index)),
      requests_(plan),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      wakeup_(std::move(wakeup)),
      wheel_(monotonic_ns() / kNsPerMs),
      connections_(share_of(plan.connections, plan.threads, index)),
      buffer_(kReceiveBytes),
      idle_(connections_.size()),
      now_(monotonic_ns()) {
  wheel_.reserve(static_cast<std::uint32_t>(connections_.size()));
}

Status LoadThread::watch(int fd, std::uint64_t key) const noexcept {
  epoll_event event{};
  // Edges: neither is read. A timer that is set anew tells anew.
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return SysError{"epoll_ctl", errno};
  return {};
}

void LoadThread::run() noexcept {
  rusage before{};
  ::getrusage(RUSAGE_THREAD, &before);
  now_ = monotonic_ns();
  open_all();
  while (!finished()) wait_and_handle();
  conclude();
  rusage after{};
  ::getrusage(RUSAGE_THREAD, &after);
  counts_.user_ns = cpu_ns(after.ru_utime) - cpu_ns(before.ru_utime);
  counts_.system_ns = cpu_ns(after.ru_stime) - cpu_ns(before.ru_stime);
  publish();
}

void LoadThread::stop() noexcept {
  // Relaxed: nothing else is told by it.
  stop_.store(true, std::memory_order_relaxed);
  wakeup_.signal();
}

LoadProgress LoadThread::progress() const noexcept {
  // Relaxed, here and in publish(): each number for itself is right, and that is all that a progress line
  // needs.
  return {.answers = shown_answers_.load(std::memory_order_relaxed),
          .errors = shown_errors_.load(std::memory_order_relaxed),
          .bytes_received = shown_bytes_.load(std::memory_order_relaxed)};
}

void LoadThread::publish() noexcept {
  shown_answers_.store(counts_.answers, std::memory_order_relaxed);
  shown_errors_.store(errors_, std::memory_order_relaxed);
  shown_bytes_.store(counts_.bytes_received, std::memory_order_relaxed);
}

void LoadThread::open_all() noexcept {
  if (plan_.mode != LoadPlan::Mode::keep_alive) {
    begin_clock();
    return;
  }
  const auto slots = static_cast<std::uint32_t>(connections_.size());
  for (std::uint32_t slot = 0; slot < slots; ++slot) open(slot);
}

void LoadThread::begin_clock() noexcept {
  now_ = monotonic_ns();
  schedule_.begin(now_);
  counts_.began_ns = now_;
  const auto slots = static_cast<std::uint32_t>(connections_.size());
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    // Those that have failed try again when their pause is over.
    if (connections_[slot].state != State::pausing) go_on(slot);
  }
}

bool LoadThread::finished() const noexcept {
  if (stop_.load(std::memory_order_relaxed) || counts_.unreachable || counts_.server_gone) return true;
  return schedule_.begun() && busy_ == 0 && schedule_.over(now_);
}

void LoadThread::wait_and_handle() noexcept {
  std::array<epoll_event, kEventsPerWake> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWake, wait_ms());
  now_ = monotonic_ns();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const std::uint64_t key = event.data.u64;
    if (key == kWakeupKey || key == kTimerKey) continue;
    const auto slot = static_cast<std::uint32_t>(key);
    if (connections_[slot].key(slot) == key) on_event(slot, event.events);
  }
  wheel_.advance(now_ / kNsPerMs, [this](std::uint32_t slot) { on_due(slot); });
  send_what_is_due();
  publish();
}

int LoadThread::wait_ms() noexcept {
  std::int64_t until = RequestSchedule::kNever;
  if (idle_count_ > 0) until = schedule_.next_due();
  if (busy_ == 0) until = std::min(until, schedule_.may_be_over_at(now_));
  if (until != RequestSchedule::kNever) {
    if (until <= now_) return 0;
    if (until != timer_set_to_) {
      timer_set_to_ = until;
      itimerspec when{};
      when.it_value.tv_sec = until / 1'000'000'000;
      when.it_value.tv_nsec = until % 1'000'000'000;
      ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    }
  }
  return wheel_.next_due_ms(now_ / kNsPerMs);
}

void LoadThread::send_what_is_due() noexcept {
  if (idle_count_ == 0) return;
  now_ = monotonic_ns();
  // Also when the end has come while we slept: what was due before it, and had a connection, is sent.
  const std::int64_t until = std::min(now_, schedule_.ends_at() - 1);
  while (idle_count_ > 0) {
    const RequestSchedule::Batch batch = schedule_.take(until);
    if (batch.requests == 0) return;
    const std::uint32_t slot = idle_[idle_head_];
    idle_head_ = idle_head_ + 1 == idle_.size() ? 0 : idle_head_ + 1;
    --idle_count_;
    connections_[slot].queued = false;
    begin(slot, batch);
  }
}

void LoadThread::conclude() noexcept {
  counts_.ended_ns = now_;
  const bool gave_up = counts_.unreachable || counts_.server_gone;
  const bool is_stopped = stop_.load(std::memory_order_relaxed);
  // Whoever stops a run does so in any moment: what has been due for less than the grace is no reproach.
  const std::int64_t due_by = is_stopped ? now_ - RequestSchedule::kGraceNs : now_;
  for (LoadConnection& connection : connections_) {
    const bool is_under_way = connection.is_sent || plan_.mode == LoadPlan::Mode::connections ||
                              (is_stopped && (!schedule_.is_open_loop() || connection.start_ns > due_by));
    if (is_under_way) {
      counts_.unanswered += connection.pending;
      count_wait(connection);
    } else {
      if (gave_up && !schedule_.is_open_loop() && schedule_.has_count()) counts_.unsent += connection.pending;
      give_back(connection);
    }
  }
  if (schedule_.is_open_loop()) conclude_open_loop(due_by);
  // In an open loop those that have been due are among them, and counted.
  if (gave_up && schedule_.has_count()) counts_.unsent += schedule_.left() - schedule_.overdue(now_);
  connections_.clear();
}

void LoadThread::conclude_open_loop(std::int64_t due_by) noexcept {
  const std::uint64_t overdue = schedule_.overdue(due_by);
  // Had we gone on, it would have been sent when a connection became free: it has not waited longer.
  schedule_.record_overdue(due_by, free_at_ != 0 ? free_at_ : now_, counts_.latency);
  counts_.lower_bounds += overdue;
  counts_.unsent += overdue;
}

}  // namespace millrace::load
