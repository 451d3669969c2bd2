#include "bridge/server_stats.h"

namespace millrace::bridge {

namespace {

// Counts are below 2^53 for centuries, so a double holds them exactly.
double figure(const Counter& counter) { return static_cast<double>(counter.get()); }

Napi::Object reactor_object(Napi::Env env, const Counters& counters) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("connections", figure(counters.connections_open));
  object.Set("connectionsTotal", figure(counters.connections_total));
  object.Set("connectionsRefused", figure(counters.connections_refused));
  object.Set("toHandlers", figure(counters.requests_to_handlers));
  object.Set("native", figure(counters.requests_native));
  object.Set("refused", figure(counters.requests_refused));
  object.Set("overload", figure(counters.requests_overload));
  object.Set("expired", figure(counters.requests_expired));
  object.Set("lost", figure(counters.requests_lost));
  object.Set("handlerTimeouts", figure(counters.handler_timeouts));
  object.Set("answered", figure(counters.answers_sent));
  object.Set("bytesReceived", figure(counters.bytes_received));
  object.Set("bytesSent", figure(counters.bytes_sent));
  return object;
}

Napi::Object workers_object(Napi::Env env, const WorkerPool::Stats& workers) {
  const auto milliseconds = [](std::uint64_t us) { return static_cast<double>(us) / 1000; };
  Napi::Object object = Napi::Object::New(env);
  object.Set("threads", workers.threads);
  object.Set("active", workers.active);
  object.Set("queued", workers.queued);
  object.Set("completed", static_cast<double>(workers.completed));
  object.Set("cancelled", static_cast<double>(workers.cancelled));
  object.Set("rejected", static_cast<double>(workers.rejected));
  object.Set("waitMs", milliseconds(workers.wait_us));
  object.Set("runMs", milliseconds(workers.run_us));
  object.Set("longestWaitMs", milliseconds(workers.longest_wait_us));
  object.Set("longestRunMs", milliseconds(workers.longest_run_us));
  return object;
}

}  // namespace

Napi::Object stats_object(Napi::Env env, const Server& server) {
  Napi::Object stats = Napi::Object::New(env);
  Napi::Array reactors = Napi::Array::New(env, server.reactors().size());
  for (std::uint32_t i = 0; i < server.reactors().size(); ++i) {
    reactors.Set(i, reactor_object(env, server.reactors()[i]->counters()));
  }
  stats.Set("queued", static_cast<double>(server.queue().waiting()));
  stats.Set("parked", static_cast<double>(server.queue().parked()));
  stats.Set("bufferedBytes", static_cast<double>(server.budget().used()));
  stats.Set("reactors", reactors);
  stats.Set("workers", workers_object(env, server.workers().stats()));
  return stats;
}

double answers_sent(const Server& server) {
  double sum = 0;
  for (const auto& reactor : server.reactors()) sum += figure(reactor->counters().answers_sent);
  return sum;
}

}  // namespace millrace::bridge
