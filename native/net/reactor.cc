#include "net/reactor.h"

#include <sched.h>
#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "net/epoll_key.h"

namespace millrace {

namespace {

std::uint64_t clock_ms() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // 4 ms steps: time-outs are in ticks of 50
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::vector<ring::NewsBox*> news_of(const std::vector<JsLink>& js_threads) {
  std::vector<ring::NewsBox*> news;
  news.reserve(js_threads.size());
  for (const JsLink& js : js_threads) news.push_back(js.news);
  return news;
}

std::int64_t unix_seconds() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::make(const ReactorShared& shared, ring::RequestLanes& requests,
                                               std::vector<JsLink> js_threads) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return SysError{"epoll_create1", errno};
  Result<Wakeup> wakeup = Wakeup::make();
  if (!wakeup.ok()) return wakeup.error();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeupKey;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.value().fd(), &event) != 0)
    return SysError{"epoll_ctl", errno};
  return std::unique_ptr<Reactor>(
      new Reactor(shared, requests, std::move(js_threads), std::move(epoll), std::move(wakeup).value()));
}

Reactor::Reactor(const ReactorShared& shared, ring::RequestLanes& requests, std::vector<JsLink> js_threads,
                 UniqueFd epoll, Wakeup wakeup)
    : requests_(requests),
      js_threads_(std::move(js_threads)),
      epoll_(std::move(epoll)),
      wakeup_(std::move(wakeup)),
      exchanges_(shared.budget),
      log_(shared.log == nullptr
               ? nullptr
               : std::make_unique<AccessLog>(*shared.log, shared.config.access_log.format, shared.budget)),
      io_(shared.config, epoll_.get(), exchanges_, shared.budget, shared.queue, counters_, log_.get()),
      news_(news_of(js_threads_)),
      jobs_(shared.workers, wakeup_),
      outlet_(io_, exchanges_, counters_, news_, jobs_, shared.routes.files, shared.config),
      file_cache_({.entries = kCachedFiles / shared.config.reactors,
                   .descriptors = std::max(kCachedFileDescriptors / shared.config.reactors, std::size_t{1}),
                   .bytes = kCachedFileBytes / shared.config.reactors,
                   .keep_ms = kFileKeptMs,
                   .idle_ms = kFileIdleMs}),
      intake_(shared.config, shared.routes, io_, outlet_, exchanges_, requests, shared.queue, news_, jobs_,
              file_cache_, shared.failures, counters_),
      departures_(requests, exchanges_, outlet_, js_threads_),
      js_wakes_(js_threads_, requests),
      config_(shared.config),
      on_change_(shared.on_change),
      on_change_context_(shared.on_change_context),
      clock_start_ms_(clock_ms()) {
  update_clock();
}

Status Reactor::accept_for(std::vector<Reactor*> reactors, Listener listener) {
  others_.assign(reactors.begin() + 1, reactors.end());
  for (Reactor* reactor : reactors) reactor->accepting_ = this;
  acceptor_.emplace(std::move(listener), config_.limits.connections, config_.connection_policy);
  return acceptor_->start(epoll_.get(), std::move(reactors));
}

void Reactor::update_clock() noexcept {
  io_.set_now(clock_ms() - clock_start_ms_ + 1);  // never 0, which means "no deadline"
  outlet_.set_time(unix_seconds());
}

void Reactor::run() {
  const OnReactor here;
  while (!outlet_.draining() || io_.table().size() > 0 || has_log_to_write()) turn(here);
  requests_.say_awake();
  // Release: whoever sees it may read everything this thread has done.
  ended_.store(true, std::memory_order_release);
  for (const JsLink& js : js_threads_) js.doorbell->ring_always();
  tell_change();
}

void Reactor::write_log() {
  if (log_ == nullptr) return;
  const bool is_over = outlet_.draining() && io_.table().size() == 0;
  if (is_over && log_until_ms_ == 0) log_until_ms_ = io_.now_ms() + kLogEndMs;
  log_->writer().write_due(jobs_, io_.now_ms(), is_over);
}

/// What somebody is stuck with that reads it does not hold up the end for longer than this.
bool Reactor::has_log_to_write() const noexcept {
  return log_ != nullptr && !log_->writer().is_empty() &&
         (log_until_ms_ == 0 || io_.now_ms() < log_until_ms_);
}

void Reactor::tell_change() const noexcept {
  if (on_change_ != nullptr) on_change_(on_change_context_);
}

