// load_connection.h: one client connection: its socket, what is still to be sent, and the answers as they
// come. Its load thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "load/load_counts.h"
#include "load/load_plan.h"
#include "load/response_reader.h"

namespace millrace::load {

/// The requests of one batch, back to back, so that one send takes them.
class RequestBytes {
 public:
  /// Copies up to this many bytes; what is longer is sent in several goes.
  static constexpr std::size_t kMaxBytes = 1024 * 1024;

  /// The plan outlives it.
  explicit RequestBytes(const LoadPlan& plan);
  RequestBytes(const RequestBytes&) = delete;
  RequestBytes& operator=(const RequestBytes&) = delete;

  [[nodiscard]] std::size_t of_one() const noexcept { return one_; }
  /// What comes `offset` bytes behind the first byte of a request, at most `most` of it.
  [[nodiscard]] std::string_view at(std::uint64_t offset, std::uint64_t most) const noexcept;

 private:
  std::size_t one_;
  std::string copies_;      // empty where one request is more than enough to copy: the plan has it
  std::string_view bytes_;  // of whole requests
};

class LoadConnection {
 public:
  enum class State : std::uint8_t { closed, connecting, open, pausing };

  State state = State::closed;
  bool prepared = false;        // the first attempt to connect has ended
  bool queued = false;          // in the queue of those that have nothing to do
  bool answer_was_good = true;  // the last one
  bool is_sent = false;         // what is pending, perhaps not to the end; else it waits for the connection
  std::uint32_t pending = 0;    // requests that wait for their answers, or for the connection
  std::int64_t start_ns = 0;    // what their latency counts from
  ResponseReader reader;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Begins to connect: 0, or an errno. The epoll gives key() back with its events, edge-triggered.
  [[nodiscard]] int connect(const LoadPlan& plan, int epoll, std::uint32_t slot) noexcept;
  /// Of this socket: events of one before it do not have it.
  [[nodiscard]] std::uint64_t key(std::uint32_t slot) const noexcept {
    return std::uint64_t{generation_} << 32 | slot;
  }
  /// What became of connecting: an errno, 0 for a connection.
  [[nodiscard]] int connect_error() const noexcept;

  /// All of `pending` is to be sent.
  void begin_sending(const RequestBytes& requests) noexcept {
    unsent_ = requests.of_one() * std::uint64_t{pending};
    sent_ = 0;
  }
  struct Sent {
    std::uint64_t bytes;
    int error;  // an errno; 0 also when the socket takes no more now
  };
  [[nodiscard]] Sent send(const RequestBytes& requests) noexcept;
  [[nodiscard]] bool all_sent() const noexcept { return unsent_ == 0; }

  /// The next piece of the answer's body. Remembers how it compares with the expected one.
  void note_body(const LoadPlan& plan, std::string_view data) noexcept;
  /// Of a complete answer: what is wrong with it, if anything is.
  [[nodiscard]] std::optional<LoadError> judge(const LoadPlan& plan) const noexcept;
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  void begin_answer() noexcept {
    body_bytes_ = 0;
    body_differs_ = false;
  }

  void close() noexcept;
  /// Without the states that TCP keeps after a close: a storm would use up all ports.
  void reset() noexcept;

 private:
  UniqueFd fd_;
  std::uint32_t generation_ = 0;  // stays below 2^31, see load_thread.cc
  bool body_differs_ = false;
  std::uint64_t unsent_ = 0;
  std::uint64_t sent_ = 0;  // of what has to be sent together
  std::uint64_t body_bytes_ = 0;
};

}  // namespace millrace::load
