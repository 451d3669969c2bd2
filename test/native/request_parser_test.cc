// request_parser_test.cc: the request head, from the tables in test/protocol, at every way of cutting the
// bytes.
#include "http/request_parser.h"

#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "native/check.h"
#include "native/feed.h"
#include "protocol/request_head_cases.h"

namespace millrace {

namespace {

using cases::AcceptedHead;
using cases::kAcceptedHeads;
using cases::kRefusedHeads;
using cases::RefusedHead;
using feed::HeadResult;
using feed::read_head;

/// All pairs of cuts are tried up to this size, so that the tests stay within seconds under a sanitizer.
constexpr std::size_t kShort = 90;

std::string_view text(std::string_view bytes, Slice slice) {
  return bytes.substr(slice.offset, slice.length);
}

std::string fields_of(std::string_view bytes, const HeadResult& result) {
  std::string all;
  for (const Field& field : result.fields) {
    if (!all.empty()) all += '|';
    all += text(bytes, {field.name_offset, field.name_length});
    all += '=';
    all += text(bytes, {field.value_offset, field.value_length});
  }
  return all;
}

std::string whole(const RefusedHead& c) { return std::string(c.sound) += c.wrong; }

/// Every way of cutting `bytes` that is tried gives `expected`.
void expect_at_every_cut(std::string_view bytes, const HeadResult& expected) {
  const auto all = feed::cut_everywhere(bytes.size());
  EXPECT_TRUE(read_head(bytes, all) == expected);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    SCOPE("cut at byte " + std::to_string(first));
    const std::size_t one[] = {first};
    EXPECT_TRUE(read_head(bytes, one) == expected);
    if (bytes.size() > kShort) continue;
    for (std::size_t second = first + 1; second <= bytes.size(); ++second) {
      const std::size_t two[] = {first, second};
      if (read_head(bytes, two) != expected) EXPECT_EQ(second, 0u);  // reached only to name the second cut
    }
  }
}

/// Vector and scalar code agree wherever the bytes lie.
void expect_at_every_alignment(std::string_view bytes, const HeadResult& expected) {
  for (std::size_t shift = 0; shift < 16; ++shift) {
    SCOPE("alignment " + std::to_string(shift));
    EXPECT_TRUE(read_head(bytes, {}, {.shift = shift}) == expected);
    EXPECT_TRUE(read_head(bytes, {}, {.scan = ScanPath::scalar, .shift = shift}) == expected);
  }
}

HeadResult expect_error(std::string_view bytes, RequestError error, HeadLimits limits = {}) {
  const HeadResult result = read_head(bytes, {}, {.limits = limits});
  EXPECT_EQ(result.status, ParseStatus::failed);
  EXPECT_EQ(describe(result.error), describe(error));
  return result;
}

void expect_incomplete(std::string_view bytes, HeadLimits limits = {}) {
  EXPECT_EQ(read_head(bytes, {}, {.limits = limits}).status, ParseStatus::incomplete);
}

void expect_complete(std::string_view bytes, HeadLimits limits = {}) {
  EXPECT_EQ(read_head(bytes, {}, {.limits = limits}).status, ParseStatus::complete);
}

TEST("accepted heads mean what the table says") {
  for (const AcceptedHead& c : kAcceptedHeads) {
    SCOPE(c.name);
    const HeadResult result = read_head(c.bytes);
    EXPECT_EQ(describe(result.error), describe(RequestError::none));
    if (!EXPECT_EQ(result.status, ParseStatus::complete)) continue;
    const RequestHead& head = result.head;
    EXPECT_EQ(text(c.bytes, head.method_name), c.method);
    EXPECT_EQ(text(c.bytes, head.path), c.path);
    EXPECT_EQ(text(c.bytes, head.query), c.query);
    EXPECT_EQ(text(c.bytes, head.authority), c.authority);
    EXPECT_EQ(head.target_form, c.form);
    EXPECT_EQ(head.framing, c.framing);
    EXPECT_EQ(head.content_length, c.length);
    EXPECT_EQ(head.minor_version, c.minor_version);
    EXPECT_EQ(head.keep_alive, c.keep_alive);
    EXPECT_EQ(head.expect_continue, c.expect_continue);
    EXPECT_EQ(head.unknown_expectation, c.unknown_expectation);
    EXPECT_EQ(head.upgrade, c.upgrade);
    EXPECT_EQ(head.bytes, c.bytes.find("\r\n\r\n", head.start) + 4);
    EXPECT_EQ(head.start, c.bytes.find_first_not_of("\r\n"));
    if (!c.fields.empty()) EXPECT_EQ(fields_of(c.bytes, result), c.fields);
  }
}

TEST("accepted heads are incomplete until their last byte") {
  for (const AcceptedHead& c : kAcceptedHeads) {
    SCOPE(c.name);
    const std::size_t size = read_head(c.bytes).head.bytes;
    for (std::size_t end = 0; end < size; ++end) expect_incomplete(c.bytes.substr(0, end));
    expect_complete(c.bytes.substr(0, size));
  }
}

TEST("accepted heads are the same however they are cut") {
  for (const AcceptedHead& c : kAcceptedHeads) {
    SCOPE(c.name);
    expect_at_every_cut(c.bytes, read_head(c.bytes));
  }
}

TEST("accepted heads are the same at every alignment") {
  for (const AcceptedHead& c : kAcceptedHeads) {
    SCOPE(c.name);
    expect_at_every_alignment(c.bytes, read_head(c.bytes));
  }
}

TEST("refused heads are refused at the first wrong byte and not before") {
  for (const RefusedHead& c : kRefusedHeads) {
    SCOPE(c.name);
    const std::string bytes = whole(c);
    for (std::size_t end = 0; end <= c.sound.size(); ++end) expect_incomplete(c.sound.substr(0, end));
    for (std::size_t end = c.sound.size() + 1; end <= bytes.size(); ++end) {
      expect_error(bytes.substr(0, end), c.error);
    }
  }
}

TEST("refused heads are refused alike however they are cut and wherever they lie") {
  for (const RefusedHead& c : kRefusedHeads) {
    SCOPE(c.name);
    const std::string bytes = whole(c);
    const HeadResult result = read_head(bytes);
    expect_at_every_cut(bytes, result);
    expect_at_every_alignment(bytes, result);
  }
}

TEST("every refusal has a status that ends the connection, and a phrase") {
  for (const RefusedHead& c : kRefusedHeads) {
    SCOPE(c.name);
    EXPECT_LE(400, status_of(c.error));
    EXPECT_LT(10u, std::string_view(describe(c.error)).size());
  }
  EXPECT_EQ(status_of(RequestError::none), 0);
  EXPECT_EQ(status_of(RequestError::unknown_transfer_coding), 501);
  EXPECT_EQ(status_of(RequestError::unsupported_version), 505);
}

TEST("every byte that may not stand in a value is found at every offset, by both scans") {
  for (std::size_t offset = 0; offset <= 130; ++offset) {
    const std::string before = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b" + std::string(offset, 'a');
    for (int byte = 0; byte < 256; ++byte) {
      const bool right = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
      const std::string bytes = before + static_cast<char>(byte) + "c\r\n\r\n";
      const HeadResult vector = read_head(bytes);
      EXPECT_EQ(vector.status == ParseStatus::complete, right);
      EXPECT_TRUE(vector == read_head(bytes, {}, {.scan = ScanPath::scalar}));
    }
  }
}

TEST("every byte that may not stand in a name is found at every offset, by both scans") {
  for (std::size_t offset = 0; offset <= 40; ++offset) {
    const std::string before = "GET / HTTP/1.1\r\nHost: a\r\nx" + std::string(offset, 'a');
    for (int byte = 0; byte < 256; ++byte) {
      if (byte == ':') continue;
      const bool right =
          std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(byte)) != std::string_view::npos ||
          (byte < 128 && std::isalnum(byte));
      const std::string bytes = before + static_cast<char>(byte) + "b: " + std::string(40, 'v') + "\r\n\r\n";
      const HeadResult vector = read_head(bytes);
      EXPECT_EQ(vector.status == ParseStatus::complete, right);
      EXPECT_TRUE(vector == read_head(bytes, {}, {.scan = ScanPath::scalar}));
    }
  }
}

