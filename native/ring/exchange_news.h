// exchange_news.h: what a reactor tells a JS thread of exchanges it is answering. The reactor puts, J takes.
//
// Not for requests: it has a lock. Only exchanges whose bodies come in pieces, or whose clients somebody
// watches, have news at all; and of one exchange there is one of each kind at a time, so what waits here is
// bounded by the exchanges that are open.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/buffer_budget.h"
#include "base/byte_blocks.h"
#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

struct ExchangeNews {
  std::uint32_t exchange_slot;
  std::uint32_t exchange_generation;
  std::uint32_t kind;  // of namespace news
  ByteBlocks payload = {};
  /// For `payload`, until J has taken it: one that is stuck does not, and may have asked for many.
  std::optional<BudgetShare> share = std::nullopt;
};

class NewsBox {
 public:
  /// `words` is the JS thread's doorbell line.
  explicit NewsBox(std::uint32_t* words) noexcept : words_(words) {}

  void put(ExchangeNews news) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(news));
    has_unpublished_ = true;
  }

  /// Reactor: lets J see that there is something. True: something was new, the doorbell has to be rung.
  [[nodiscard]] bool publish() noexcept {
    // Only the reactor writes it, under the lock; so it may look without.
    if (!has_unpublished_) return false;
    has_unpublished_ = false;
    // Before the doorbell's flag is read, as with the head of the request ring: see RequestRing::publish().
    publish_word(words_, kDoorbellNews, 1);
    return true;
  }

  /// J, after it has set its word back to 0: what is put from then on sets it again.
  [[nodiscard]] std::vector<ExchangeNews> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  std::uint32_t* words_;
  bool has_unpublished_ = false;  // reactor only
  std::mutex mutex_;
  std::vector<ExchangeNews> waiting_;
};

}  // namespace millrace::ring
