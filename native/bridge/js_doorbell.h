// js_doorbell.h: wakes the JS thread of one environment. ring() from any thread, the rest on the JS thread.
//
// A uv_async_t and not a threadsafe function: that has a mutex around its queue and signals inside it, so the
// woken thread ran into the lock that its waker still held: two futex calls and a context switch more for
// each wake, measured. What is rung here carries nothing. libuv keeps its ABI within 1.x, which every Node.js
// since 4 has.
#pragma once

#include <napi.h>
#include <uv.h>

namespace millrace::bridge {

class JsDoorbell {
 public:
  /// `drain` is called on the JS thread after ring(), once for any number of rings. An open doorbell keeps
  /// the environment's loop alive.
  JsDoorbell(Napi::Env env, Napi::Value drain);
  ~JsDoorbell() { close(); }

  JsDoorbell(const JsDoorbell&) = delete;
  JsDoorbell& operator=(const JsDoorbell&) = delete;

  void ring() noexcept;

  /// Never rings again: whoever could ring has been disconnected or joined before. Idempotent; the
  /// environment may be on its way down.
  void close() noexcept;

  /// Whether the environment's loop stays alive for it.
  void ref() noexcept;
  void unref() noexcept;

 private:
  /// What libuv and the environment point to; it outlives the doorbell until both have let go.
  struct Handle {
    uv_async_t async{};
    napi_env env = nullptr;
    napi_ref drain = nullptr;
    napi_async_context context = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
    bool closing = false;

    void close() noexcept;
  };

  static void on_rung(uv_async_t* async) noexcept;
  static void on_closed(uv_handle_t* handle) noexcept;
  static void on_environment_end(napi_async_cleanup_hook_handle hook, void* handle) noexcept;

  Handle* handle_;
};

}  // namespace millrace::bridge
