// js_channel.h: lib/channel.ts and lib/reactor-link.ts in C++: a JS thread's end of a server, in plain
// threads that ThreadSanitizer can see into. What differs from lib/ is wrong here.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/owned_bytes.h"
#include "ring/exchange_news.h"
#include "ring/request_ring.h"
#include "ring/response_ring.h"

namespace millrace::js {

/// What a channel asks of the native side (NativeServer in lib/binding.ts).
struct Native {
  std::function<void(std::uint32_t reactor)> wake;
  std::function<std::string(std::uint32_t reactor, std::uint32_t index)> take_body;
  std::function<void(std::uint32_t reactor, std::uint32_t index, OwnedBytes body)> put_body;
  std::function<std::vector<ring::ExchangeNews>(std::uint32_t reactor)> take_news = {};
};

struct ExchangeId {
  std::uint32_t reactor = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// A request out of the ring: everything in it is a copy.
struct Claimed {
  ExchangeId id;
  std::uint32_t route = 0;
  bool body_follows = false;
  std::string record;
  std::string body;
};

struct Answer {
  ExchangeId id = {};
  std::uint16_t status = 200;
  std::uint8_t content_type = 0;
  std::uint8_t flags = 0;
  std::string reason = {};
  std::string fields = {};
  std::string body = {};
};

struct ChannelRings {
  std::vector<ring::SharedMemory> requests;   // one a reactor
  std::vector<ring::SharedMemory> responses;  // one a reactor
  std::uint32_t request_slots = 0;
  std::uint32_t response_slots = 0;
  std::uint32_t response_arena_bytes = 0;
  std::uint32_t first_index = 0;
  std::size_t arena_body_bytes = kArenaBodyBytes;
  std::optional<std::uint8_t> place = {};  // that of this thread, where it is one of several
};

class Channel {
 public:
  using Dispatch = std::function<void(Claimed)>;
  using SetImmediate = std::function<void(std::function<void()>)>;

  Channel(Native native, const ChannelRings& rings, std::uint32_t* doorbell, SetImmediate set_immediate,
          Dispatch dispatch)
      : native_(std::move(native)),
        rings_(rings),
        doorbell_(doorbell),
        set_immediate_(std::move(set_immediate)),
        dispatch_(std::move(dispatch)),
        backlog_(rings.responses.size()),
        untold_(rings.responses.size()) {
    for (std::size_t r = 0; r < rings.requests.size(); ++r) {
      if (rings.place) {
        requests_.emplace_back(rings.requests[r], rings.request_slots, *rings.place, rings.responses[r]);
      } else {
        requests_.emplace_back(rings.requests[r], rings.request_slots);
      }
    }
    for (const ring::SharedMemory& memory : rings.responses) {
      responses_.emplace_back(memory, rings.response_slots, rings.response_arena_bytes, rings.first_index);
    }
    flag().store(1);  // from the start this thread waits for its doorbell
  }

  /// One slice of work: called by the doorbell, and by the loop's next turn when there was more than one
  /// slice.
  void drain() {
    start_work();
    if (has_news()) read_news();
    if (has_backlog_) retry_backlog();
    const auto end = std::chrono::steady_clock::now() + kSlice;
    // Until each reactor's ring has been found empty, one after the other.
    for (std::size_t empty = 0; !retired_ && empty < requests_.size();) {
      const auto reactor = static_cast<std::uint32_t>(next_reactor_);
      next_reactor_ = (next_reactor_ + 1) % requests_.size();
      if (!run_some(reactor)) {
        ++empty;
        continue;
      }
      empty = 0;
      if (is_slice_over(end)) break;
    }
    tell_reactors();
    if (!go_idle()) continue_later();
  }

  void answer(Answer answer) {
    if (!at_work_) {
      start_work();
      continue_later();
    }
    const std::uint32_t reactor = answer.id.reactor;
    if (has_backlog_ || !push(answer)) {
      backlog_[reactor].push_back(std::move(answer));
      has_backlog_ = true;
      retry_backlog();
      return;
    }
    const bool may_be_deep = covered_reactor_ != reactor || unbegun_ == 0;
    if (may_be_deep && sleeps_deep(reactor)) {
      wake(reactor);
    } else {
      untold_[reactor] = true;
    }
  }

  /// Claims no more.
  void retire() {
    retired_ = true;
    if (!at_work_) drain();
  }

