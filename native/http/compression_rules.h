// compression_rules.h: which answers are compressed, and how their fields change (RFC 9110 §8.4, §12.5.3).
// Any thread, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/server_config.h"
#include "http/response_writer.h"

namespace millrace {

/// `media_type` may have parameters.
[[nodiscard]] bool is_compressible(const ServerConfig::Compression& config,
                                   std::string_view media_type) noexcept;

enum class Compressing : std::uint8_t {
  never,    // the answer is what it is
  depends,  // on the request: say so with Vary
  spared,   // a 304: it has nothing to compress, and says what the 200 would say
};

/// Looks at an answer's status and fields; of those that `content_type` stands for the reactor writes the
/// line itself.
[[nodiscard]] Compressing may_compress(const ServerConfig::Compression& config, std::uint16_t status,
                                       ContentType content_type, std::string_view fields) noexcept;

/// They have a digest of the bytes as they are, or announce one as a trailer: in another coding it would be
/// wrong (RFC 9530 §2, §3; Digest and Content-MD5 are what came before).
[[nodiscard]] bool have_digest(std::string_view fields) noexcept;

/// `fields` with what a negotiated answer has to say.
[[nodiscard]] std::string with_vary(std::string_view fields);

/// What Content-Length says, if it is among them.
[[nodiscard]] std::optional<std::uint64_t> declared_length(std::string_view fields) noexcept;

/// `fields` with an ETag made weak (RFC 9110 §8.8.1): another zlib makes other bytes of the same.
[[nodiscard]] std::string with_weak_etag(std::string_view fields);

/// `fields` of a 304 whose 200 would be compressed: what they say of that (RFC 9110 §8.6, §15.4.5).
[[nodiscard]] std::string not_modified_fields(std::string_view fields);

/// `fields` of the compressed answer: Content-Encoding and Vary, a weak ETag, no Content-Length.
[[nodiscard]] std::string compressed_fields(std::string_view fields);

}  // namespace millrace
