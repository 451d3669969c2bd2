// options.h: the command line of the native designs: pairs of --name and number, checked by the runner as
// well.

#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace designs {

struct Options {
  int port = 8080;
  int workers = 4;
  int queue = 1024;
  int permits = 256;
  int read_deadline_ms = 5'000;
  int write_deadline_ms = 5'000;
  /// Longer than the longest /sleep: what is in flight is answered.
  int grace_ms = 12'000;
};

inline int* option_of(Options& options, std::string_view name) {
  if (name == "--port") return &options.port;
  if (name == "--workers") return &options.workers;
  if (name == "--queue") return &options.queue;
  if (name == "--permits") return &options.permits;
  if (name == "--read-deadline-ms") return &options.read_deadline_ms;
  if (name == "--write-deadline-ms") return &options.write_deadline_ms;
  if (name == "--grace-ms") return &options.grace_ms;
  return nullptr;
}

/// Ends the process where something is not understood: exit code 2.
inline Options parse_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    int* const option = option_of(options, name);
    const std::string_view value = i + 1 < count ? arguments[i + 1] : "";
    int number = -1;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = error == std::errc{} && end == value.data() + value.size();
    const int least = name == "--port" || name == "--grace-ms" ? 0 : 1;
    if (option == nullptr || !is_number || number < least || (name == "--port" && number > 65'535)) {
      std::fprintf(stderr, "%s '%s' is not understood: options are --NAME and a number\n", arguments[i],
                   i + 1 < count ? arguments[i + 1] : "");
      std::exit(2);
    }
    *option = number;
  }
  return options;
}

}  // namespace designs
