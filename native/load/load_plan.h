// load_plan.h: what a load run is to do, already checked by lib/cli/. Written before its threads start.
#pragma once

#include <sys/socket.h>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "load/request_schedule.h"

namespace millrace::load {

struct LoadPlan {
  sockaddr_storage address{};
  socklen_t address_bytes = 0;

  /// A whole request: head and body.
  std::string request;
  /// It is a HEAD request.
  bool to_head = false;

  enum class Mode : std::uint8_t {
    keep_alive,   // connections are opened before the clock starts, and stay
    one_request,  // a connection a request: opening it is part of the latency
    connections,  // no requests: each connection is closed when it has been accepted
  };
  Mode mode = Mode::keep_alive;

  std::uint32_t threads = 1;
  std::uint32_t connections = 1;  // in all, at least one a thread
  std::uint32_t pipeline = 1;     // requests sent together

  std::uint64_t count = RequestSchedule::kNoCount;
  std::int64_t duration_ns = RequestSchedule::kNoDuration;
  /// Requests a second, in all; 0: a closed loop.
  double rate = 0;
  /// Longest wait for a connection, and for all answers to what has been sent together.
  std::uint32_t timeout_ms = 5'000;
  /// Without a duration a run ends when no connection could be opened for so long, and none is open.
  std::int64_t give_up_ns = 10'000'000'000;

  static constexpr std::size_t kStatuses = 1'000;
  std::bitset<kStatuses> expected_statuses;
  std::optional<std::string> expected_body;
};

}  // namespace millrace::load
