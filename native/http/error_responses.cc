#include "http/error_responses.h"

#include "http/response_writer.h"

namespace millrace {
namespace {

constexpr std::uint16_t kMethodNotAllowed = 405;

std::string fields_of(std::uint16_t status, const ErrorResponseOptions& options) {
  std::string fields;
  if (status == kMethodNotAllowed || !options.allow.empty()) {
    fields.append("Allow: ").append(options.allow).append("\r\n");
  }
  if (options.retry_after_seconds > 0) {
    fields.append("Retry-After: ").append(std::to_string(options.retry_after_seconds)).append("\r\n");
  }
  return fields;
}

}  // namespace

std::string error_response(std::uint16_t status, const ErrorResponseOptions& options, std::string_view date) {
  const std::string fields = fields_of(status, options);
  const std::string_view body = status_allows_content(status) ? reason_phrase(status) : std::string_view{};

  ResponseHead head;
  head.status = status;
  head.content_type = body.empty() ? ContentType::none : ContentType::text;
  head.close = options.close;
  head.keep_alive_1_0 = options.keep_alive_1_0;
  head.omit_length = !status_allows_content(status);
  head.content_length = body.size();
  head.fields = fields;

  std::string response(response_head_bound(head), '\0');
  response.resize(
      static_cast<std::size_t>(write_response_head(response.data(), head, date) - response.data()));
  if (!options.head_request) response.append(body);
  return response;
}

}  // namespace millrace
