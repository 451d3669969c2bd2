// native_handler.h: a handler of a shared library, as one route has it. Begun and ended by the server's
// owner; in between called by pool threads, several at once.
#pragma once

#include <millrace.h>

#include <memory>
#include <string>
#include <utility>

#include "handlers/handler_module.h"

namespace millrace {

class NativeHandler {
 public:
  /// `module` is null for a handler that is not of a library: `handler` outlives this object then.
  NativeHandler(std::shared_ptr<const HandlerModule> module, const millrace_handler& handler,
                std::string data) noexcept
      : module_(std::move(module)), handler_(handler), data_(std::move(data)) {}
  NativeHandler(const NativeHandler&) = delete;
  NativeHandler& operator=(const NativeHandler&) = delete;
  ~NativeHandler() { end(); }

  /// Before the first call. False: it will not work, and `error` says why.
  [[nodiscard]] bool begin(std::string& error);

  /// On a pool thread. Not 0: it has failed.
  [[nodiscard]] int call(millrace_request& request, millrace_response& response) const noexcept;

  /// After the last call. Idempotent.
  void end() noexcept;

 private:
  const std::shared_ptr<const HandlerModule> module_;  // keeps the code
  const millrace_handler& handler_;
  const std::string data_;
  void* state_ = nullptr;
  bool begun_ = false;
};

}  // namespace millrace
