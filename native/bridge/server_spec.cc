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
  if (string_of(limits, "connectionPolicy") == "wait") {
    result.connection_policy = ServerConfig::ConnectionPolicy::wait;
  }
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
                     .write_ms = u32_of(timeouts, "writeMs"),
                     .queue_ms = u32_of(timeouts, "queueMs"),
                     .drain_idle_ms = u32_of(timeouts, "drainIdleMs")};
  return result;
}

ListenAddress address_of(const Napi::Object& spec) {
  const Napi::Object address = object_of(spec, "address");
  ListenAddress result;
  result.host = string_of(address, "host");
  result.path = string_of(address, "path");
  result.port = static_cast<std::uint16_t>(u32_of(address, "port"));
  result.reuse_port = bool_of(address, "reusePort");
  if (property(address, "fd").IsNumber()) result.fd = static_cast<int>(u32_of(address, "fd"));
  if (property(address, "backlog").IsNumber()) result.backlog = static_cast<int>(u32_of(address, "backlog"));
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

Reply reply_of(const Napi::Object& reply) {
  return {.status = static_cast<std::uint16_t>(u32_of(reply, "status")),
          .content_type = static_cast<ContentType>(u32_of(reply, "contentType")),
          .fields = string_of(reply, "fields"),
          .body = std::string(bytes_of(property(reply, "body"))),
          .own_date = bool_of(reply, "ownDate"),
          .close = bool_of(reply, "close")};
}

/// Empty: added. Else what is wrong with the route.
std::string add_route(Routes& routes, const Napi::Object& route, const ServerConfig& config) {
  const std::string method = string_of(route, "method");
  const std::string pattern = string_of(route, "pattern");
  const bool is_reply = bool_of(route, "isReply");
  const std::uint32_t id = u32_of(route, "id");
  const auto kind = is_reply ? RouteTarget::Kind::reply : RouteTarget::Kind::handler;
  Router& router = bool_of(route, "isUpgrade") ? routes.upgrades : routes.router;
  const auto added = router.add(method, pattern, {.kind = kind, .id = id});
  if (added != Router::AddError::none) {
    return (added == Router::AddError::duplicate ? "registered twice: " : "not a route: ") + method + " " +
           pattern;
  }
  if (is_reply) return {};
  Routes::HandlerLimits& own = limits_of_handler(routes, id, config);
  if (property(route, "bodyBytes").IsNumber()) own.body_bytes = u64_of(route, "bodyBytes");
  if (property(route, "handlerMs").IsNumber()) own.handler_ms = u32_of(route, "handlerMs");
  return {};
}

}  // namespace

std::optional<Routes> routes_of(const Napi::Object& spec, const ServerConfig& config, std::string& problem) {
  Routes routes;
  for_each_in(spec, "replies",
              [&](const Napi::Value& reply) { routes.replies.push_back(reply_of(as_object(reply))); });
  for_each_in(spec, "routes", [&](const Napi::Value& route) {
    if (problem.empty()) problem = add_route(routes, as_object(route), config);
  });
  if (!problem.empty()) return std::nullopt;
  if (property(spec, "fallback").IsNumber()) {
    routes.fallback = u32_of(spec, "fallback");
    limits_of_handler(routes, routes.fallback, config);
  }
  return routes;
}

bool memory_of(const Napi::Object& spec, const ServerConfig& config, const RingSizes& sizes,
               ServerMemory& memory) {
  const std::size_t request_bytes =
      ring::RequestRing::memory_bytes(sizes.request_slots, sizes.request_arena_bytes);
  const std::size_t response_bytes =
      ring::ResponseRing::memory_bytes(sizes.response_slots, sizes.response_arena_bytes);
  for_each_in(spec, "requestMemory",
              [&](const Napi::Value& ring) { memory.requests.push_back(shared_memory_of(ring)); });
  bool complete =
      config.reactors > 0 && !memory.requests.empty() && memory.requests.size() % config.reactors == 0;
  for (const ring::SharedMemory& ring : memory.requests) complete = complete && ring.bytes >= request_bytes;
  for_each_in(spec, "jsThreads", [&](const Napi::Value& value) {
    const Napi::Object js_thread = as_object(value);
    const ring::SharedMemory doorbell = shared_memory_of(property(js_thread, "doorbell"));
    complete = complete && doorbell.bytes >= ring::kDoorbellStride * sizeof(std::uint32_t);
    // They take their places later: see ThreadWrap::join().
    ServerMemory::JsThread& place = memory.js_threads.emplace_back();
    place.doorbell_word = doorbell.words;
    for_each_in(js_thread, "responseMemory",
                [&](const Napi::Value& ring) { place.responses.push_back(shared_memory_of(ring)); });
    complete = complete && place.responses.size() == config.reactors;
    for (const ring::SharedMemory& ring : place.responses)
      complete = complete && ring.bytes >= response_bytes;
  });
  return complete && !memory.js_threads.empty() && memory.js_threads.size() < kNoJsThread;
}

}  // namespace millrace::bridge
