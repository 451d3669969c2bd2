// fork_join.cc: a request's work split over all threads of a pool, and joined. It has one more route: GET
// /sum?n=N, the number of bits that are set in all numbers below N together. Connections have a thread each.

#include "fork_join.h"
#include "blocking_server.h"
#include "connection_threads.h"

using namespace designs;

int main(int count, char** arguments) {
  const Options options = parse_options(count, arguments);
  const StopSignal blocked;  // the workers start before the server
  ForkJoin pool(options.workers);
  BlockingServer server(options, {}, [&pool](Request&& request) -> Outcome {
    if (request.method != "GET" || request.path != "/sum") return outcome_of(std::move(request));
    const long n = number_in(request.query, "n");
    if (n < 0 || static_cast<unsigned long>(n) > kMaxSum) {
      const std::string most = std::to_string(kMaxSum);
      return {.response = {.status = 400,
                           .body = "n must be a whole number from 0 to " + most + ": /sum?n=1000"}};
    }
    return {.response = {.body = std::to_string(pool.ones_below(static_cast<std::uint64_t>(n)))}};
  });
  ConnectionThreads threads;
  server.run(
      [&](int fd) {
        if (!threads.start([&server, fd] { server.serve(fd); })) server.close(fd);
      },
      [] {}, [&] { threads.join_all(); });
}
