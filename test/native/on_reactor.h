// on_reactor.h: the proof of being on a reactor's thread, for tests of classes that want it and need no
// reactor.
#pragma once

#include <cstddef>

#include "base/thread_tokens.h"

namespace millrace::check {

/// Only a Reactor can construct an OnReactor. It holds nothing, so memory of its size is one.
inline const OnReactor& on_reactor() noexcept {
  alignas(OnReactor) static std::byte memory[sizeof(OnReactor)];
  return *reinterpret_cast<const OnReactor*>(memory);
}

}  // namespace millrace::check