void Reactor::turn(const OnReactor& here) {
  std::array<epoll_event, kEventsPerWake> events;
  int count = look_for_events(events);
  if (count == 0 && !js_has_answered()) {
    count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWake, prepare_to_sleep());
    requests_.say_awake();
  }
  update_clock();
  file_cache_.begin_wake(io_.now_ms());
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    handle_event(events[index].data.u64, events[index].events, here);
    if (intake_.pushed() >= kRequestsPerPublish || (i + 1) % kEventsPerPublish == 0) hand_over_requests();
  }
  hand_over_requests();
  js_wakes_.look_after_unclaimed();
  collect_answers(here);
  intake_.serve_body_reads(here);
  jobs_.finish_done(here);
  outlet_.compress_waiting();
  see_off_js_threads(here);
  fire_timers(here);
  intake_.answer_expired(here);
  resume_connections(here);  // after everything that may let one go on
  hand_over_requests();
  io_.flush(here);
  // What has been answered is sent first, also at the end of the grace.
  if (outlet_.draining() && io_.now_ms() >= drain_until_ms_) cut_off(here);
  tell_news(here);
  write_log();
  requests_.reclaim();  // bodies that JavaScript has copied are memory, and a ring that is empty starts over
  departures_.assign_claimed();
  tell_load(here);
  trim_.note(io_.budget().used(), io_.now_ms());
}

void Reactor::tell_load(const OnReactor& here) {
  const std::uint32_t gone = taken_ - (io_.table().size() - io_.refused_open());
  // Relaxed: only this thread writes it.
  if (gone != gone_.load(std::memory_order_relaxed)) {
    // Sequentially consistent: first the load, then the look whether the acceptor waits for it to fall; the
    // acceptor does it the other way round, so one of the two sees the other. An exchange like
    // publish_word().
    gone_.exchange(gone, std::memory_order_seq_cst);
    if (accepting_ != this && accepting_->acceptor_->wants_room()) accepting_->wakeup_.signal();
  }
  if (acceptor_) acceptor_->look_for_room(here);
}

int Reactor::look_for_events(std::span<epoll_event> events) {
  if (exchanges_.size() > kLookExchanges) return 0;
  if (looks_to_skip_ > 0) {
    --looks_to_skip_;
    return 0;
  }
  for (int i = 0; i < kLooksBeforeSleep; ++i) {
    if (!js_is_at_work()) return 0;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    if (count > 0 || js_has_answered()) {
      failed_looks_ = 0;
      return count;
    }
    ::sched_yield();
  }
  // It takes its time: the more often it was so, the more sleeps without a look follow.
  failed_looks_ = std::min(failed_looks_ + 1, kMostFailedLooks);
  looks_to_skip_ = 1U << failed_looks_;
  return 0;
}

int Reactor::prepare_to_sleep() {
  bool nap = intake_.has_parked() || (js_threads_.size() > 1 && requests_.in_use());
  nap = nap || outlet_.has_waiting_streams();
  nap = nap || departures_.unsure() || (exchanges_.size() >= kNapExchanges && js_is_at_work());
  const auto sleep = nap ? ring::ReactorSleep::nap : ring::ReactorSleep::deep;
  // Sequentially consistent: first we say that we sleep, then we look once more. JavaScript publishes first
  // and then looks whether we sleep, so one of us sees the other.
  requests_.say_asleep(sleep);
  const JobDesk::Sleep for_jobs = jobs_.prepare_to_sleep();
  if (js_has_answered() || !io_.unblocked().empty() || for_jobs == JobDesk::Sleep::none) return 0;
  int timeout = io_.next_timer_ms();
  const auto at_most = [&timeout](std::int64_t ms) {
    const int bound = static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
    if (timeout < 0 || timeout > bound) timeout = bound;
  };
  if (nap || for_jobs == JobDesk::Sleep::nap) at_most(kNapMs);
  const auto until = [this](std::uint64_t ms) {
    return static_cast<std::int64_t>(ms) - static_cast<std::int64_t>(io_.now_ms());
  };
  if (outlet_.draining() && io_.table().size() > 0) at_most(until(drain_until_ms_));
  if (log_ != nullptr) {
    if (const std::uint64_t ms = log_->writer().next_ms(); ms != 0) at_most(until(ms));
    if (log_until_ms_ != 0) at_most(until(log_until_ms_));
  }
  if (const std::uint64_t expiry_ms = intake_.next_expiry_ms(); expiry_ms != 0) at_most(until(expiry_ms));
  if (file_cache_.next_sweep_ms() != 0) at_most(until(file_cache_.next_sweep_ms()));
  if (trim_.due_ms() != 0) at_most(until(trim_.due_ms()));
  if (acceptor_ && acceptor_->paused_until_ms() != 0) {
    at_most(until(acceptor_->paused_until_ms()));
  }
  return timeout;
}

