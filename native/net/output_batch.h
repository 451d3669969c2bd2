// output_batch.h: gathers the answers of one wake, so that each connection needs one send. Reactor thread
// only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/file_slice.h"
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

  /// Bytes that the kernel sends from a file.
  void append_file(Connection& connection, FileSlice slice);

  /// Everything gathered since the last clear().
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// What is there of it for this connection. Looks at each piece.
  [[nodiscard]] std::uint64_t gathered_for(const Connection& connection) const noexcept;

  /// Connections with pieces, in the order of their first.
  [[nodiscard]] const std::vector<ConnectionId>& connections() const noexcept { return connections_; }

  enum class Sent {
    everything,
    partly,
    up_to_file,  // everything before a file, which is now the oldest in the OutputQueue
    failed
  };

  /// Sends the connection's pieces; what the socket does not take goes into its OutputQueue, and so do files
  /// with what is behind them.
  [[nodiscard]] Sent send(Connection& connection, BufferBudget& budget, std::uint64_t& bytes_sent);

  /// All connections have been sent.
  void clear() noexcept;

 private:
  struct Piece {
    const char* data = nullptr;
    std::size_t bytes = 0;
    std::uint32_t next = kNone;
    enum class Kind : std::uint8_t {
      scratch,
      block,  // `index` in blocks_
      fixed,  // outlives this object
      file,   // `index` in files_; no data
    };
    Kind kind = Kind::scratch;
    std::uint32_t index = kNone;
  };

  struct FirstSend {
    ssize_t sent = 0;       // as send() returns it
    std::size_t bytes = 0;  // that were offered
    bool all = true;        // there was no more
  };
  [[nodiscard]] FirstSend send_pieces(const Connection& connection) const noexcept;

  void link(Connection& connection, const Piece& piece);
  [[nodiscard]] bool keep_rest(Connection& connection, std::size_t sent, BufferBudget& budget);

  std::unique_ptr<char[]> scratch_;
  std::size_t used_ = 0;   // of the scratch
  std::size_t bytes_ = 0;  // of all pieces
  std::vector<Piece> pieces_;
  std::vector<OwnedBytes> blocks_;
  std::vector<FileSlice> files_;
  std::vector<ConnectionId> connections_;
};

}  // namespace millrace
