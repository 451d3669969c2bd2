// request_files.cc: the part of RequestIntake that answers requests with files.
//
// A file that is in the cache is answered like a reply(). For any other the connection stops where it is,
// with the request that has not been taken yet, until a pool thread has looked; then the request is routed
// once more, and this time it is known what its path leads to.
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "files/file_lookup.h"
#include "files/file_response.h"
#include "http/request_intake.h"
#include "http/request_text.h"

namespace millrace {

namespace {

/// What is behind the prefix of the root; its own slash is not part of it. Nothing: the prefix itself.
[[nodiscard]] std::optional<std::string_view> path_below(const std::string& prefix,
                                                         std::string_view path) noexcept {
  if (path.size() <= prefix.size()) return std::nullopt;
  return path.substr(prefix.size() + 1);
}

/// Where a directory is that was asked for without its slash. One slash in front, or what follows would be
/// read as a host (RFC 3986 §4.2).
[[nodiscard]] std::string location_of(std::string_view path, std::string_view query) {
  const std::size_t first = path.find_first_not_of('/');
  std::string location = "/";
  if (first != std::string_view::npos) location.append(path.substr(first)).append("/");
  if (!query.empty()) location.append("?").append(query);
  return location;
}

/// RFC 9110 §14.2.
[[nodiscard]] bool may_be_partial(const RequestHead& head, const FileRoot& root) noexcept {
  return head.method == Method::get && root.ranges;
}

/// The fields that concern files; several lines of one are joined (RFC 9110 §5.3).
class WishReader {
 public:
  FileWish read(std::span<const Field> fields, const char* head_bytes, bool may_be_partial) {
    wish_.may_be_partial = may_be_partial;
    for (const Field& field : fields) {
      std::optional<std::string_view>* const wish = place_of(static_cast<FieldId>(field.id));
      if (wish == nullptr) continue;
      const std::string_view value{head_bytes + field.value_offset, field.value_length};
      *wish = *wish ? join(**wish, value) : value;
    }
    return wish_;
  }

 private:
  [[nodiscard]] std::optional<std::string_view>* place_of(FieldId id) noexcept {
    switch (id) {
      case FieldId::if_match:
        return &wish_.conditions.if_match;
      case FieldId::if_none_match:
        return &wish_.conditions.if_none_match;
      case FieldId::if_modified_since:
        return &wish_.conditions.if_modified_since;
      case FieldId::if_unmodified_since:
        return &wish_.conditions.if_unmodified_since;
      case FieldId::if_range:
        return &wish_.conditions.if_range;
      case FieldId::range:
        return &wish_.range;
      case FieldId::accept_encoding:
        return &wish_.accept_encoding;
      default:
        return nullptr;
    }
  }

  [[nodiscard]] std::string_view join(std::string_view first, std::string_view second) {
    std::string& both = joined_.emplace_back(first);
    return both.append(", ").append(second);
  }

  FileWish wish_;
  std::deque<std::string> joined_;  // what is in it stays where it is
};

}  // namespace

/// Looks for the file of a request whose connection waits.
class RequestIntake::FileLookup final : public Job {
 public:
  FileLookup(RequestIntake& intake, ConnectionId connection, JobTicket::Watch watch, std::uint32_t root,
             std::string_view path, const CompressionWish& wish)
      : intake_(intake),
        connection_(connection),
        watch_(std::move(watch)),
        root_(root),
        path_(path),
        wish_(wish) {}

  [[nodiscard]] bool is_wanted() const noexcept override { return watch_.is_wanted(); }

  void run() noexcept override {
    const FileRoots& files = intake_.routes_.files;
    found_ = look_up(files, files.roots[root_], path_, wish_);
  }

  void finish(const OnReactor& here) override {
    FileCache& cache = intake_.file_cache_;
    if (found_.kind == FoundFile::Kind::file && found_.entry->may_be_kept) {
      // Of many who asked for it at once the first keeps it, and the others close theirs: with a thousand
      // clients it would be hundreds of descriptors. Unless it was the first that wanted it compressed.
      auto kept = cache.find(root_, path_);
      if (kept != nullptr && (!kept->may_be_compressed || found_.entry->may_be_compressed)) {
        found_.entry = std::move(kept);
      } else {
        cache.keep(root_, path_, found_.entry);
      }
    }
    if (found_.kind == FoundFile::Kind::unavailable) cache.clear();
    intake_.on_file_found(connection_, std::move(found_), here);
  }

