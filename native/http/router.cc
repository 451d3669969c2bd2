#include "http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/field_rules.h"

namespace millrace {
namespace {

constexpr std::string_view kAllMethods = "*";
constexpr std::string_view kAnyPath = "*";
constexpr std::string_view kRest = "*";
constexpr char kParameterMark = ':';

struct NamedMethod {
  std::string_view name;
  Method method;
};

constexpr std::array kNamedMethods = {
    NamedMethod{"CONNECT", Method::connect}, NamedMethod{"DELETE", Method::delete_},
    NamedMethod{"GET", Method::get},         NamedMethod{"HEAD", Method::head},
    NamedMethod{"OPTIONS", Method::options}, NamedMethod{"PATCH", Method::patch},
    NamedMethod{"POST", Method::post},       NamedMethod{"PUT", Method::put},
    NamedMethod{"TRACE", Method::trace},
};

constexpr std::uint16_t bit(std::size_t place) noexcept { return static_cast<std::uint16_t>(1U << place); }
constexpr std::uint16_t bit(Method method) noexcept { return bit(static_cast<std::size_t>(method)); }

Method method_of(std::string_view name) noexcept {
  for (const NamedMethod& known : kNamedMethods) {
    if (known.name == name) return known.method;
  }
  return Method::other;
}

bool is_parameter_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_token(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return !text.empty() && skip(kTchar, text.data(), end) == end;
}

// Whether the parser lets such a path through: a pattern that no request can match is a mistake.
bool is_path(std::string_view text) noexcept {
  constexpr std::ptrdiff_t kEscapeBytes = 3;
  const char* const end = text.data() + text.size();
  for (const char* at = skip(kPathByte, text.data(), end); at != end; at = skip(kPathByte, at, end)) {
    if (*at != '%' || end - at < kEscapeBytes || !is(kHexDigit, at[1]) || !is(kHexDigit, at[2])) return false;
    at += kEscapeBytes;
  }
  return true;
}

bool is_parameter(std::string_view segment) noexcept { return segment.starts_with(kParameterMark); }

/// Cuts the first segment off `rest`; nullopt after the last one.
std::optional<std::string_view> next_segment(std::optional<std::string_view>& rest) noexcept {
  if (!rest) return std::nullopt;
  const std::size_t end = rest->find('/');
  const std::string_view segment = rest->substr(0, end);
  if (end == std::string_view::npos) {
    rest.reset();
  } else {
    rest->remove_prefix(end + 1);
  }
  return segment;
}

bool is_pattern(std::string_view pattern) noexcept {
  if (pattern == kAnyPath) return true;
  if (!pattern.starts_with('/') || !is_path(pattern)) return false;
  std::size_t segments = 0;
  std::optional<std::string_view> rest = pattern.substr(1);
  while (const auto segment = next_segment(rest)) {
    if (++segments > Router::kMaxSegments) return false;
    if (is_parameter(*segment) && !is_parameter_name(segment->substr(1))) return false;
    const bool last = !rest;
    if (segment->find(kRest) != std::string_view::npos && !(last && *segment == kRest)) return false;
  }
  return true;
}

bool is_literal(std::string_view pattern) noexcept {
  return !pattern.ends_with(kRest) && pattern.find("/:") == std::string_view::npos;
}

}  // namespace

// Gives the endpoints of all patterns that match a path, the most specific first. Patterns form a tree, so a
// node is reached in one way only and the walk cannot revisit it; the n-th segment of the path is the same on
// every branch, so it is found and hashed once.
class Router::Walk {
 public:
  Walk(const Router& router, std::string_view path) noexcept : router_(router), path_(path) {
    if (path.starts_with('/')) descend(kRoot, 1);
  }

