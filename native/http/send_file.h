// send_file.h: what res.sendFile() asks for, as it comes through the response ring. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "files/file_response.h"
#include "files/file_root.h"
#include "files/request_path.h"

namespace millrace {

/// lib/send-file.ts writes the same. Field lines come beside it.
struct SendFile {
  std::uint16_t status = 200;  // in place of 200
  FileRoot root;
  FilePath path;
  /// What the request said, by the places of its fields in the message; nothing: it did not have the field.
  struct Wish {
    std::optional<std::string> if_match, if_unmodified_since, if_none_match, if_modified_since, if_range,
        range, accept_encoding;
  } wish;

  [[nodiscard]] FileWish file_wish() const noexcept;
};

/// Nothing: not such a message, which is our own bug.
[[nodiscard]] std::optional<SendFile> read_send_file(std::string_view message);

}  // namespace millrace
