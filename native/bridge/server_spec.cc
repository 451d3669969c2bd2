#include "bridge/server_spec.h"

#include <string>
#include <utility>

#include "bridge/js_values.h"

namespace millrace::bridge {

ServerConfig config_of(const Napi::Object& spec) {
  const Napi::Object config = object_of(spec, "config");
  const Napi::Object limits = object_of(config, "limits");
  const Napi::Object timeouts = object_of(config, "timeouts");
  ServerConfig result;
  result.reactors = u32_of(config, "reactors");
  result.limits = {.connections = u32_of(limits, "connections"),
                   .buffered_bytes = u64_of(limits, "bufferedBytes"),
                   .request_line_bytes = u32_of(limits, "requestLineBytes"),
                   .header_bytes = u32_of(limits, "headerBytes"),
                   .header_count = u32_of(limits, "headerCount"),
                   .body_bytes = u64_of(limits, "bodyBytes"),
                   .pipeline_depth = u32_of(limits, "pipelineDepth"),
                   .unsent_bytes = u64_of(limits, "unsentBytes"),
                   .min_bytes_per_second = u32_of(limits, "minBytesPerSecond"),
                   .queue = u32_of(limits, "queue")};
  result.timeouts = {.header_ms = u32_of(timeouts, "headerMs"),
                     .body_ms = u32_of(timeouts, "bodyMs"),
                     .keep_alive_ms = u32_of(timeouts, "keepAliveMs"),
                     .handler_ms = u32_of(timeouts, "handlerMs"),
                     .write_ms = u32_of(timeouts, "writeMs")};
  return result;
}

ListenAddress address_of(const Napi::Object& spec) {
  const Napi::Object address = object_of(spec, "address");
  ListenAddress result;
  if (address.Has("host")) result.host = string_of(address, "host");
  if (address.Has("port")) result.port = static_cast<std::uint16_t>(u32_of(address, "port"));
  if (address.Has("path")) result.path = string_of(address, "path");
  if (address.Has("fd")) result.fd = static_cast<int>(u32_of(address, "fd"));
  if (address.Has("backlog")) result.backlog = static_cast<int>(u32_of(address, "backlog"));
  if (address.Has("reusePort")) result.reuse_port = bool_of(address, "reusePort");
  return result;
}

RingSizes sizes_of(const Napi::Object& spec) {
  const Napi::Object sizes = object_of(spec, "sizes");
  return {.request_slots = u32_of(sizes, "requestSlots"),
          .request_arena_bytes = u32_of(sizes, "requestArenaBytes"),
          .response_slots = u32_of(sizes, "responseSlots"),
          .response_arena_bytes = u32_of(sizes, "responseArenaBytes")};
}

namespace {

/// The limits of handler `id`, those of the server to begin with.
Routes::HandlerLimits& limits_of_handler(Routes& routes, std::uint32_t id, const ServerConfig& config) {
  if (routes.handlers.size() <= id) {
    routes.handlers.resize(
        id + 1, {.body_bytes = config.limits.body_bytes, .handler_ms = config.timeouts.handler_ms});
  }
  return routes.handlers[id];
}

}  // namespace

std::optional<Routes> routes_of(const Napi::Object& spec, const ServerConfig& config, std::string& problem) {
  Routes routes;
  const Napi::Array replies = array_of(spec, "replies");
  for (std::uint32_t i = 0; i < replies.Length(); ++i) {
    const Napi::Object reply = replies.Get(i).ToObject();
    const Napi::Value body = reply.Get("body");
    Reply native{.status = static_cast<std::uint16_t>(u32_of(reply, "status")),
                 .content_type = static_cast<ContentType>(u32_of(reply, "contentType")),
                 .fields = string_of(reply, "fields"),
                 .body = {},
                 .own_date = bool_of(reply, "ownDate"),
                 .close = bool_of(reply, "close")};
    if (body.IsBuffer()) {
      const auto bytes = body.As<Napi::Buffer<char>>();
      native.body.assign(bytes.Data(), bytes.Length());
    }
    routes.replies.push_back(std::move(native));
  }
  const Napi::Array list = array_of(spec, "routes");
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Object route = list.Get(i).ToObject();
    const std::string method = string_of(route, "method");
    const std::string pattern = string_of(route, "pattern");
    const auto kind = bool_of(route, "isReply") ? RouteTarget::Kind::reply : RouteTarget::Kind::handler;
    const auto added = routes.router.add(method, pattern, {.kind = kind, .id = u32_of(route, "id")});
    if (added == Router::AddError::none) {
      if (kind == RouteTarget::Kind::reply) continue;
      Routes::HandlerLimits& own = limits_of_handler(routes, u32_of(route, "id"), config);
      if (route.Get("bodyBytes").IsNumber()) own.body_bytes = u64_of(route, "bodyBytes");
      if (route.Get("handlerMs").IsNumber()) own.handler_ms = u32_of(route, "handlerMs");
      continue;
    }
    problem = (added == Router::AddError::duplicate ? "registered twice: " : "not a route: ") + method + " " +
              pattern;
    return std::nullopt;
  }
  if (spec.Get("fallback").IsNumber()) {
    routes.fallback = u32_of(spec, "fallback");
    limits_of_handler(routes, routes.fallback, config);
  }
  return routes;
}

bool memory_of(const Napi::Object& spec, const ServerConfig& config, const RingSizes& sizes,
               ServerMemory& memory) {
  const Napi::Array requests = array_of(spec, "requestMemory");
  const Napi::Array responses = array_of(spec, "responseMemory");
  const std::size_t request_bytes =
      ring::RequestRing::memory_bytes(sizes.request_slots, sizes.request_arena_bytes);
  const std::size_t response_bytes =
      ring::ResponseRing::memory_bytes(sizes.response_slots, sizes.response_arena_bytes);
  const ring::SharedMemory doorbell = shared_memory_of(spec.Get("doorbell"));
  if (doorbell.bytes < sizeof(std::uint32_t)) return false;
  ServerMemory::JsThread here{
      .doorbell_word = doorbell.words, .wake = nullptr, .wake_context = nullptr, .responses = {}};
  for (std::uint32_t i = 0; i < config.reactors; ++i) {
    memory.requests.push_back(shared_memory_of(requests.Get(i)));
    here.responses.push_back(shared_memory_of(responses.Get(i)));
    if (memory.requests.back().bytes < request_bytes || here.responses.back().bytes < response_bytes)
      return false;
  }
  memory.js_threads.push_back(std::move(here));
  return true;
}

}  // namespace millrace::bridge
