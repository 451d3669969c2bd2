// floor.cc: one thread with epoll, where /sleep is a timer: what a server costs at least that blocks nowhere
// and runs no code of anybody else.

#include "epoll_poller.h"
#include "event_loop.h"
#include "routes.h"

using namespace designs;

int main(int count, char** arguments) {
  EventLoop<EpollPoller> loop(parse_options(count, arguments));
  loop.run([&](int id, Request&& request) {
    Outcome outcome = outcome_of(std::move(request));
    if (outcome.after.count() == 0) {
      loop.answer(id, outcome.response);
    } else {
      loop.answer_after(id, std::move(outcome.response), outcome.after);
    }
  });
}
