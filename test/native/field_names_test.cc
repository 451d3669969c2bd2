// field_names_test.cc: numbers of field names.
#include "http/field_names.h"

#include <cctype>
#include <memory>
#include <string>

#include "native/check.h"

namespace millrace {

namespace {

FieldId look_up(std::string_view name) {
  // Exactly as large as the name, so that a sanitizer sees any read outside it.
  const std::unique_ptr<char[]> exact(new char[name.size()]);
  name.copy(exact.get(), name.size());
  return id_of(exact.get(), name.size());
}

TEST("every known name is found in lower, upper and mixed case") {
  for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
    const auto id = static_cast<FieldId>(i + 1);
    std::string name(kFieldNames[i]);
    SCOPE(name);
    EXPECT_EQ(name_of(id), name);
    EXPECT_EQ(look_up(name), id);
    for (std::size_t at = 0; at < name.size(); at += 2) name[at] = static_cast<char>(std::toupper(name[at]));
    EXPECT_EQ(look_up(name), id);
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(look_up(name), id);
  }
}

TEST("a name with one other byte is another name") {
  for (const std::string_view known : kFieldNames) {
    SCOPE(std::string(known));
    for (std::size_t at = 0; at < known.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name(known);
        name[at] = static_cast<char>(byte);
        const bool same = byte < 128 && std::tolower(byte) == known[at];
        const FieldId id = look_up(name);
        if (same != (name_of(id) == known)) EXPECT_EQ(at, byte);  // reached only to name the place
      }
    }
  }
}

TEST("a name with a byte more or less is another name") {
  for (const std::string_view known : kFieldNames) {
    SCOPE(std::string(known));
    EXPECT_NE(name_of(look_up(known.substr(1))), known);
    EXPECT_NE(name_of(look_up(known.substr(0, known.size() - 1))), known);
    EXPECT_EQ(look_up(std::string(known) + "x"), FieldId::unknown);
    EXPECT_EQ(look_up("x" + std::string(known)), FieldId::unknown);
  }
}

TEST("no name, a letter and an endless name are unknown") {
  EXPECT_EQ(look_up(""), FieldId::unknown);
  EXPECT_EQ(look_up("a"), FieldId::unknown);
  EXPECT_EQ(look_up(std::string(5000, 'a')), FieldId::unknown);
  EXPECT_EQ(name_of(FieldId::unknown), "");
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
