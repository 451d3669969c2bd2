#include "bridge/load_wrap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "bridge/js_values.h"
#include "bridge/sys_error_object.h"

namespace millrace::bridge {

namespace {

/// As lib/binding.ts lists them (LoadErrorKind), in the order of LoadError.
constexpr const char* kErrorNames[] = {"connect",     "read",        "write",       "timeout",  "closedEarly",
                                       "badResponse", "wrongStatus", "wrongLength", "wrongBody"};
static_assert(std::size(kErrorNames) == load::kLoadErrors);

constexpr std::pair<const char*, double> kPercentiles[] = {{"p50", 50}, {"p75", 75},    {"p90", 90},
                                                           {"p99", 99}, {"p999", 99.9}, {"p9999", 99.99}};

/// A path, or a numeric address and a port. False: it is neither.
bool read_address(const Napi::Object& spec, load::LoadPlan& plan) {
  if (const std::string path = string_of(spec, "path"); !path.empty()) {
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    plan.address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    std::memcpy(&plan.address, &address, sizeof address);
    return true;
  }
  const std::string host = string_of(spec, "host");
  const auto port = htons(static_cast<std::uint16_t>(u32_of(spec, "port")));
  sockaddr_in ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = port;
    plan.address_bytes = sizeof ipv4;
    std::memcpy(&plan.address, &ipv4, sizeof ipv4);
    return true;
  }
  sockaddr_in6 ipv6{};
  if (::inet_pton(AF_INET6, host.c_str(), &ipv6.sin6_addr) != 1) return false;
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = port;
  plan.address_bytes = sizeof ipv6;
  std::memcpy(&plan.address, &ipv6, sizeof ipv6);
  return true;
}

load::LoadPlan::Mode mode_of(std::string_view name) noexcept {
  if (name == "connections") return load::LoadPlan::Mode::connections;
  return name == "one-request" ? load::LoadPlan::Mode::one_request : load::LoadPlan::Mode::keep_alive;
}

/// False: not what lib/cli/ hands over.
bool read_plan(const Napi::Object& spec, load::LoadPlan& plan) {
  plan.request = std::string(bytes_of(property(spec, "request")));
  plan.to_head = bool_of(spec, "toHead");
  plan.mode = mode_of(string_of(spec, "mode"));
  plan.threads = std::max(1u, u32_of(spec, "threads"));
  plan.connections = std::max(plan.threads, u32_of(spec, "connections"));
  plan.pipeline = std::max(1u, u32_of(spec, "pipeline"));
  if (property(spec, "count").IsNumber()) plan.count = u64_of(spec, "count");
  if (property(spec, "durationMs").IsNumber()) {
    plan.duration_ns = static_cast<std::int64_t>(number_of(property(spec, "durationMs")) * 1e6);
  }
  plan.rate = number_of(property(spec, "rate"));
  plan.timeout_ms = u32_of(spec, "timeoutMs");
  for_each_in(spec, "expectedStatuses", [&](const Napi::Value& value) {
    if (const std::uint32_t status = u32_of(value); status < load::LoadPlan::kStatuses) {
      plan.expected_statuses.set(status);
    }
  });
  if (const Napi::Value body = property(spec, "expectedBody"); body.IsTypedArray()) {
    plan.expected_body = std::string(bytes_of(body));
  }
  return read_address(spec, plan);
}

Napi::Object latency_object(Napi::Env env, const load::LoadCounts& counts) {
  const load::LatencyHistogram& latency = counts.latency;
  constexpr double kNsPerUs = 1'000;
  const load::LatencyHistogram::Summary summary = latency.summary();
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, double ns) {
    // Of nothing there is no percentile, and 0 would be a very good one.
    object.Set(name, summary.count == 0 ? env.Null() : Napi::Number::New(env, ns / kNsPerUs));
  };
  object.Set("count", static_cast<double>(summary.count));
  object.Set("lowerBounds", static_cast<double>(counts.lower_bounds));
  set("min", static_cast<double>(latency.min()));
  set("mean", summary.mean);
  set("stdev", summary.stdev);
  for (const auto& [name, percent] : kPercentiles) set(name, latency.percentile(percent));
  set("max", static_cast<double>(latency.max()));
  return object;
}

