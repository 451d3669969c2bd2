// chunked_body_cases.h: what a chunked body may and may not look like, as two tables. Each row is a rule and
// its test.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/request_error.h"

namespace millrace::cases {

using namespace std::string_view_literals;
using enum RequestError;

/// The limit under which the rows are read.
inline constexpr std::uint64_t kBodyLimit = 64;

struct AcceptedBody {
  const char* name;
  std::string_view bytes;
  std::string_view body;
  std::string_view trailers = "";
};

/// `sound` could still become a body; the first byte of `wrong` decides that it cannot.
struct RefusedBody {
  const char* name;
  std::string_view sound;
  std::string_view wrong;
  RequestError error;
};

inline constexpr AcceptedBody kAcceptedBodies[] = {
    {"one chunk (RFC 9112 §7.1)", "5\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"several chunks", "3\r\nhel\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n"sv, "hello"sv},
    {"no chunk", "0\r\n\r\n"sv, ""sv},
    {"sizes in lower case", "a\r\n0123456789\r\n0\r\n\r\n"sv, "0123456789"sv},
    {"sizes in upper case", "0B\r\n0123456789x\r\n0\r\n\r\n"sv, "0123456789x"sv},
    {"zeros ahead of a size", "0005\r\nhello\r\n000\r\n\r\n"sv, "hello"sv},
    {"as many digits as are read", "00000000000000000000000000000005\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"line ends and NULs in the data", "7\r\n\r\n0\r\n\0\n\r\n0\r\n\r\n"sv, "\r\n0\r\n\0\n"sv},
    {"a chunk of the limit's size",
     "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n"sv,
     "0123456789012345678901234567890123456789012345678901234567890123"sv},
    {"an extension (RFC 9112 §7.1.1)", "5;a\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"extensions with values", "5;a=b;c=d;e\r\nhello\r\n0;f=g\r\n\r\n"sv, "hello"sv},
    {"a quoted extension value", "5;a=\"b c;\t=\xff\"\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"quoted pairs in an extension value", "5;a=\"\\\"\\\\\\;\";b\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"an empty quoted extension value", "5;a=\"\"\r\nhello\r\n0\r\n\r\n"sv, "hello"sv},
    {"a trailer (RFC 9112 §7.1.2)", "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"sv, "x"sv, "X-Sum: 1\r\n"sv},
    {"several trailers", "0\r\na:b\r\nc: \xff d \r\ne:\r\n\r\n"sv, ""sv, "a:b\r\nc: \xff d \r\ne:\r\n"sv},
    {"framing fields in trailers say nothing (RFC 9110 §6.5.1)",
     "0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: b\r\n\r\n"sv, ""sv,
     "Content-Length: 9\r\nTransfer-Encoding: x\r\nHost: b\r\n"sv},
    {"a line behind the last chunk is a trailer, whatever it reads like", "0\r\nX:POST / HTTP/1.1\r\n\r\n"sv,
     ""sv, "X:POST / HTTP/1.1\r\n"sv},
};

// A string literal is cut in two where a hex escape would swallow the letter behind it.
inline constexpr RefusedBody kRefusedBodies[] = {
    // --- sizes
    // -------------------------------------------------------------------------------------------------
    {"no size (RFC 9112 §7.1)", ""sv, "\r\nhello"sv, bad_chunk_size},
    {"a letter for a size", ""sv, "z\r\n"sv, bad_chunk_size},
    {"the letter behind F", ""sv, "g\r\n"sv, bad_chunk_size},
    {"the letter behind F, further on", "1"sv, "G\r\n"sv, bad_chunk_size},
    {"a character ahead of 0", ""sv, "/\r\n"sv, bad_chunk_size},
    {"a character behind 9", "1"sv, ":\r\n"sv, bad_chunk_size},
    {"0x ahead of a size", "0"sv, "x5\r\nhello\r\n"sv, bad_chunk_size},
    {"a minus sign", ""sv, "-1\r\n"sv, bad_chunk_size},
    {"a plus sign", ""sv, "+5\r\nhello"sv, bad_chunk_size},
    {"an underscore", "0"sv, "_5\r\nhello"sv, bad_chunk_size},
    {"a dot", "5"sv, ".0\r\nhello"sv, bad_chunk_size},
    {"a space ahead of a size", ""sv, " 5\r\nhello"sv, bad_chunk_size},
    {"a space behind a size", "5"sv, " \r\nhello"sv, bad_chunk_size},
    {"a tab behind a size", "5"sv, "\t\r\nhello"sv, bad_chunk_size},
    {"a word behind a size", "5"sv, " hello\r\n"sv, bad_chunk_size},
    {"a space ahead of an extension", "5"sv, " ;a\r\nhello"sv, bad_chunk_size},
    {"a NUL behind a size", "5"sv, "\0\r\nhello"sv, bad_chunk_size},
    {"a byte above 127", ""sv, "\xb5\r\nhello"sv, bad_chunk_size},
    {"a size above the limit", "41"sv, "\r\n"sv, body_too_large},
    {"a size above the limit with an extension", "41"sv, ";a\r\n"sv, body_too_large},
    {"sizes that exceed the limit together", "3\r\nabc\r\n3e"sv, "\r\n"sv, body_too_large},
    {"a size that wraps to 5 in 64 bits", "10000000000000005"sv, "\r\nhello"sv, body_too_large},
    {"a size that wraps in 63 bits", "8000000000000005"sv, "\r\nhello"sv, body_too_large},
    {"a size that wraps to 5 in 32 bits", "100000005"sv, "\r\nhello"sv, body_too_large},
    {"the largest 64-bit size", "ffffffffffffffff"sv, "\r\nhello"sv, body_too_large},
    {"garbage behind a size above the limit", "fffff"sv, "x\r\n"sv, bad_chunk_size},
    {"one digit more than are read", "00000000000000000000000000000000"sv, "5\r\nhello"sv,
     chunk_size_line_too_long},
    {"LF behind a size (RFC 9112 §2.2)", "5"sv, "\nhello"sv, bare_lf},
    {"CR behind a size", "5\r"sv, "Xhello"sv, bare_cr},
    {"CR CR LF behind a size", "5\r"sv, "\r\nhello"sv, bare_cr},
    {"CR CR and an extension", "5\r"sv, "\r;a\r\n"sv, bare_cr},
    {"LF behind the last size", "0"sv, "\n\r\n"sv, bare_lf},

    // --- extensions
    // --------------------------------------------------------------------------------------------
    {"an extension without a name (RFC 9112 §7.1.1)", "5;"sv, "\r\nhello"sv, bad_chunk_extension},
    {"an extension without a name, then another", "5;"sv, ";a\r\nhello"sv, bad_chunk_extension},
    {"an extension with a value and no name", "5;"sv, "=a\r\nhello"sv, bad_chunk_extension},
    {"an extension without its value", "5;a="sv, "\r\nhello"sv, bad_chunk_extension},
    {"an extension with two values", "5;a=b"sv, "=c\r\nhello"sv, bad_chunk_extension},
    {"a space behind the semicolon", "5;"sv, " a\r\nhello"sv, bad_chunk_extension},
    {"a space in an extension", "5;a"sv, " =b\r\nhello"sv, bad_chunk_extension},
    {"a space ahead of an extension's value", "5;a="sv, " b\r\nhello"sv, bad_chunk_extension},
    {"a control byte in an extension", "5;a"sv, "\x07\r\nhello"sv, bad_chunk_extension},
    {"a NUL in an extension's value", "5;a=b"sv, "\0\r\nhello"sv, bad_chunk_extension},
    {"a byte above 127 outside quotation marks", "5;a=b"sv, "\xe9\r\nhello"sv, bad_chunk_extension},
    {"an open quotation mark", "5;a=\"b; c"sv, "\r\nhello\r\n"sv, bad_chunk_extension},
    {"a control byte in quotation marks", "5;a=\"b"sv, "\x01\"\r\nhello"sv, bad_chunk_extension},
    {"an escaped line end", "5;a=\"\\"sv, "\r\n\"\r\nhello"sv, bad_chunk_extension},
    {"a word behind quotation marks", "5;a=\"b\""sv, "c\r\nhello"sv, bad_chunk_extension},
    {"a value behind quotation marks", "5;a=\"b\""sv, "=c\r\nhello"sv, bad_chunk_extension},
    {"LF in an extension (RFC 9112 §2.2)", "5;a"sv, "\nb\r\nhello"sv, bare_lf},
    {"LF behind an extension's value", "5;a=b"sv, "\nhello"sv, bare_lf},
    {"CR in an extension", "5;a\r"sv, "b\r\nhello"sv, bare_cr},
    {"CR CR behind an extension", "5;a=b\r"sv, "\rX\r\nhello"sv, bare_cr},

    // --- behind the data
    // ---------------------------------------------------------------------------------------
    {"data longer than its size (RFC 9112 §7.1)", "4\r\nhell"sv, "o\r\n0\r\n\r\n"sv, bad_chunk_end},
    {"two bytes for the line end", "5\r\nhello"sv, "XX0\r\n\r\n"sv, bad_chunk_end},
    {"data shorter than its size", "6\r\nhello\r"sv, "\n0\r\n\r\n"sv, bare_lf},
    {"a space behind the data", "5\r\nhello"sv, " \r\n0\r\n\r\n"sv, bad_chunk_end},
    {"LF behind the data", "5\r\nhello"sv, "\n0\r\n\r\n"sv, bare_lf},
    {"CR behind the data", "5\r\nhello\r"sv, "0\r\n\r\n"sv, bare_cr},
    {"an empty line behind the data", "5\r\nhello\r\n"sv, "\r\n0\r\n\r\n"sv, bad_chunk_size},

    // --- the end and trailers
    // ----------------------------------------------------------------------------------
    {"two bytes for the last line end", "0\r\nXXGET"sv, " / HTTP/1.1\r\n\r\n"sv, whitespace_before_colon},
    {"LF for the last line end", "0\r\n"sv, "\n"sv, bare_lf},
    {"CR for the last line end", "0\r\n\r"sv, "X\r\n"sv, bare_cr},
    {"CR CR LF for the last line end", "0\r\n\r"sv, "\r\n"sv, bare_cr},
    {"a trailer without a colon (RFC 9112 §5)", "0\r\nNoColon"sv, "\r\n\r\n"sv, missing_colon},
    {"a trailer without a name", "0\r\n"sv, ": v\r\n\r\n"sv, bad_field_name},
    {"a space ahead of a trailer's colon (RFC 9112 §5.1)", "0\r\nX-A"sv, " : v\r\n\r\n"sv,
     whitespace_before_colon},
    {"a space ahead of the first trailer", "0\r\n"sv, " X: v\r\n\r\n"sv, folded_field},
    {"a folded trailer (RFC 9112 §5.2)", "0\r\nX-A: a\r\n"sv, " b\r\n\r\n"sv, folded_field},
    {"a NUL in a trailer (RFC 9110 §5.5)", "0\r\nX-A: a"sv, "\0b\r\n\r\n"sv, bad_field_value},
    {"a byte above 127 in a trailer's name", "0\r\nX"sv, "\xe9: v\r\n\r\n"sv, bad_field_name},
    {"LF behind a trailer", "0\r\nX: y"sv, "\n\r\n"sv, bare_lf},
    {"CR in a trailer", "0\r\nX: y\r"sv, "z\r\n\r\n"sv, bare_cr},
    {"LF behind the trailers", "0\r\nX: y\r\n"sv, "\n"sv, bare_lf},
};

}  // namespace millrace::cases
