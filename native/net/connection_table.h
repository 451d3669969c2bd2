// connection_table.h: the connections of one reactor, by slot and generation. Reactor thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/thread_tokens.h"
#include "net/connection.h"

namespace millrace {

/// Connections never move, and their memory grows in chunks, so a thousand idle ones cost a thousand times
/// one.
class ConnectionTable {
 public:
  [[nodiscard]] Connection& add(UniqueFd fd, const PeerAddress& peer, const OnReactor&);

  /// Null: that connection has ended, whoever has its slot now.
  [[nodiscard]] Connection* find(ConnectionId id, const OnReactor&) noexcept;

  /// Whoever is in the slot; for indices that never leave the reactor.
  [[nodiscard]] Connection& at(std::uint32_t slot) noexcept { return chunks_[slot / kChunk][slot % kChunk]; }

  /// Closes the descriptor and gives the slot to the next one.
  void remove(Connection& connection, const OnReactor&) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  /// Calls `visit(Connection&)` for each; it may remove the one it was given.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t slot = 0; slot < used_; ++slot) {
      Connection& connection = at(slot);
      if (connection.fd) visit(connection);
    }
  }

 private:
  static constexpr std::uint32_t kChunk = 256;

  std::vector<std::unique_ptr<Connection[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;  // slots that have ever had a connection
  std::uint32_t size_ = 0;
};

}  // namespace millrace
