// thread_wrap.h: the native half of lib/channel.ts: one JS thread's place at a server. JS thread of its
// environment only, which need not be that of the server.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "bridge/js_doorbell.h"
#include "net/server.h"

namespace millrace::bridge {

class ThreadWrap : public Napi::ObjectWrap<ThreadWrap> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit ThreadWrap(const Napi::CallbackInfo& info);
  ~ThreadWrap() override;

 private:
  // Each is documented in lib/binding.ts, where its types are.
  Napi::Value join(const Napi::CallbackInfo& info);
  Napi::Value wake(const Napi::CallbackInfo& info);
  Napi::Value take_body(const Napi::CallbackInfo& info);
  Napi::Value put_body(const Napi::CallbackInfo& info);
  Napi::Value is_live(const Napi::CallbackInfo& info);
  Napi::Value take_news(const Napi::CallbackInfo& info);
  Napi::Value leave(const Napi::CallbackInfo& info);
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);

  void leave() noexcept;
  static void on_environment_end(void* self) noexcept;

  std::unique_ptr<JsDoorbell> doorbell_;
  std::shared_ptr<Server> server_;
  std::uint32_t place_ = 0;
  std::uint32_t lane_ = 0;
  bool hooked_ = false;
};

}  // namespace millrace::bridge
