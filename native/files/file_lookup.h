// file_lookup.h: finds and opens what a path leads to. Pool threads: it may wait for a disk.
#pragma once

#include <string_view>

#include "files/file_entry.h"
#include "files/file_response.h"
#include "files/file_root.h"
#include "files/request_path.h"

namespace millrace {

/// `raw_path` is what is behind the root's prefix and its slash, as it was sent: percent-encoded. Nothing is
/// compressed that who asks with `wish` would not get. `files` is not asked for roots, but for the rest.
[[nodiscard]] FoundFile look_up(const FileRoots& files, const FileRoot& root, std::string_view raw_path,
                                const CompressionWish& wish);

/// The same for a path of the app's.
[[nodiscard]] FoundFile look_up(const FileRoots& files, const FileRoot& root, const FilePath& path,
                                const CompressionWish& wish);

}  // namespace millrace
