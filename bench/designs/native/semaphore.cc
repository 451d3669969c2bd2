// semaphore.cc: a thread for each connection, but no more than there are permits. The next client waits to be
// served.

#include "blocking_server.h"
#include "connection_threads.h"
#include "counting_semaphore.h"

using namespace designs;

int main(int count, char** arguments) {
  const Options options = parse_options(count, arguments);
  BlockingServer server(options);
  CountingSemaphore permits(options.permits);
  ConnectionThreads threads;
  server.run(
      [&](int fd) {
        permits.acquire();
        if (threads.start([&server, fd] { server.serve(fd); }, [&permits] { permits.release(); })) return;
        server.close(fd);
        permits.release();
      },
      // The acceptor may wait for a permit: it gets one, since the connections end.
      [] {}, [&] { threads.join_all(); });
}
