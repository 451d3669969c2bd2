// request_natives.cc: the part of RequestIntake that has requests answered by native handlers, in the worker
// pool.
//
// The request gets an exchange as one for JavaScript does, so order, deadlines and ends of connections need
// nothing of their own. Handler and pool see copies only: the connection may end while they are at work.
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/byte_blocks.h"
#include "handlers/handler_request.h"
#include "handlers/handler_response.h"
#include "handlers/native_route.h"
#include "http/request_intake.h"

namespace millrace {

/// One request, from the reactor to the handler and back.
class RequestIntake::NativeCall final : public Job, private AnswerWatch {
 public:
  NativeCall(RequestIntake& intake, const NativeRoute& route)
      : intake_(intake), route_(route), request_(route.params, *this), share_(intake.io_.budget()) {}

  /// False: no memory.
  [[nodiscard]] bool take(const RequestHead& head, std::span<const Field> fields, const char* head_bytes,
                          const PeerAddress& peer, ByteBlocks body) {
    body_ = std::move(body);
    const bool taken = request_.take_head(head, fields, head_bytes, peer);
    account();
    return taken;
  }

  void wait_for_answer(std::uint32_t slot, std::uint32_t generation) noexcept {
    slot_ = slot;
    generation_ = generation;
  }
  [[nodiscard]] std::shared_ptr<std::atomic<bool>> gone_flag() const noexcept { return client_gone_; }

  [[nodiscard]] bool is_wanted() const noexcept override {
    return intake_.exchanges_.is_live(slot_, generation_);
  }

  void run() noexcept override {
    ran_ = true;
    if (!request_.take_body(body_)) {
      response_.set_failure("there is no memory for the request's body");
      return;
    }
    account();
    code_ = route_.handler->call(request_, response_);
    if (!response_.settle() && code_ == MILLRACE_OK) {
      code_ = MILLRACE_NO_MEMORY;
      response_.set_failure("there is no memory for the response's body");
    }
    request_.drop_body();
    account();
  }

  void finish(const OnReactor& here) override { intake_.on_native_done(*this, here); }

 private:
  friend class RequestIntake;

  [[nodiscard]] bool is_cancelled() const noexcept override {
    // Relaxed: a hint, like is_live().
    const bool is = client_gone_->load(std::memory_order_relaxed) || !is_wanted();
    // Relaxed: it is read when the job has come back.
    if (is) was_told_.store(true, std::memory_order_relaxed);
    return is;
  }

  void account() noexcept { share_.set(request_.bytes_held() + body_.capacity() + response_.bytes_held()); }

  RequestIntake& intake_;
  const NativeRoute& route_;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
  millrace_request request_;
  ByteBlocks body_;  // until it runs: to put it together takes time
  millrace_response response_;
  BudgetShare share_;
  const std::shared_ptr<std::atomic<bool>> client_gone_ = std::make_shared<std::atomic<bool>>(false);
  mutable std::atomic<bool> was_told_ = false;  // that nobody waits, by is_cancelled()
  int code_ = MILLRACE_FAILED;
  bool ran_ = false;
};

const NativeRoute* RequestIntake::native_route_of(const RouteMatch& match) const noexcept {
  const bool is_native =
      match.kind == RouteMatch::Kind::found && match.target.kind == RouteTarget::Kind::native;
  return is_native ? &routes_.natives[match.target.id] : nullptr;
}

void RequestIntake::call_native(Connection& connection, const char* head_bytes, ByteBlocks body,
                                const NativeRoute& route, const OnReactor& here) {
  const RequestHead& head = parser_.head();
  if (io_.log() != nullptr) describe_for_log(head_bytes);
  auto call = std::make_unique<NativeCall>(*this, route);
  if (io_.budget().exhausted() ||
      !call->take(head, parser_.fields(), head_bytes, connection.peer, std::move(body))) {
    counters_.requests_overload.add();
    outlet_.answer(connection, request_traits(), {.status = 503, .retry_after = true}, here);
    return;
  }
  const std::uint32_t slot = open_exchange(connection, route.handler_ms);
  const std::uint32_t generation = exchanges_.generation_of(slot);
  call->wait_for_answer(slot, generation);
  const auto gone_flag = call->gone_flag();
  std::unique_ptr<Job> job = std::move(call);
  if (!jobs_.try_submit(job)) {
    counters_.requests_overload.add();
    outlet_.answer_unavailable(slot, here, more_received_);
    return;
  }
  counters_.requests_native.add();
  // Relaxed: see is_cancelled().
  if (connection.client_may_have_gone()) gone_flag->store(true, std::memory_order_relaxed);
  outlet_.watch_client(slot, generation, gone_flag);
}

RequestIntake::Progress RequestIntake::call_native_with_body(Connection& connection, const OnReactor& here) {
  // Taken off the connection, so that it looks as it does when a message arrives whole.
  const std::unique_ptr<PendingInput> input = std::move(connection.input);
  parser_.resume(input->head);
  connection.read_deadline_ms = 0;
  ByteBlocks body = std::move(input->upload->body);
  const NativeRoute& route = *native_route_of(input->upload->match);
  input->account();  // the call counts it from now on
  call_native(connection, input->bytes.data(), std::move(body), route, here);
  return Progress::message_done;
}

void RequestIntake::on_native_done(NativeCall& call, const OnReactor& here) {
  const bool failed = call.ran_ && call.code_ != MILLRACE_OK;
  // One that gives up because it was told that nobody waits has not failed.
  if (failed && !call.was_told_.load(std::memory_order_relaxed)) {
    std::string message = call.response_.failure();
    if (message.empty()) message = "the handler returned " + std::to_string(call.code_);
    failures_.put({.method = std::string(call.request_.method()),
                   .path = std::string(call.request_.path()),
                   .message = std::move(message),
                   .route = static_cast<std::uint32_t>(&call.route_ - routes_.natives.data())});
  }
  outlet_.forget_client(call.slot_, call.generation_);
  Exchange* const exchange = exchanges_.find(call.slot_, call.generation_);
  // The client has gone, or the request has been answered in the handler's place.
  if (exchange == nullptr || exchange->begun) return;
  if (!call.ran_) {
    outlet_.answer_unavailable(call.slot_, here);
  } else if (failed) {
    outlet_.answer_failed(call.slot_, here);
  } else {
    OwnedBytes body = std::move(call.response_.body());
    call.account();  // what is sent counts itself
    outlet_.answer_exchange(call.slot_, call.generation_,
                            {.status = call.response_.status(),
                             .fields = call.response_.fields(),
                             .own_date = call.response_.has_date(),
                             .close = call.response_.wants_close()},
                            std::move(body), here);
  }
}

}  // namespace millrace
