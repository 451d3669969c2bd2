// path_walk.h: opens a path beneath a directory where the kernel does not do it in one call. Any thread that
// may block; one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace millrace {

/// What openat2(2) does with RESOLVE_BENEATH, segment by segment. Each directory is opened by its name in the
/// one before, never through a link; links are read, and their text is walked like the rest. So nothing that
/// others rename meanwhile leads out of the root: `..` goes back to the directory that we came through, by
/// its descriptor.
///
/// Holds one descriptor for each level that it is deep, which is bounded by how deep the tree is: a client
/// cannot make it deeper.
class PathWalk {
 public:
  enum class Links : bool { refuse, follow };

  /// `root_fd`, a directory, stays the caller's.
  PathWalk(int root_fd, Links links) noexcept : root_fd_(root_fd), links_(links) {}

  /// Opens what a relative path leads to; `flags` are those of open(2), without O_CREAT. Once in a walk.
  /// The errors are those of openat2, EXDEV for what leaves the root.
  [[nodiscard]] Result<UniqueFd> open(std::string path, int flags);

 private:
  /// The first of the segments of rest_, and whether a slash follows: then it has to be a directory.
  struct Segment {
    std::string name;
    bool is_last;
  };

  [[nodiscard]] Segment next_segment();
  [[nodiscard]] Status leave();
  [[nodiscard]] Status enter(const Segment& segment);
  /// Puts the text of a link before the rest. ENOTDIR where it is no link.
  [[nodiscard]] Status follow(const Segment& link);
  [[nodiscard]] int here() const noexcept { return below_.empty() ? root_fd_ : below_.back().get(); }

  const int root_fd_;
  const Links links_;
  int followed_ = 0;
  std::string rest_;             // what has not been walked yet
  std::vector<UniqueFd> below_;  // directories from below the root to where we are
};

}  // namespace millrace
