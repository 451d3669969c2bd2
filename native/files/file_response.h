// file_response.h: decides what a request for a file is answered (RFC 9110 §13, §14). Any thread, no state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "files/accept_encoding.h"
#include "files/file_entry.h"
#include "files/preconditions.h"
#include "files/range_request.h"
#include "http/whole_answer.h"

namespace millrace {

/// What a request says about the file that it wants.
struct FileWish {
  Conditions conditions = {};
  std::optional<std::string_view> range = {};
  std::optional<std::string_view> accept_encoding = {};
  bool may_be_partial = true;  // GET, and the root allows ranges
};

/// What of it decides whether the file is compressed for it; without its texts, so that a job can have it.
struct CompressionWish {
  CodingPreferences codings = {};
  bool wants_part = false;
};
[[nodiscard]] CompressionWish compression_wish_of(const FileWish& wish) noexcept;

/// Whether it would get what we compress of the file, in place of what is there.
[[nodiscard]] bool would_get_compressed(const CompressionWish& wish, const FileEntry& entry) noexcept;

/// Of the lines that go with a file those that hold for an answer in its place: none that says something of
/// it, or how long it may be kept.
[[nodiscard]] std::string fields_without_file(std::string_view fields);

/// Gives a number.
using Boundary = std::uint64_t (*)();

/// Another one each time, which nobody can guess.
[[nodiscard]] std::uint64_t random_boundary() noexcept;

class FileResponse {
 public:
  /// `boundary` gives what separates the parts of an answer with several ranges, if there are. Nobody may
  /// know it beforehand who can write to the file: with it in there, parts could be forged (RFC 2046 §5.1.1).
  FileResponse(std::shared_ptr<const FileEntry> entry, const FileWish& wish, std::int64_t now_seconds,
               Boundary boundary);
  FileResponse(const FileResponse&) = delete;

  /// Once; good as long as this object is.
  [[nodiscard]] WholeAnswer take() noexcept { return std::move(answer_); }

 private:
  void answer_whole();
  void answer_range(const ByteRange& range);
  void answer_ranges(const RangeOutcome& ranges, std::uint64_t boundary_number);
  void answer_unsatisfiable();
  void put(const ByteRange& range, std::string ahead);

  const std::shared_ptr<const FileEntry> entry_;
  const FileVariant& variant_;
  std::string fields_;
  std::string body_;
  WholeAnswer answer_;
};

}  // namespace millrace
