#include "handlers/handler_module.h"

#include <dlfcn.h>

#include <cstddef>
#include <utility>

namespace millrace {

namespace {

std::string last_dl_error() {
  const char* const text = ::dlerror();  // of this thread
  return text == nullptr ? "it gives no reason" : text;
}

}  // namespace

std::variant<std::shared_ptr<const HandlerModule>, HandlerLoadError> HandlerModule::load(
    const std::string& path) {
  using Kind = HandlerLoadError::Kind;
  // NOW: a function that is missing is a message here and not the end of the process under load. LOCAL: what
  // two libraries call alike stays apart.
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return HandlerLoadError{Kind::load, last_dl_error()};
  std::shared_ptr<const HandlerModule> module(new HandlerModule(handle, path));
  const auto* const version = static_cast<const std::uint32_t*>(::dlsym(handle, "millrace_abi_version"));
  if (version == nullptr) {
    return HandlerLoadError{Kind::abi, path +
                                           " does not say for which version of millrace.h it was compiled: "
                                           "write MILLRACE_MODULE in one of its sources"};
  }
  if (*version != MILLRACE_ABI_VERSION) {
    return HandlerLoadError{Kind::abi, path + " was compiled for version " + std::to_string(*version) +
                                           " of millrace.h, and this server has version " +
                                           std::to_string(MILLRACE_ABI_VERSION) +
                                           ": compile it with the header of this package"};
  }
  return module;
}

HandlerModule::~HandlerModule() { ::dlclose(handle_); }

std::variant<const millrace_handler*, HandlerLoadError> HandlerModule::find(const std::string& symbol) const {
  using Kind = HandlerLoadError::Kind;
  const void* const found = ::dlsym(handle_, symbol.c_str());
  if (found == nullptr) {
    return HandlerLoadError{Kind::symbol,
                            last_dl_error() + ": export it with MILLRACE_HANDLER(" + symbol + ", …)"};
  }
  const auto* const handler = static_cast<const millrace_handler*>(found);
  if (handler->magic != MILLRACE_HANDLER_MAGIC || handler->size < sizeof(millrace_handler) ||
      handler->handle == nullptr) {
    return HandlerLoadError{Kind::symbol,
                            path_ + ": " + symbol +
                                " is no handler: the symbol is what MILLRACE_HANDLER() exports, "
                                "not the function"};
  }
  return handler;
}

}  // namespace millrace
