// handler_module.h: a shared library with native handlers. Loaded on a JS thread, then used by all.
#pragma once

#include <millrace.h>

#include <memory>
#include <string>
#include <variant>

namespace millrace {

/// Why there is no handler.
struct HandlerLoadError {
  enum class Kind { load, symbol, abi };
  Kind kind;
  std::string message;  // what is wrong, and what would be right
};

/// A library, for as long as somebody has one of its handlers.
class HandlerModule {
 public:
  [[nodiscard]] static std::variant<std::shared_ptr<const HandlerModule>, HandlerLoadError> load(
      const std::string& path);
  HandlerModule(const HandlerModule&) = delete;
  HandlerModule& operator=(const HandlerModule&) = delete;
  ~HandlerModule();

  [[nodiscard]] std::variant<const millrace_handler*, HandlerLoadError> find(const std::string& symbol) const;

 private:
  HandlerModule(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  void* const handle_;  // of dlopen()
  const std::string path_;
};

}  // namespace millrace
