#include "bridge/server_wrap.h"

#include <cstring>
#include <string>
#include <utility>

#include "bridge/js_values.h"
#include "bridge/server_spec.h"
#include "bridge/server_stats.h"

namespace millrace::bridge {

namespace {

Napi::Object failure(Napi::Env env, const SysError& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("syscall", error.syscall);
  object.Set("errno", error.error);
  return object;
}

/// A copy: a Buffer that takes the memory over costs more than copying it, for the memory is then always new,
/// and the garbage collector lets twice as much of it pile up.
Napi::Value buffer_of(Napi::Env env, const OwnedBytes& bytes) {
  napi_value copy = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &copy);
  return {env, copy};
}

Napi::Object address_object(Napi::Env env, const LocalAddress& local) {
  Napi::Object object = Napi::Object::New(env);
  if (local.family == PeerAddress::Family::none) {
    object.Set("path", local.path);
    return object;
  }
  object.Set("address", local.host);
  object.Set("port", static_cast<double>(local.port));
  object.Set("family", local.family == PeerAddress::Family::ipv4 ? "IPv4" : "IPv6");
  return object;
}

}  // namespace

Napi::Function ServerWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeServer",
      {InstanceMethod<&ServerWrap::listen>("listen"), InstanceMethod<&ServerWrap::wake>("wake"),
       InstanceMethod<&ServerWrap::take_body>("takeBody"), InstanceMethod<&ServerWrap::put_body>("putBody"),
       InstanceMethod<&ServerWrap::is_live>("isLive"), InstanceMethod<&ServerWrap::take_news>("takeNews"),
       InstanceMethod<&ServerWrap::drain>("drain"), InstanceMethod<&ServerWrap::ended>("ended"),
       InstanceMethod<&ServerWrap::stop>("stop"), InstanceMethod<&ServerWrap::stats>("stats"),
       InstanceMethod<&ServerWrap::ref>("ref"), InstanceMethod<&ServerWrap::unref>("unref")});
}

ServerWrap::ServerWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ServerWrap>(info) {}

ServerWrap::~ServerWrap() { shut_down(); }

Napi::Value ServerWrap::listen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object spec = as_object(info[0]);
  const ServerConfig config = config_of(spec);
  const RingSizes sizes = sizes_of(spec);
  ServerMemory memory;
  std::string problem;
  std::optional<Routes> routes = routes_of(spec, config, problem);
  if (!routes || !memory_of(spec, config, sizes, memory)) {
    if (problem.empty()) problem = "the memory of the rings is missing or too small";
    napi_throw_error(env, nullptr, problem.c_str());
    return env.Undefined();
  }
  Result<Listener> listener = Listener::open(address_of(spec));
  if (!listener.ok()) return failure(env, listener.error());

  auto doorbell = std::make_unique<JsDoorbell>(env, property(spec, "drain"));
  memory.js_threads.front().wake = [](void* bell) { static_cast<JsDoorbell*>(bell)->ring(); };
  memory.js_threads.front().wake_context = doorbell.get();
  auto server = Server::start(config, *std::move(routes), std::move(listener).value(), sizes, memory);
  if (!server.ok()) return failure(env, server.error());

  doorbell_ = std::move(doorbell);
  server_ = std::move(server).value();
  spec_ = Napi::Persistent(spec);
  // Runs at the end of a worker, and of the main thread when its loop runs dry. After process.exit() in the
  // main thread it does not: lib/open-servers.ts calls stop() there.
  napi_add_env_cleanup_hook(env, &ServerWrap::on_environment_end, this);
  hooked_ = true;
  return address_object(env, server_->local());
}

void ServerWrap::on_environment_end(void* self) noexcept {
  auto* const wrap = static_cast<ServerWrap*>(self);
  wrap->hooked_ = false;
  wrap->shut_down();
}

void ServerWrap::shut_down() noexcept {
  server_.reset();  // drains without waiting, joins: from here on no other thread knows the doorbell or the
                    // rings
  doorbell_.reset();
  if (std::exchange(hooked_, false))
    napi_remove_env_cleanup_hook(Env(), &ServerWrap::on_environment_end, this);
}

Napi::Value ServerWrap::stop(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  if (server_ == nullptr) return result;
  server_->drain(0);
  server_->join();
  double aborted = 0;
  for (const auto& reactor : server_->reactors()) aborted += static_cast<double>(reactor->aborted());
  result.Set("aborted", aborted);
  result.Set("answered", answers_sent(*server_));
  shut_down();
  spec_.Reset();
  return result;
}

Napi::Value ServerWrap::wake(const Napi::CallbackInfo& info) {
  if (server_ != nullptr) server_->wake(u32_of(info[0]));
  return info.Env().Undefined();
}

Napi::Value ServerWrap::take_body(const Napi::CallbackInfo& info) {
  if (server_ == nullptr) return info.Env().Undefined();
  const OwnedBytes& body = server_->requests(u32_of(info[0])).outside_body(u32_of(info[1]));
  return buffer_of(info.Env(), body);
}

Napi::Value ServerWrap::put_body(const Napi::CallbackInfo& info) {
  if (server_ == nullptr) return Napi::Boolean::New(info.Env(), false);
  OwnedBytes body;
  const bool kept = body.append(bytes_of(info[2]));
  if (kept) server_->responses(0, u32_of(info[0])).put_outside(u32_of(info[1]), std::move(body));
  return Napi::Boolean::New(info.Env(), kept);
}

Napi::Value ServerWrap::is_live(const Napi::CallbackInfo& info) {
  const bool live = server_ != nullptr && server_->is_live(u32_of(info[0]), u32_of(info[1]), u32_of(info[2]));
  return Napi::Boolean::New(info.Env(), live);
}

Napi::Value ServerWrap::take_news(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  if (server_ == nullptr) return list;
  std::uint32_t at = 0;
  for (const ring::ExchangeNews& news : server_->news(0, u32_of(info[0])).take()) {
    list.Set(at++, news.exchange_slot);
    list.Set(at++, news.exchange_generation);
    list.Set(at++, news.kind);
    const bool has_bytes = news.kind == ring::news::kBody || news.kind == ring::news::kBodyEnd ||
                           news.kind == ring::news::kTrailers;
    list.Set(at++, has_bytes ? buffer_of(env, news.payload) : env.Undefined());
  }
  return list;
}

Napi::Value ServerWrap::drain(const Napi::CallbackInfo& info) {
  if (server_ != nullptr) server_->drain(u32_of(info[0]));
  return info.Env().Undefined();
}

Napi::Value ServerWrap::ended(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), server_ == nullptr || server_->ended());
}

Napi::Value ServerWrap::stats(const Napi::CallbackInfo& info) {
  if (server_ == nullptr) return info.Env().Undefined();
  return stats_object(info.Env(), *server_);
}

Napi::Value ServerWrap::ref(const Napi::CallbackInfo& info) {
  if (doorbell_ != nullptr) doorbell_->ref();
  return info.Env().Undefined();
}

Napi::Value ServerWrap::unref(const Napi::CallbackInfo& info) {
  if (doorbell_ != nullptr) doorbell_->unref();
  return info.Env().Undefined();
}

}  // namespace millrace::bridge
