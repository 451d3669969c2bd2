#include "files/file_response.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/field_lines.h"
#include "http/framing_rules.h"

namespace millrace {

namespace {

/// What is said about a file, where it is, or how long it may be kept. In lower case.
constexpr std::array<std::string_view, 19> kFieldsOfFile = {"accept-ranges",    "age",
                                                            "cache-control",    "cdn-cache-control",
                                                            "content-digest",   "content-disposition",
                                                            "content-md5",      "content-encoding",
                                                            "content-language", "content-location",
                                                            "content-range",    "content-type",
                                                            "digest",           "etag",
                                                            "expires",          "last-modified",
                                                            "location",         "repr-digest",
                                                            "surrogate-control"};

/// A part is one of the file, not of what we make of it.
[[nodiscard]] bool gets_part(const CompressionWish& wish, const FileEntry& entry) noexcept {
  return wish.wants_part && entry.variants.front().ranges;
}

[[nodiscard]] const FileVariant& choose(const FileEntry& entry, const FileWish& asked) noexcept {
  if (entry.variants.size() == 1) return entry.variants.front();
  const CompressionWish wish = compression_wish_of(asked);
  const CodingSet unfit = gets_part(wish, entry) ? entry.generated() : CodingSet{0};
  return entry.of(choose_coding(wish.codings, static_cast<CodingSet>(entry.codings & ~unfit)));
}

/// RFC 9110 §14.4.
[[nodiscard]] std::string content_range(const ByteRange& range, std::uint64_t length) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.bytes - 1) + "/" +
         std::to_string(length);
}

/// The lines of `fields` without Content-Type, which in a multipart answer is another one, and that line.
struct SplitFields {
  std::string others;
  std::string content_type;
};
[[nodiscard]] SplitFields split(std::string_view fields) {
  constexpr std::string_view kContentType = "Content-Type: ";
  if (!fields.starts_with(kContentType)) return {.others = std::string(fields), .content_type = {}};
  const std::size_t end = fields.find("\r\n") + 2;
  return {.others = std::string(fields.substr(end)), .content_type = std::string(fields.substr(0, end))};
}

}  // namespace

std::string fields_without_file(std::string_view fields) {
  std::string left;
  for_each_line(fields, [&](const WrittenLine& line) {
    const auto is_it = [&](std::string_view name) { return equals_ignoring_case(line.name, name); };
    const bool is_of_file = std::any_of(kFieldsOfFile.begin(), kFieldsOfFile.end(), is_it);
    // What may not be kept, may not be kept in this form either.
    const bool forbids = is_it("cache-control") && has_element(line.value, "no-store");
    if (!is_of_file || forbids) left += line.whole;
  });
  return left;
}

std::uint64_t random_boundary() noexcept {
  std::uint64_t number = 0;
  // So few are given whole, always, once the system has started (getrandom(2)).
  static_cast<void>(::getrandom(&number, sizeof number, 0));
  return number;
}

CompressionWish compression_wish_of(const FileWish& wish) noexcept {
  return {
      .codings = parse_accept_encoding(wish.accept_encoding.value_or(""), wish.accept_encoding.has_value()),
      .wants_part = wish.range && wish.may_be_partial};
}

bool would_get_compressed(const CompressionWish& wish, const FileEntry& entry) noexcept {
  const auto codings = static_cast<CodingSet>(entry.codings | coding_bit(ContentCoding::gzip));
  return !gets_part(wish, entry) && choose_coding(wish.codings, codings) == ContentCoding::gzip;
}

FileResponse::FileResponse(std::shared_ptr<const FileEntry> entry, const FileWish& wish,
                           std::int64_t now_seconds, Boundary boundary)
    : entry_(std::move(entry)), variant_(choose(*entry_, wish)) {
  const Validators validators{.etag = variant_.etag, .modified = variant_.modified};
  switch (evaluate(wish.conditions, validators, now_seconds)) {
    case Precondition::proceed:
      break;
    case Precondition::not_modified:
      answer_ = {.status = 304, .fields = variant_.validators};
      return;
    case Precondition::failed:
      fields_ = fields_without_file(variant_.validators);
      answer_ = {.status = 412, .fields = fields_};
      return;
  }
  const bool may_be_partial = wish.may_be_partial && variant_.ranges;
  if (!wish.range || !may_be_partial || !if_range_holds(wish.conditions, validators, now_seconds)) {
    answer_whole();
    return;
  }
  const RangeOutcome ranges = parse_range(*wish.range, variant_.size());
  switch (ranges.kind) {
    case RangeOutcome::Kind::whole:
      answer_whole();
      break;
    case RangeOutcome::Kind::partial:
      if (ranges.count == 1) {
        answer_range(ranges.found[0]);
      } else {
        answer_ranges(ranges, boundary());
      }
      break;
    case RangeOutcome::Kind::unsatisfiable:
      answer_unsatisfiable();
      break;
  }
}

void FileResponse::answer_whole() {
  const std::uint64_t size = variant_.size();
  answer_ = {.fields = variant_.fields, .content_length = size};
  if (variant_.in_memory()) {
    answer_.body = variant_.contents;
  } else {
    answer_.files.push_back({.slice = {.file = variant_.file, .offset = 0, .bytes = size}});
  }
}

void FileResponse::put(const ByteRange& range, std::string ahead) {
  answer_.content_length += ahead.size() + range.bytes;
  if (variant_.in_memory()) {
    body_.append(ahead).append(variant_.contents, range.first, range.bytes);
  } else {
    answer_.files.push_back({.ahead = std::move(ahead),
                             .slice = {.file = variant_.file, .offset = range.first, .bytes = range.bytes}});
  }
}

void FileResponse::answer_range(const ByteRange& range) {
  fields_ = variant_.fields + "Content-Range: " + content_range(range, variant_.size()) + "\r\n";
  answer_ = {.status = 206, .fields = fields_};
  put(range, {});
  answer_.body = body_;
}

void FileResponse::answer_ranges(const RangeOutcome& ranges, std::uint64_t boundary_number) {
  const std::string boundary = "millrace-" + std::to_string(boundary_number);
  const SplitFields split_fields = split(variant_.fields);
  fields_ = split_fields.others;
  fields_.append("Content-Type: multipart/byteranges; boundary=").append(boundary).append("\r\n");
  answer_ = {.status = 206, .fields = fields_};
  const std::string delimiter = "\r\n--" + boundary;
  for (const ByteRange& range : ranges.ranges()) {
    // The first delimiter has no line end ahead of it: the one of the empty preamble (RFC 2046 §5.1.1).
    std::string ahead = answer_.content_length == 0 ? delimiter.substr(2) : delimiter;
    ahead.append("\r\n")
        .append(split_fields.content_type)
        .append("Content-Range: ")
        .append(content_range(range, variant_.size()))
        .append("\r\n\r\n");
    put(range, std::move(ahead));
  }
  const std::string end = delimiter + "--\r\n";
  answer_.content_length += end.size();
  if (variant_.in_memory()) {
    body_ += end;
  } else {
    answer_.files.push_back({.ahead = end});
  }
  answer_.body = body_;
}

void FileResponse::answer_unsatisfiable() {
  // RFC 9110 §15.5.17: the client learns how long the file is.
  fields_ = fields_without_file(variant_.validators) + "Content-Range: bytes */" +
            std::to_string(variant_.size()) + "\r\n";
  answer_ = {.status = 416, .fields = fields_};
}

}  // namespace millrace
