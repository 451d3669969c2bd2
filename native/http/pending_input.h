// pending_input.h: what a connection holds of its input between two reads. Reactor thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer_budget.h"
#include "base/byte_blocks.h"
#include "base/limits.h"
#include "base/owned_bytes.h"
#include "http/chunked_decoder.h"
#include "http/request_parser.h"
#include "http/router.h"
#include "pool/job_ticket.h"

namespace millrace {

/// A request whose head is complete and whose body has not been read to its end.
struct Upload {
  explicit Upload(std::uint64_t body_limit) noexcept : decoder(body_limit) {}

  enum class Stage : std::uint8_t {
    collecting,  // for a handler that has not been called yet; the head is in PendingInput
    delivering,  // to the handler of `exchange`, as far as it asks
    discarding,  // nobody reads it
  };
  enum class Wanted : std::uint8_t { nothing, piece, whole };
  enum class Framing : std::uint8_t {
    length,
    chunked,
    raw,  // until the client's FIN: the connection has been handed over (RFC 9110 §7.8)
  };

  Stage stage = Stage::collecting;
  Framing framing = Framing::length;
  Wanted wanted = Wanted::nothing;
  std::uint8_t js_thread = 0;  // who wants it
  bool complete = false;       // all of it has come
  bool end_given = false;      // and the handler knows
  bool has_reader = false;  // the handler has asked for some of it, and not said that it will ask for no more
  bool answered = false;    // discarding: the answer has been given, there is none to give at the end
  bool flows = false;       // it came fast when we last looked
  bool continue_owed = false;  // the client waits for 100 Continue (RFC 9110 §10.1.1)
  RouteMatch match;            // until the handler is called
  std::uint32_t exchange_slot = 0;
  std::uint32_t exchange_generation = 0;
  ByteBlocks body;                // received, and not given to the handler
  std::uint32_t handler_ms = 0;   // its handler's deadline (timeouts.handlerMs); 0: none
  std::uint64_t length_left = 0;  // Framing::length: bytes still to come
  ChunkedDecoder decoder;         // Framing::chunked
  std::uint64_t received = 0;     // bytes of the body so far, also those thrown away
  std::uint64_t discarded = 0;
  std::uint64_t started_ms = 0;
  std::uint64_t paused_ms = 0;  // since when the handler leaves it unread; 0: it does not

  /// Into `body` and not through the reactor's buffer: nothing but the body is to come, and much of it.
  [[nodiscard]] bool is_received_directly() const noexcept {
    return flows && stage == Stage::delivering && framing == Framing::length && length_left >= kReceiveBytes;
  }

  /// On the heap, beside the head.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return body.bytes_held() + decoder.bytes_held(); }

  /// So much of it is still to come that an answer without it has to end the connection (RFC 9112 §9.3).
  [[nodiscard]] bool is_left_behind() const noexcept {
    return !complete && (continue_owed || length_left > kDiscardBytes);
  }
};

/// Received and not looked at yet. `data` lies in the reactor's receive buffer, or in `storage`.
struct UnreadBytes {
  std::string_view data;
  OwnedBytes storage;
};

struct PendingInput {
  explicit PendingInput(BufferBudget& budget) noexcept : share(budget) {}

  OwnedBytes bytes;        // an unfinished head, an upload's head, or what must wait
  std::size_t offset = 0;  // where the message begins in `bytes`
  UnfinishedHead head;     // where the parser stopped in `bytes`
  std::unique_ptr<Upload> upload;
  OwnedBytes after;                             // came behind a complete body
  bool begun = true;                            // false: nothing but empty lines has come
  std::optional<JobTicket> job = std::nullopt;  // that it waits for
  BudgetShare share;

  /// To be called after any of the buffers has changed.
  void account() noexcept {
    share.set(bytes.capacity() + head.bytes_held() + after.capacity() +
              (upload != nullptr ? upload->bytes_held() : 0));
  }
};

}  // namespace millrace
