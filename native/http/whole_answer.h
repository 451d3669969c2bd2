// whole_answer.h: an answer that the reactor gives in one piece, without JavaScript. Plain data.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/file_slice.h"
#include "http/response_writer.h"

namespace millrace {

/// What the views are of outlives the call that sends it.
struct WholeAnswer {
  std::uint16_t status = 200;
  ContentType content_type = ContentType::none;
  std::string_view fields = {};  // whole lines
  bool own_date = false;         // `fields` has a Date
  bool close = false;            // the connection ends with it
  /// Of the body: `body` and all of `files`.
  std::uint64_t content_length = 0;
  std::string_view body = {};
  bool body_is_static = false;  // lives as long as the server: sent from where it is
  FileParts files = {};         // behind `body`
};

}  // namespace millrace
