#include "net/server.h"

#include <ctime>
#include <string>
#include <utility>

namespace millrace {

namespace {

Routes with_compression(Routes routes, const ServerConfig::Compression& compression) {
  for (FileRoot& root : routes.files.roots) root.compression = &compression;
  return routes;
}

}  // namespace

Server::Server(const ServerConfig& config, Routes routes)
    : config_(config),
      routes_(with_compression(std::move(routes), config_.compression)),
      budget_(config.limits.buffered_bytes),
      queue_(config.limits.queue, config.reactors) {}

Result<std::unique_ptr<Server>> Server::start(const ServerConfig& config, Routes routes, Listener listener,
                                              const RingSizes& sizes, const ServerMemory& memory) {
  std::unique_ptr<Server> server(new Server(config, std::move(routes)));
  server->failures_.connect(memory.on_change, memory.on_change_context);
  Result<LocalAddress> local = listener.local();
  if (!local.ok()) return local.error();
  server->local_ = std::move(local).value();
  if (config.access_log.enabled) {
    // Reads the environment, and localtime_r() does so no more: JavaScript may change it meanwhile.
    ::tzset();
    auto log_file = LogFile::open(config.access_log.fd);
    if (!log_file.ok()) return log_file.error();
    server->log_file_ = std::move(log_file).value();
  }
  auto workers = WorkerPool::start(config.workers, config.limits.worker_queue);
  if (!workers.ok()) return workers.error();
  server->workers_ = std::move(workers).value();
  if (const Status made = server->make_reactors(sizes, memory); !made.ok()) return made.error();
  std::vector<Reactor*> all;
  for (const auto& reactor : server->reactors_) all.push_back(reactor.get());
  if (const Status accepts = all.front()->accept_for(all, std::move(listener)); !accepts.ok())
    return accepts.error();
  if (const Status running = server->run_reactors(); !running.ok()) return running.error();
  return server;
}

Status Server::make_reactors(const RingSizes& sizes, const ServerMemory& memory) {
  for (const ServerMemory::JsThread& js : memory.js_threads) {
    places_.push_back(std::make_unique<JsPlace>(js.doorbell_word, js.wake, js.wake_context));
    for (const ring::SharedMemory& responses : js.responses) {
      response_rings_.push_back(std::make_unique<ring::ResponseRing>(
          responses, sizes.response_slots, sizes.response_arena_bytes, sizes.first_index));
      news_boxes_.push_back(std::make_unique<ring::NewsBox>(js.doorbell_word));
    }
  }
  for (const ring::SharedMemory& requests : memory.requests) {
    request_rings_.push_back(std::make_unique<ring::RequestRing>(
        requests, sizes.request_slots, sizes.request_arena_bytes, budget_, sizes.first_index));
    queue_.watch(*request_rings_.back());
  }
  for (std::uint32_t i = 0; i < config_.reactors; ++i) {
    std::vector<ring::RequestRing*> lanes;
    for (std::size_t ring = i; ring < request_rings_.size(); ring += config_.reactors) {
      lanes.push_back(request_rings_[ring].get());
    }
    request_lanes_.push_back(std::make_unique<ring::RequestLanes>(std::move(lanes), i));
    std::vector<JsLink> links;
    for (std::size_t js = 0; js < places_.size(); ++js) {
      const std::size_t pair = js * config_.reactors + i;
      links.push_back({.doorbell = &places_[js]->doorbell,
                       .news = news_boxes_[pair].get(),
                       .responses = response_rings_[pair].get(),
                       .departure = &places_[js]->departure,
                       .lane = &places_[js]->lane,
                       .reactor = i});
    }
    auto reactor = Reactor::make({.config = config_,
                                  .routes = routes_,
                                  .budget = budget_,
                                  .queue = queue_,
                                  .workers = *workers_,
                                  .failures = failures_,
                                  .log = log_file_.get(),
                                  .on_change = memory.on_change,
                                  .on_change_context = memory.on_change_context},
                                 *request_lanes_.back(), std::move(links));
    if (!reactor.ok()) return reactor.error();
    reactors_.push_back(std::move(reactor).value());
  }
  return {};
}

Status Server::run_reactors() {
  for (std::size_t i = 0; i < reactors_.size(); ++i) {
    auto thread =
        Thread::start("millrace-io-" + std::to_string(i), [reactor = reactors_[i].get()] { reactor->run(); });
    // Those that run already end with the destructor's drain. The first one runs then, and it tells the
    // others.
    if (!thread.ok()) return thread.error();
    threads_.push_back(std::move(thread).value());
  }
  return {};
}

Server::~Server() { stop(); }

void Server::stop() noexcept {
  if (!threads_.empty()) drain(0);
  join();
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void Server::connect(std::uint32_t js_thread, std::uint32_t lane, ring::Doorbell::Wake ring,
                     void* context) noexcept {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  JsPlace& place = *places_[js_thread];
  place.taken = true;
  // Relaxed: reactors look at it when the thread has said that it waits, or has left.
  place.lane.store(lane, std::memory_order_relaxed);
  place.doorbell.connect(ring, context);
}

void Server::retire(std::uint32_t js_thread) noexcept {
  const std::lock_guard lock(mutex_);
  JsPlace& place = *places_[js_thread];
  if (stopped_ || !place.taken) return;
  place.departure.retired.begin(config_.reactors);
  let_go(js_thread, DepartureStep::retire);
}

void Server::abandon(std::uint32_t js_thread) noexcept {
  const std::lock_guard lock(mutex_);
  JsPlace& place = *places_[js_thread];
  if (stopped_ || !place.taken) return;
  place.doorbell.disconnect();
  let_go(js_thread, DepartureStep::abandon);
}

void Server::leave(std::uint32_t js_thread) noexcept {
  const std::lock_guard lock(mutex_);
  JsPlace& place = *places_[js_thread];
  if (stopped_ || !place.taken) return;
  place.taken = false;
  place.doorbell.disconnect();
  place.departure.gone.begin(config_.reactors);
  let_go(js_thread, DepartureStep::leave);
}

void Server::let_go(std::uint32_t js_thread, DepartureStep step) noexcept {
  for (const auto& reactor : reactors_) reactor->let_go(static_cast<std::uint8_t>(js_thread), step);
}

bool Server::is_settled(const AwaitedReactors& awaited) const noexcept {
  for (std::uint32_t i = 0; i < reactors_.size(); ++i) {
    if (awaited.awaits(i) && !reactors_[i]->ended()) return false;
  }
  return true;
}

bool Server::has_retired(std::uint32_t js_thread) const noexcept {
  return is_settled(places_[js_thread]->departure.retired);
}

bool Server::has_left(std::uint32_t js_thread) const noexcept {
  return is_settled(places_[js_thread]->departure.gone);
}

std::uint64_t Server::outstanding(std::uint32_t js_thread) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& reactor : reactors_) sum += reactor->outstanding(static_cast<std::uint8_t>(js_thread));
  return sum;
}

void Server::drain(std::uint32_t grace_ms) {
  // To all: on a second call some may have ended already, also the first, which would pass nothing on then.
  for (const auto& reactor : reactors_) reactor->bound_grace(grace_ms);
  reactors_.front()->drain();
}

bool Server::ended() const noexcept {
  for (const auto& reactor : reactors_) {
    if (!reactor->ended()) return false;
  }
  return true;
}

void Server::join() noexcept {
  threads_.clear();
  // Behind the reactors, which ask it for something to their end.
  if (workers_ != nullptr) workers_->stop();
  for (const NativeRoute& route : routes_.natives) route.handler->end();
}

}  // namespace millrace
