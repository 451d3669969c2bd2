// handler_api.h: the functions that native handlers call. Any thread.
#pragma once

#include <millrace.h>

namespace millrace {

/// The same for all; it lives as long as the process.
[[nodiscard]] const millrace_api& handler_api() noexcept;

}  // namespace millrace
