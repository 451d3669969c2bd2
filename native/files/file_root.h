// file_root.h: what server.static() was given: a directory, and how its files are served. Written before the
// server listens, then const, but for what has been compressed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/server_config.h"
#include "files/accept_encoding.h"
#include "files/compressed_files.h"
#include "files/open_beneath.h"

namespace millrace {

/// Content-Type by what is behind the last dot of a name, in lower case. Copies share one table, which is
/// filled before any of them is used: there are a thousand entries, the same for all servers.
class MediaTypes {
 public:
  void add(std::string extension, std::string media_type) {
    by_extension_->insert_or_assign(std::move(extension), std::move(media_type));
  }

  /// Empty: not known.
  [[nodiscard]] std::string_view of(std::string_view file_name) const;

 private:
  using Table = std::unordered_map<std::string, std::string>;
  std::shared_ptr<Table> by_extension_ = std::make_shared<Table>();
};

struct FileRoot {
  std::string prefix;     // what paths begin with, without the slash behind it
  std::string directory;  // absolute; looked up anew for each file, so that a symlink to it may be changed
  SymlinkPolicy symlinks = SymlinkPolicy::beneath;
  bool dotfiles = false;                     // serve what has a segment that begins with a dot
  bool redirect = true;                      // from a directory without a slash behind it to the one with it
  bool fallthrough = true;                   // what is no file goes to the routes that are less specific
  bool etag = true;                          // RFC 9110 §8.8.3
  bool last_modified = true;                 // RFC 9110 §8.8.2
  bool ranges = true;                        // RFC 9110 §14
  std::vector<std::string> index;            // of a directory, the first that is there
  std::vector<std::string> extensions;       // tried behind names that are no file, without the dot
  std::vector<ContentCoding> precompressed;  // siblings to look for
  std::string fallback;                      // answered in place of what is no file; empty: none
  const ServerConfig::Compression* compression = nullptr;  // of files without a sibling; null: none
  std::optional<std::string> media_type = std::nullopt;    // in place of what the extension says
  std::string fields;  // whole lines for every answer with a file, see fields_without_file(); no Content-Type
};

/// What lookups of all roots have in common. Copies share it.
struct FileRoots {
  std::vector<FileRoot> roots = {};
  MediaTypes media_types = {};
  std::shared_ptr<CompressedFiles> compressed =
      std::make_shared<CompressedFiles>(kCompressedFilesBytes, kCompressedFileKeptMs);
};

}  // namespace millrace
