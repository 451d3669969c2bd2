#include "bridge/server_spec.h"

#include <string>
#include <utility>

#include "bridge/handler_loader.h"
#include "bridge/js_values.h"

namespace millrace::bridge {

namespace {

std::vector<std::string> strings_of(const Napi::Object& object, const char* name) {
  std::vector<std::string> strings;
  for_each_in(object, name, [&](const Napi::Value& value) { strings.push_back(text_of(value)); });
  return strings;
}

LogFormat log_format_of(std::string_view name) {
  if (name == "common") return LogFormat::common;
  if (name == "short") return LogFormat::brief;
  return name == "json" ? LogFormat::json : LogFormat::combined;
}

}  // namespace

ServerConfig config_of(const Napi::Object& spec) {
  const Napi::Object config = object_of(spec, "config");
  const Napi::Object limits = object_of(config, "limits");
  const Napi::Object timeouts = object_of(config, "timeouts");
  ServerConfig result;
  result.reactors = u32_of(config, "reactors");
  result.workers = u32_of(config, "workers");
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
                   .queue = u32_of(limits, "queue"),
                   .worker_queue = u32_of(limits, "workerQueue")};
  result.timeouts = {.header_ms = u32_of(timeouts, "headerMs"),
                     .body_ms = u32_of(timeouts, "bodyMs"),
                     .keep_alive_ms = u32_of(timeouts, "keepAliveMs"),
                     .handler_ms = u32_of(timeouts, "handlerMs"),
                     .write_ms = u32_of(timeouts, "writeMs"),
                     .queue_ms = u32_of(timeouts, "queueMs"),
                     .drain_idle_ms = u32_of(timeouts, "drainIdleMs")};
  const Napi::Object compression = object_of(config, "compression");
  result.compression = {.enabled = bool_of(compression, "enabled"),
                        .level = static_cast<int>(u32_of(compression, "level")),
                        .threshold = u64_of(compression, "threshold"),
                        .types = strings_of(compression, "types")};
  const Napi::Object access_log = object_of(config, "accessLog");
  result.access_log = {.enabled = bool_of(access_log, "enabled"),
                       .fd = static_cast<int>(u32_of(access_log, "fd")),
                       .format = log_format_of(string_of(access_log, "format"))};
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
          .fields = latin1_of(reply, "fields"),
          .body = std::string(bytes_of(property(reply, "body"))),
          .own_date = bool_of(reply, "ownDate"),
          .close = bool_of(reply, "close")};
}

ContentCoding coding_of(std::string_view name) {
  if (name == "br") return ContentCoding::br;
  return name == "zstd" ? ContentCoding::zstd : ContentCoding::gzip;
}

SymlinkPolicy symlinks_of(std::string_view name) {
  if (name == "follow") return SymlinkPolicy::follow;
  return name == "refuse" ? SymlinkPolicy::refuse : SymlinkPolicy::beneath;
}

std::vector<ContentCoding> codings_of(const Napi::Object& object, const char* name) {
  std::vector<ContentCoding> codings;
  for (const std::string& coding : strings_of(object, name)) codings.push_back(coding_of(coding));
  return codings;
}

FileRoot file_root_of(const Napi::Object& root) {
  return {.prefix = string_of(root, "prefix"),
          .directory = string_of(root, "directory"),
          .symlinks = symlinks_of(string_of(root, "symlinks")),
          .dotfiles = bool_of(root, "dotfiles"),
          .redirect = bool_of(root, "redirect"),
          .fallthrough = bool_of(root, "fallthrough"),
          .etag = bool_of(root, "etag"),
          .last_modified = bool_of(root, "lastModified"),
          .ranges = bool_of(root, "ranges"),
          .index = strings_of(root, "index"),
          .extensions = strings_of(root, "extensions"),
          .precompressed = codings_of(root, "precompressed"),
          .fallback = string_of(root, "fallback"),
          .fields = latin1_of(root, "fields")};
}

void read_files(const Napi::Object& spec, FileRoots& files) {
  for_each_in(spec, "fileRoots",
              [&](const Napi::Value& root) { files.roots.push_back(file_root_of(as_object(root))); });
  const Napi::Value types = property(spec, "mediaTypes");
  if (types.IsExternal()) files.media_types = *types.As<Napi::External<MediaTypes>>().Data();
}

NativeRoute native_route_of(const Napi::Object& route, const ServerConfig& config) {
  NativeRoute result{.handler = handler_of(property(route, "handler"), string_of(route, "data")),
                     .params = {.params = {},
                                .has_wildcard = bool_of(route, "hasWildcard"),
                                .is_any_path = bool_of(route, "isAnyPath"),
                                .wildcard_segment = u32_of(route, "wildcardSegment")},
                     .body_bytes = config.limits.body_bytes,
                     .handler_ms = config.timeouts.handler_ms};
  for_each_in(route, "params", [&](const Napi::Value& value) {
    const Napi::Object param = as_object(value);
    result.params.params.push_back({.name = string_of(param, "name"), .segment = u32_of(param, "segment")});
  });
  if (property(route, "bodyBytes").IsNumber()) result.body_bytes = u64_of(route, "bodyBytes");
  if (property(route, "handlerMs").IsNumber()) result.handler_ms = u32_of(route, "handlerMs");
  return result;
}

/// What answers, and by which router it is found.
struct RouteKind {
  RouteTarget::Kind target;
  bool is_upgrade;
};
RouteKind kind_of(std::string_view name) {
  if (name == "reply") return {RouteTarget::Kind::reply, false};
  if (name == "files") return {RouteTarget::Kind::files, false};
  if (name == "native") return {RouteTarget::Kind::native, false};
  return {RouteTarget::Kind::handler, name == "upgrade"};
}

/// Empty: added. Else what is wrong with the route.
std::string add_route(Routes& routes, const Napi::Object& route, const ServerConfig& config) {
  const std::string method = string_of(route, "method");
  const std::string pattern = string_of(route, "pattern");
  const RouteKind kind = kind_of(string_of(route, "kind"));
  const std::uint32_t id = u32_of(route, "id");
  const RouteTarget target{.kind = kind.target, .id = id};
  Router& router = kind.is_upgrade ? routes.upgrades : routes.router;
  auto added = router.add(method, pattern, target);
  if (added == Router::AddError::none && !kind.is_upgrade && kind.target != RouteTarget::Kind::files) {
    added = routes.behind_files.add(method, pattern, target);
  }
  if (added != Router::AddError::none) {
    return (added == Router::AddError::duplicate ? "registered twice: " : "not a route: ") + method + " " +
           pattern;
  }
  if (kind.target != RouteTarget::Kind::handler) return {};
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
  read_files(spec, routes.files);
  for_each_in(spec, "natives", [&](const Napi::Value& route) {
    routes.natives.push_back(native_route_of(as_object(route), config));
    if (routes.natives.back().handler == nullptr) problem = "a native handler is missing";
  });
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
