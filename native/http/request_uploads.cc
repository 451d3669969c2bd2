// request_uploads.cc: the part of RequestIntake that collects bodies which do not arrive with their head.
#include <utility>

#include "base/limits.h"
#include "base/progress.h"
#include "http/request_intake.h"
#include "http/response_writer.h"

namespace millrace {

RequestIntake::Progress RequestIntake::begin_upload(Connection& connection, const char* head_bytes,
                                                    RouteMatch match, std::string_view& data,
                                                    const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const bool collects = handler_of(match) != nullptr;
  const bool asks = head.expect_continue && data.empty();
  if (asks && !collects) {
    // Nobody wants this body. Whether it comes after our final answer cannot be known, so the connection ends
    // (RFC 9110 §10.1.1).
    RequestTraits request = RequestTraits::of(head);
    request.close_after = true;
    answer_natively(connection, request, match, here);
    return Progress::wait;
  }
  auto input = std::make_unique<PendingInput>(io_.budget());
  input->upload = std::make_unique<Upload>(body_limit(match));
  Upload& upload = *input->upload;
  upload.match = std::move(match);
  upload.collects = collects;
  upload.length_left = head.content_length;
  upload.started_ms = io_.now_ms();
  if (!input->bytes.append({head_bytes, head.bytes}) || !parser_.park(input->head)) {
    refuse(connection, 503, here);
    return Progress::wait;
  }
  input->account();
  connection.input = std::move(input);
  if (asks && connection.in_flight == 0) {
    const ConnectionId id = connection.id;
    char* const room = io_.reserve_output(kContinueResponse.size(), here);
    if (io_.table().find(id, here) == nullptr) return Progress::wait;
    std::memcpy(room, kContinueResponse.data(), kContinueResponse.size());
    io_.commit_output(connection, kContinueResponse.size());
  }
  return receive_body(connection, data, here);
}

RequestIntake::Progress RequestIntake::receive_body(Connection& connection, std::string_view& data,
                                                    const OnReactor& here) {
  PendingInput& input = *connection.input;
  Upload& upload = *input.upload;
  parser_.resume(input.head);
  bool complete = false;
  bool kept = true;
  if (parser_.head().framing == BodyFraming::length) {
    const std::string_view piece = data.substr(0, upload.length_left);
    data.remove_prefix(piece.size());
    upload.length_left -= piece.size();
    upload.received += piece.size();
    if (upload.collects) kept = upload.body.append(piece);
    complete = upload.length_left == 0;
  } else {
    for (ChunkedDecoder::Status status = ChunkedDecoder::Status::data;
         status == ChunkedDecoder::Status::data && kept;) {
      const ChunkedDecoder::Step step = upload.decoder.next(data.data(), data.size());
      status = step.status;
      if (status == ChunkedDecoder::Status::failed) {
        refuse(connection, status_of(upload.decoder.error()), here);
        return Progress::wait;
      }
      data.remove_prefix(step.consumed);
      upload.received += step.data.size();
      if (upload.collects) kept = upload.body.append(step.data);
      complete = status == ChunkedDecoder::Status::done;
    }
  }
  input.account();
  if (!kept || io_.budget().exhausted()) {
    refuse(connection, 503, here);
    return Progress::wait;
  }
  if (complete) return complete_upload(connection, data, here);
  connection.read_deadline_ms =
      transfer_deadline(io_.now_ms(), upload.started_ms, upload.received, config_.timeouts.body_ms,
                        config_.limits.min_bytes_per_second);
  io_.arm(connection);
  return Progress::wait;
}

RequestIntake::Progress RequestIntake::complete_upload(Connection& connection, std::string_view& data,
                                                       const OnReactor& here) {
  // Taken off the connection, so that it looks as it does when a message arrives whole.
  std::unique_ptr<PendingInput> input = std::move(connection.input);
  Upload& upload = *input->upload;
  parser_.resume(input->head);
  // A large body changes hands; a small one is copied into the arena.
  OwnedBytes outside;
  if (upload.body.size() > kArenaBodyBytes) outside = std::move(upload.body);
  const std::string_view body = upload.body.view();
  if (dispatch(connection, input->bytes.data(), body, outside, upload.match, here) == Dispatch::done) {
    return Progress::message_done;
  }
  if (!outside.empty()) upload.body = std::move(outside);
  if (!input->after.append(data)) {
    io_.close(connection, here);
    return Progress::wait;
  }
  input->account();
  connection.input = std::move(input);
  connection.input_blocked = true;
  park(connection, here);
  return Progress::wait;
}

}  // namespace millrace