bool Reactor::js_has_answered() const noexcept {
  return std::any_of(js_threads_.begin(), js_threads_.end(),
                     [](const JsLink& js) { return js.responses->has_published(); });
}

bool Reactor::js_is_at_work() const noexcept {
  return std::any_of(js_threads_.begin(), js_threads_.end(),
                     [](const JsLink& js) { return js.doorbell->at_work(); });
}

void Reactor::handle_event(std::uint64_t key, std::uint32_t events, const OnReactor& here) {
  if (key == kWakeupKey) {
    wakeup_.clear();
    read_mail(here);
    return;
  }
  if (key == kListenerKey) {
    acceptor_->on_readable(io_.now_ms(), here);
    return;
  }
  const ConnectionId id = connection_of(key);
  Connection* connection = io_.table().find(id, here);
  if (connection == nullptr) return;  // it ended earlier in this wake
  const bool reset = (events & EPOLLERR) != 0;
  const bool gone = (events & EPOLLHUP) != 0 && (events & EPOLLIN) == 0;
  if (reset || gone) {
    io_.close(*connection, here);
    return;
  }
  if ((events & EPOLLIN) != 0) {
    intake_.on_readable(*connection, here);
    connection = io_.table().find(id, here);
  }
  // Only if it is still asked for: since epoll_wait() returned, reading may have been taken up again.
  if (connection != nullptr && (events & connection->epoll_events & EPOLLRDHUP) != 0)
    intake_.on_half_closed(*connection, here);
  if (connection != nullptr && (events & EPOLLOUT) != 0) io_.on_writable(*connection, here);
}

void Reactor::hand_over_requests() {
  js_wakes_.before_publish();
  if (!requests_.publish()) return;
  intake_.on_published();
  js_wakes_.ring_for_requests();
}

void Reactor::collect_answers(const OnReactor& here) {
  for (std::size_t i = 0; i < js_threads_.size(); ++i) {
    const JsLink& js = js_threads_[i];
    if (outlet_.collect(*js.responses, static_cast<std::uint8_t>(i), here)) js.doorbell->ring_always();
  }
}

void Reactor::see_off_js_threads(const OnReactor& here) {
  if (departures_.empty()) return;
  // Whose the requests are that have been claimed by now.
  requests_.attribute_released();
  departures_.assign_claimed();
  if (departures_.attend(here)) tell_change();
}

void Reactor::tell_news(const OnReactor& here) {
  outlet_.tell_news(here);
  for (const JsLink& js : js_threads_) {
    if (js.news->publish()) js.doorbell->ring_for_news();
  }
}

void Reactor::resume_connections(const OnReactor& here) {
  // Also for those that are parked: what handlers have answered counts before more is asked of them.
  if (io_.has_much_output()) io_.flush(here);
  // Going on may answer natively, and so unblock again: those come with the next round.
  while (!io_.unblocked().empty()) {
    resuming_.swap(io_.unblocked());
    for (const ConnectionId id : resuming_) {
      Connection* connection = io_.table().find(id, here);
      if (connection != nullptr) intake_.resume(*connection, here);
    }
    resuming_.clear();
  }
  intake_.resume_parked(here);
}

void Reactor::fire_timers(const OnReactor& here) {
  io_.advance_timers([&](Connection& connection) { on_deadline(connection, here); });
  if (file_cache_.next_sweep_ms() != 0 && file_cache_.next_sweep_ms() <= io_.now_ms()) file_cache_.sweep();
  if (trim_.due_ms() != 0 && trim_.due_ms() <= io_.now_ms()) trim_memory();
  if (acceptor_ && acceptor_->paused_until_ms() != 0 && acceptor_->paused_until_ms() <= io_.now_ms()) {
    acceptor_->end_pause(here);
  }
}

void Reactor::trim_memory() {
  std::unique_ptr<Job> job = std::make_unique<TrimJob>();
  if (jobs_.try_submit(job))
    trim_.begin(io_.budget().used());
  else
    trim_.postpone(io_.now_ms());
}