Napi::Object result_object(Napi::Env env, const load::LoadCounts& counts) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  Napi::Object errors = Napi::Object::New(env);
  Napi::Object first = Napi::Object::New(env);
  for (std::size_t i = 0; i < load::kLoadErrors; ++i) {
    errors.Set(kErrorNames[i], number(counts.errors[i].count));
    first.Set(kErrorNames[i], counts.errors[i].first);
  }
  Napi::Object statuses = Napi::Object::New(env);
  for (std::uint32_t status = 0; status < counts.statuses.size(); ++status) {
    if (counts.statuses[status] > 0) statuses.Set(status, number(counts.statuses[status]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("seconds", number(counts.ended_ns - counts.began_ns) / 1e9);
  result.Set("sent", number(counts.sent));
  result.Set("answers", number(counts.answers));
  result.Set("unanswered", number(counts.unanswered));
  result.Set("unsent", number(counts.unsent));
  result.Set("connections", number(counts.connections));
  result.Set("bytesSent", number(counts.bytes_sent));
  result.Set("bytesReceived", number(counts.bytes_received));
  result.Set("errors", errors);
  result.Set("firstErrors", first);
  result.Set("statuses", statuses);
  result.Set("latencyUs", latency_object(env, counts));
  result.Set("cpuUserSeconds", number(counts.user_ns) / 1e9);
  result.Set("cpuSystemSeconds", number(counts.system_ns) / 1e9);
  result.Set("isUnreachable", counts.unreachable);
  result.Set("isServerGone", counts.server_gone);
  return result;
}

}  // namespace

Napi::Function LoadWrap::define(Napi::Env env) {
  return DefineClass(
      env, "NativeLoad",
      {InstanceMethod<&LoadWrap::start>("start"), InstanceMethod<&LoadWrap::progress>("progress"),
       InstanceMethod<&LoadWrap::stop>("stop"), InstanceMethod<&LoadWrap::finish>("finish")});
}

LoadWrap::LoadWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoadWrap>(info) {}

LoadWrap::~LoadWrap() { shut_down(); }

Napi::Value LoadWrap::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  load::LoadPlan plan;
  if (run_ != nullptr || !read_plan(as_object(info[0]), plan)) {
    napi_throw_error(env, nullptr, "not the plan of a load run, or one is under way");
    return env.Undefined();
  }
  auto doorbell = std::make_unique<JsDoorbell>(env, info[1]);
  const load::LoadRun::OnEnd on_end{.call = [](void* bell) { static_cast<JsDoorbell*>(bell)->ring(); },
                                    .context = doorbell.get()};
  Result<std::unique_ptr<load::LoadRun>> run = load::LoadRun::start(std::move(plan), on_end);
  if (!run.ok()) return sys_error_object(env, run.error());
  doorbell_ = std::move(doorbell);
  run_ = std::move(run).value();
  napi_add_env_cleanup_hook(env, &LoadWrap::on_environment_end, this);
  hooked_ = true;
  return env.Undefined();
}

void LoadWrap::on_environment_end(void* self) noexcept {
  auto* const wrap = static_cast<LoadWrap*>(self);
  wrap->hooked_ = false;
  wrap->shut_down();
}

void LoadWrap::shut_down() noexcept {
  run_.reset();  // stops and joins: nobody rings any more
  doorbell_.reset();
  if (std::exchange(hooked_, false)) {
    napi_remove_env_cleanup_hook(Env(), &LoadWrap::on_environment_end, this);
  }
}

Napi::Value LoadWrap::progress(const Napi::CallbackInfo& info) {
  const load::LoadProgress progress = run_ == nullptr ? load::LoadProgress{} : run_->progress();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("answers", static_cast<double>(progress.answers));
  object.Set("errors", static_cast<double>(progress.errors));
  object.Set("bytesReceived", static_cast<double>(progress.bytes_received));
  return object;
}

Napi::Value LoadWrap::stop(const Napi::CallbackInfo& info) {
  if (run_ != nullptr) run_->stop();
  return info.Env().Undefined();
}

Napi::Value LoadWrap::finish(const Napi::CallbackInfo& info) {
  if (run_ == nullptr) return info.Env().Undefined();
  const load::LoadCounts counts = run_->join();
  shut_down();
  return result_object(info.Env(), counts);
}

Napi::Value raise_descriptor_limit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(load::raise_descriptor_limit()));
}

}  // namespace millrace::bridge
