// server_config.h: the options of one server, already checked by lib/options.ts. Written before the first
// thread starts, read by all afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// How lines of the access log look: see docs/api.md.
enum class LogFormat : std::uint8_t { combined, common, brief, json };

struct ServerConfig {
  std::uint32_t reactors = 1;
  std::uint32_t workers = 4;

  /// What becomes of clients beyond limits.connections: told 503, or left in the backlog until one ends.
  enum class ConnectionPolicy : std::uint8_t { refuse, wait };
  ConnectionPolicy connection_policy = ConnectionPolicy::refuse;

  struct Limits {
    std::uint32_t connections = 65'536;
    std::uint64_t buffered_bytes = 256ull << 20;
    std::uint32_t request_line_bytes = 8'192;
    std::uint32_t header_bytes = 16'384;
    std::uint32_t header_count = 100;
    std::uint64_t body_bytes = 1u << 20;
    std::uint32_t pipeline_depth = 64;
    std::uint64_t unsent_bytes = 1u << 20;
    std::uint32_t min_bytes_per_second = 240;  // 0: off
    std::uint32_t queue = 4'096;
    std::uint32_t worker_queue = 4'096;
  } limits;

  /// Milliseconds; 0 is off where the options allow it.
  struct Timeouts {
    std::uint32_t header_ms = 10'000;
    std::uint32_t body_ms = 30'000;
    std::uint32_t keep_alive_ms = 65'000;
    std::uint32_t handler_ms = 0;
    std::uint32_t write_ms = 30'000;
    std::uint32_t queue_ms = 0;
    std::uint32_t drain_idle_ms = 1'000;
  } timeouts;

  /// Of answers, with gzip.
  struct Compression {
    bool enabled = false;
    int level = 6;                   // 1 is quick, 9 is small
    std::uint64_t threshold = 1024;  // shorter bodies are sent as they are
    std::vector<std::string> types;  // in lower case: "application/json", "text/*", "*+xml"
  } compression = {};

  struct AccessLog {
    bool enabled = false;
    int fd = 1;
    LogFormat format = LogFormat::combined;
  } access_log = {};
};

}  // namespace millrace
