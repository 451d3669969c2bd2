#include "bridge/thread_wrap.h"

#include <memory>
#include <utility>

#include "base/limits.h"
#include "bridge/js_values.h"
#include "bridge/server_registry.h"

namespace millrace::bridge {

namespace {

Napi::Value copy_of(Napi::Env env, const OwnedBytes& bytes) {
  napi_value copy = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &copy);
  return {env, copy};
}

/// The same, and the blocks are free again.
Napi::Value copy_of(Napi::Env env, ByteBlocks& blocks) {
  napi_value buffer = nullptr;
  void* bytes = nullptr;
  if (napi_create_buffer(env, blocks.size(), &bytes, &buffer) == napi_ok)
    blocks.move_to(static_cast<char*>(bytes));
  return {env, buffer};
}

/// It is worth it, and what V8 does not know of, the rest of the block, is no more than what it knows of.
bool can_be_handed_over(const OwnedBytes& block) noexcept {
  return block.size() >= kHandedOverBytes && block.size() >= block.capacity() / 2;
}

/// The memory itself. It serves the next body as soon as the garbage collector has found that nobody has the
/// Buffer any more.
Napi::Value handed_over(Napi::Env env, OwnedBytes& block) {
  auto owner = std::make_unique<OwnedBytes>(std::move(block));
  const auto give_back = [](napi_env, void*, void* own) { delete static_cast<OwnedBytes*>(own); };
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_buffer(env, owner->size(), owner->data(), give_back, owner.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) {  // V8 has a cage, as in Electron
    block = std::move(*owner);
    return copy_of(env, block);
  }
  // Where it failed half-way, the environment ends, and Node.js may have taken it already.
  if (status == napi_ok || status == napi_generic_failure) static_cast<void>(owner.release());
  return {env, buffer};
}

Napi::Value buffer_of(Napi::Env env, ByteBlocks& blocks, bool hands_over) {
  const bool may = hands_over && blocks.is_one_block() && can_be_handed_over(blocks.last());
  return may ? handed_over(env, blocks.last()) : copy_of(env, blocks);
}

/// What is larger than Buffers can be becomes the Error that says so: thrown, it would take all other news
/// along.
Napi::Value buffer_or_error(Napi::Env env, ByteBlocks& blocks, bool hands_over) {
  const Napi::Value buffer = buffer_of(env, blocks, hands_over);
  napi_value error = nullptr;
  bool is_pending = false;
  napi_is_exception_pending(env, &is_pending);
  if (!is_pending || napi_get_and_clear_last_exception(env, &error) != napi_ok) return buffer;
  return {env, error};
}

}  // namespace

Napi::Function ThreadWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeThread",
      {InstanceMethod<&ThreadWrap::join>("join"), InstanceMethod<&ThreadWrap::wake>("wake"),
       InstanceMethod<&ThreadWrap::take_body>("takeBody"), InstanceMethod<&ThreadWrap::put_body>("putBody"),
       InstanceMethod<&ThreadWrap::is_live>("isLive"), InstanceMethod<&ThreadWrap::take_news>("takeNews"),
       InstanceMethod<&ThreadWrap::leave>("leave"), InstanceMethod<&ThreadWrap::ref>("ref"),
       InstanceMethod<&ThreadWrap::unref>("unref")});
}

ThreadWrap::ThreadWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ThreadWrap>(info) {}

ThreadWrap::~ThreadWrap() { leave(); }

Napi::Value ThreadWrap::join(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::shared_ptr<Server> server = find_server(u32_of(info[0]));
  if (server == nullptr) return Napi::Boolean::New(env, false);
  doorbell_ = std::make_unique<JsDoorbell>(env, info[3]);
  server_ = std::move(server);
  place_ = u32_of(info[1]);
  lane_ = u32_of(info[2]);
  // Runs at the end of a worker, however it comes, and before the doorbell's own hook, which is older.
  napi_add_env_cleanup_hook(env, &ThreadWrap::on_environment_end, this);
  hooked_ = true;
  server_->connect(
      place_, lane_, [](void* bell) { static_cast<JsDoorbell*>(bell)->ring(); }, doorbell_.get());
  return Napi::Boolean::New(env, true);
}

void ThreadWrap::on_environment_end(void* self) noexcept {
  auto* const wrap = static_cast<ThreadWrap*>(self);
  wrap->hooked_ = false;
  // Where the environment is that of the server, that ends too, and nobody is answered in this thread's
  // place.
  if (wrap->server_ != nullptr && wrap->server_->is_owned_here()) wrap->server_->stop();
  wrap->leave();
}

void ThreadWrap::leave() noexcept {
  if (server_ != nullptr) server_->leave(place_);  // from here on no other thread knows the doorbell
  server_.reset();
  doorbell_.reset();
  if (std::exchange(hooked_, false)) {
    napi_remove_env_cleanup_hook(Env(), &ThreadWrap::on_environment_end, this);
  }
}

Napi::Value ThreadWrap::leave(const Napi::CallbackInfo& info) {
  leave();
  return info.Env().Undefined();
}

Napi::Value ThreadWrap::wake(const Napi::CallbackInfo& info) {
  if (server_ != nullptr) server_->wake(u32_of(info[0]));
  return info.Env().Undefined();
}

Napi::Value ThreadWrap::take_body(const Napi::CallbackInfo& info) {
  if (server_ == nullptr) return info.Env().Undefined();
  const OwnedBytes& body = server_->requests(u32_of(info[0]), lane_).outside_body(u32_of(info[1]));
  return copy_of(info.Env(), body);
}

Napi::Value ThreadWrap::put_body(const Napi::CallbackInfo& info) {
  if (server_ == nullptr) return Napi::Boolean::New(info.Env(), false);
  OwnedBytes body;
  const bool kept = body.append(bytes_of(info[2]));
  if (kept) server_->responses(place_, u32_of(info[0])).put_outside(u32_of(info[1]), std::move(body));
  return Napi::Boolean::New(info.Env(), kept);
}

Napi::Value ThreadWrap::is_live(const Napi::CallbackInfo& info) {
  const bool live = server_ != nullptr && server_->is_live(u32_of(info[0]), u32_of(info[1]), u32_of(info[2]));
  return Napi::Boolean::New(info.Env(), live);
}

Napi::Value ThreadWrap::take_news(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  if (server_ == nullptr) return list;
  const bool hands_over = bool_of(info[1]);
  std::uint32_t at = 0;
  for (ring::ExchangeNews& news : server_->news(place_, u32_of(info[0])).take()) {
    list.Set(at++, news.exchange_slot);
    list.Set(at++, news.exchange_generation);
    list.Set(at++, news.kind);
    const bool has_bytes = news.kind == ring::news::kBody || news.kind == ring::news::kBodyEnd ||
                           news.kind == ring::news::kTrailers;
    list.Set(at++, has_bytes ? buffer_or_error(env, news.payload, hands_over) : env.Undefined());
  }
  return list;
}

Napi::Value ThreadWrap::ref(const Napi::CallbackInfo& info) {
  if (doorbell_ != nullptr) doorbell_->ref();
  return info.Env().Undefined();
}

Napi::Value ThreadWrap::unref(const Napi::CallbackInfo& info) {
  if (doorbell_ != nullptr) doorbell_->unref();
  return info.Env().Undefined();
}

}  // namespace millrace::bridge
