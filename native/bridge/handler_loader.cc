#include "bridge/handler_loader.h"

#include <utility>
#include <variant>

#include "bridge/js_values.h"

namespace millrace::bridge {

namespace {

/// JavaScript keeps the library by it until the server has it too.
struct LoadedHandler {
  std::shared_ptr<const HandlerModule> module;
  const millrace_handler* handler;
};

/// Tells ours from other addons' values of the kind.
constexpr napi_type_tag kTag{0x6d696c6c72616365, 0x68616e646c657231};

Napi::Value problem(Napi::Env env, const HandlerLoadError& error) {
  Napi::Object object = Napi::Object::New(env);
  const char* const kind = error.kind == HandlerLoadError::Kind::load     ? "load"
                           : error.kind == HandlerLoadError::Kind::symbol ? "symbol"
                                                                          : "abi";
  object.Set("problem", kind);
  object.Set("reason", error.message);
  return object;
}

}  // namespace

Napi::Value load_handler(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto module = HandlerModule::load(text_of(info[0]));
  if (const auto* error = std::get_if<HandlerLoadError>(&module)) return problem(env, *error);
  auto& library = *std::get_if<std::shared_ptr<const HandlerModule>>(&module);
  const auto handler = library->find(text_of(info[1]));
  if (const auto* error = std::get_if<HandlerLoadError>(&handler)) return problem(env, *error);
  auto* const loaded = new LoadedHandler{std::move(library), *std::get_if<const millrace_handler*>(&handler)};
  Napi::Object object = Napi::Object::New(env);
  const auto forget = [](napi_env, void* data, void*) { delete static_cast<LoadedHandler*>(data); };
  if (napi_wrap(env, object, loaded, forget, nullptr, nullptr) != napi_ok) {
    delete loaded;
    return env.Undefined();
  }
  napi_type_tag_object(env, object, &kTag);
  return object;
}

std::shared_ptr<NativeHandler> handler_of(const Napi::Value& loaded, std::string data) {
  bool ours = false;
  void* wrapped = nullptr;
  if (loaded.IsEmpty() || napi_check_object_type_tag(loaded.Env(), loaded, &kTag, &ours) != napi_ok ||
      !ours || napi_unwrap(loaded.Env(), loaded, &wrapped) != napi_ok) {
    return nullptr;
  }
  const auto& [module, handler] = *static_cast<const LoadedHandler*>(wrapped);
  return std::make_shared<NativeHandler>(module, *handler, std::move(data));
}

}  // namespace millrace::bridge
