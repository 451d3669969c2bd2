// table_cuts_test.cc: the requests of the conformance table, cut at every byte, with the vectorised scan and
// with the scalar one: the parser and the chunked decoder always say the same.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "http/field_rules.h"
#include "native/check.h"
#include "native/feed.h"

namespace millrace {

namespace {

using feed::BodyResult;
using feed::HeadResult;
using feed::read_body;
using feed::read_head;

/// Made from the table by test/protocol/requests-file.ts. Tests run from the top of the repository.
constexpr const char* kRequestsFile = "test/protocol/requests.txt";

constexpr std::uint64_t kBodyLimit = 1 << 20;
constexpr ScanPath kScans[] = {ScanPath::best, ScanPath::scalar};

struct Request {
  std::string name;
  std::string bytes;
};

/// `\r`, `\n`, `\\` and `\xHH`.
std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes += text[at];
      continue;
    }
    switch (text[++at]) {
      case 'r':
        bytes += '\r';
        break;
      case 'n':
        bytes += '\n';
        break;
      case 'x':
        bytes += static_cast<char>(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2]));
        at += 2;
        break;
      default:
        bytes += text[at];
        break;
    }
  }
  return bytes;
}

std::vector<Request> requests() {
  std::vector<Request> all;
  std::ifstream file(kRequestsFile);
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    all.push_back({line.substr(0, tab), unescaped(std::string_view(line).substr(tab + 1))});
  }
  return all;
}

/// The result of the whole bytes by the scalar scan, to which every other way is compared.
HeadResult expect_one_head(std::string_view bytes) {
  const HeadResult expected = read_head(bytes, {}, {.scan = ScanPath::scalar});
  const auto everywhere = feed::cut_everywhere(bytes.size());
  for (const ScanPath scan : kScans) {
    SCOPE(scan == ScanPath::best ? "vector" : "scalar");
    EXPECT_TRUE(read_head(bytes, {}, {.scan = scan}) == expected);
    EXPECT_TRUE(read_head(bytes, everywhere, {.scan = scan}) == expected);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      SCOPE("head cut at byte " + std::to_string(cut));
      const std::size_t cuts[] = {cut};
      EXPECT_TRUE(read_head(bytes, cuts, {.scan = scan}) == expected);
    }
  }
  return expected;
}

BodyResult expect_one_body(std::string_view bytes) {
  const BodyResult expected = read_body(bytes, kBodyLimit);
  EXPECT_TRUE(read_body(bytes, kBodyLimit, feed::cut_everywhere(bytes.size())) == expected);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    SCOPE("body cut at byte " + std::to_string(cut));
    const std::size_t cuts[] = {cut};
    EXPECT_TRUE(read_body(bytes, kBodyLimit, cuts) == expected);
  }
  return expected;
}

/// Reads the message at the front of `rest` in every way. Returns its size; 0: it is the last that can be
/// read.
std::size_t expect_one_message(std::string_view rest) {
  const HeadResult head = expect_one_head(rest);
  if (head.status != ParseStatus::complete) return 0;
  const std::string_view body = rest.substr(head.head.bytes);
  if (head.head.framing != BodyFraming::chunked) {
    return head.head.content_length > body.size() ? 0 : head.head.bytes + head.head.content_length;
  }
  const BodyResult read = expect_one_body(body);
  return read.status == ChunkedDecoder::Status::done ? head.head.bytes + read.consumed : 0;
}

TEST("the table's requests mean the same at every cut, to both scans") {
  const auto all = requests();
  EXPECT_LT(500u, all.size());
  for (const Request& request : all) {
    SCOPE(request.name);
    std::string_view rest = request.bytes;
    while (!rest.empty()) {
      const std::size_t size = expect_one_message(rest);
      if (size == 0) break;
      rest.remove_prefix(size);
    }
  }
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
