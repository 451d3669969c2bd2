// file_slice.h: a run of a file's bytes that the kernel sends from where it is. Any thread; the descriptor is
// shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace millrace {

/// Closed with the last answer that is sent from it.
using SharedFd = std::shared_ptr<const UniqueFd>;

struct FileSlice {
  SharedFd file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// A run of a file with text ahead of it: what a multipart body is made of (RFC 9110 §14.6).
struct FilePart {
  std::string ahead = {};
  FileSlice slice = {};
};
using FileParts = std::vector<FilePart>;

}  // namespace millrace
