#include "ring/request_record.h"

#include <memory>
#include <string>
#include <string_view>

#include "http/field_names.h"
#include "http/request_parser.h"
#include "native/check.h"
#include "native/js_request.h"

namespace millrace::ring {
namespace {

struct Parsed {
  explicit Parsed(std::string_view head, HeadLimits limits = {}) : parser(limits, *table) {
    parser.reset();
    status = parser.parse(head.data(), head.size());
  }

  /// The record in a block of exactly its size: AddressSanitizer sees a byte more.
  std::string record(std::string_view head, const PeerAddress& peer = {}) {
    const std::uint32_t bytes = record_bytes(parser.head(), parser.fields().size(), peer);
    auto block = std::make_unique<char[]>(bytes);
    char* const end = write_record(block.get(), parser.head(), parser.fields(), head.data(), peer);
    EXPECT_TRUE(end == block.get() + bytes);
    return {block.get(), bytes};
  }

  std::unique_ptr<FieldTable> table = std::make_unique<FieldTable>();
  RequestParser parser;
  ParseStatus status;
};

TEST("holds everything that JavaScript reads of a request") {
  constexpr std::string_view kHead =
      "POST /a/b?c=d HTTP/1.1\r\nHost: example.org:81\r\nX-Own:  a value \r\nAccept: */*\r\nContent-Length: "
      "3\r\n\r\nabc";
  Parsed parsed(kHead);
  ASSERT_TRUE(parsed.status == ParseStatus::complete);
  PeerAddress peer;
  peer.family = PeerAddress::Family::ipv4;
  peer.port = 54321;
  peer.bytes = {127, 0, 0, 9};
  const std::string record = parsed.record(kHead, peer);
  const js::RequestReader request(record);
  EXPECT_EQ(request.method(), static_cast<std::uint32_t>(Method::post));
  EXPECT_EQ(request.minor_version(), 1u);
  EXPECT_EQ(request.target_form(), static_cast<std::uint32_t>(TargetForm::origin));
  EXPECT_EQ(request.peer_family(), 4u);
  EXPECT_EQ(request.peer_port(), 54321u);
  EXPECT_EQ(request.peer_address(), std::string_view("\x7f\0\0\x09", 4));
  EXPECT_EQ(request.method_name(), "POST");
  EXPECT_EQ(request.target(), "/a/b?c=d");
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "c=d");
  EXPECT_EQ(request.authority(), "example.org:81");
  ASSERT_EQ(request.field_count(), 4u);
  EXPECT_EQ(request.field_name(1), "X-Own");
  EXPECT_EQ(request.field_value(1), "a value");
  EXPECT_EQ(request.field_id(1), 0u);
  EXPECT_EQ(request.header("Accept"), "*/*");
  EXPECT_EQ(request.field_id(2), static_cast<std::uint32_t>(id_of("accept", 6)));
}

TEST("keeps the address of an IPv6 client whole, and none of a Unix socket's") {
  constexpr std::string_view kHead = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
  Parsed parsed(kHead);
  PeerAddress peer;
  peer.family = PeerAddress::Family::ipv6;
  for (std::uint8_t i = 0; i < 16; ++i) peer.bytes[i] = i;
  const std::string record = parsed.record(kHead, peer);
  EXPECT_EQ(js::RequestReader(record).peer_address(),
            std::string_view("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16));
  EXPECT_EQ(js::RequestReader(record).header("Host"), "h");
  const std::string without = parsed.record(kHead);
  EXPECT_EQ(js::RequestReader(without).peer_address(), "");
  EXPECT_EQ(js::RequestReader(without).header("Host"), "h");
}

struct TargetCase {
  std::string_view line;
  std::string_view target;
  std::string_view path;
  std::string_view query;
  std::string_view authority;
};

TEST("takes every form of target apart again (RFC 9112 §3.2)") {
  constexpr TargetCase kCases[] = {
      {"GET /a/b?c=d?e", "/a/b?c=d?e", "/a/b", "c=d?e", "h:1"},
      {"GET /?", "/?", "/", "", "h:1"},
      {"GET /", "/", "/", "", "h:1"},
      {"GET http://t:2/a?b", "http://t:2/a?b", "/a", "b", "t:2"},
      {"GET HTTP://t", "HTTP://t", "", "", "t"},
      {"GET http://t?", "http://t?", "", "", "t"},
      {"GET http://t?q", "http://t?q", "", "q", "t"},
      {"OPTIONS *", "*", "*", "", "h:1"},
      {"CONNECT t:2", "t:2", "", "", "t:2"},
  };
  for (const TargetCase& c : kCases) {
    const std::string head = std::string(c.line) + " HTTP/1.1\r\nA: b\r\nHost: h:1\r\n\r\n";
    Parsed parsed(head);
    ASSERT_TRUE(parsed.status == ParseStatus::complete);
    const std::string record = parsed.record(head);
    const js::RequestReader request(record);
    EXPECT_EQ(request.target(), c.target);
    EXPECT_EQ(request.path(), c.path);
    EXPECT_EQ(request.query(), c.query);
    EXPECT_EQ(request.authority(), c.authority);
    EXPECT_EQ(request.header("A"), "b");
  }
}

TEST("names of any length, and values at the end of the largest field section") {
  constexpr std::uint32_t kLargest = 64 * 1024;  // as much as the limits can be set to, lib/options.ts
  for (const std::size_t name_bytes : {254, 255, 256, 40000}) {
    const std::string name(name_bytes, 'n');
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\n" + name + ": long\r\n";
    const std::size_t used = head.size() - head.find("Host") + std::string_view("A:z\r\nB:\r\n").size();
    head += "A:" + std::string(kLargest - used, ' ') + "z\r\nB:\r\n";
    head += "\r\n";
    Parsed parsed(head, {.request_line_bytes = 100, .header_bytes = kLargest, .header_count = 100});
    ASSERT_TRUE(parsed.status == ParseStatus::complete);
    const std::string record = parsed.record(head);
    const js::RequestReader request(record);
    EXPECT_EQ(request.header(name), "long");
    EXPECT_EQ(request.header("A"), "z");
    EXPECT_EQ(request.field_name(3), "B");
    EXPECT_EQ(request.field_value(3), "");
  }
}

TEST("leaves out the empty lines ahead of a request") {
  constexpr std::string_view kHead = "\r\n\r\nGET /x HTTP/1.0\r\n\r\n";
  Parsed parsed(kHead);
  ASSERT_TRUE(parsed.status == ParseStatus::complete);
  const std::string record = parsed.record(kHead);
  const js::RequestReader request(record);
  EXPECT_EQ(request.minor_version(), 0u);
  EXPECT_EQ(request.field_count(), 0u);
  EXPECT_EQ(request.method_name(), "GET");
  EXPECT_EQ(request.path(), "/x");
  EXPECT_EQ(request.query(), "");
  EXPECT_EQ(request.authority(), "");
  EXPECT_EQ(request.peer_family(), 0u);
}

TEST("the largest head that the limits let through is no larger than the arena is sized for") {
  constexpr HeadLimits kLimits{.request_line_bytes = 300, .header_bytes = 1000, .header_count = 7};
  std::string head = "\r\n\r\n\r\n\r\n";
  std::string line = "GET / HTTP/1.1";
  line.insert(5, kLimits.request_line_bytes - line.size(), 'p');
  head += line + "\r\nHost: h\r\n";
  std::string fields;
  for (std::uint32_t i = 0; i < kLimits.header_count - 2; ++i) fields += "A:\r\n";
  const std::size_t left =
      kLimits.header_bytes - fields.size() - std::string_view("Host: h\r\nB:\r\n").size();
  head += fields + "B:" + std::string(left, 'b') + "\r\n\r\n";
  Parsed parsed(head, kLimits);
  ASSERT_TRUE(parsed.status == ParseStatus::complete);
  EXPECT_EQ(parsed.parser.fields().size(), kLimits.header_count);
  const std::size_t bound =
      largest_record_bytes(kLimits.request_line_bytes, kLimits.header_bytes, kLimits.header_count);
  EXPECT_LE(parsed.record(head).size(), bound);
  // One byte more and it is refused: so this was the largest.
  head.insert(head.size() - 4, "b");
  EXPECT_TRUE(Parsed(head, kLimits).status == ParseStatus::failed);
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
