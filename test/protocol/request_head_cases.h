// request_head_cases.h: what a request head may and may not look like, as two tables. Each row is a rule and
// its test.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/request_error.h"
#include "http/request_head.h"

namespace millrace::cases {

/// A head that is understood. What a row does not say is as in `GET / HTTP/1.1` with `Host: a`.
struct AcceptedHead {
  const char* name;
  std::string_view bytes;
  std::string_view method = "GET";
  std::string_view path = "/";
  std::string_view query = "";
  std::string_view authority = "a";
  TargetForm form = TargetForm::origin;
  BodyFraming framing = BodyFraming::none;
  std::uint64_t length = 0;
  int minor_version = 1;
  bool keep_alive = true;
  bool expect_continue = false;
  bool unknown_expectation = false;
  bool upgrade = false;
  /// One "name=value" for each field line, in order, joined with "|". Not looked at when empty.
  std::string_view fields = "";
};

/// A head that is refused. `sound` could still become a request; the first byte of `wrong` decides that it
/// cannot, and what follows it does not matter.
struct RefusedHead {
  const char* name;
  std::string_view sound;
  std::string_view wrong;
  RequestError error;
};

}  // namespace millrace::cases

// Beginnings that most rows share, so that a row shows what is special about it.
#define GET_A "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST_A "POST / HTTP/1.1\r\nHost: a\r\n"
#define HTTP_1_1 " HTTP/1.1\r\nHost: a\r\n\r\n"
#define END "\r\n\r\n"

#include "protocol/accepted_heads.h"
#include "protocol/refused_heads.h"

#undef GET_A
#undef POST_A
#undef HTTP_1_1
#undef END
