// response_feed.h: gives bytes to a ResponseReader in pieces, for its tests and its fuzzer.
#pragma once

#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "load/response_reader.h"
#include "native/feed.h"

namespace millrace::feed {

/// Everything a caller can learn of a connection's bytes.
struct Responses {
  std::string answers;  // "200:hello;404:;" and the body of one that is not complete
  load::ResponseReader::Status last = load::ResponseReader::Status::need_more;
  load::ResponseError error = load::ResponseError::none;
  load::ResponseReader::End end = load::ResponseReader::End::between;
  bool closes = false;

  bool operator==(const Responses&) const = default;
};

inline Responses read_responses(std::string_view bytes, std::span<const std::size_t> cuts = {},
                                bool to_head = false) {
  using Status = load::ResponseReader::Status;
  load::ResponseReader reader;
  reader.set_to_head(to_head);
  Responses reading;
  std::string body;
  std::size_t from = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t to = piece < cuts.size() ? cuts[piece] : bytes.size();
    const ExactCopy copy(bytes.substr(from, to - from));
    std::size_t at = 0;
    while (at < copy.size()) {
      const load::ResponseReader::Step step = reader.next(copy.data() + at, copy.size() - at);
      at += step.consumed;
      body += step.data;
      reading.last = step.status;
      if (step.status == Status::failed) {
        reading.error = reader.error();
        reading.answers += body;
        return reading;
      }
      if (step.status == Status::need_more && at != copy.size()) std::abort();  // it promises so
      if (step.status != Status::done) continue;
      reading.answers += std::to_string(reader.head().status) + ":" + body + ";";
      reading.closes = reader.head().closes;
      body.clear();
    }
    from = to;
  }
  reading.end = reader.end_of_input();
  // At the end `data` and `need_more` are the same: which of them it was depends on the cuts.
  if (reading.last == Status::data) reading.last = Status::need_more;
  if (reading.end == load::ResponseReader::End::complete) {
    reading.answers += std::to_string(reader.head().status) + ":";
    reading.closes = reader.head().closes;
  }
  reading.answers += body;
  return reading;
}

}  // namespace millrace::feed
