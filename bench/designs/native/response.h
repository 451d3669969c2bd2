// response.h: an answer, and its bytes.

#pragma once

#include <array>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

namespace designs {

struct Response {
  int status = 200;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
};

inline std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

inline Response problem(int status) { return {.status = status, .body = std::string(reason_of(status))}; }

/// Formatted once a second in each thread.
inline std::string_view date_field() {
  thread_local std::time_t formatted = 0;
  thread_local std::array<char, 64> text;
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != formatted) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    length = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    formatted = now;
  }
  return {text.data(), length};
}

struct Framing {
  bool keep_alive = true;
  bool is_head = false;  // the answer to HEAD has no body, whatever its length says (RFC 9110 §9.3.2)
};

inline std::string bytes_of(const Response& response, Framing framing) {
  std::string bytes = "HTTP/1.1 ";
  bytes.reserve(192 + response.body.size());
  bytes.append(std::to_string(response.status)).append(" ").append(reason_of(response.status)).append("\r\n");
  bytes.append(date_field());
  bytes.append("Content-Type: ").append(response.type).append("\r\n");
  bytes.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  bytes.append(framing.keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
  if (!framing.is_head) bytes.append(response.body);
  return bytes;
}

}  // namespace designs
