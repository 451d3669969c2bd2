#include "bridge/server_registry.h"

#include <mutex>
#include <unordered_map>

namespace millrace::bridge {

namespace {

struct Registry {
  std::mutex mutex;
  std::uint32_t last = 0;
  std::unordered_map<std::uint32_t, std::weak_ptr<Server>> servers;
};

/// Never destroyed: threads may still be looking while the process exits.
Registry& registry() {
  static auto& instance = *new Registry();
  return instance;
}

}  // namespace

std::uint32_t register_server(const std::shared_ptr<Server>& server) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.servers, [](const auto& entry) { return entry.second.expired(); });
  all.servers[++all.last] = server;
  return all.last;
}

std::shared_ptr<Server> find_server(std::uint32_t number) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto found = all.servers.find(number);
  return found == all.servers.end() ? nullptr : found->second.lock();
}

}  // namespace millrace::bridge
