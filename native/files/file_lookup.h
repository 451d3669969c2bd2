// file_lookup.h: finds and opens what a path leads to. Pool threads: it may wait for a disk.
#pragma once

#include <string_view>

#include "files/file_entry.h"
#include "files/file_root.h"

namespace millrace {

/// `path` is what is behind the root's prefix and its slash, as it was sent: percent-encoded.
[[nodiscard]] FoundFile look_up(const FileRoots& roots, const FileRoot& root, std::string_view path);

/// The same for one file by its path in the file system, absolute; of `root` only how it is served counts.
[[nodiscard]] FoundFile look_up_file(const FileRoots& roots, const FileRoot& root, std::string_view path);

}  // namespace millrace
