// router.h: finds the route of a request. Built before listening, then const and shared by all reactors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "files/file_entry.h"
#include "http/literal_table.h"
#include "http/request_head.h"

namespace millrace {

/// Whose answer it is: a JavaScript handler's, a canned response of the reactor's, a file's, or a native
/// handler's. `id` is the caller's.
struct RouteTarget {
  enum class Kind : std::uint8_t { handler, reply, files, native };
  Kind kind = Kind::handler;
  std::uint32_t id = 0;
};

struct RouteMatch {
  enum class Kind : std::uint8_t {
    found,               // `target` answers
    not_found,           // no pattern matches the path: 404
    method_not_allowed,  // patterns match, none for this method: 405 with `allow`
    options,             // OPTIONS, and no pattern for it: 204 with `allow`
  };
  Kind kind = Kind::not_found;
  RouteTarget target;
  /// "GET, HEAD, OPTIONS": sorted; what all patterns that match the path accept together, HEAD where there is
  /// GET, and OPTIONS always. Empty where `kind` is found or not_found.
  std::string allow;
  /// Not the router's: what RequestIntake has found, where the target is files.
  FoundFile file = {};
};

/// Patterns are compared byte by byte with the path as it was sent: percent-encoded, and case counts.
///  - `/a/b`: literal segments. A trailing slash is one more, empty segment: `/a` and `/a/` are two paths.
///  - `/users/:id`: a parameter takes one whole segment, never an empty one. Names are ASCII letters, digits
///    and `_`; a `:` elsewhere in a segment is literal.
///  - `/files/*`: the rest, which may be empty: `/files/`, `/files/a/b`, but not `/files`. A `*` is the whole
///    last segment or is not in the pattern.
///  - `*`: any path at all, also the `*` of OPTIONS. Also the empty path of CONNECT, which the caller
///    therefore refuses before it asks for a route: there are no tunnels here (RFC 9110 §9.3.6).
///
/// Among the patterns that match path *and* method the most specific wins: segment by segment from the left,
/// literal over parameter over `*`; the lone `*` comes last. Only where the pattern is the same does the
/// method decide: the method itself, then GET for HEAD, then "*" (all). So HEAD goes to all('/a') rather than
/// to get('/:x').
///
/// OPTIONS for the target `*` asks about the server (RFC 9110 §9.3.7): without a lone `*` that takes it, the
/// answer is Kind::options with what all patterns accept together.
///
/// A client cannot make match() slow: it visits each pattern's segments at most once and each byte of the
/// path a fixed number of times, in a loop with a stack of fixed size.
class Router {
 public:
  /// More than any sensible pattern has; it fixes the size of match()'s stack.
  static constexpr std::size_t kMaxSegments = 64;

  enum class AddError {
    none,
    duplicate,    // same method and same pattern, whatever its parameters are called
    bad_pattern,  // not as above, what no path can contain, or more than kMaxSegments segments
    bad_method,   // not a token (RFC 9110 §9.1)
  };

  /// `method` is case-sensitive (RFC 9110 §9.1); "*" is all methods and may stand beside single ones.
  [[nodiscard]] AddError add(std::string_view method, std::string_view pattern, RouteTarget target);

  /// `path` is the target's path without the query: "/" for an absolute-form without one, "*" for the
  /// asterisk-form and for an OPTIONS absolute-form with neither path nor query (RFC 9112 §3.2.4).
  /// `method_name` is read for Method::other only. Allocates nothing but `allow`.
  [[nodiscard]] RouteMatch match(Method method, std::string_view method_name, std::string_view path) const;

 private:
  using Index = std::uint32_t;
  static constexpr Index kNone = LiteralTable::kAbsent;
  static constexpr Index kRoot = 0;  // the node behind the first `/` of every path

  // What one pattern answers, by method. Routes for all methods use the place of Method::other, which has no
  // route of its own: methods without an enumerator are in `custom`.
  struct Endpoint {
    static constexpr std::size_t kAll = static_cast<std::size_t>(Method::other);
    static constexpr std::size_t kPlaces = static_cast<std::size_t>(Method::patch) + 1;

    struct Custom {
      std::string method;
      RouteTarget target;
    };

    std::uint16_t taken = 0;  // bit n: targets[n] is set
    std::array<RouteTarget, kPlaces> targets;
    std::vector<Custom> custom;
  };

  // A place between two segments: everything that begins alike shares it.
  struct Node {
    bool has_literals = false;  // in literals_, under this node's index
    Index parameter = kNone;    // the node behind a `:param` segment
    Index rest = kNone;         // the endpoint of the pattern whose `*` stands here
    Index endpoint = kNone;     // the endpoint of the pattern that ends here

    [[nodiscard]] bool is_leaf() const noexcept {
      return !has_literals && parameter == kNone && rest == kNone;
    }
  };

  class Walk;
  class AllowList;

  // Creates the pattern's nodes where they are missing. The reference holds until the next node is created.
  [[nodiscard]] Index& endpoint_of(std::string_view pattern);
  [[nodiscard]] Index literal_child(Index node, std::string_view segment);
  [[nodiscard]] Index parameter_child(Index node);
  [[nodiscard]] Index new_node();
  [[nodiscard]] static const RouteTarget* pick(const Endpoint& endpoint, Method method,
                                               std::string_view method_name);
  [[nodiscard]] RouteMatch refuse(Method method, std::string_view path) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);  // kRoot
  std::vector<Endpoint> endpoints_;
  LiteralTable literals_;        // (node, segment) to node
  LiteralTable whole_literals_;  // patterns without `:` and `*` as a whole, to their endpoint: the short cut
  Index any_path_ = kNone;       // endpoint of the lone `*`
};

}  // namespace millrace
