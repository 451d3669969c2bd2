// js_doorbell.h: wakes the JS thread of one environment. ring() from any thread, the rest on the JS thread.
#pragma once

#include <napi.h>

#include <mutex>

namespace millrace::bridge {

/// A threadsafe function that carries nothing: what there is to do, JavaScript reads from the rings.
class JsDoorbell {
 public:
  /// `drain` is called on the JS thread after each ring(). The open doorbell keeps the environment's loop alive.
  JsDoorbell(Napi::Env env, Napi::Function drain);
  ~JsDoorbell() { close(); }

  JsDoorbell(const JsDoorbell&) = delete;
  JsDoorbell& operator=(const JsDoorbell&) = delete;

  void ring() noexcept;

  /// Never rings again. Idempotent; the environment may be on its way down.
  void close() noexcept;

  /// Whether the environment's loop stays alive for it.
  void ref(Napi::Env env) noexcept;
  void unref(Napi::Env env) noexcept;

 private:
  static void call_js(Napi::Env env, Napi::Function drain, void* context, void* data);
  using Function = Napi::TypedThreadSafeFunction<void, void, &JsDoorbell::call_js>;

  // Using a threadsafe function while or after its environment is torn down is how addons die (nodejs/node #55706):
  // this lock makes close() the last moment at which another thread can be inside it. Taken once a wake.
  std::mutex mutex_;
  bool open_ = true;
  Function function_;
};

}  // namespace millrace::bridge
