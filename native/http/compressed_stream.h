// compressed_stream.h: an answer that comes in pieces and is compressed. Reactor thread only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/buffer_budget.h"
#include "base/owned_bytes.h"
#include "pool/gzip.h"

namespace millrace {

/// The compressor goes to the pool with what there is, and comes back; what comes meanwhile waits here. So
/// the pieces stay in order, and one stream takes one thread at most.
struct CompressedStream {
  CompressedStream(std::unique_ptr<Gzip> compressor, BufferBudget& budget) noexcept
      : gzip(std::move(compressor)), share(budget) {}

  std::unique_ptr<Gzip> gzip;  // null while it is with a job
  OwnedBytes pending;
  bool has_end = false;  // `pending` is the last of it
  std::string trailers = {};
  BudgetShare share;

  bool waits = false;  // the pool had no room for what is pending

  /// To be called after `pending` has changed.
  void account() noexcept { share.set(pending.capacity() + Gzip::kSmallBytes); }

  /// Something has been written that has not come out yet.
  [[nodiscard]] bool is_behind() const noexcept { return gzip == nullptr || !pending.empty() || has_end; }
};

}  // namespace millrace