  /// Called with what a reactor has to say of an exchange. Set before start.
  std::function<void(std::uint32_t reactor, const ring::ExchangeNews&)> on_news;

  /// Answers that found their ring full so far.
  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }

 private:
  static constexpr std::chrono::microseconds kSlice{200};
  static constexpr std::chrono::microseconds kSlowRun{100};
  static constexpr std::uint32_t kMaxRun = 16;
  static constexpr std::uint32_t kAwake = static_cast<std::uint32_t>(ring::ReactorSleep::awake);
  static constexpr std::uint32_t kNoReactor = 0xffffffff;

  bool run_some(std::uint32_t reactor) {
    ring::RequestClaimer& claimer = requests_[reactor];
    const ring::RequestClaimer::Run run = claimer.claim(run_);
    if (run.count == 0) return false;
    std::vector<Claimed> claimed;
    for (std::uint32_t index = run.first; index != run.first + run.count; ++index) {
      const ring::RequestDescriptor request = claimer.read(index);
      const char* const record = claimer.record(index);
      claimed.push_back({.id = {reactor, request.exchange_slot, request.exchange_generation},
                         .route = request.route,
                         .body_follows = request.body_follows,
                         .record = std::string(record, request.record_bytes),
                         .body = claimer.body_is_outside(index)
                                     ? native_.take_body(reactor, index)
                                     : std::string(record + request.record_bytes, request.body_bytes)});
    }
    claimer.release(run);
    // With two requests open and this thread at work a reactor only naps.
    covered_reactor_ = run.count > 1 && !sleeps_deep(reactor) ? reactor : kNoReactor;
    unbegun_ = run.count;
    for (Claimed& request : claimed) {
      --unbegun_;
      if (request.body_follows) {
        read_body(std::move(request));
      } else {
        dispatch_(std::move(request));
      }
    }
    covered_reactor_ = kNoReactor;
    return true;
  }

  // The handlers of the tests begin as those do that call req.buffer() or iterate over req.body to its end.
  void read_body(Claimed request) {
    const ExchangeId id = request.id;
    reading_[key_of(id.reactor, id.slot)] = std::move(request);
    ask_for_body(id);
  }

  void ask_for_body(const ExchangeId& id) {
    // Both ways are tried: some exchanges read pieces, the others all at once.
    const bool pieces = id.slot % 2 == 0;
    answer({.id = id,
            .status =
                static_cast<std::uint16_t>(pieces ? ring::response::kReadPiece : ring::response::kReadWhole),
            .flags = ring::response::kControl});
  }

  /// True: it was news of a request whose body is being read.
  bool go_on_reading(std::uint32_t reactor, ring::ExchangeNews& news) {
    const auto found = reading_.find(key_of(reactor, news.exchange_slot));
    if (found == reading_.end() || found->second.id.generation != news.exchange_generation) return false;
    std::string& body = found->second.body;
    const std::size_t had = body.size();
    body.resize(had + news.payload.size());
    news.payload.move_to(body.data() + had);
    if (news.kind == ring::news::kBody) {
      ask_for_body(found->second.id);
    } else if (news.kind == ring::news::kBodyEnd) {
      dispatch_(std::move(reading_.extract(found).mapped()));
    } else {
      reading_.erase(found);
    }
    return true;
  }

  static std::uint64_t key_of(std::uint32_t reactor, std::uint32_t slot) {
    return std::uint64_t{reactor} << 32 | slot;
  }

  bool push(const Answer& answer) {
    const std::uint32_t reactor = answer.id.reactor;
    ring::ResponseProducer& producer = responses_[reactor];
    const bool outside = answer.body.size() > rings_.arena_body_bytes;
    if (outside) {
      if (!producer.has_room(static_cast<std::uint32_t>(answer.reason.size() + answer.fields.size())))
        return false;
      OwnedBytes body;
      if (!body.append(answer.body)) return false;
      native_.put_body(reactor, producer.next_index(), std::move(body));
    }
    const auto flags = static_cast<std::uint8_t>(answer.flags | (outside ? ring::response::kBodyOutside : 0));
    return producer.try_push({.exchange_slot = answer.id.slot,
                              .exchange_generation = answer.id.generation,
                              .status = answer.status,
                              .content_type = answer.content_type,
                              .flags = flags,
                              .reason = answer.reason,
                              .fields = answer.fields,
                              .body = answer.body},
                             outside, false);
  }

