// gzip_test.cc: what is compressed is what comes out again, whole and in pieces, on many threads.
#include "pool/gzip.h"

#include <string>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/gunzip.h"
#include "native/scale.h"

namespace millrace {
namespace {

using check::gunzip;
using check::scaled;

std::string text_of(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919) + " of it\n";
  text.resize(bytes);
  return text;
}

std::string noise_of(std::size_t bytes) {
  std::string noise(bytes, '\0');
  std::uint64_t state = 88172645463325252U;
  for (char& c : noise) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  return noise;
}

void expect_whole(std::string_view compressed, std::string_view expected) {
  const auto read = gunzip(compressed);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->ended);
  EXPECT_TRUE(read->text == expected);
}

TEST("a body of any size comes out as it was, at every level") {
  if (!has_gzip()) SKIP("no zlib here");
  for (const std::size_t bytes : {0, 1, 2, 511, 512, 1024, 4096, 32768, 65537, 300'000, 3'000'000}) {
    for (const int level : {1, 6, 9}) {
      for (const std::string& body : {text_of(bytes), noise_of(bytes)}) {
        OwnedBytes to;
        ASSERT_TRUE(gzip_whole(body, level, to));
        expect_whole(to.view(), body);
      }
    }
  }
}

TEST("it is appended to what there is") {
  if (!has_gzip()) SKIP("no zlib here");
  OwnedBytes to;
  ASSERT_TRUE(to.append("ahead"));
  ASSERT_TRUE(gzip_whole("body", 6, to));
  EXPECT_EQ(to.view().substr(0, 5), "ahead");
  expect_whole(to.view().substr(5), "body");
}

TEST("each piece can be read as soon as it has been given, empty ones and the end too") {
  if (!has_gzip()) SKIP("no zlib here");
  for (const Gzip::Size size : {Gzip::Size::small, Gzip::Size::full}) {
    const std::unique_ptr<Gzip> gzip = Gzip::make(6, size);
    ASSERT_TRUE(gzip != nullptr);
    for (int round = 0; round < 2; ++round) {
      OwnedBytes to;
      std::string given;
      for (const std::size_t bytes : {1, 0, 5, 100'000, 0, 0, 511, 513, 65536, 1'000'000}) {
        const std::string piece = bytes % 2 == 0 ? noise_of(bytes) : text_of(bytes);
        ASSERT_TRUE(gzip->add(piece, Gzip::Flush::piece, to));
        given += piece;
        const auto read = gunzip(to.view());
        ASSERT_TRUE(read.has_value());
        EXPECT_TRUE(read->text == given);
        EXPECT_FALSE(read->ended);
      }
      ASSERT_TRUE(gzip->add({}, Gzip::Flush::end, to));
      expect_whole(to.view(), given);
      gzip->restart();
    }
  }
}

TEST("outputs that end at every place of their buffer are whole") {
  if (!has_gzip()) SKIP("no zlib here");
  const std::unique_ptr<Gzip> gzip = Gzip::make(1, Gzip::Size::small);
  ASSERT_TRUE(gzip != nullptr);
  const std::string noise = noise_of(4096);
  const int lengths = scaled(4096);
  for (int bytes = 0; bytes < lengths; ++bytes) {
    const std::string_view body = std::string_view(noise).substr(0, static_cast<std::size_t>(bytes));
    OwnedBytes to;
    ASSERT_TRUE(gzip->add(body.substr(0, body.size() / 2), Gzip::Flush::piece, to));
    ASSERT_TRUE(gzip->add(body.substr(body.size() / 2), Gzip::Flush::end, to));
    expect_whole(to.view(), body);
    gzip->restart();
  }
}

TEST("many threads compress at once, each with what it keeps for itself") {
  if (!has_gzip()) SKIP("no zlib here");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      const int rounds = scaled(60);
      for (int round = 0; round < rounds; ++round) {
        const std::string body = text_of(static_cast<std::size_t>(1000 * t + 37 * round));
        OwnedBytes to;
        EXPECT_TRUE(gzip_whole(body, 1 + (t + round) % 9, to));
        const auto read = gunzip(to.view());
        EXPECT_TRUE(read.has_value() && read->ended && read->text == body);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