  // kNone: there are no more.
  Index next() noexcept {
    while (depth_ > 0) {
      Level& level = levels_[depth_ - 1];
      const Node& node = router_.nodes_[level.node];
      Index child = kNone;
      switch (level.step) {
        case Step::literal:
          level.step = Step::parameter;
          if (node.has_literals) child = router_.literals_.find(level.node, segment(level), level.hash);
          break;
        case Step::parameter:
          level.step = Step::rest;
          if (level.begin != level.end) child = node.parameter;
          break;
        case Step::rest:
          --depth_;
          if (node.rest != kNone) return node.rest;
          continue;
      }
      if (child == kNone) continue;
      const Node& reached = router_.nodes_[child];
      if (level.end == path_.size()) {
        if (reached.endpoint != kNone) return reached.endpoint;
      } else if (!reached.is_leaf()) {
        descend(child, level.end + 1);
      }
    }
    return std::exchange(any_path_pending_, false) ? router_.any_path_ : kNone;
  }

 private:
  enum class Step : std::uint8_t { literal, parameter, rest };

  // Without initialisers: most requests need two or three of the many.
  struct Level {
    std::size_t begin;
    std::size_t end;
    std::uint64_t hash;
    Index node;
    Step step;
  };

  [[nodiscard]] std::string_view segment(const Level& level) const noexcept {
    return path_.substr(level.begin, level.end - level.begin);
  }

  // Never deeper than levels_: a node that is not a leaf lies above the last segment of a pattern.
  void descend(Index node, std::size_t begin) noexcept {
    Level& level = levels_[depth_++];
    if (depth_ > segments_found_) {
      segments_found_ = depth_;
      level.begin = begin;
      level.end = std::min(path_.find('/', begin), path_.size());
      level.hash = LiteralTable::hash_of(segment(level));
    }
    level.node = node;
    level.step = Step::literal;
  }

  const Router& router_;
  std::string_view path_;
  std::size_t depth_ = 0;
  std::size_t segments_found_ = 0;
  bool any_path_pending_ = true;
  std::array<Level, kMaxSegments> levels_;
};

// Gathers the methods of endpoints for an Allow field.
class Router::AllowList {
 public:
  void add(const Endpoint& endpoint) {
    methods_ |= endpoint.taken;
    for (const Endpoint::Custom& custom : endpoint.custom) names_.push_back(custom.method);
  }

