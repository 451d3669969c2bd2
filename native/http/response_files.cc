// response_files.cc: the part of ResponseOutlet that answers with files for JavaScript: res.sendFile().
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "files/file_lookup.h"
#include "files/file_response.h"
#include "http/response_outlet.h"
#include "http/response_writer.h"
#include "http/send_file.h"
#include "log/access_log.h"

namespace millrace {

namespace {

namespace news = ring::news;

constexpr std::uint16_t kResetContent = 205;

[[nodiscard]] std::uint32_t news_of(FoundFile::Kind kind) noexcept {
  switch (kind) {
    case FoundFile::Kind::file:
      return news::kFileGiven;
    case FoundFile::Kind::directory:
    case FoundFile::Kind::missing:
      return news::kFileMissing;
    case FoundFile::Kind::unavailable:
      return news::kFileUnavailable;
    case FoundFile::Kind::broken:
      return news::kFileBroken;
  }
  return news::kFileBroken;
}

}  // namespace

/// Looks for the file that an exchange waits for.
class ResponseOutlet::FileSending final : public Job {
 public:
  FileSending(ResponseOutlet& outlet, std::uint32_t slot, std::uint32_t generation, std::uint8_t flags,
              SendFile wanted)
      : outlet_(outlet), slot_(slot), generation_(generation), flags_(flags), wanted_(std::move(wanted)) {}

  [[nodiscard]] bool is_wanted() const noexcept override {
    return outlet_.exchanges_.is_live(slot_, generation_);
  }

  void run() noexcept override {
    found_ = look_up(outlet_.files_, wanted_.root, wanted_.path, compression_wish_of(wanted_.file_wish()));
  }

  void finish(const OnReactor& here) override { outlet_.give_file(*this, here); }

