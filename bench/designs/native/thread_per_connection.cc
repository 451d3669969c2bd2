// thread_per_connection.cc: a thread for each connection, for as long as it lasts. Nothing bounds how many
// there are.

#include "blocking_server.h"
#include "connection_threads.h"

using namespace designs;

int main(int count, char** arguments) {
  BlockingServer server(parse_options(count, arguments));
  ConnectionThreads threads;
  server.run(
      [&](int fd) {
        // Out of threads: the client is turned away, those who are in stay.
        if (!threads.start([&server, fd] { server.serve(fd); })) server.close(fd);
      },
      [] {}, [&] { threads.join_all(); });
}
