// open_beneath.h: opens a file beneath a root directory so that no path leaves the root. Any thread that may
// block.
#pragma once

#include <cstdint>
#include <variant>

#include "base/unique_fd.h"
#include "files/file_status.h"

namespace millrace {

enum class SymlinkPolicy : std::uint8_t {
  beneath,  // followed as long as they stay inside the root. An absolute one leaves it, wherever it leads
  follow,   // anywhere. Then a path may not have `..` in it: behind a link it would climb from where that
            // leads
  refuse,   // none at all
};

/// Why there is no file.
enum class OpenFailure : std::uint8_t {
  not_found,           // also what may not be read, or leaves the root: a client is told nothing more
  not_regular,         // a fifo, a socket, a device
  out_of_descriptors,  // of this process or the machine, or out of memory: another time it may be there
  broken,              // EIO and whatever else is not the client's doing
};

struct OpenedFile {
  UniqueFd fd;  // O_RDONLY, close-on-exec. O_NONBLOCK means nothing to files and directories
  FileStatus status;
  bool is_directory;  // else a regular file
};

using OpenOutcome = std::variant<OpenedFile, OpenFailure>;

/// "" and "." are the root itself. Absolute paths, and those whose `..` climb above the root, are not found,
/// also if they come back. `root_fd` is a directory, O_PATH is enough. Uses openat2(2) (Linux 5.6), or does
/// the same by hand where the kernel has none or a sandbox denies it; a link of /proc that is more than its
/// text leads nowhere with openat2, and by hand to what its text says, unless all links are followed.
/// What is neither a file nor a directory is looked at and not opened.
[[nodiscard]] OpenOutcome open_beneath(int root_fd, const char* relative_path, SymlinkPolicy policy);

/// As if there were no openat2: with the same answers. For tests.
[[nodiscard]] OpenOutcome open_beneath_by_hand(int root_fd, const char* relative_path, SymlinkPolicy policy);

}  // namespace millrace
