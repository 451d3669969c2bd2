// pool_deadlines.cc: the pool of pool.cc, with a deadline for each request and each answer: slow clients lose
// their thread.

#include "connection_pool.h"

using namespace designs;

int main(int count, char** arguments) {
  const Options options = parse_options(count, arguments);
  BlockingServer server(options, {.read = std::chrono::milliseconds(options.read_deadline_ms),
                                  .write = std::chrono::milliseconds(options.write_deadline_ms)});
  serve_with_pool(server, options);
}
