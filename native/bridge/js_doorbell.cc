#include "bridge/js_doorbell.h"

namespace millrace::bridge {

JsDoorbell::JsDoorbell(Napi::Env env, Napi::Function drain)
    : function_(Function::New(env, drain, "millrace", /* unlimited queue */ 0, /* threads */ 1)) {}

void JsDoorbell::ring() noexcept {
  const std::lock_guard lock(mutex_);
  // The queue is unlimited but never long: the idle flag lets one call through until JavaScript has come.
  if (open_) static_cast<void>(function_.NonBlockingCall());
}

void JsDoorbell::close() noexcept {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  open_ = false;
  static_cast<void>(function_.Release());
}

void JsDoorbell::ref(Napi::Env env) noexcept {
  if (open_) function_.Ref(env);
}

void JsDoorbell::unref(Napi::Env env) noexcept {
  if (open_) function_.Unref(env);
}

void JsDoorbell::call_js(Napi::Env env, Napi::Function drain, void*, void*) {
  if (env == nullptr || drain == nullptr) return;  // the environment ends; what was rung for will not be done
  // Through the C API, its status ignored: when the environment is on its way down, JavaScript cannot be called any more,
  // and Napi::Function::Call() would end the process over that. An error thrown by `drain` stays pending for Node.
  static_cast<void>(napi_call_function(env, env.Undefined(), drain, 0, nullptr, nullptr));
}

}  // namespace millrace::bridge