void Reactor::on_deadline(Connection& late, const OnReactor& here) {
  const ConnectionId id = late.id;
  // What has come in time counts, also where nobody has told us: SIGCONT ends epoll_wait() without events,
  // and more of them may be waiting than one wake takes.
  handle_event(epoll_key(id), ConnectionIo::events_of(late), here);
  Connection* const found = io_.table().find(id, here);
  if (found == nullptr) return;
  Connection& connection = *found;
  const auto passed = [now = io_.now_ms()](std::uint64_t deadline) {
    return deadline != 0 && deadline <= now;
  };
  if (passed(connection.write_deadline_ms) && !io_.has_read_on(connection)) {
    // An orderly end would leave what the client does not take with the kernel, some megabytes, for as long
    // as the client likes: it only has to answer the probes of its closed window.
    io_.reset(connection, here);
  } else {
    if (passed(connection.answer_deadline_ms)) outlet_.answer_overdue(connection, here);
    Connection* const waiting = io_.table().find(id, here);
    if (waiting != nullptr && passed(waiting->read_deadline_ms)) intake_.on_late_input(*waiting, here);
  }
  Connection* const still = io_.table().find(id, here);
  if (still != nullptr) io_.arm(*still);
}

void Reactor::read_mail(const OnReactor& here) {
  Mailbox::Mail mail = mailbox_.take();
  for (Mailbox::Client& client : mail.clients) add(std::move(client), here);
  if (mail.most_grace_ms < grace_ms_) {
    grace_ms_ = mail.most_grace_ms;
    // The process may want to exit while it drains: the time that is left becomes shorter, never longer.
    if (outlet_.draining()) drain_until_ms_ = std::min(drain_until_ms_, io_.now_ms() + grace_ms_);
  }
  for (const auto& [js_thread, step] : mail.departures) departures_.add(js_thread, step);
  if (mail.drain && !outlet_.draining()) begin_drain(here);
}

void Reactor::add(Mailbox::Client client, const OnReactor& here) {
  ++taken_;
  static_cast<void>(io_.add(std::move(client.fd), client.peer, here));
}

void Reactor::give(Mailbox::Client client) {
  given_.fetch_add(1, std::memory_order_relaxed);
  mailbox_.put(std::move(client));
  wakeup_.signal();
}

void Reactor::adopt(Mailbox::Client client, const OnReactor& here) {
  given_.fetch_add(1, std::memory_order_relaxed);
  add(std::move(client), here);
}

void Reactor::refuse(Mailbox::Client client, const OnReactor& here) {
  counters_.connections_refused.add();
  if (io_.refused_open() >= kRefusedAtOnce) return;  // closed without a word
  Connection* const connection = io_.add_refused(std::move(client.fd), client.peer, here);
  if (connection == nullptr) return;
  if (log_ != nullptr) log_->describe_none();
  outlet_.answer(*connection, {.close_after = true}, {.status = 503, .retry_after = true}, here);
}

void Reactor::bound_grace(std::uint32_t most_ms) {
  mailbox_.bound_grace(most_ms);
  wakeup_.signal();
}

void Reactor::let_go(std::uint8_t js_thread, DepartureStep step) {
  mailbox_.put(js_thread, step);
  wakeup_.signal();
}

void Reactor::drain() {
  mailbox_.ask_to_drain();
  wakeup_.signal();
}

void Reactor::begin_drain(const OnReactor& here) {
  if (acceptor_) acceptor_->finish(io_.now_ms(), here);
  for (Reactor* other : others_) other->drain();
  outlet_.begin_drain();
  drain_until_ms_ = io_.now_ms() + grace_ms_;
  io_.table().for_each([&](const Connection& connection) {
    if (io_.answer_is_leaving(connection)) ++were_leaving_;
  });
  never_left_before_ = io_.never_left();
  intake_.begin_drain(here);
}

void Reactor::cut_off(const OnReactor& here) {
  aborted_.add(exchanges_.size());
  io_.table().for_each([&](Connection& connection) {
    // Requests without an exchange: what has been answered with a file or a reply(), and has not left.
    if (connection.waits_for_file) aborted_.add(1);
    if (io_.answer_is_leaving(connection)) aborted_.add(1);
    io_.close(connection, here);
  });
}

}  // namespace millrace
