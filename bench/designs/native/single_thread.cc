// single_thread.cc: one thread with epoll, which also answers. Nothing is shared and nothing is switched; but
// /sleep blocks that thread, as any slow call would, and everybody waits.

#include <thread>

#include "epoll_poller.h"
#include "event_loop.h"
#include "routes.h"

using namespace designs;

int main(int count, char** arguments) {
  EventLoop<EpollPoller> loop(parse_options(count, arguments));
  loop.run([&](int id, Request&& request) {
    const Outcome outcome = outcome_of(std::move(request));
    std::this_thread::sleep_for(outcome.after);
    loop.answer(id, outcome.response);
  });
}
