// thread_tokens.h: types whose presence in a signature proves which thread calls. Compile time only.
#pragma once

namespace millrace {

/// Only `Reactor::run()` makes one, so a function that takes it cannot be called from another thread.
/// Pass it on by reference; never store it.
class OnReactor {
  friend class Reactor;
  OnReactor() = default;

 public:
  OnReactor(const OnReactor&) = delete;
  OnReactor& operator=(const OnReactor&) = delete;
};

}  // namespace millrace
