// reply_table.h: the canned answers of server.reply(). Written before the server listens, then const.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/response_writer.h"

namespace millrace {

struct Reply {
  std::uint16_t status = 200;
  ContentType content_type = ContentType::none;
  std::string fields;  // whole lines, checked by lib/
  std::string body;
  bool own_date = false;  // `fields` has a Date
  bool close = false;     // the connection ends with it
};

using ReplyTable = std::vector<Reply>;

}  // namespace millrace
