// output_batch.h: gathers the answers of one wake, so that each connection needs one send. Reactor thread
// only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/owned_bytes.h"
#include "net/connection.h"

namespace millrace {

/// Answers are written one behind the other into a scratch that lives as long as the reactor, and each
/// connection remembers its pieces; so a connection needs no output buffer as long as its socket takes what
/// it gets.
class OutputBatch {
 public:
  OutputBatch() : scratch_(std::make_unique<char[]>(kOutputScratchBytes)) {}

  /// Room to write at; null when the scratch is full and has to be sent first.
  [[nodiscard]] char* try_reserve(std::size_t bytes) noexcept {
    return bytes <= kOutputScratchBytes - used_ ? scratch_.get() + used_ : nullptr;
  }

  /// The first `bytes` of the room just reserved are for this connection.
  void commit(Connection& connection, std::size_t bytes);

  /// Bytes that are sent from where they are.
  void append(Connection& connection, OwnedBytes block);

  /// The same for bytes that outlive this object.
  void append_static(Connection& connection, std::string_view bytes);

  /// Everything gathered since the last clear().
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Connections with pieces, in the order of their first.
  [[nodiscard]] const std::vector<ConnectionId>& connections() const noexcept { return connections_; }

  enum class Sent { everything, partly, failed };

  /// Sends the connection's pieces; what the socket does not take goes into its OutputQueue.
  [[nodiscard]] Sent send(Connection& connection, BufferBudget& budget, std::uint64_t& bytes_sent);

  /// All connections have been sent.
  void clear() noexcept;

 private:
  struct Piece {
    const char* data;
    std::size_t bytes;
    std::uint32_t next;
    std::uint32_t block;     // index in blocks_; kNone: a piece of the scratch, or static
    bool is_static = false;  // outlives this object
  };

  void link(Connection& connection, const Piece& piece);
  [[nodiscard]] bool keep_rest(Connection& connection, std::size_t sent, BufferBudget& budget);

  std::unique_ptr<char[]> scratch_;
  std::size_t used_ = 0;   // of the scratch
  std::size_t bytes_ = 0;  // of all pieces
  std::vector<Piece> pieces_;
  std::vector<OwnedBytes> blocks_;
  std::vector<ConnectionId> connections_;
};

}  // namespace millrace
