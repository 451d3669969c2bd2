#include "net/connection_table.h"

#include <utility>

namespace millrace {

Connection& ConnectionTable::add(UniqueFd fd, const PeerAddress& peer, const OnReactor&) {
  std::uint32_t slot;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    slot = used_++;
    if (slot / kChunk == chunks_.size()) chunks_.push_back(std::make_unique<Connection[]>(kChunk));
  }
  ++size_;
  Connection& connection = at(slot);
  connection.fd = std::move(fd);
  connection.id.slot = slot;
  connection.peer = peer;
  return connection;
}

Connection* ConnectionTable::find(ConnectionId id, const OnReactor&) noexcept {
  if (id.slot >= used_) return nullptr;
  Connection& connection = at(id.slot);
  return connection.id.generation == id.generation && connection.fd ? &connection : nullptr;
}

void ConnectionTable::remove(Connection& connection, const OnReactor&) noexcept {
  const ConnectionId old = connection.id;
  connection = Connection();
  // An event or an answer for the old tenant may still be on its way.
  connection.id = {old.slot, old.generation + 1};
  free_.push_back(old.slot);
  --size_;
}

}  // namespace millrace
