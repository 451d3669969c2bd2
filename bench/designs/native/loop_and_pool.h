// loop_and_pool.h: an event loop that receives and sends, and a pool that answers: workers never see a
// socket.

#pragma once

#include <memory>
#include <utility>

#include "event_loop.h"
#include "hand_back.h"
#include "routes.h"
#include "sleeper.h"
#include "worker_pool.h"

namespace designs {

template <class Poller>
void serve_with_loop_and_pool(const Options& options) {
  EventLoop<Poller> loop(options);  // first: it blocks the signals for all threads
  HandBack back;
  Sleeper sleeper;
  WorkerPool pool(options.workers, options.queue);

  loop.watch(back.fd(), [&] {
    for (auto& [id, response] : back.take()) loop.answer(id, response);
  });
  loop.run([&](int id, Request&& request) {
    // Shared only because std::function wants to be copied.
    auto owned = std::make_shared<Request>(std::move(request));
    const bool is_taken = pool.try_run([&, id, owned] {
      Outcome outcome = outcome_of(std::move(*owned));
      sleeper.sleep(outcome.after);
      back.give(id, std::move(outcome.response));
    });
    // The loop cannot wait for room: everybody would.
    if (!is_taken) loop.answer(id, problem(503));
  });
  sleeper.cut();
  pool.finish();
}

}  // namespace designs
