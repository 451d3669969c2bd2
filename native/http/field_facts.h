// field_facts.h: gathers what the fields of one head say about the message itself. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field_names.h"
#include "http/known_host.h"
#include "http/request_error.h"
#include "http/request_head.h"

namespace millrace {

/// Facts that become a verdict only when all fields are known.
struct FieldFacts {
  std::uint64_t content_length = 0;
  Slice host;
  bool host_seen = false;
  bool content_length_seen = false;
  bool transfer_encoding_seen = false;
  bool close_asked = false;
  bool keep_alive_asked = false;
  bool upgrade_asked = false;
  bool protocol_named = false;
  bool continue_expected = false;
  bool other_expected = false;

  /// To be told of every field whose id is not `unknown`. `head` is what the request line said; `known_host`
  /// need not be checked again.
  [[nodiscard]] RequestError note(const Field& field, std::string_view value, const RequestHead& head,
                                  KnownHost& known_host) noexcept;

  /// Fills in framing, persistence, expectations and authority.
  [[nodiscard]] RequestError conclude(RequestHead& head) const noexcept;

 private:
  RequestError note_host(const Field& field, std::string_view value, KnownHost& known_host) noexcept;
  RequestError note_content_length(std::string_view value) noexcept;
  RequestError note_transfer_encoding(std::string_view value, const RequestHead& head) noexcept;
  void note_connection(std::string_view value) noexcept;
  void note_expect(std::string_view value) noexcept;
};

}  // namespace millrace
