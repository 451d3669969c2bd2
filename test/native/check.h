// check.h: what the native tests are written with. Own and small, because they have to build with only g++
// and make, cross-compile to arm64, and run under ThreadSanitizer.
//
//   #include "native/check.h"
//   TEST("finds the empty line") { EXPECT_EQ(head.bytes, 27u); }
//   MILLRACE_TEST_MAIN
//
// One executable a file. `./x_test chunk` runs the tests whose sentence contains "chunk". Exit code 1 on
// failure. EXPECT_* go on after a failure, ASSERT_* leave the test (so only in functions returning void),
// SKIP leaves it with a reason. SCOPE names the case in hand for failures below it. EXPECT_* may be used from
// any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::check {

struct Case {
  const char* sentence;
  void (*run)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

struct Register {
  Register(const char* sentence, void (*run)()) { cases().push_back({sentence, run}); }
};

inline std::atomic<int> failures_in_test{0};
inline const char* skip_reason = nullptr;
inline thread_local std::vector<std::string> scopes;

/// Names what a loop is at, e.g. "split at byte 7".
class Scope {
 public:
  explicit Scope(std::string text) { scopes.push_back(std::move(text)); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { scopes.pop_back(); }
};

inline std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte >= 0x7f)
      ((out += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
    else
      out += c;
  }
  return out += '"';
}

template <class T>
std::string shown(const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_same_v<T, char>)
    return quoted({&value, 1});
  else if constexpr (std::is_arithmetic_v<T>)
    return std::to_string(value);
  else if constexpr (std::is_enum_v<T>)
    return "enumerator " + std::to_string(static_cast<long long>(value));
  else if constexpr (std::is_null_pointer_v<T>)
    return "nullptr";
  else if constexpr (std::is_convertible_v<const T&, const char*>) {
    const char* const text = value;
    return text == nullptr ? "nullptr" : quoted(text);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    return quoted(value);
  else if constexpr (std::is_pointer_v<T>)
    return value == nullptr ? "nullptr" : "a pointer";
  else
    return "(" + std::to_string(sizeof(T)) + " bytes that cannot be printed)";
}

template <class T>
inline constexpr bool kIsNumber =
    std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>;

// Integers compare by value, whatever their signs and widths; C strings by their text.
template <class A, class B>
bool equal(const A& a, const B& b) {
  if constexpr (kIsNumber<A> && kIsNumber<B>)
    return std::cmp_equal(a, b);
  else if constexpr (std::is_convertible_v<const A&, const char*> &&
                     std::is_convertible_v<const B&, const char*> && !std::is_null_pointer_v<A> &&
                     !std::is_null_pointer_v<B>) {
    const char* const x = a;
    const char* const y = b;
    return x == nullptr || y == nullptr ? x == y : std::string_view(x) == std::string_view(y);
  } else
    return a == b;
}

template <class A, class B>
bool less(const A& a, const B& b) {
  if constexpr (kIsNumber<A> && kIsNumber<B>)
    return std::cmp_less(a, b);
  else
    return a < b;
}

inline void fail(const char* file, int line, const std::string& text) {
  // A loop over every byte of every case can fail ten thousand times; the first few say what is wrong.
  constexpr int kShownFailures = 12;
  const int before = failures_in_test.fetch_add(1);
  if (before > kShownFailures) return;
  if (before == kShownFailures) {
    std::fprintf(stderr, "  further failures of this test are only counted\n");
    return;
  }
  std::string where;
  for (const std::string& scope : scopes) where += "  [" + scope + "]";
  std::fprintf(stderr, "  %s:%d:%s %s\n", file, line, where.c_str(), text.c_str());
}

template <class A, class B>
bool compare(bool holds, const char* file, int line, const char* written, const A& a, const B& b) {
  if (!holds)
    fail(file, line, std::string(written) + "\n      left:  " + shown(a) + "\n      right: " + shown(b));
  return holds;
}

template <class A, class B>
bool expect_eq(const char* file, int line, const char* written, const A& a, const B& b) {
  return compare(equal(a, b), file, line, written, a, b);
}

template <class A, class B>
bool expect_ne(const char* file, int line, const char* written, const A& a, const B& b) {
  return compare(!equal(a, b), file, line, written, a, b);
}

template <class A, class B>
bool expect_lt(const char* file, int line, const char* written, const A& a, const B& b) {
  return compare(less(a, b), file, line, written, a, b);
}

template <class A, class B>
bool expect_le(const char* file, int line, const char* written, const A& a, const B& b) {
  return compare(!less(b, a), file, line, written, a, b);
}

inline bool expect_is(const char* file, int line, const char* written, bool wanted, bool got) {
  if (wanted != got) fail(file, line, std::string(written) + " is " + (got ? "true" : "false"));
  return wanted == got;
}

inline int run_all(int argc, char** argv) {
  const std::string_view filter = argc > 1 ? argv[1] : "";
  int ran = 0;
  int failed = 0;
  int skipped = 0;
  for (const Case& test : cases()) {
    if (std::string_view(test.sentence).find(filter) == std::string_view::npos) continue;
    failures_in_test = 0;
    skip_reason = nullptr;
    test.run();
    ++ran;
    const int failures = failures_in_test;
    if (failures > 0) {
      ++failed;
      std::printf("FAIL %s (%d)\n", test.sentence, failures);
    } else if (skip_reason != nullptr) {
      ++skipped;
      std::printf("skip %s: %s\n", test.sentence, skip_reason);
    } else {
      std::printf("ok   %s\n", test.sentence);
    }
    std::fflush(stdout);  // so that a crash in the next one leaves this line behind
  }
  std::printf("%d tests, %d failed, %d skipped\n", ran, failed, skipped);
  return failed > 0 || ran == 0 ? 1 : 0;  // a filter that matches nothing is a typing mistake
}

}  // namespace millrace::check

