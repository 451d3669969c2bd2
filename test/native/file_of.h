// file_of.h: a file in memory with the given contents, shared as answers share it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "base/file_slice.h"
#include "native/check.h"

namespace millrace::check {

inline SharedFd file_of(std::string_view contents) {
  auto file = std::make_shared<const UniqueFd>(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file->get(), contents.data(), contents.size()), static_cast<ssize_t>(contents.size()));
  return file;
}

}  // namespace millrace::check
