#include "http/status_lines.h"

#include <array>

namespace millrace {
namespace {

struct Phrase {
  std::uint16_t status;
  std::string_view text;
};

// IANA "HTTP Status Code" registry, permanent entries; the phrases of RFC 9110 where it renamed some (413,
// 422).
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kPhraseAt = kVersion.size() + 4;  // three digits and a space
constexpr std::size_t kIndexedStatuses = 600;           // the registry has nothing above 5xx

struct Record {
  std::array<char, kStatusLineRecordBytes> text{};
  std::size_t length = 0;

  constexpr void append(std::string_view part) {
    for (const char c : part) text[length++] = c;  // past the end this does not compile
  }
};

struct Table {
  std::array<Record, std::size(kPhrases) + 1> records{};  // the first stays empty, for all other codes
  std::array<std::uint8_t, kIndexedStatuses> record_of{};
};

constexpr Table make_table() {
  Table table;
  std::uint8_t next = 1;
  for (const Phrase& phrase : kPhrases) {
    Record& record = table.records[next];
    const int status = phrase.status;
    const char digits[] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                           static_cast<char>('0' + status % 10), ' '};
    record.append(kVersion);
    record.append({digits, sizeof digits});
    record.append(phrase.text);
    record.append(kLineEnd);
    table.record_of[phrase.status] = next++;
  }
  return table;
}

constexpr Table kTable = make_table();

}  // namespace

std::string_view status_line(std::uint16_t status) noexcept {
  if (status >= kIndexedStatuses) return {};
  const Record& record = kTable.records[kTable.record_of[status]];
  return {record.text.data(), record.length};
}

std::string_view reason_phrase(std::uint16_t status) noexcept {
  const std::string_view line = status_line(status);
  return line.empty() ? line : line.substr(kPhraseAt, line.size() - kPhraseAt - kLineEnd.size());
}

}  // namespace millrace
