// handler_loader.h: native handlers in the hands of JavaScript, between server.native() and listen(). JS
// thread only.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "handlers/native_handler.h"

namespace millrace::bridge {

/// loadHandler(library, symbol) of lib/binding.ts: a handler, or why there is none.
[[nodiscard]] Napi::Value load_handler(const Napi::CallbackInfo& info);

/// For one route. Null: `loaded` is not what load_handler() has given.
[[nodiscard]] std::shared_ptr<NativeHandler> handler_of(const Napi::Value& loaded, std::string data);

}  // namespace millrace::bridge
