// connection.h: what a reactor knows of one client. Reactor thread only.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "base/unique_fd.h"
#include "http/pending_input.h"
#include "net/output_queue.h"
#include "net/peer_address.h"

namespace millrace {

/// Marks "no entry" wherever indices stand for pointers.
inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// The number of a slot is reused; the generation tells its tenants apart.
struct ConnectionId {
  std::uint32_t slot = kNone;
  std::uint32_t generation = 0;
};

/// An idle one is this struct and nothing else: what only busy connections need hangs on it and goes with the
/// need.
struct Connection {
  enum class Phase : std::uint8_t {
    open,
    finishing,  // the last answer has been queued; nothing more is read, and it ends when all is sent
    lingering,  // we have said FIN; what still comes is thrown away until the client's FIN (RFC 9112 §9.6)
  };

  UniqueFd fd;
  ConnectionId id;
  PeerAddress peer;

  std::unique_ptr<PendingInput> input;  // an unfinished message, or bytes that must wait
  std::unique_ptr<OutputQueue> output;  // what the socket would not take yet

  std::uint64_t read_deadline_ms = 0;   // 0: none
  std::uint64_t write_deadline_ms = 0;  // 0: none
  // Of the answers it awaits (timeouts.handlerMs) none is due before; 0: none at all.
  std::uint64_t answer_deadline_ms = 0;

  // Requests that await their answers, oldest first: a list in the ExchangeTable.
  std::uint32_t first_exchange = kNone;
  std::uint32_t last_exchange = kNone;
  std::uint32_t in_flight = 0;
  std::uint32_t files_held = 0;  // of them, whose answers keep a file open: kFilesPerConnection

  // This wake's share of the OutputBatch.
  std::uint32_t first_piece = kNone;
  std::uint32_t last_piece = kNone;
  std::uint32_t files_gathered = 0;  // among them

  std::uint32_t epoll_events = 0;  // what epoll watches for now
  Phase phase = Phase::open;
  bool half_closed = false;          // the client has said FIN, maybe behind bytes that nobody has read yet
  bool peer_finished = false;        // and all ahead of it has been read; the client may still read answers
  bool input_blocked = false;        // reading stopped until an answer leaves, or for good: see RequestIntake
  bool waits_for_ring = false;       // its next request found the ring full
  bool waits_for_file = false;       // a pool thread looks for what its next request wants
  bool lookups_wait = false;         // for sendFile(), until fewer files are held
  bool reads_quickly = false;        // files; the kernel takes more of them: kKernelUnsentFileBytes
  bool stream_waits = false;         // its oldest answer wants to know when most of it has been sent
  bool refused = false;              // one more than limits.connections: only told so
  std::uint64_t lingered_bytes = 0;  // thrown away while lingering
  std::uint64_t held_bytes = 0;      // of answers that wait for older ones

  [[nodiscard]] Upload* upload() const noexcept { return input == nullptr ? nullptr : input->upload.get(); }

  /// For those who wait for something while they answer: the client has ended its side, and most that do have
  /// gone. Not said while a body has a reader: all of that may have been sent ahead of the FIN.
  [[nodiscard]] bool client_may_have_gone() const noexcept {
    if (peer_finished || !half_closed) return peer_finished;
    const Upload* const body = upload();
    return body == nullptr || !(body->has_reader || body->framing == Upload::Framing::raw);
  }

  /// Files, or parts of them, that are its next bytes.
  [[nodiscard]] std::size_t files_put_out() const noexcept {
    return files_gathered + (output == nullptr ? 0 : output->files());
  }
  /// All that are kept open for it.
  [[nodiscard]] std::size_t files_open() const noexcept { return files_held + files_put_out(); }

  /// A request has begun to arrive, or waits. Empty lines ahead of one are not the beginning of it.
  [[nodiscard]] bool has_begun_message() const noexcept { return input != nullptr && input->begun; }

  [[nodiscard]] bool idle() const noexcept {
    return in_flight == 0 && !has_begun_message() && output == nullptr;
  }
};

}  // namespace millrace