  void retry_backlog() {
    bool left = false;
    for (std::uint32_t reactor = 0; reactor < backlog_.size(); ++reactor) {
      std::deque<Answer>& waiting = backlog_[reactor];
      if (waiting.empty()) continue;
      ++kept_;
      while (!waiting.empty() && push(waiting.front())) waiting.pop_front();
      if (!waiting.empty()) {
        ring::publish_word(rings_.responses[reactor].words, ring::kResponseWanted, 1);
        while (!waiting.empty() && push(waiting.front())) waiting.pop_front();
      }
      left = left || !waiting.empty();
      untold_[reactor] = true;
    }
    has_backlog_ = left;
  }

  [[nodiscard]] bool has_news() { return ring::atomic_word(doorbell_, ring::kDoorbellNews).load() != 0; }

  void read_news() {
    // First the word, then the news: what comes in between is told again.
    ring::publish_word(doorbell_, ring::kDoorbellNews, 0);
    for (std::uint32_t reactor = 0; reactor < requests_.size(); ++reactor) {
      for (ring::ExchangeNews& news : native_.take_news(reactor)) {
        if (!go_on_reading(reactor, news) && on_news) on_news(reactor, news);
      }
    }
  }

  void start_work() {
    at_work_ = true;
    flag().store(0);
  }

  bool go_idle() {
    at_work_ = false;
    ring::publish_word(doorbell_, 0, retired_ ? ring::kDoorbellRetiring : 1);
    // Now reactors ring. What one of them published before it could see that is found here.
    const auto has_work = [](const ring::RequestClaimer& claimer) { return claimer.has_work(); };
    const bool work = !retired_ && std::any_of(requests_.begin(), requests_.end(), has_work);
    if (!has_news() && !work) return true;
    if (flag().exchange(0) == 0) return true;  // somebody rings already
    at_work_ = true;
    return false;
  }

  void continue_later() {
    if (is_scheduled_) return;
    is_scheduled_ = true;
    set_immediate_([this] {
      is_scheduled_ = false;
      drain();
    });
  }

  bool is_slice_over(std::chrono::steady_clock::time_point end) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left > kSlice - kSlowRun) {
      run_ = std::min(run_ * 2, kMaxRun);
    } else if (left.count() < 0) {
      run_ = 1;
    }
    return left.count() < 0;
  }

  void tell_reactors() {
    for (std::uint32_t reactor = 0; reactor < untold_.size(); ++reactor) {
      if (untold_[reactor]) wake(reactor);
      untold_[reactor] = false;
    }
  }

  bool sleeps_deep(std::uint32_t reactor) {
    return sleep_word(reactor).load() == static_cast<std::uint32_t>(ring::ReactorSleep::deep);
  }

  void wake(std::uint32_t reactor) {
    if (sleep_word(reactor).load() != kAwake && sleep_word(reactor).exchange(kAwake) != kAwake)
      native_.wake(reactor);
  }

  // All of them sequentially consistent, as Atomics is.
  [[nodiscard]] std::atomic_ref<std::uint32_t> flag() noexcept { return ring::atomic_word(doorbell_, 0); }
  [[nodiscard]] std::atomic_ref<std::uint32_t> sleep_word(std::uint32_t reactor) noexcept {
    return ring::atomic_word(rings_.requests[reactor].words, ring::kReactorSleep);
  }

  Native native_;
  ChannelRings rings_;
  std::uint32_t* doorbell_;
  SetImmediate set_immediate_;
  Dispatch dispatch_;
  std::vector<ring::RequestClaimer> requests_;
  std::vector<ring::ResponseProducer> responses_;
  std::vector<std::deque<Answer>> backlog_;
  std::vector<bool> untold_;
  std::map<std::uint64_t, Claimed> reading_;  // requests whose bodies have been asked for
  bool has_backlog_ = false;
  bool at_work_ = false;
  bool retired_ = false;
  bool is_scheduled_ = false;
  std::uint32_t run_ = 1;
  std::size_t next_reactor_ = 0;
  // The reactor that cannot sleep deep before the last request of the run begins, and how many have not
  // begun.
  std::uint32_t covered_reactor_ = kNoReactor;
  std::uint32_t unbegun_ = 0;
  std::uint64_t kept_ = 0;
};

}  // namespace millrace::js
