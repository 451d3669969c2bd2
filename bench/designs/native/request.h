// request.h: one request, with text of its own, so that it may go to another thread.

#pragma once

#include <string>

namespace designs {

struct Request {
  std::string method;
  std::string path;   // up to the question mark
  std::string query;  // behind it
  std::string body;
  bool keep_alive = true;
};

}  // namespace designs
