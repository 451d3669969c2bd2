// connection_pool.h: a fixed number of threads that take connections from a bounded channel, and serve each
// to its end.

#pragma once

#include <cstddef>
#include <vector>

#include "blocking_server.h"
#include "bounded_channel.h"

namespace designs {

inline void serve_with_pool(BlockingServer& server, const Options& options) {
  BoundedChannel<int> waiting(static_cast<std::size_t>(options.queue));
  // A worker that kept one connection while others wait would serve some clients and starve the rest.
  const auto nobody_waits = [&] { return waiting.is_empty(); };
  std::vector<Thread> workers;
  for (int i = 0; i < options.workers; ++i) {
    auto worker = Thread::start("worker", [&] {
      while (const auto fd = waiting.pop()) server.serve(*fd, nobody_waits);
    });
    if (!worker) give_up("pthread_create");
    workers.push_back(std::move(worker));
  }
  server.run(
      [&](int fd) {
        // While it is full nobody is accepted: clients queue in the kernel.
        if (!waiting.push(fd)) server.close(fd);
      },
      [&] { waiting.close(); }, [&] { workers.clear(); });
}

}  // namespace designs
