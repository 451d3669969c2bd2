#include "bridge/server_wrap.h"

#include <string>
#include <utility>

#include "bridge/js_values.h"
#include "bridge/server_registry.h"
#include "bridge/server_spec.h"
#include "bridge/server_stats.h"
#include "bridge/sys_error_object.h"

namespace millrace::bridge {

namespace {

/// The native handler of this number cannot begin.
Napi::Object handler_failure(Napi::Env env, std::uint32_t index, const std::string& reason) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("native", static_cast<double>(index));
  object.Set("reason", reason);
  return object;
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
      {InstanceMethod<&ServerWrap::listen>("listen"), InstanceMethod<&ServerWrap::number>("number"),
       InstanceMethod<&ServerWrap::retire>("retire"), InstanceMethod<&ServerWrap::has_retired>("hasRetired"),
       InstanceMethod<&ServerWrap::abandon>("abandon"), InstanceMethod<&ServerWrap::has_left>("hasLeft"),
       InstanceMethod<&ServerWrap::outstanding>("outstanding"), InstanceMethod<&ServerWrap::drain>("drain"),
       InstanceMethod<&ServerWrap::ended>("ended"), InstanceMethod<&ServerWrap::stop>("stop"),
       InstanceMethod<&ServerWrap::stats>("stats"),
       InstanceMethod<&ServerWrap::take_failures>("takeFailures"), InstanceMethod<&ServerWrap::ref>("ref"),
       InstanceMethod<&ServerWrap::unref>("unref")});
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
  // Before anybody can connect. What has begun ends with the routes, where the rest fails.
  for (std::uint32_t i = 0; i < routes->natives.size(); ++i) {
    if (!routes->natives[i].handler->begin(problem)) return handler_failure(env, i, problem);
  }
  Result<Listener> listener = Listener::open(address_of(spec));
  if (!listener.ok()) return sys_error_object(env, listener.error());

  auto doorbell = std::make_unique<JsDoorbell>(env, property(spec, "onChange"));
  memory.on_change = [](void* bell) { static_cast<JsDoorbell*>(bell)->ring(); };
  memory.on_change_context = doorbell.get();
  auto server = Server::start(config, *std::move(routes), std::move(listener).value(), sizes, memory);
  if (!server.ok()) return sys_error_object(env, server.error());

  doorbell_ = std::move(doorbell);
  server_ = std::move(server).value();
  number_ = register_server(server_);
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
  // Joins: from here on no reactor knows the doorbell or the rings. JS threads may still own the server.
  if (server_ != nullptr) server_->stop();
  server_.reset();
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
  double answered = answers_sent(*server_);
  for (const auto& reactor : server_->reactors()) {
    aborted += static_cast<double>(reactor->aborted());
    answered += static_cast<double>(reactor->left_while_closing());
  }
  result.Set("aborted", aborted);
  result.Set("answered", answered);
  shut_down();
  spec_.Reset();
  return result;
}

Napi::Value ServerWrap::number(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), number_);
}

Napi::Value ServerWrap::retire(const Napi::CallbackInfo& info) {
  if (server_ != nullptr) server_->retire(u32_of(info[0]));
  return info.Env().Undefined();
}

Napi::Value ServerWrap::has_retired(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), server_ == nullptr || server_->has_retired(u32_of(info[0])));
}

Napi::Value ServerWrap::abandon(const Napi::CallbackInfo& info) {
  if (server_ != nullptr) server_->abandon(u32_of(info[0]));
  return info.Env().Undefined();
}

Napi::Value ServerWrap::has_left(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), server_ == nullptr || server_->has_left(u32_of(info[0])));
}

Napi::Value ServerWrap::outstanding(const Napi::CallbackInfo& info) {
  const std::uint64_t count = server_ == nullptr ? 0 : server_->outstanding(u32_of(info[0]));
  return Napi::Number::New(info.Env(), static_cast<double>(count));
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

Napi::Value ServerWrap::take_failures(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array all = Napi::Array::New(env);
  if (server_ == nullptr) return all;
  const HandlerFailures::Taken taken = server_->take_failures();
  std::uint32_t count = 0;
  for (const HandlerFailure& failure : taken.failures) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("route", failure.route);
    object.Set("method", failure.method);
    object.Set("path", failure.path);
    object.Set("message", failure.message);
    all.Set(count++, object);
  }
  if (taken.dropped > 0) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("method", "");
    object.Set("path", "");
    object.Set("message",
               std::to_string(taken.dropped) + " more failures of native handlers are not reported");
    all.Set(count, object);
  }
  return all;
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
