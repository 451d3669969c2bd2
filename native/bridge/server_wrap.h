// server_wrap.h: the native half of lib/server.ts: starts, watches and ends a Server. JS thread of its
// environment only.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "bridge/js_doorbell.h"
#include "net/server.h"

namespace millrace::bridge {

class ServerWrap : public Napi::ObjectWrap<ServerWrap> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit ServerWrap(const Napi::CallbackInfo& info);
  ~ServerWrap() override;

 private:
  // Each is documented in lib/binding.ts, where its types are.
  Napi::Value listen(const Napi::CallbackInfo& info);
  Napi::Value number(const Napi::CallbackInfo& info);
  Napi::Value retire(const Napi::CallbackInfo& info);
  Napi::Value has_retired(const Napi::CallbackInfo& info);
  Napi::Value abandon(const Napi::CallbackInfo& info);
  Napi::Value has_left(const Napi::CallbackInfo& info);
  Napi::Value outstanding(const Napi::CallbackInfo& info);
  Napi::Value drain(const Napi::CallbackInfo& info);
  Napi::Value ended(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value take_failures(const Napi::CallbackInfo& info);
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);

  void shut_down() noexcept;
  static void on_environment_end(void* self) noexcept;

  std::unique_ptr<JsDoorbell> doorbell_;
  std::shared_ptr<Server> server_;  // with the JS threads that have joined it
  std::uint32_t number_ = 0;
  Napi::ObjectReference spec_;  // keeps the shared memory alive as long as reactors know it
  bool hooked_ = false;
};

}  // namespace millrace::bridge