  std::string text() {
    methods_ |= bit(Method::options);
    if ((methods_ & bit(Method::get)) != 0) methods_ |= bit(Method::head);
    // Only OPTIONS * gets here with a route for all methods. CONNECT and TRACE are nothing to advertise.
    if ((methods_ & bit(Endpoint::kAll)) != 0) methods_ |= kUsualMethods;
    for (const NamedMethod& known : kNamedMethods) {
      if ((methods_ & bit(known.method)) != 0) names_.push_back(known.name);
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    std::string text;
    for (const std::string_view name : names_) {
      if (!text.empty()) text += ", ";
      text += name;
    }
    return text;
  }

 private:
  static constexpr std::uint16_t kUsualMethods = bit(Method::get) | bit(Method::head) | bit(Method::post) |
                                                 bit(Method::put) | bit(Method::patch) | bit(Method::delete_);

  std::uint16_t methods_ = 0;
  std::vector<std::string_view> names_;
};

Router::AddError Router::add(std::string_view method, std::string_view pattern, RouteTarget target) {
  if (!is_token(method)) return AddError::bad_method;  // "*" is one
  if (!is_pattern(pattern)) return AddError::bad_pattern;

  Index& index = endpoint_of(pattern);
  if (index == kNone) {
    index = static_cast<Index>(endpoints_.size());
    endpoints_.emplace_back();
    if (is_literal(pattern)) whole_literals_.insert(kRoot, pattern, index);
  }
  Endpoint& endpoint = endpoints_[index];

  const Method known = method_of(method);
  if (known == Method::other && method != kAllMethods) {
    const auto same = [method](const Endpoint::Custom& custom) { return custom.method == method; };
    if (std::any_of(endpoint.custom.begin(), endpoint.custom.end(), same)) return AddError::duplicate;
    endpoint.custom.push_back({std::string(method), target});
    return AddError::none;
  }
  const std::size_t place = known == Method::other ? Endpoint::kAll : static_cast<std::size_t>(known);
  if ((endpoint.taken & bit(place)) != 0) return AddError::duplicate;
  endpoint.taken |= bit(place);
  endpoint.targets[place] = target;
  return AddError::none;
}

RouteMatch Router::match(Method method, std::string_view method_name, std::string_view path) const {
  RouteMatch match;
  const auto found = [&](Index endpoint) {
    const RouteTarget* const target = pick(endpoints_[endpoint], method, method_name);
    if (target == nullptr) return false;
    match.kind = RouteMatch::Kind::found;
    match.target = *target;
    return true;
  };

  // No pattern is more specific than one that is literal throughout.
  const Index literal = whole_literals_.find(kRoot, path);
  if (literal != kNone && found(literal)) return match;

  Walk walk(*this, path);
  for (Index endpoint = walk.next(); endpoint != kNone; endpoint = walk.next()) {
    if (found(endpoint)) return match;
  }
  return refuse(method, path);
}

const RouteTarget* Router::pick(const Endpoint& endpoint, Method method, std::string_view method_name) {
  const auto at = [&endpoint](std::size_t place) -> const RouteTarget* {
    return (endpoint.taken & bit(place)) != 0 ? &endpoint.targets[place] : nullptr;
  };
  if (method == Method::other) {
    for (const Endpoint::Custom& custom : endpoint.custom) {
      if (custom.method == method_name) return &custom.target;
    }
    return at(Endpoint::kAll);
  }
  if (const RouteTarget* const target = at(static_cast<std::size_t>(method))) return target;
  if (method == Method::head) {
    if (const RouteTarget* const target = at(static_cast<std::size_t>(Method::get))) return target;
  }
  return at(Endpoint::kAll);
}

// Another walk rather than notes taken during the first: refusals are rare, and only they allocate.
RouteMatch Router::refuse(Method method, std::string_view path) const {
  const bool asks_for_options = method == Method::options;
  AllowList methods;
  bool path_exists = false;
  if (asks_for_options && path == kAnyPath) {
    path_exists = true;
    for (const Endpoint& endpoint : endpoints_) methods.add(endpoint);
  } else {
    Walk walk(*this, path);
    for (Index endpoint = walk.next(); endpoint != kNone; endpoint = walk.next()) {
      path_exists = true;
      methods.add(endpoints_[endpoint]);
    }
  }

  RouteMatch match;
  if (!path_exists) return match;
  match.kind = asks_for_options ? RouteMatch::Kind::options : RouteMatch::Kind::method_not_allowed;
  match.allow = methods.text();
  return match;
}

Router::Index& Router::endpoint_of(std::string_view pattern) {
  if (pattern == kAnyPath) return any_path_;
  Index node = kRoot;
  std::optional<std::string_view> rest = pattern.substr(1);
  while (const auto segment = next_segment(rest)) {
    if (*segment == kRest) return nodes_[node].rest;
    node = is_parameter(*segment) ? parameter_child(node) : literal_child(node, *segment);
  }
  return nodes_[node].endpoint;
}

Router::Index Router::literal_child(Index node, std::string_view segment) {
  const Index existing = literals_.find(node, segment);
  if (existing != kNone) return existing;
  const Index created = new_node();
  nodes_[node].has_literals = true;
  literals_.insert(node, segment, created);
  return created;
}

Router::Index Router::parameter_child(Index node) {
  if (nodes_[node].parameter == kNone) {
    const Index created = new_node();  // may move nodes_
    nodes_[node].parameter = created;
  }
  return nodes_[node].parameter;
}

Router::Index Router::new_node() {
  nodes_.emplace_back();
  return static_cast<Index>(nodes_.size() - 1);
}

}  // namespace millrace
