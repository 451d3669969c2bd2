// file_lookup.h: finds and opens what a path leads to. Pool threads: it may wait for a disk.
#pragma once

#include <string_view>

#include "files/file_entry.h"
#include "files/file_response.h"
#include "files/file_root.h"
#include "files/request_path.h"

namespace millrace {

/// `raw_path` is what is behind the root's prefix and its slash, as it was sent: percent-encoded.
/// `before`, if there is one, is what it led to the last time: what has been compressed of it is not once
/// more.
[[nodiscard]] FoundFile look_up(const MediaTypes& types, const FileRoot& root, std::string_view raw_path,
                                const FileEntry* before = nullptr);

/// The same for a path of the app's, and for one request: nothing is compressed that it would not get.
[[nodiscard]] FoundFile look_up(const MediaTypes& types, const FileRoot& root, const FilePath& path,
                                const FileWish& wish);

}  // namespace millrace
