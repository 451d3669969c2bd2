// pending_input.h: what a connection holds of its input between two reads. Reactor thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/buffer_budget.h"
#include "base/owned_bytes.h"
#include "http/chunked_decoder.h"
#include "http/request_parser.h"
#include "http/router.h"

namespace millrace {

/// A request whose head is complete and whose body is not.
struct Upload {
  explicit Upload(std::uint64_t body_limit) noexcept : decoder(body_limit) {}

  RouteMatch match;
  OwnedBytes body;                // collected for the handler
  std::uint64_t length_left = 0;  // with Content-Length: bytes still to come
  ChunkedDecoder decoder;         // with chunked
  std::uint64_t received = 0;     // bytes of the body so far, also those thrown away
  std::uint64_t started_ms = 0;
  bool collects = true;   // false: nobody will read the body, it is thrown away
  bool complete = false;  // waits for room in the ring
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
  OwnedBytes after;   // came behind a complete upload
  bool begun = true;  // false: nothing but empty lines has come
  BudgetShare share;

  /// To be called after any of the buffers has changed.
  void account() noexcept {
    share.set(bytes.capacity() + after.capacity() + (upload != nullptr ? upload->body.capacity() : 0));
  }
};

}  // namespace millrace