TEST("a request line of the limit's length is read, one byte more is 414 (RFC 9112 §3)") {
  const HeadLimits limits{.request_line_bytes = 40};
  const std::string at_limit = "GET /" + std::string(40 - 14, 'a') + " HTTP/1.1";
  ASSERT_EQ(at_limit.size(), 40u);
  expect_complete(at_limit + "\r\nHost: a\r\n\r\n", limits);
  expect_complete("\r\n" + at_limit + "\r\nHost: a\r\n\r\n", limits);  // skipped lines do not count
  const std::string longer = "GET /" + std::string(41 - 14, 'a') + " HTTP/1.1";
  expect_incomplete(longer, limits);
  expect_error(longer + "\r", RequestError::request_line_too_long, limits);
  EXPECT_EQ(status_of(RequestError::request_line_too_long), 414);
}

TEST("a request line without end is refused at the limit, whatever part of it is endless") {
  const HeadLimits limits{.request_line_bytes = 40};
  for (const char* beginning : {"", "GET /", "GET /?", "GET http://", "CONNECT "}) {
    SCOPE(beginning);
    const std::string endless = beginning + std::string(100, 'a');
    expect_incomplete(endless.substr(0, 41), limits);
    expect_error(endless.substr(0, 42), RequestError::request_line_too_long, limits);
    expect_at_every_cut(endless, read_head(endless));
  }
}

