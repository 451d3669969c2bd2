// output_queue.h: bytes that a socket would not take yet, oldest first. Reactor thread only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "base/buffer_budget.h"
#include "base/file_slice.h"
#include "base/owned_bytes.h"

namespace millrace {

class OutputQueue {
 public:
  explicit OutputQueue(BufferBudget& budget) noexcept : share_(budget) {}

  /// False: no memory; the connection cannot go on.
  [[nodiscard]] bool append(std::string_view bytes) noexcept;

  /// Takes a large body as it is. `from` bytes of it have been sent already; more than 0 only in an empty
  /// queue.
  void append(OwnedBytes block, std::size_t from) noexcept;

  /// For bytes that outlive this object: nothing is held for them.
  void append_static(std::string_view bytes) noexcept;

  /// For bytes that the kernel reads from a file: nothing is held for them but its descriptor.
  void append_file(FileSlice slice) noexcept;

  /// What is left of the file, where the oldest bytes are one's; else null. Until the next call of anything.
  [[nodiscard]] const FileSlice* front_file() const noexcept {
    return blocks_.empty() || !blocks_.front().is_file() ? nullptr : &blocks_.front().file;
  }

  /// Fills at most `room` pieces with the oldest bytes, up to the first file; returns how many.
  [[nodiscard]] std::size_t peek(iovec* pieces, std::size_t room) const noexcept;

  /// The oldest `count` bytes have been sent.
  void consume(std::size_t count) noexcept;

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Files, or parts of them, that are kept open.
  [[nodiscard]] std::size_t files() const noexcept { return files_; }

  /// For the reader's rate: when the socket first refused bytes, and how many it has taken since.
  std::uint64_t started_ms = 0;
  std::uint64_t sent = 0;
  /// How much of that the client had not taken when the deadline was set; only while it reads quickly.
  int in_kernel = 0;

 private:
  struct Block {
    OwnedBytes own = {};
    std::string_view fixed = {};  // instead: somebody else's
    FileSlice file = {};          // or a file's, without what has been sent of it

    [[nodiscard]] bool is_file() const noexcept { return file.file != nullptr; }
    [[nodiscard]] std::string_view view() const noexcept { return own.empty() ? fixed : own.view(); }
  };

  void consume_file(std::size_t& count) noexcept;
  void consume_bytes(std::size_t& count) noexcept;

  void account() noexcept { share_.set(bytes_ - fixed_bytes_); }

  std::deque<Block> blocks_;
  std::size_t front_sent_ = 0;  // bytes of the first block that are gone
  std::size_t bytes_ = 0;
  std::size_t files_ = 0;
  std::size_t fixed_bytes_ = 0;  // of them, how many are somebody else's, or in files
  BudgetShare share_;
};

}  // namespace millrace
