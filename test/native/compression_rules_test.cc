// compression_rules_test.cc: which answers are compressed, and what becomes of their fields, as tables.
#include "http/compression_rules.h"

#include <string>
#include <string_view>

#include "native/check.h"

namespace millrace {
namespace {

using namespace std::string_literals;

ServerConfig::Compression config_of(std::vector<std::string> types) {
  ServerConfig::Compression config;
  config.enabled = true;
  config.types = std::move(types);
  return config;
}

const ServerConfig::Compression kConfig = config_of({"text/*", "application/json", "*+xml"});

TEST("types are compared by name, group or suffix, in any case and without their parameters") {
  struct Row {
    std::string_view type;
    bool compressible;
  };
  constexpr Row kRows[] = {{"text/plain", true},
                           {"TEXT/Html;charset=utf-8", true},
                           {"text/css ; a", true},
                           {"text/", false},
                           {"text", false},
                           {"textual/x", false},
                           {"application/json", true},
                           {"application/json5", false},
                           {"application/jso", false},
                           {"x/application/json", false},
                           {"image/svg+xml", true},
                           {"IMAGE/SVG+XML", true},
                           {"+xml", false},
                           {"svg+xml2", false},
                           {"", false},
                           {";", false},
                           {"text/event-stream", false},
                           {"Text/Event-Stream; x", false},
                           {"text/event-streams", true}};
  for (const Row& row : kRows) {
    SCOPE(std::string(row.type));
    EXPECT_EQ(is_compressible(kConfig, row.type), row.compressible);
  }
  EXPECT_TRUE(is_compressible(config_of({"text/event-stream"}), "text/event-stream"));
  EXPECT_FALSE(is_compressible(config_of({}), "text/plain"));
}

TEST("status, type and fields decide whether an answer may be compressed") {
  struct Row {
    std::uint16_t status;
    ContentType type;
    std::string_view fields;
    bool depends;
  };
  constexpr Row kRows[] = {
      {200, ContentType::text, "", true},
      {200, ContentType::html, "", true},
      {200, ContentType::json, "", true},
      {500, ContentType::text, "", true},
      {200, ContentType::none, "", false},
      {200, ContentType::none, "Content-Type: text/css\r\n", true},
      {200, ContentType::none, "X: 1\r\ncontent-TYPE: image/svg+xml\r\n", true},
      {200, ContentType::none, "Content-Type: image/png\r\n", false},
      {200, ContentType::none, "X-Content-Type: text/css\r\n", false},
      {204, ContentType::text, "", false},
      {205, ContentType::text, "", false},
      {206, ContentType::text, "", false},
      {304, ContentType::text, "", false},
      {200, ContentType::text, "content-encoding: br\r\n", false},
      {200, ContentType::text, "Content-Range: bytes 0-1/2\r\n", false},
      {200, ContentType::text, "Cache-Control: private, NO-TRANSFORM\r\n", false},
      {200, ContentType::text, "Cache-Control: no-cache\r\nCache-Control: no-transform\r\n", false},
      {200, ContentType::text, "X-Cache-Control: no-transform\r\n", true},
      {200, ContentType::text, "content-digest: sha-256=:AA==:\r\n", false},
      {200, ContentType::text, "X: y\r\nRepr-Digest: sha-256=:AA==:\r\n", false},
      {200, ContentType::text, "Digest: sha-256=AA==\r\n", false},
      {200, ContentType::text, "Content-MD5: AA==\r\n", false},
      {200, ContentType::text, "Want-Content-Digest: sha-256=1\r\n", true},
      {200, ContentType::text, "Trailer: X-Sum, Content-Digest\r\n", false},
      {200, ContentType::text, "Trailer: X-Sum\r\n", true}};
  for (const Row& row : kRows) {
    SCOPE(std::to_string(row.status) + " " + std::string(row.fields));
    EXPECT_EQ(may_compress(kConfig, row.status, row.type, row.fields) == Compressing::depends, row.depends);
  }
  EXPECT_TRUE(may_compress({}, 200, ContentType::text, "") == Compressing::never);
}

TEST("a 304 says what the 200 would say, as far as its type is known") {
  const auto of = [](ContentType type, std::string_view fields) {
    return may_compress(kConfig, 304, type, fields);
  };
  EXPECT_TRUE(of(ContentType::text, "") == Compressing::spared);
  EXPECT_TRUE(of(ContentType::none, "Content-Type: text/plain\r\n") == Compressing::spared);
  EXPECT_TRUE(of(ContentType::none, "Content-Type: image/png\r\n") == Compressing::never);
  EXPECT_TRUE(of(ContentType::none, "") == Compressing::never);
  EXPECT_TRUE(of(ContentType::text, "Cache-Control: no-transform\r\n") == Compressing::never);
}

TEST("Vary is added once") {
  const std::string added = "Vary: Accept-Encoding\r\n";
  EXPECT_EQ(with_vary(""), added);
  for (const std::string_view has :
       {"Vary: Accept-Encoding\r\n", "vary: a, ACCEPT-encoding ,b\r\n", "Vary: *\r\n", "Vary: a, *\r\n",
        "Vary: a\r\nVary: accept-encoding\r\n"}) {
    EXPECT_EQ(with_vary(has), std::string(has));
  }
  for (const std::string_view lacks : {"Vary: Origin\r\n", "Vary: X-Accept-Encoding\r\n", "Vary: \r\n",
                                       "X-Vary: Accept-Encoding\r\n", "X: Vary: Accept-Encoding\r\n"}) {
    EXPECT_EQ(with_vary(lacks), std::string(lacks) + added);
  }
}

TEST("a strong ETag becomes weak") {
  EXPECT_EQ(with_weak_etag("A: 1\r\netag: \"x\"\r\nB: 2\r\n"), "A: 1\r\netag: W/\"x\"\r\nB: 2\r\n"s);
  EXPECT_EQ(with_weak_etag("ETag: W/\"x\"\r\n"), "ETag: W/\"x\"\r\n"s);
  EXPECT_EQ(with_weak_etag("X-ETag: \"x\"\r\n"), "X-ETag: \"x\"\r\n"s);
  EXPECT_EQ(with_weak_etag(""), ""s);
}

TEST("Content-Length is read, and is not that of what is compressed") {
  EXPECT_FALSE(declared_length("X: 1\r\n").has_value());
  EXPECT_EQ(declared_length("content-length: 0\r\n").value_or(7), 0U);
  EXPECT_EQ(declared_length("A: b\r\nContent-Length: 1099511627776\r\n").value_or(7), 1099511627776U);
  EXPECT_EQ(compressed_fields("A: b\r\nContent-Length: 5\r\nETag: \"x\"\r\nVary: Origin\r\n"),
            "A: b\r\nETag: W/\"x\"\r\nVary: Origin\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n"s);
  EXPECT_EQ(not_modified_fields("Content-Length: 5\r\nETag: \"x\"\r\n"),
            "ETag: W/\"x\"\r\nVary: Accept-Encoding\r\n"s);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