TEST("a wrong byte ahead of the limit counts before the limit, one behind it does not") {
  const HeadLimits limits{.request_line_bytes = 40};
  std::string bytes = "GET /" + std::string(100, 'a');
  bytes[41] = '#';
  expect_error(bytes, RequestError::fragment_in_target, limits);
  bytes[41] = 'a';
  bytes[42] = '#';
  expect_error(bytes, RequestError::request_line_too_long, limits);
}

TEST("fields of the limit's size are read, one byte more is 431 (RFC 6585 §5)") {
  const HeadLimits limits{.header_bytes = 64};
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::string fields = "Host: a\r\nX-A: " + std::string(64 - 16, 'b') + "\r\n";
  ASSERT_EQ(fields.size(), 64u);
  expect_complete(line + fields + "\r\n", limits);
  const std::string longer = line + "Host: a\r\nX-A: b" + std::string(64 - 16, 'b') + "\r\n";
  expect_incomplete(longer, limits);
  expect_error(longer + "\r\n", RequestError::header_too_large, limits);
  EXPECT_EQ(status_of(RequestError::header_too_large), 431);
}

TEST("fields without end are refused at the limit, whatever part of them is endless") {
  const HeadLimits limits{.header_bytes = 64};
  const std::string line = "GET / HTTP/1.1\r\n";
  for (const char* beginning : {"", "X-A:", "X-A: b"}) {
    SCOPE(beginning);
    const std::string filling(200, *beginning == '\0' ? 'a' : ' ');
    const std::string endless = line + beginning + filling;
    expect_incomplete(endless.substr(0, line.size() + 65), limits);
    expect_error(endless.substr(0, line.size() + 66), RequestError::header_too_large, limits);
    const HeadResult refused = read_head(endless, {}, {.limits = limits});
    EXPECT_TRUE(read_head(endless, feed::cut_everywhere(endless.size()), {.limits = limits}) == refused);
  }
}

TEST("the limit's number of fields is read, the first byte of one more is 431") {
  const HeadLimits limits{.header_count = 3};
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n";
  expect_complete(bytes + "\r\n", limits);
  expect_incomplete(bytes, limits);
  expect_error(bytes + "X", RequestError::too_many_fields, limits);
  EXPECT_EQ(status_of(RequestError::too_many_fields), 431);
}

TEST("the largest count that can be configured fits the table") {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::uint32_t i = 1; i < FieldTable::kCapacity; ++i) bytes += "X: y\r\n";
  const HeadLimits limits{.header_bytes = 1 << 20, .header_count = 5000};
  const HeadResult result = read_head(bytes + "\r\n", {}, {.limits = limits});
  EXPECT_EQ(result.status, ParseStatus::complete);
  EXPECT_EQ(result.fields.size(), FieldTable::kCapacity);
  expect_error(bytes + "X: y\r\n\r\n", RequestError::too_many_fields, limits);
}

TEST("a name too long for its 16-bit length is refused") {
  const HeadLimits limits{.header_bytes = 1 << 20};
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  expect_complete(head + std::string(65535, 'n') + ": v\r\n\r\n", limits);
  expect_error(head + std::string(65536, 'n') + ": v\r\n\r\n", RequestError::header_too_large, limits);
}

TEST("fields carry the numbers of their names") {
  const std::string_view bytes = "GET / HTTP/1.1\r\nhost: a\r\nX-Own: b\r\nACCEPT: c\r\n\r\n";
  for (const ScanPath scan : {ScanPath::best, ScanPath::scalar}) {
    const HeadResult result = read_head(bytes, {}, {.scan = scan});
    ASSERT_EQ(result.fields.size(), 3u);
    EXPECT_EQ(result.fields[0].id, static_cast<std::uint16_t>(FieldId::host));
    EXPECT_EQ(result.fields[1].id, 0u);
    EXPECT_EQ(result.fields[2].id, static_cast<std::uint16_t>(FieldId::accept));
  }
}

TEST("the methods have their numbers") {
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::get},     {"HEAD", Method::head},      {"POST", Method::post},
      {"PUT", Method::put},     {"DELETE", Method::delete_}, {"OPTIONS", Method::options},
      {"TRACE", Method::trace}, {"PATCH", Method::patch},    {"get", Method::other},
      {"GETS", Method::other},  {"OPTION", Method::other},   {"PURGE", Method::other},
  };
  for (const auto& [name, method] : methods) {
    SCOPE(name);
    EXPECT_EQ(read_head(name + std::string(" / HTTP/1.1\r\nHost: a\r\n\r\n")).head.method, method);
  }
  EXPECT_EQ(read_head("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").head.method, Method::connect);
}

