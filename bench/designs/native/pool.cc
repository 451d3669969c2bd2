// pool.cc: a fixed pool of threads, each with one connection at a time. A client that says nothing keeps a
// thread.

#include "connection_pool.h"

using namespace designs;

int main(int count, char** arguments) {
  const Options options = parse_options(count, arguments);
  BlockingServer server(options);
  serve_with_pool(server, options);
}
