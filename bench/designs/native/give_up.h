// give_up.h: the end of a design that cannot start, with the reason.

#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace designs {

/// Only while starting: what fails later is dealt with where it fails.
[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(EXIT_FAILURE);
}

}  // namespace designs
