#include "http/field_facts.h"

#include "http/field_rules.h"
#include "http/framing_rules.h"

namespace millrace {

RequestError FieldFacts::note(const Field& field, std::string_view value, const RequestHead& head,
                              KnownHost& known_host) noexcept {
  switch (static_cast<FieldId>(field.id)) {
    case FieldId::host:
      return note_host(field, value, known_host);
    case FieldId::content_length:
      return note_content_length(value);
    case FieldId::transfer_encoding:
      return note_transfer_encoding(value, head);
    case FieldId::connection:
      note_connection(value);
      return RequestError::none;
    case FieldId::expect:
      note_expect(value);
      return RequestError::none;
    case FieldId::upgrade:
      // An empty list names no protocol, so none can be switched to.
      for_each_element(value, [this](std::string_view) { protocol_named = true; });
      return RequestError::none;
    default:
      return RequestError::none;  // says nothing about the message
  }
}

/// RFC 9112 §3.2: more than one, or an invalid one, is answered 400, in HTTP/1.0 too where one is sent.
RequestError FieldFacts::note_host(const Field& field, std::string_view value,
                                   KnownHost& known_host) noexcept {
  if (host_seen) return RequestError::repeated_host;
  if (!known_host.is(value)) {
    if (!is_host_and_port(value, PortRule::optional)) return RequestError::bad_host;
    known_host.remember(value);
  }
  host_seen = true;
  host = {field.value_offset, field.value_length};
  return RequestError::none;
}

RequestError FieldFacts::note_content_length(std::string_view value) noexcept {
  if (content_length_seen) return RequestError::repeated_content_length;
  if (transfer_encoding_seen) return RequestError::content_length_with_transfer_encoding;
  content_length_seen = true;
  return read_content_length(value, content_length);
}

RequestError FieldFacts::note_transfer_encoding(std::string_view value, const RequestHead& head) noexcept {
  // RFC 9112 §6.1: from HTTP/1.0 the framing is faulty whatever it says.
  if (head.minor_version == 0) return RequestError::transfer_encoding_in_http_1_0;
  // The line before said `chunked`, which has to be the last coding and cannot be applied twice (§7.1).
  if (transfer_encoding_seen) return RequestError::bad_transfer_encoding;
  if (content_length_seen) return RequestError::content_length_with_transfer_encoding;
  transfer_encoding_seen = true;
  return check_transfer_encoding(value);
}

void FieldFacts::note_connection(std::string_view value) noexcept {
  for_each_element(value, [this](std::string_view option) {
    if (equals_ignoring_case(option, "close")) close_asked = true;
    if (equals_ignoring_case(option, "keep-alive")) keep_alive_asked = true;
    if (equals_ignoring_case(option, "upgrade")) upgrade_asked = true;
  });
}

void FieldFacts::note_expect(std::string_view value) noexcept {
  for_each_element(value, [this](std::string_view expectation) {
    (equals_ignoring_case(expectation, "100-continue") ? continue_expected : other_expected) = true;
  });
}

RequestError FieldFacts::conclude(RequestHead& head) const noexcept {
  const bool http_1_1 = head.minor_version != 0;
  if (http_1_1 && !host_seen) return RequestError::missing_host;
  const bool target_has_authority =
      head.target_form == TargetForm::absolute || head.target_form == TargetForm::authority;
  if (!target_has_authority) head.authority = host;  // RFC 9112 §3.2.2: the target's own goes first

  head.framing = transfer_encoding_seen ? BodyFraming::chunked
                 : content_length_seen  ? BodyFraming::length
                                        : BodyFraming::none;
  head.content_length = content_length;
  head.keep_alive = !close_asked && (http_1_1 || keep_alive_asked);
  // Expect and Upgrade are ignored in HTTP/1.0 (RFC 9110 §10.1.1, §7.8).
  head.upgrade = http_1_1 && upgrade_asked && protocol_named;
  head.unknown_expectation = http_1_1 && other_expected;
  const bool body_follows = transfer_encoding_seen || content_length > 0;
  head.expect_continue = http_1_1 && continue_expected && body_follows;
  return RequestError::none;
}

}  // namespace millrace
