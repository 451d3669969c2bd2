// js_request.h: reads a request's record as lib/request-record.ts does, by byte positions alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/field_names.h"
#include "http/request_head.h"
#include "ring/ring_layout.h"

namespace millrace::js {

class RequestReader {
 public:
  explicit RequestReader(std::string_view record) : record_(record) {}

  [[nodiscard]] std::uint32_t method() const { return byte(ring::record::kMethod); }
  [[nodiscard]] std::uint32_t minor_version() const { return byte(ring::record::kMinorVersion); }
  [[nodiscard]] std::uint32_t peer_family() const { return byte(ring::record::kPeerFamily); }
  [[nodiscard]] std::uint32_t target_form() const { return byte(ring::record::kTargetForm); }
  [[nodiscard]] std::uint32_t peer_port() const { return number(ring::record::kPeerPort, 2); }
  [[nodiscard]] std::uint32_t field_count() const { return number(ring::record::kFieldCount, 2); }
  [[nodiscard]] std::string_view peer_address() const {
    return record_.substr(ring::record::kPeerAddress, fields_start() - ring::record::kPeerAddress);
  }

  [[nodiscard]] std::string_view method_name() const { return text().substr(0, method_bytes()); }
  [[nodiscard]] std::string_view target() const {
    return text().substr(method_bytes() + 1, number(ring::record::kTargetBytes, 2));
  }
  [[nodiscard]] std::string_view path() const {
    return target().substr(path_offset(), number(ring::record::kPathBytes, 2));
  }
  [[nodiscard]] std::string_view query() const {
    const std::size_t path_end = path_offset() + path().size();
    return path_end < target().size() ? target().substr(path_end + 1) : std::string_view();
  }
  [[nodiscard]] std::string_view authority() const {
    switch (static_cast<TargetForm>(target_form())) {
      case TargetForm::absolute:
        return target().substr(kScheme.size(), path_offset() - kScheme.size());
      case TargetForm::authority:
        return target();
      default:
        return field_of(FieldId::host);
    }
  }

  [[nodiscard]] std::uint32_t field_id(std::uint32_t n) const {
    return byte(field(n) + ring::record::kFieldId);
  }
  [[nodiscard]] std::string_view field_name(std::uint32_t n) const {
    const std::string_view rest = section().substr(number(field(n) + ring::record::kNameOffset, 2));
    const std::uint32_t length = byte(field(n) + ring::record::kNameBytes);
    return rest.substr(0, length == ring::record::kLongName ? rest.find(':') : length);
  }
  [[nodiscard]] std::string_view field_value(std::uint32_t n) const {
    return section().substr(number(field(n) + ring::record::kValueOffset, 2),
                            number(field(n) + ring::record::kValueBytes, 2));
  }

  /// The first field of that name, as it was sent; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (std::uint32_t n = 0; n < field_count(); ++n) {
      if (field_name(n) == name) return field_value(n);
    }
    return {};
  }

 private:
  [[nodiscard]] std::uint32_t byte(std::uint32_t at) const { return number(at, 1); }
  [[nodiscard]] std::uint32_t number(std::uint32_t at, std::uint32_t bytes) const {
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < bytes; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(record_.at(at + i))} << 8 * i;
    }
    return value;
  }
  [[nodiscard]] std::uint32_t fields_start() const { return byte(ring::record::kFieldsStart); }
  [[nodiscard]] std::uint32_t method_bytes() const { return number(ring::record::kMethodBytes, 2); }
  [[nodiscard]] std::uint32_t path_offset() const { return number(ring::record::kPathOffset, 2); }
  [[nodiscard]] std::uint32_t field(std::uint32_t n) const {
    return fields_start() + n * ring::record::kFieldBytes;
  }
  [[nodiscard]] std::string_view text() const { return record_.substr(field(field_count())); }
  [[nodiscard]] std::string_view section() const {
    return text().substr(method_bytes() + target().size() + ring::record::kRequestLineRest);
  }
  [[nodiscard]] std::string_view field_of(FieldId id) const {
    for (std::uint32_t n = 0; n < field_count(); ++n) {
      if (field_id(n) == static_cast<std::uint32_t>(id)) return field_value(n);
    }
    return {};
  }

  static constexpr std::string_view kScheme = "http://";

  std::string_view record_;
};

}  // namespace millrace::js
