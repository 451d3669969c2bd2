// response_natives.cc: the part of ResponseOutlet that answers what native handlers have.
#include <utility>

#include "base/limits.h"
#include "http/response_outlet.h"

namespace millrace {

namespace {

[[nodiscard]] constexpr std::uint64_t key_of(std::uint32_t slot, std::uint32_t generation) noexcept {
  return std::uint64_t{generation} << 32 | slot;
}

}  // namespace

void ResponseOutlet::answer_exchange(std::uint32_t slot, std::uint32_t generation, WholeAnswer answer,
                                     OwnedBytes body, const OnReactor& here) {
  answer.content_length = body.size();
  if (body.size() > kOutputCopyBytes) {
    put_whole(slot, generation, std::move(answer), std::move(body), here);
  } else {
    answer.body = body.view();  // sent with the head, in one piece
    put_whole(slot, generation, std::move(answer), {}, here);
  }
}

void ResponseOutlet::answer_failed(std::uint32_t exchange_slot, const OnReactor& here) {
  answer_error(exchange_slot, 500, here);
}

void ResponseOutlet::watch_client(std::uint32_t exchange_slot, std::uint32_t generation,
                                  std::shared_ptr<std::atomic<bool>> gone) {
  watched_clients_.emplace(key_of(exchange_slot, generation), std::move(gone));
}

void ResponseOutlet::forget_client(std::uint32_t exchange_slot, std::uint32_t generation) {
  watched_clients_.erase(key_of(exchange_slot, generation));
}

void ResponseOutlet::tell_watched_client(std::uint32_t exchange_slot) {
  const auto watched = watched_clients_.find(key_of(exchange_slot, exchanges_.generation_of(exchange_slot)));
  // Relaxed: a hint, nothing hangs on it.
  if (watched != watched_clients_.end()) watched->second->store(true, std::memory_order_relaxed);
}

}  // namespace millrace