 private:
  friend class ResponseOutlet;
  ResponseOutlet& outlet_;
  const std::uint32_t slot_;
  const std::uint32_t generation_;
  const std::uint8_t flags_;  // of the message
  const SendFile wanted_;
  FoundFile found_;
};

void ResponseOutlet::send_file(Exchange& exchange, const ring::ResponseMessage& message,
                               const OwnedBytes& outside, std::uint8_t js_thread) {
  exchange.watched = true;
  exchanges_.assign(exchange, js_thread);
  std::optional<SendFile> wanted = read_send_file(outside.empty() ? message.body : outside.view());
  if (!wanted) {
    tell(exchange, message.exchange_slot, news::kFileBroken);
    return;
  }
  wanted->root.fields = message.fields;
  wanted->root.compression = &compression_;
  std::unique_ptr<Job> job =
      std::make_unique<FileSending>(*this, message.exchange_slot, message.exchange_generation,
                                    static_cast<std::uint8_t>(message.flags), *std::move(wanted));
  Connection& connection = io_.table().at(exchange.connection_slot);
  // Who waits for a file is taken to watch, and does not say kWatch beside it.
  if (connection.client_may_have_gone()) tell(exchange, message.exchange_slot, news::kPeerFinished);
  if (may_look_up(connection, message.exchange_slot)) {
    start_lookup(connection, exchange, message.exchange_slot, std::move(job));
  } else {
    exchanges_.hold_lookup(exchange, std::move(job), io_.now_ms());
    connection.lookups_wait = true;
  }
}

bool ResponseOutlet::may_look_up(const Connection& connection, std::uint32_t slot) noexcept {
  // The oldest waits for no other answer: those that are held leave when it has left.
  const bool is_oldest = connection.first_exchange == slot;
  return (is_oldest ? connection.files_put_out() : connection.files_open()) < kFilesPerConnection;
}

void ResponseOutlet::start_lookup(Connection& connection, Exchange& exchange, std::uint32_t slot,
                                  std::unique_ptr<Job> lookup) {
  // From now on, and not from when it is found: others look meanwhile.
  ExchangeTable::count_file(connection, exchange);
  if (jobs_.try_submit(lookup)) return;
  ExchangeTable::take_back_file(connection, exchange);
  tell(exchange, slot, news::kFileUnavailable);
}

void ResponseOutlet::start_lookups(Connection& connection) {
  if (!connection.lookups_wait) return;
  for (std::uint32_t slot = connection.first_exchange; slot != kNone; slot = exchanges_.at(slot).next) {
    Exchange& exchange = exchanges_.at(slot);
    // One that has begun has been answered in the handler's place.
    const bool waits = exchange.held_answer != nullptr && exchange.held_answer->lookup != nullptr;
    if (!waits || exchange.begun) continue;
    if (!may_look_up(connection, slot)) return;
    if (exchange.held_answer->lookup_ms_left != 0) {
      io_.expect_answer(connection, exchange, io_.now_ms() + exchange.held_answer->lookup_ms_left);
    }
    start_lookup(connection, exchange, slot, std::move(exchange.held_answer->lookup));
  }
  connection.lookups_wait = false;
}

void ResponseOutlet::give_file(FileSending& sending, const OnReactor& here) {
  Exchange* const exchange = exchanges_.find(sending.slot_, sending.generation_);
  // The client has gone, or the request has been answered in the handler's place: JavaScript knows.
  if (exchange == nullptr || exchange->begun) return;
  tell(*exchange, sending.slot_, news_of(sending.found_.kind));
  if (sending.found_.kind != FoundFile::Kind::file) {
    Connection& connection = io_.table().at(exchange->connection_slot);
    ExchangeTable::take_back_file(connection, *exchange);
    start_lookups(connection);
    return;
  }
  FileResponse response(std::move(sending.found_.entry), sending.wanted_.file_wish(), unix_seconds_,
                        random_boundary);
  WholeAnswer answer = response.take();
  if (answer.status == 200) answer.status = sending.wanted_.status;
  answer.own_date = (sending.flags_ & ring::response::kOwnDate) != 0;
  answer.close = (sending.flags_ & ring::response::kClose) != 0;
  put_whole(sending.slot_, sending.generation_, std::move(answer), {}, here);
}

void ResponseOutlet::put_whole(std::uint32_t slot, std::uint32_t generation, WholeAnswer answer,
                               OwnedBytes block, const OnReactor& here) {
  if (answer.status ==
      kResetContent) {  // it says that it has a length, and has no content (RFC 9110 §15.3.6)
    answer.content_length = 0;
    answer.body = {};
    answer.files.clear();
    block.clear();
  }
  if (answer.body.size() > kOutputCopyBytes) {
    if (!block.append(answer.body)) answer.close = true;  // no memory: the client sees less than it was told
    answer.body = {};
  }
  const ResponseHead bound{.status = answer.status, .fields = answer.fields};
  char* const start = io_.reserve_output(response_head_bound(bound) + answer.body.size(), here);
  Exchange* const exchange = exchanges_.find(slot, generation);
  if (exchange == nullptr) return;
  Connection& connection = io_.table().at(exchange->connection_slot);
  if (start == nullptr) {  // as in deliver()
    io_.close(connection, here);
    return;
  }
  exchange->begun = exchange->complete = true;
  exchange->close_after = ends_with_answer(connection, *exchange, exchange->close_after || answer.close);
  const ResponseHead head = head_of(answer, exchange->close_after, exchange->keep_alive_1_0);
  char* end = write_response_head(start, head, date_);
  const bool has_content = !exchange->head_request && status_allows_content(answer.status);
  if (AccessLog* const log = io_.log(); log != nullptr) {
    log->set_status(slot, answer.status);
    if (has_content) log->add_body(slot, answer.content_length);
  }
  if (!has_content) {
    answer.files.clear();
    block.clear();
  } else if (!answer.body.empty()) {
    std::memcpy(end, answer.body.data(), answer.body.size());
    end += answer.body.size();
  }
  const std::string_view written{start, static_cast<std::size_t>(end - start)};
  if (&exchanges_.at(connection.first_exchange) == exchange) {
    io_.commit_output(connection, written.size());
    io_.append_output(connection, std::move(block));
    if (!append_files(connection, answer.files)) {
      io_.close(connection, here);
      return;
    }
    finish_oldest(connection, exchange->close_after);
    return;
  }
  exchanges_.release_js_thread(*exchange);
  if (answer.files.empty()) {
    // It is in memory, or has no content.
    ExchangeTable::take_back_file(connection, *exchange);
    start_lookups(connection);
  } else {
    exchanges_.hold(*exchange, std::move(answer.files));
  }
  if (!exchanges_.hold(connection, *exchange, written) ||
      !exchanges_.hold(connection, *exchange, block.view())) {
    io_.close(connection, here);
  }
}

}  // namespace millrace
