// server_spec.h: what listen() is asked for, taken from JavaScript's objects. JS thread only.
#pragma once

#include <napi.h>

#include <optional>

#include "base/server_config.h"
#include "http/request_intake.h"
#include "net/listener.h"
#include "net/server.h"

namespace millrace::bridge {

[[nodiscard]] ServerConfig config_of(const Napi::Object& spec);
[[nodiscard]] ListenAddress address_of(const Napi::Object& spec);
[[nodiscard]] RingSizes sizes_of(const Napi::Object& spec);

/// Nothing: the router would not take a route; `problem` says which.
[[nodiscard]] std::optional<Routes> routes_of(const Napi::Object& spec, const ServerConfig& config,
                                              std::string& problem);

/// The shared memory of the rings and the words of the doorbells; false: a piece is missing or too small.
[[nodiscard]] bool memory_of(const Napi::Object& spec, const ServerConfig& config, const RingSizes& sizes,
                             ServerMemory& memory);

}  // namespace millrace::bridge
