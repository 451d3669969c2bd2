// read_requests.cc: says what the parser and the chunked decoder make of byte sequences, for programs in
// other languages that compare it with what others make of them (test/fuzz/node-http/).
//
// Standard input holds the cases: four bytes of length, the least significant first, and as many bytes.
// Standard output gets one line of JSON for each, with one character for each byte of the case.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "http/request_error.h"
#include "native/feed.h"

namespace millrace {

namespace {

/// Why there are no further requests. `clean`: there are no further bytes. `closed`: the client asked for the
/// end of the connection, or gets it as HTTP/1.0 has it.
struct End {
  const char* kind;
  const char* reason = "";
};

constexpr End kClean{"clean"};
constexpr End kClosed{"closed"};
constexpr End kUnfinished{"unfinished"};

End refused(const char* reason) { return {"refused", reason}; }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
    } else {
      char escape[7];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape;
    }
  }
  return out += '"';
}

std::string in_bytes(std::string_view bytes, Slice slice) {
  return quoted(bytes.substr(slice.offset, slice.length));
}

/// `bytes` begin with the head that the parser has completed. `bytes` of the JSON: the length of head and
/// body.
std::string json_of(std::string_view bytes, const RequestParser& parser, const feed::BodyResult& body) {
  const RequestHead& head = parser.head();
  std::string out = "{\"bytes\":" + std::to_string(head.bytes + body.consumed);
  out += ",\"request\":{\"method\":" + in_bytes(bytes, head.method_name);
  out += ",\"target\":" + in_bytes(bytes, head.target);
  out += head.minor_version == 0 ? ",\"version\":\"1.0\"" : ",\"version\":\"1.1\"";
  out += ",\"fields\":[";
  const char* separator = "";
  for (const Field& field : parser.fields()) {
    out += separator + in_bytes(bytes, {field.name_offset, field.name_length}) + ',' +
           in_bytes(bytes, {field.value_offset, field.value_length});
    separator = ",";
  }
  out += "],\"body\":" + quoted(body.body) + ",\"trailers\":" + quoted(body.trailers);
  out += head.keep_alive ? ",\"keepAlive\":true}}" : ",\"keepAlive\":false}}";
  return out;
}

/// Takes the request at the beginning of `bytes` off, and adds it to `requests`, a list of JSON. Says why
/// nothing follows.
std::optional<End> read_one(std::string_view& bytes, std::string& requests) {
  static FieldTable table;
  RequestParser parser({}, table);
  parser.reset();
  switch (parser.parse(bytes.data(), bytes.size())) {
    case ParseStatus::failed:
      return refused(describe(parser.error()));
    case ParseStatus::incomplete:
      return parser.begun() ? kUnfinished : kClean;
    case ParseStatus::complete:
      break;
  }
  const RequestHead& head = parser.head();
  // What the server refuses although the parser does not: with 501 and with 417.
  if (head.method == Method::connect) return refused("CONNECT");
  if (head.unknown_expectation) return refused("unknown expectation");

  const std::string_view rest = bytes.substr(head.bytes);
  feed::BodyResult body;
  if (head.framing == BodyFraming::length) {
    if (rest.size() < head.content_length) return kUnfinished;
    body.consumed = static_cast<std::size_t>(head.content_length);
    body.body = rest.substr(0, body.consumed);
  } else if (head.framing == BodyFraming::chunked) {
    body = feed::read_body(rest, UINT64_MAX);
    if (body.status == ChunkedDecoder::Status::failed) return refused(describe(body.error));
    if (body.status != ChunkedDecoder::Status::done) return kUnfinished;
  }
  if (!requests.empty()) requests += ',';
  requests += json_of(bytes, parser, body);
  bytes = rest.substr(body.consumed);
  if (!head.keep_alive) return kClosed;
  return bytes.empty() ? std::optional(kClean) : std::nullopt;
}

std::string read_all(std::string_view bytes) {
  std::string requests;
  std::optional<End> end;
  while (!end) end = read_one(bytes, requests);
  return "{\"requests\":[" + requests + "],\"end\":\"" + end->kind + "\",\"reason\":" + quoted(end->reason) +
         '}';
}

/// False at the end of the input.
bool next_case(std::string& bytes) {
  std::array<unsigned char, 4> size{};
  if (std::fread(size.data(), 1, size.size(), stdin) != size.size()) return false;
  bytes.resize(size[0] | size[1] << 8 | size[2] << 16 | static_cast<std::size_t>(size[3]) << 24);
  return std::fread(bytes.data(), 1, bytes.size(), stdin) == bytes.size();
}

}  // namespace

}  // namespace millrace

int main() {
  std::string bytes;
  while (millrace::next_case(bytes)) std::puts(millrace::read_all(bytes).c_str());
}
