// request_parser_fuzz.cc: any bytes as a request head. Cutting, moving and vectorising change nothing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/oracle.h"
#include "http/field_names.h"
#include "http/field_rules.h"
#include "native/feed.h"

namespace millrace::fuzz {

namespace {

using feed::HeadOptions;
using feed::HeadResult;
using feed::read_head;

/// Nothing that could be written into a log or another message as more than it is.
bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

void check_slice(std::string_view head, Slice slice) {
  require(slice.length <= head.size() && slice.offset <= head.size() - slice.length,
          "slices lie inside the head");
  require(is_one_line(head.substr(slice.offset, slice.length)), "slices hold no line ends and no NUL");
}

void check_fields(std::string_view head, const HeadResult& result, const HeadLimits& limits) {
  require(result.fields.size() <= limits.header_count, "no more fields than the limit");
  std::size_t behind = result.head.start;
  for (const Field& field : result.fields) {
    check_slice(head, {field.name_offset, field.name_length});
    check_slice(head, {field.value_offset, field.value_length});
    require(field.name_offset >= behind && field.value_offset > field.name_offset, "fields come in order");
    behind = field.value_offset + field.value_length;
    const std::string_view name = head.substr(field.name_offset, field.name_length);
    const std::string_view value = head.substr(field.value_offset, field.value_length);
    require(
        !name.empty() && skip(kTchar, name.data(), name.data() + name.size()) == name.data() + name.size(),
        "names are tokens");
    require(trim(value).size() == value.size(), "values have no white space around them");
    require(field.id == static_cast<std::uint16_t>(id_of(name.data(), name.size())), "ids belong to names");
  }
}

void check_complete(std::string_view bytes, const HeadResult& result, const HeadOptions& options) {
  const RequestHead& head = result.head;
  require(head.bytes <= bytes.size(), "a head ends inside the bytes");
  const std::string_view used = bytes.substr(0, head.bytes);
  require(used.ends_with("\r\n\r\n"), "a head ends with an empty line");
  for (const Slice slice : {head.method_name, head.target, head.path, head.query, head.authority}) {
    check_slice(used, slice);
  }
  check_fields(used, result, options.limits);
  require(read_head(used, {}, options) == result, "what follows a head changes nothing");
  require(read_head(used.substr(0, used.size() - 1), {}, options).status == ParseStatus::incomplete,
          "a head is complete at its last byte and not before");
  require(head.minor_version == 0 || head.authority.length > 0, "HTTP/1.1 has an authority");
  require(head.framing == BodyFraming::length || head.content_length == 0, "only a length frames by length");
}

void check(std::string_view bytes, HeadLimits limits) {
  const HeadOptions options{.limits = limits};
  const HeadResult whole = read_head(bytes, {}, options);
  Numbers numbers(hash_of(bytes));
  const std::size_t shift = numbers.below(16);
  require(read_head(bytes, {}, {.limits = limits, .scan = ScanPath::scalar, .shift = shift}) == whole,
          "the scalar scan says the same");
  for (int round = 0; round < 3; ++round) {
    const auto cuts = random_cuts(numbers, bytes.size());
    require(read_head(bytes, cuts, options) == whole, "cutting changes nothing");
  }
  if (bytes.size() <= kFedByteByByte) {
    require(read_head(bytes, feed::cut_everywhere(bytes.size()), options) == whole,
            "single bytes say the same");
  }
  if (whole.status == ParseStatus::complete) check_complete(bytes, whole, options);
  require((whole.status == ParseStatus::failed) == (status_of(whole.error) >= 400), "a failure has a status");
}

}  // namespace

}  // namespace millrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  millrace::fuzz::check(bytes, {});
  // Limits that short inputs reach.
  millrace::fuzz::check(bytes, {.request_line_bytes = 24, .header_bytes = 48, .header_count = 3});
  return 0;
}
