#include "http/request_error.h"

namespace millrace {

std::uint16_t status_of(RequestError error) noexcept {
  switch (error) {
    case RequestError::none:
      return 0;
    case RequestError::content_length_too_large:
    case RequestError::body_too_large:
      return 413;
    case RequestError::request_line_too_long:
      return 414;
    case RequestError::header_too_large:
    case RequestError::too_many_fields:
    case RequestError::chunk_extensions_too_large:
    case RequestError::trailers_too_large:
    case RequestError::too_many_trailers:
      return 431;
    case RequestError::unknown_transfer_coding:
      return 501;
    case RequestError::out_of_memory:
      return 503;
    case RequestError::unsupported_version:
      return 505;
    case RequestError::bare_cr:
    case RequestError::bare_lf:
    case RequestError::too_many_empty_lines:
    case RequestError::bad_method:
    case RequestError::bad_target:
    case RequestError::fragment_in_target:
    case RequestError::asterisk_without_options:
    case RequestError::bad_authority:
    case RequestError::bad_version:
    case RequestError::whitespace_before_first_field:
    case RequestError::folded_field:
    case RequestError::bad_field_name:
    case RequestError::whitespace_before_colon:
    case RequestError::missing_colon:
    case RequestError::bad_field_value:
    case RequestError::missing_host:
    case RequestError::repeated_host:
    case RequestError::bad_host:
    case RequestError::bad_content_length:
    case RequestError::repeated_content_length:
    case RequestError::content_length_with_transfer_encoding:
    case RequestError::transfer_encoding_in_http_1_0:
    case RequestError::bad_transfer_encoding:
    case RequestError::bad_chunk_size:
    case RequestError::bad_chunk_extension:
    case RequestError::bad_chunk_end:
    case RequestError::chunk_size_line_too_long:
      return 400;
  }
  return 400;
}

const char* describe(RequestError error) noexcept {
  switch (error) {
    case RequestError::none:
      return "no error";
    case RequestError::bare_cr:
      return "CR without LF";
    case RequestError::bare_lf:
      return "LF without CR";
    case RequestError::too_many_empty_lines:
      return "too many empty lines ahead of the request line";
    case RequestError::bad_method:
      return "method is not a token";
    case RequestError::bad_target:
      return "invalid request target";
    case RequestError::fragment_in_target:
      return "request target with a fragment";
    case RequestError::asterisk_without_options:
      return "asterisk-form target, but the method is not OPTIONS";
    case RequestError::bad_authority:
      return "invalid authority in the request target";
    case RequestError::bad_version:
      return "invalid HTTP version";
    case RequestError::unsupported_version:
      return "HTTP version is not 1.x";
    case RequestError::request_line_too_long:
      return "request line exceeds the limit";
    case RequestError::whitespace_before_first_field:
      return "white space ahead of the first field";
    case RequestError::folded_field:
      return "folded field line";
    case RequestError::bad_field_name:
      return "field name is not a token";
    case RequestError::whitespace_before_colon:
      return "white space between field name and colon";
    case RequestError::missing_colon:
      return "field line without a colon";
    case RequestError::bad_field_value:
      return "control byte in a field value";
    case RequestError::header_too_large:
      return "field lines exceed the limit";
    case RequestError::too_many_fields:
      return "more field lines than the limit";
    case RequestError::missing_host:
      return "HTTP/1.1 without Host";
    case RequestError::repeated_host:
      return "more than one Host";
    case RequestError::bad_host:
      return "invalid Host";
    case RequestError::bad_content_length:
      return "invalid Content-Length";
    case RequestError::repeated_content_length:
      return "more than one Content-Length";
    case RequestError::content_length_too_large:
      return "Content-Length exceeds 64 bits";
    case RequestError::content_length_with_transfer_encoding:
      return "Content-Length beside Transfer-Encoding";
    case RequestError::transfer_encoding_in_http_1_0:
      return "Transfer-Encoding in HTTP/1.0";
    case RequestError::bad_transfer_encoding:
      return "invalid Transfer-Encoding";
    case RequestError::unknown_transfer_coding:
      return "unknown transfer coding";
    case RequestError::bad_chunk_size:
      return "invalid chunk size";
    case RequestError::bad_chunk_extension:
      return "invalid chunk extension";
    case RequestError::bad_chunk_end:
      return "chunk data not followed by CRLF";
    case RequestError::chunk_size_line_too_long:
      return "chunk size has too many digits";
    case RequestError::chunk_extensions_too_large:
      return "chunk extensions exceed the limit";
    case RequestError::body_too_large:
      return "body exceeds the limit";
    case RequestError::trailers_too_large:
      return "trailers exceed the limit";
    case RequestError::too_many_trailers:
      return "more trailers than the limit";
    case RequestError::out_of_memory:
      return "out of memory";
  }
  return "unknown error";
}

}  // namespace millrace
