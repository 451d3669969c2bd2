// load_counts.h: what one load thread, or several together, have seen. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "load/latency_histogram.h"
#include "load/load_plan.h"

namespace millrace::load {

enum class LoadError : std::uint8_t {
  connect,       // no connection; counted by attempt, whatever was to be sent
  read,          // the connection broke while we waited for an answer
  write,         // ... while we sent
  timeout,       // no answer in time
  closed_early,  // the server closed without (all of) an answer
  bad_response,  // no HTTP
  wrong_status,
  wrong_length,  // less or more body than Content-Length says, or another length than the expected body's
  wrong_body,
};
inline constexpr std::size_t kLoadErrors = 9;

struct LoadErrors {
  std::uint64_t count = 0;
  /// Of the first of them, for people.
  std::string first;
};

struct LoadCounts {
  std::uint64_t sent = 0;        // requests given to the kernel, perhaps not to the end
  std::uint64_t answers = 0;     // complete ones, right or wrong
  std::uint64_t unanswered = 0;  // requests under way when somebody ended the run
  /// Requests that should have been sent and were not: of an open loop, those due that no connection was free
  /// for; of a count, those that were left when the run was given up.
  std::uint64_t unsent = 0;
  std::uint64_t connections = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::array<LoadErrors, kLoadErrors> errors;
  std::array<std::uint64_t, LoadPlan::kStatuses> statuses{};
  /// In an open loop also how long what was not sent or not answered had waited when it was given up: that
  /// is a lower bound of what its latency would have been.
  LatencyHistogram latency;
  std::uint64_t lower_bounds = 0;  // so many of them
  std::int64_t began_ns = 0;       // 0: the clock has not started
  std::int64_t ended_ns = 0;
  std::int64_t user_ns = 0;  // CPU
  std::int64_t system_ns = 0;
  bool unreachable = false;  // gave up: no connection could be opened
  bool server_gone = false;  // gave up: no more could be, see LoadPlan::give_up_ns

  [[nodiscard]] const LoadErrors& of(LoadError error) const noexcept {
    return errors[static_cast<std::size_t>(error)];
  }
  [[nodiscard]] LoadErrors& of(LoadError error) noexcept { return errors[static_cast<std::size_t>(error)]; }
  [[nodiscard]] std::uint64_t error_count() const noexcept;
  /// Times become those of the whole.
  void merge(const LoadCounts& other);
};

}  // namespace millrace::load
