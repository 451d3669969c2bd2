// epoll_pool_handback.cc: one thread waits for all sockets with epoll, a pool answers, and hands each answer
// back to the loop through an eventfd. Only one thread touches sockets.

#include "epoll_poller.h"
#include "loop_and_pool.h"

int main(int count, char** arguments) {
  designs::serve_with_loop_and_pool<designs::EpollPoller>(designs::parse_options(count, arguments));
}
