#include "net/output_batch.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace millrace {

void OutputBatch::commit(Connection& connection, std::size_t bytes) {
  const char* data = scratch_.get() + used_;
  used_ += bytes;
  bytes_ += bytes;
  if (connection.last_piece != kNone) {
    Piece& last = pieces_[connection.last_piece];
    // Pipelined answers mostly follow each other directly: one longer piece instead of many.
    if (last.block == kNone && !last.is_static && last.data + last.bytes == data) {
      last.bytes += bytes;
      return;
    }
  }
  link(connection, {data, bytes, kNone, kNone});
}

void OutputBatch::append(Connection& connection, OwnedBytes block) {
  if (block.empty()) return;
  bytes_ += block.size();
  const auto index = static_cast<std::uint32_t>(blocks_.size());
  link(connection, {block.data(), block.size(), kNone, index});
  blocks_.push_back(std::move(block));
}

void OutputBatch::append_static(Connection& connection, std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  link(connection, {bytes.data(), bytes.size(), kNone, kNone, true});
}

void OutputBatch::link(Connection& connection, const Piece& piece) {
  const auto index = static_cast<std::uint32_t>(pieces_.size());
  pieces_.push_back(piece);
  if (connection.last_piece == kNone) {
    connection.first_piece = index;
    connections_.push_back(connection.id);
  } else {
    pieces_[connection.last_piece].next = index;
  }
  connection.last_piece = index;
}

OutputBatch::Sent OutputBatch::send(Connection& connection, BufferBudget& budget, std::uint64_t& bytes_sent) {
  const Piece& first = pieces_[connection.first_piece];
  ssize_t sent = 0;
  std::size_t wanted = first.bytes;
  if (connection.output != nullptr) {
    sent = 0;  // older bytes are waiting; these come after them
    wanted = 1;
  } else if (first.next == kNone) {
    sent = ::send(connection.fd.get(), first.data, first.bytes, MSG_NOSIGNAL);
  } else {
    std::array<iovec, kPiecesPerSend> pieces;
    std::size_t count = 0;
    wanted = 0;
    std::uint32_t index = connection.first_piece;
    for (; index != kNone && count < kPiecesPerSend; index = pieces_[index].next) {
      pieces[count++] = {const_cast<char*>(pieces_[index].data), pieces_[index].bytes};
      wanted += pieces_[index].bytes;
    }
    if (index != kNone) ++wanted;  // more pieces than one call takes: the rest goes through the queue
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    sent = ::sendmsg(connection.fd.get(), &message, MSG_NOSIGNAL);
  }
  Sent outcome = Sent::everything;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    outcome = Sent::failed;
  } else {
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    bytes_sent += taken;
    if (taken < wanted) outcome = keep_rest(connection, taken, budget) ? Sent::partly : Sent::failed;
  }
  connection.first_piece = connection.last_piece = kNone;
  return outcome;
}

bool OutputBatch::keep_rest(Connection& connection, std::size_t sent, BufferBudget& budget) {
  if (connection.output == nullptr) connection.output = std::make_unique<OutputQueue>(budget);
  for (std::uint32_t index = connection.first_piece; index != kNone; index = pieces_[index].next) {
    Piece& piece = pieces_[index];
    if (sent >= piece.bytes) {
      sent -= piece.bytes;
      continue;
    }
    const bool is_large = piece.bytes - sent >= kOutputCopyBytes;
    if (piece.block != kNone) {
      connection.output->append(std::move(blocks_[piece.block]), sent);
    } else if (piece.is_static && is_large) {
      connection.output->append_static({piece.data + sent, piece.bytes - sent});
    } else if (!connection.output->append({piece.data + sent, piece.bytes - sent})) {
      return false;
    }
    sent = 0;
  }
  return true;
}

void OutputBatch::clear() noexcept {
  used_ = 0;
  bytes_ = 0;
  pieces_.clear();
  blocks_.clear();
  connections_.clear();
}

}  // namespace millrace