TEST("a parser says whether the client has begun a request") {
  FieldTable table;
  RequestParser parser({}, table);
  EXPECT_EQ(parser.parse("", 0), ParseStatus::incomplete);
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.parse("\r\n\r", 3), ParseStatus::incomplete);
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.parse("\r\n\r\nG", 5), ParseStatus::incomplete);
  EXPECT_TRUE(parser.begun());
  parser.reset();
  EXPECT_FALSE(parser.begun());
}

TEST("a parser is ready for the next request after a reset, and repeats its verdict until then") {
  FieldTable table;
  RequestParser parser({}, table);
  const std::string_view bad = "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n";
  EXPECT_EQ(parser.parse(bad.data(), bad.size()), ParseStatus::failed);
  EXPECT_EQ(parser.parse(bad.data(), bad.size()), ParseStatus::failed);
  parser.reset();
  const std::string_view good = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
  EXPECT_EQ(parser.parse(good.data(), good.size()), ParseStatus::complete);
  EXPECT_EQ(parser.parse(good.data(), good.size()), ParseStatus::complete);
  EXPECT_EQ(parser.fields().size(), 1u);
  EXPECT_EQ(parser.head().framing, BodyFraming::none);
}

TEST("a Host is judged by itself, whatever was valid before it") {
  FieldTable table;
  RequestParser parser({}, table);
  const std::string longest(64, 'h');
  const std::string longer(65, 'h');
  const std::pair<std::string, bool> hosts[] = {
      {"example.org", true}, {"example.org", true},  {"example.orG", true},    {"example.o/g", false},
      {"example.or", true},  {"example.org:", true}, {"example.org:x", false}, {"", false},
      {longest, true},       {longest, true},        {longer, true},           {longer, true},
      {longest, true},       {longest + " ", true},  {longest + "/", false},   {"[::1]:80", true},
      {"[::1]:80", true},    {"[::1:80", false},     {"[::1]:80", true}};
  for (const auto& [host, valid] : hosts) {
    SCOPE(host);
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    parser.reset();
    EXPECT_EQ(parser.parse(bytes.data(), bytes.size()), valid ? ParseStatus::complete : ParseStatus::failed);
    if (!valid) EXPECT_EQ(parser.error(), RequestError::bad_host);
  }
  const std::string twice = "GET / HTTP/1.1\r\nHost: [::1]:80\r\nHost: [::1]:80\r\n\r\n";
  parser.reset();
  EXPECT_EQ(parser.parse(twice.data(), twice.size()), ParseStatus::failed);
  EXPECT_EQ(parser.error(), RequestError::repeated_host);
}

TEST("a complete head can be parked while its body arrives") {
  FieldTable table;
  RequestParser parser({}, table);
  const std::string_view first = "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  const std::string_view second = "GET /b HTTP/1.1\r\nHost: b\r\nX: y\r\nZ:\r\n\r\n";
  UnfinishedHead parked;
  EXPECT_EQ(parser.parse(first.data(), first.size()), ParseStatus::complete);
  EXPECT_TRUE(parser.park(parked));
  parser.reset();
  EXPECT_EQ(parser.parse(second.data(), second.size()), ParseStatus::complete);
  parser.resume(parked);
  EXPECT_EQ(parser.head().content_length, 5u);
  ASSERT_EQ(parser.fields().size(), 2u);
  EXPECT_EQ(parser.fields()[0].id, static_cast<std::uint16_t>(FieldId::host));
  EXPECT_EQ(parser.parse(first.data(), first.size()), ParseStatus::complete);
}

TEST("before a head is complete its method is what was read, and never an older one") {
  FieldTable table;
  RequestParser parser({}, table);
  const std::string_view head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::pair<std::string_view, Method> later[] = {
      {"", Method::other},
      {"\n", Method::other},
      {"\r\n", Method::other},
      {"GE", Method::other},
      {"GE\t", Method::other},
      {"GET ", Method::get},
      {"HEAD *", Method::head},
      {"PUT / HTTP/1.1\r\nHost:", Method::put},
      {"TRACE / HTTP/1.1\r\n :", Method::trace},
  };
  for (const auto& [bytes, method] : later) {
    SCOPE(std::string(bytes));
    parser.reset();
    EXPECT_EQ(parser.parse(head.data(), head.size()), ParseStatus::complete);
    parser.reset();
    EXPECT_NE(parser.parse(bytes.data(), bytes.size()), ParseStatus::complete);
    EXPECT_EQ(parser.head().method, method);
  }
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
