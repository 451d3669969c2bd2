// field_names.h: numbers for the field names that requests commonly carry. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

// Sorted. The addon hands kFieldNames to JavaScript, so nothing else has to know the numbers.
#define MILLRACE_FIELD_NAMES(X)                                       \
  X(accept, "accept")                                                 \
  X(accept_charset, "accept-charset")                                 \
  X(accept_encoding, "accept-encoding")                               \
  X(accept_language, "accept-language")                               \
  X(access_control_request_headers, "access-control-request-headers") \
  X(access_control_request_method, "access-control-request-method")   \
  X(authorization, "authorization")                                   \
  X(cache_control, "cache-control")                                   \
  X(cdn_loop, "cdn-loop")                                             \
  X(connection, "connection")                                         \
  X(content_disposition, "content-disposition")                       \
  X(content_encoding, "content-encoding")                             \
  X(content_language, "content-language")                             \
  X(content_length, "content-length")                                 \
  X(content_location, "content-location")                             \
  X(content_type, "content-type")                                     \
  X(cookie, "cookie")                                                 \
  X(date, "date")                                                     \
  X(dnt, "dnt")                                                       \
  X(expect, "expect")                                                 \
  X(forwarded, "forwarded")                                           \
  X(from, "from")                                                     \
  X(host, "host")                                                     \
  X(idempotency_key, "idempotency-key")                               \
  X(if_match, "if-match")                                             \
  X(if_modified_since, "if-modified-since")                           \
  X(if_none_match, "if-none-match")                                   \
  X(if_range, "if-range")                                             \
  X(if_unmodified_since, "if-unmodified-since")                       \
  X(keep_alive, "keep-alive")                                         \
  X(last_event_id, "last-event-id")                                   \
  X(max_forwards, "max-forwards")                                     \
  X(origin, "origin")                                                 \
  X(pragma, "pragma")                                                 \
  X(priority, "priority")                                             \
  X(proxy_authorization, "proxy-authorization")                       \
  X(proxy_connection, "proxy-connection")                             \
  X(range, "range")                                                   \
  X(referer, "referer")                                               \
  X(sec_ch_ua, "sec-ch-ua")                                           \
  X(sec_ch_ua_mobile, "sec-ch-ua-mobile")                             \
  X(sec_ch_ua_platform, "sec-ch-ua-platform")                         \
  X(sec_fetch_dest, "sec-fetch-dest")                                 \
  X(sec_fetch_mode, "sec-fetch-mode")                                 \
  X(sec_fetch_site, "sec-fetch-site")                                 \
  X(sec_fetch_user, "sec-fetch-user")                                 \
  X(sec_gpc, "sec-gpc")                                               \
  X(sec_websocket_extensions, "sec-websocket-extensions")             \
  X(sec_websocket_key, "sec-websocket-key")                           \
  X(sec_websocket_protocol, "sec-websocket-protocol")                 \
  X(sec_websocket_version, "sec-websocket-version")                   \
  X(te, "te")                                                         \
  X(traceparent, "traceparent")                                       \
  X(tracestate, "tracestate")                                         \
  X(trailer, "trailer")                                               \
  X(transfer_encoding, "transfer-encoding")                           \
  X(upgrade, "upgrade")                                               \
  X(upgrade_insecure_requests, "upgrade-insecure-requests")           \
  X(user_agent, "user-agent")                                         \
  X(via, "via")                                                       \
  X(x_api_key, "x-api-key")                                           \
  X(x_csrf_token, "x-csrf-token")                                     \
  X(x_forwarded_for, "x-forwarded-for")                               \
  X(x_forwarded_host, "x-forwarded-host")                             \
  X(x_forwarded_port, "x-forwarded-port")                             \
  X(x_forwarded_proto, "x-forwarded-proto")                           \
  X(x_real_ip, "x-real-ip")                                           \
  X(x_request_id, "x-request-id")                                     \
  X(x_requested_with, "x-requested-with")

/// `unknown` is 0; the first name is 1.
enum class FieldId : std::uint16_t {
  unknown,
#define MILLRACE_FIELD_ID(id, name) id,
  MILLRACE_FIELD_NAMES(MILLRACE_FIELD_ID)
#undef MILLRACE_FIELD_ID
};

/// Lower case, in the order of the ids: kFieldNames[0] has the id 1.
inline constexpr auto kFieldNames = std::to_array<std::string_view>({
#define MILLRACE_FIELD_NAME(id, name) name,
    MILLRACE_FIELD_NAMES(MILLRACE_FIELD_NAME)
#undef MILLRACE_FIELD_NAME
});
#undef MILLRACE_FIELD_NAMES

/// Lower case; empty for `unknown`.
[[nodiscard]] constexpr std::string_view name_of(FieldId id) noexcept {
  return id == FieldId::unknown ? std::string_view() : kFieldNames[static_cast<std::size_t>(id) - 1];
}

/// In any case of letters. `unknown` also for what is no field name at all.
[[nodiscard]] FieldId id_of(const char* name, std::size_t length) noexcept;

}  // namespace millrace
