// server_registry.h: the servers of this process, by number: how the environment of a worker thread finds the
// server that another one has started.
//
// The only state that the environments of a process share. A number, since that is what can be sent to a
// worker; guessing one is not possible from outside the process.
#pragma once

#include <cstdint>
#include <memory>

#include "net/server.h"

namespace millrace::bridge {

/// The server can be found from now on, as long as somebody owns it. Any thread.
[[nodiscard]] std::uint32_t register_server(const std::shared_ptr<Server>& server);

/// Null: there is no such server, or not any more.
[[nodiscard]] std::shared_ptr<Server> find_server(std::uint32_t number);

}  // namespace millrace::bridge