 private:
  RequestIntake& intake_;
  const ConnectionId connection_;
  const JobTicket::Watch watch_;
  const std::uint32_t root_;
  const std::string path_;
  const CompressionWish wish_;
  FoundFile found_;
};

bool RequestIntake::find_file(const Connection& connection, const char* head_bytes, RouteMatch& match) {
  const FileRoot& root = routes_.files.roots[match.target.id];
  const RequestHead& head = parser_.head();
  const std::string_view whole_path = routing_path(head, head_bytes);
  const auto path = path_below(root.prefix, whole_path);
  FoundFile found;
  if (!path) {
    found.kind = root.redirect ? FoundFile::Kind::directory : FoundFile::Kind::missing;
  } else if (connection.waits_for_ring) {
    // It was no file, and went to a handler; there it waits for room, and is tried in each wake.
    found.kind = FoundFile::Kind::missing;
  } else if (found_file_) {
    found = *std::exchange(found_file_, std::nullopt);
  } else {
    auto entry = file_cache_.find(match.target.id, *path);
    CompressionWish wish;
    if (root.compression != nullptr && root.compression->enabled &&
        (entry == nullptr || entry->may_be_compressed)) {
      WishReader reader;
      wish = compression_wish_of(reader.read(parser_.fields(), head_bytes, may_be_partial(head, root)));
    }
    if (entry != nullptr && !(entry->may_be_compressed && would_get_compressed(wish, *entry))) {
      found = {.kind = FoundFile::Kind::file, .entry = std::move(entry)};
    } else {
      file_ticket_.emplace();
      std::unique_ptr<Job> job = std::make_unique<FileLookup>(*this, connection.id, file_ticket_->watch(),
                                                              match.target.id, *path, wish);
      if (jobs_.try_submit(job)) return false;
      file_ticket_.reset();
      found.kind = FoundFile::Kind::unavailable;
    }
  }
  if (found.kind == FoundFile::Kind::missing && root.fallthrough) {
    match = routes_.behind_files.match(head.method, text_of(head.method_name, head_bytes), whole_path);
  } else {
    match.file = std::move(found);
  }
  return true;
}

void RequestIntake::wait_for_file(Connection& connection, UnreadBytes& unread, const OnReactor& here) {
  hold(connection, unread, here);
  // Goes with the input, and tells the job. Without memory for that nobody waits, and the connection may have
  // ended.
  if (connection.input != nullptr) {
    connection.waits_for_file = true;
    connection.input->job.emplace(std::move(*file_ticket_));
  }
  file_ticket_.reset();
}

void RequestIntake::on_file_found(ConnectionId id, FoundFile found, const OnReactor& here) {
  Connection* const connection = io_.table().find(id, here);
  if (connection == nullptr || !connection->waits_for_file) return;
  connection->waits_for_file = false;
  found_file_ = std::move(found);
  resume(*connection, here);
  found_file_.reset();  // it has stopped for another reason: when it goes on, we look once more
}

void RequestIntake::answer_with_file(Connection& connection, const RequestTraits& request,
                                     const RouteMatch& match, const char* head_bytes, const OnReactor& here) {
  const RequestHead& head = parser_.head();
  switch (match.file.kind) {
    case FoundFile::Kind::file: {
      WishReader reader;
      const FileWish wish = reader.read(parser_.fields(), head_bytes,
                                        may_be_partial(head, routes_.files.roots[match.target.id]));
      FileResponse response(match.file.entry, wish, outlet_.unix_seconds(), random_boundary);
      outlet_.answer_whole(response.take(), connection, request, here);
      return;
    }
    case FoundFile::Kind::directory: {
      const std::string fields =
          fields_without_file(routes_.files.roots[match.target.id].fields) +
          "Location: " + location_of(text_of(head.path, head_bytes), text_of(head.query, head_bytes)) +
          "\r\n";
      outlet_.answer_whole({.status = 301, .fields = fields}, connection, request, here);
      return;
    }
    case FoundFile::Kind::missing:
      outlet_.answer(connection, request, {.status = 404}, here);
      return;
    case FoundFile::Kind::unavailable:
      counters_.requests_overload.add();
      outlet_.answer(connection, request, {.status = 503, .retry_after = true}, here);
      return;
    case FoundFile::Kind::broken:
      outlet_.answer(connection, request, {.status = 500}, here);
      return;
  }
}

}  // namespace millrace