#define MILLRACE_CHECK_JOIN2(a, b) a##b
#define MILLRACE_CHECK_JOIN(a, b) MILLRACE_CHECK_JOIN2(a, b)

#define MILLRACE_CHECK_TEST(sentence, function)                                                             \
  static void function();                                                                                   \
  static const ::millrace::check::Register MILLRACE_CHECK_JOIN(function, _registered){sentence, &function}; \
  static void function()

#define TEST(sentence) MILLRACE_CHECK_TEST(sentence, MILLRACE_CHECK_JOIN(test_at_line_, __LINE__))
#define SCOPE(text) \
  const ::millrace::check::Scope MILLRACE_CHECK_JOIN(scope_at_line_, __LINE__) { text }

#define MILLRACE_CHECK_2(kind, written, a, b) ::millrace::check::kind(__FILE__, __LINE__, written, a, b)

#define EXPECT_EQ(a, b) MILLRACE_CHECK_2(expect_eq, #a " == " #b, a, b)
#define EXPECT_NE(a, b) MILLRACE_CHECK_2(expect_ne, #a " != " #b, a, b)
#define EXPECT_LT(a, b) MILLRACE_CHECK_2(expect_lt, #a " < " #b, a, b)
#define EXPECT_LE(a, b) MILLRACE_CHECK_2(expect_le, #a " <= " #b, a, b)
#define EXPECT_TRUE(x) MILLRACE_CHECK_2(expect_is, #x, true, static_cast<bool>(x))
#define EXPECT_FALSE(x) MILLRACE_CHECK_2(expect_is, #x, false, static_cast<bool>(x))

#define ASSERT_EQ(a, b)           \
  do {                            \
    if (!EXPECT_EQ(a, b)) return; \
  } while (false)
#define ASSERT_TRUE(x)           \
  do {                           \
    if (!EXPECT_TRUE(x)) return; \
  } while (false)

#define SKIP(reason)                           \
  do {                                         \
    ::millrace::check::skip_reason = (reason); \
    return;                                    \
  } while (false)

#define MILLRACE_TEST_MAIN \
  int main(int argc, char** argv) { return ::millrace::check::run_all(argc, argv); }
