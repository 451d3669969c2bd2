// native_route.h: a route whose requests a handler of a shared library answers. Built before listening, then
// shared by all.
#pragma once

#include <cstdint>
#include <memory>

#include "handlers/native_handler.h"
#include "handlers/path_params.h"

namespace millrace {

struct NativeRoute {
  std::shared_ptr<NativeHandler> handler;
  PathParams params;
  std::uint64_t body_bytes = 0;
  std::uint32_t handler_ms = 0;
};

}  // namespace millrace
