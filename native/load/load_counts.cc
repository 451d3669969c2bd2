#include "load/load_counts.h"

#include <algorithm>

namespace millrace::load {

std::uint64_t LoadCounts::error_count() const noexcept {
  std::uint64_t count = 0;
  for (const LoadErrors& error : errors) count += error.count;
  return count;
}

void LoadCounts::merge(const LoadCounts& other) {
  sent += other.sent;
  answers += other.answers;
  unanswered += other.unanswered;
  unsent += other.unsent;
  connections += other.connections;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  for (std::size_t i = 0; i < kLoadErrors; ++i) {
    errors[i].count += other.errors[i].count;
    if (errors[i].first.empty()) errors[i].first = other.errors[i].first;
  }
  for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i] += other.statuses[i];
  latency.merge(other.latency);
  lower_bounds += other.lower_bounds;
  if (began_ns == 0 || (other.began_ns != 0 && other.began_ns < began_ns)) began_ns = other.began_ns;
  ended_ns = std::max(ended_ns, other.ended_ns);
  user_ns += other.user_ns;
  system_ns += other.system_ns;
  // If one thread reached the server, it is reachable.
  unreachable = unreachable && other.unreachable;
  server_gone = server_gone || other.server_gone;
}

}  // namespace millrace::load
