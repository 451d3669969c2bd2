// file_entry.h: a file as it is served: what lookups find, caches keep and answers are made of. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_slice.h"
#include "files/accept_encoding.h"
#include "files/file_status.h"

namespace millrace {

/// The file itself, or what precompressed siblings hold of it.
struct FileVariant {
  ContentCoding coding = ContentCoding::identity;
  std::string path;  // absolute: by it a change is noticed
  FileStatus status;
  SharedFd file;                         // null: in memory
  std::string contents;                  // all of it, where it is small enough to be kept in memory
  std::string etag;                      // with its quotes (RFC 9110 §8.8.3); empty: none
  std::optional<std::int64_t> modified;  // Unix seconds, where clients are told (RFC 9110 §8.8.2)
  std::string fields;                    // of a 200: whole lines
  std::string validators;                // of a 304: those of them that it has (RFC 9110 §15.4.5)

  bool ranges = true;      // parts of it may be asked for, as far as that is for the file to say
  bool generated = false;  // `contents` are compressed by us: `status` is that of the file

  [[nodiscard]] std::uint64_t size() const noexcept { return generated ? contents.size() : status.size; }
  [[nodiscard]] bool in_memory() const noexcept { return !contents.empty() || status.size == 0; }
};

struct FileEntry {
  std::vector<FileVariant> variants;  // the file itself first
  std::uint8_t codings = 0;           // a bit for each variant
  /// False: a look at it may wait for another machine, or a change may not show yet.
  bool may_be_kept = true;
  /// It has not been compressed, since who asked for it would not get it so: somebody else may.
  bool may_be_compressed = false;

  [[nodiscard]] CodingSet generated() const noexcept {
    CodingSet set = 0;
    for (const FileVariant& variant : variants) {
      if (variant.generated) set |= coding_bit(variant.coding);
    }
    return set;
  }

  [[nodiscard]] const FileVariant& of(ContentCoding coding) const noexcept {
    for (const FileVariant& variant : variants) {
      if (variant.coding == coding) return variant;
    }
    return variants.front();
  }
};

/// What a path leads to.
struct FoundFile {
  enum class Kind : std::uint8_t {
    file,         // `entry`
    directory,    // asked for without the slash behind it
    missing,      // or not to be seen
    unavailable,  // no descriptor, or no memory: 503
    broken,       // the file system cannot read it: 500
  };
  Kind kind = Kind::missing;
  std::shared_ptr<const FileEntry> entry = {};
};

}  // namespace millrace
