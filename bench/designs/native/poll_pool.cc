// poll_pool.cc: one thread waits for all sockets with poll(), a pool answers. A silent client costs a place
// in a list, not a thread; but each wake-up looks through the whole list.

#include "loop_and_pool.h"
#include "poll_poller.h"

int main(int count, char** arguments) {
  designs::serve_with_loop_and_pool<designs::PollPoller>(designs::parse_options(count, arguments));
}
