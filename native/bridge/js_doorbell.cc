#include "bridge/js_doorbell.h"

#include <utility>

namespace millrace::bridge {

JsDoorbell::JsDoorbell(Napi::Env env, Napi::Value drain) : handle_(new Handle()) {
  handle_->env = env;
  uv_loop_s* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_async_init(loop, &handle_->async, &JsDoorbell::on_rung);
  handle_->async.data = handle_;
  napi_create_reference(env, drain, 1, &handle_->drain);
  napi_value name = nullptr;
  napi_create_string_utf8(env, "millrace", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, nullptr, name, &handle_->context);
  // At the end of the environment its loop must not be closed before the handle is.
  napi_add_async_cleanup_hook(env, &JsDoorbell::on_environment_end, handle_, &handle_->hook);
}

void JsDoorbell::ring() noexcept {
  if (handle_ != nullptr) uv_async_send(&handle_->async);
}

void JsDoorbell::close() noexcept {
  if (Handle* handle = std::exchange(handle_, nullptr)) handle->close();
}

void JsDoorbell::Handle::close() noexcept {
  if (std::exchange(closing, true)) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&async), &JsDoorbell::on_closed);
}

void JsDoorbell::ref() noexcept {
  if (handle_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_->async));
}

void JsDoorbell::unref() noexcept {
  if (handle_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->async));
}

void JsDoorbell::on_rung(uv_async_t* async) noexcept {
  const Handle& handle = *static_cast<Handle*>(async->data);
  const napi_env env = handle.env;
  napi_handle_scope scope;
  if (handle.closing || napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value drain = nullptr;
  napi_value global = nullptr;
  napi_get_reference_value(env, handle.drain, &drain);
  napi_get_global(env, &global);
  // Runs nextTick and microtasks afterwards, as after any callback of Node. Fails, without a word, when
  // JavaScript cannot be called any more: the environment ends, and what was rung for will not be done.
  napi_make_callback(env, handle.context, global, drain, 0, nullptr, nullptr);
  bool thrown = false;
  if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown) {
    napi_value error = nullptr;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

void JsDoorbell::on_closed(uv_handle_t* async) noexcept {
  Handle* const handle = static_cast<Handle*>(async->data);
  napi_handle_scope scope;
  if (napi_open_handle_scope(handle->env, &scope) == napi_ok) {
    napi_async_destroy(handle->env, handle->context);
    napi_delete_reference(handle->env, handle->drain);
    napi_close_handle_scope(handle->env, scope);
  }
  napi_remove_async_cleanup_hook(handle->hook);
  delete handle;
}

void JsDoorbell::on_environment_end(napi_async_cleanup_hook_handle, void* handle) noexcept {
  // The hook is removed when libuv has closed the handle; the environment waits for that. Who could ring has
  // been joined or disconnected: the hooks of ServerWrap and ThreadWrap were added later and so have run
  // before this one.
  static_cast<Handle*>(handle)->close();
}

}  // namespace millrace::bridge
