// blocking_connection.h: one connection from its first request to its end, on one thread that waits for it.

#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "blocking_io.h"
#include "request_parser.h"
#include "response.h"

namespace designs {

/// For a whole request, the wait for its first byte included, and for a whole answer. Zero: none.
struct Deadlines {
  std::chrono::milliseconds read{0};
  std::chrono::milliseconds write{0};
};

struct Conduct {
  Deadlines deadlines;
  /// May block for as long as it likes.
  std::function<Response(Request&&)> answer;
  /// Whether the connection may live on after the next answer.
  std::function<bool()> may_stay;
};

inline Deadline deadline_in(std::chrono::milliseconds time) {
  return time.count() == 0 ? Deadline::never() : Deadline::in(time);
}

/// The descriptor stays open: whoever counts the connection closes it.
inline void serve_connection(int fd, const Conduct& conduct) {
  const auto send = [&](const Response& response, Framing framing) {
    return send_all(fd, bytes_of(response, framing), deadline_in(conduct.deadlines.write));
  };
  std::string received;
  for (;;) {
    const Deadline deadline = deadline_in(conduct.deadlines.read);
    Parsed parsed = parse_request(received);
    while (parsed.state == Parsed::State::incomplete) {
      const Received how = receive(fd, received, deadline);
      // A client that has said nothing is not told anything either: it may be about to send its next request.
      if (how == Received::late && !received.empty()) send(problem(408), {.keep_alive = false});
      if (how != Received::more) return;
      if (received.size() >= parsed.bytes) parsed = parse_request(received);
    }
    if (parsed.state == Parsed::State::refused) {
      if (send(problem(parsed.status), {.keep_alive = false})) linger(fd);
      return;
    }
    received.erase(0, parsed.bytes);

    const bool is_head = parsed.request.method == "HEAD";
    const bool wants_to_stay = parsed.request.keep_alive;
    const Response response = conduct.answer(std::move(parsed.request));
    const bool stays = wants_to_stay && conduct.may_stay();
    if (!send(response, {.keep_alive = stays, .is_head = is_head})) return;
    if (!stays) return linger(fd);
  }
}

}  // namespace designs
