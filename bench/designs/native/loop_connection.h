// loop_connection.h: what an event loop knows of one connection.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "unique_fd.h"

namespace designs {

struct LoopConnection {
  explicit LoopConnection(UniqueFd socket) : fd(std::move(socket)) {}

  enum class State {
    reading,    // a request
    busy,       // somebody is about to answer one; nothing is read meanwhile
    writing,    // the rest of an answer that the socket did not take at once
    lingering,  // the last answer has been given: what the client is still sending is thrown away
  };

  UniqueFd fd;
  State state = State::reading;
  std::string received;
  std::size_t needed = 1;  // bytes without which looking for a request makes no sense
  std::string output;
  std::size_t sent = 0;  // of the output
  bool stays = true;     // after this answer
  bool is_head = false;
  std::size_t discarded = 0;

  [[nodiscard]] bool may_have_request() const { return state == State::reading && received.size() >= needed; }
};

}  // namespace designs
