// What a request for a file is answered, by its conditions, ranges and codings (RFC 9110 §13, §14, §12.5.3).
#include "files/file_response.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/file_of.h"

namespace millrace {
namespace {

using View = std::optional<std::string_view>;

constexpr std::int64_t kModified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kNow = kModified + 1000;
constexpr Boundary kBoundary = [] { return std::uint64_t{7}; };

constexpr std::string_view kContents = "0123456789abcdefghij";
constexpr std::string_view kGzip = "GZIP";
constexpr std::string_view kBrotli = "BROTLI";

const std::string kVary = "Vary: Accept-Encoding\r\n";
constexpr std::string_view kValidators = "ETag: \"v\"\r\nVary: Accept-Encoding\r\n";
constexpr std::string_view kFields =
    "Content-Type: text/plain\r\nAccept-Ranges: bytes\r\nETag: \"v\"\r\nVary: Accept-Encoding\r\n";
constexpr std::string_view kGzipValidators = "ETag: \"v-gzip\"\r\nVary: Accept-Encoding\r\n";
constexpr std::string_view kGzipFields =
    "Content-Type: text/plain\r\nContent-Encoding: gzip\r\nAccept-Ranges: bytes\r\nETag: \"v-gzip\"\r\nVary: "
    "Accept-Encoding\r\n";
constexpr std::string_view kBrotliFields =
    "Content-Type: text/plain\r\nContent-Encoding: br\r\nAccept-Ranges: bytes\r\nETag: \"v-br\"\r\nVary: "
    "Accept-Encoding\r\n";

enum class Where : std::uint8_t { memory, file };

FileVariant variant_of(ContentCoding coding, std::string_view contents, std::string_view fields,
                       std::string_view validators, std::string_view etag, Where where) {
  FileVariant variant;
  variant.coding = coding;
  variant.status.size = contents.size();
  variant.status.modified_ns = kModified * FileStatus::kSecond + 5;
  variant.modified = kModified;
  variant.file = check::file_of(contents);
  if (where == Where::memory) variant.contents = contents;
  variant.etag = etag;
  variant.fields = fields;
  variant.validators = validators;
  return variant;
}

std::shared_ptr<const FileEntry> entry_of(std::vector<FileVariant> variants) {
  auto entry = std::make_shared<FileEntry>();
  for (const FileVariant& variant : variants) entry->codings |= coding_bit(variant.coding);
  entry->variants = std::move(variants);
  return entry;
}

/// A file with two siblings.
std::shared_ptr<const FileEntry> entry_in(Where where) {
  std::vector<FileVariant> variants;
  variants.push_back(variant_of(ContentCoding::identity, kContents, kFields, kValidators, "\"v\"", where));
  variants.push_back(
      variant_of(ContentCoding::gzip, kGzip, kGzipFields, kGzipValidators, "\"v-gzip\"", where));
  variants.push_back(variant_of(ContentCoding::br, kBrotli, kBrotliFields,
                                "ETag: \"v-br\"\r\nVary: Accept-Encoding\r\n", "\"v-br\"", where));
  return entry_of(std::move(variants));
}

struct Answer {
  std::uint16_t status;
  std::string fields;
  std::string bytes;
  std::uint64_t content_length;

  bool operator==(const Answer&) const = default;
};

std::string bytes_of(const FileSlice& slice) {
  std::string bytes(slice.bytes, '\0');
  if (slice.bytes == 0) return bytes;
  EXPECT_EQ(::pread(slice.file->get(), bytes.data(), bytes.size(), static_cast<off_t>(slice.offset)),
            bytes.size());
  return bytes;
}

Answer answer_of(std::shared_ptr<const FileEntry> entry, const FileWish& wish,
                 Boundary boundary = kBoundary) {
  FileResponse response(std::move(entry), wish, kNow, boundary);
  const WholeAnswer answer = response.take();
  EXPECT_TRUE(answer.content_type == ContentType::none);
  EXPECT_FALSE(answer.own_date);
  EXPECT_FALSE(answer.close);
  EXPECT_FALSE(answer.body_is_static);  // it is good as long as the cache has it
  std::string bytes(answer.body);
  for (const FilePart& part : answer.files) bytes += part.ahead + bytes_of(part.slice);
  return {.status = answer.status,
          .fields = std::string(answer.fields),
          .bytes = std::move(bytes),
          .content_length = answer.content_length};
}

/// The same from memory and from the file.
Answer answer_of(const FileWish& wish) {
  Answer from_memory = answer_of(entry_in(Where::memory), wish);
  const Answer from_file = answer_of(entry_in(Where::file), wish);
  EXPECT_EQ(from_memory.status, from_file.status);
  EXPECT_EQ(from_memory.fields, from_file.fields);
  EXPECT_EQ(from_memory.bytes, from_file.bytes);
  EXPECT_EQ(from_memory.content_length, from_file.content_length);
  EXPECT_EQ(from_memory.content_length, from_memory.bytes.size());
  return from_memory;
}

/// One part of a multipart answer, without the line end ahead of it.
std::string part(std::string_view range, std::string_view bytes,
                 std::string_view content_type = "Content-Type: text/plain\r\n") {
  return "--millrace-7\r\n" + std::string(content_type) + "Content-Range: bytes " + std::string(range) +
         "\r\n\r\n" + std::string(bytes);
}

const std::string kMultipartFields =
    "Accept-Ranges: bytes\r\nETag: \"v\"\r\nVary: Accept-Encoding\r\nContent-Type: multipart/byteranges; "
    "boundary=millrace-7\r\n";

std::string with_range(std::string_view fields, std::string_view range) {
  return std::string(fields) + "Content-Range: bytes " + std::string(range) + "\r\n";
}

TEST("conditions, ranges and codings are answered as RFC 9110 has it, from memory and from the file alike") {
  constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  struct Case {
    const char* name;
    FileWish wish;
    std::uint16_t status;
    std::string fields;
    std::string bytes;
  };
  const std::string fields(kFields);
  const std::string whole(kContents);
  const Case cases[] = {
      {"nothing is asked", {}, 200, fields, whole},
      // Conditions.
      {"If-None-Match", {.conditions = {.if_none_match = "\"v\""}}, 304, std::string(kValidators), ""},
      {"If-None-Match, weak",
       {.conditions = {.if_none_match = "W/\"v\""}},
       304,
       std::string(kValidators),
       ""},
      {"If-None-Match, any", {.conditions = {.if_none_match = "*"}}, 304, std::string(kValidators), ""},
      {"If-None-Match of a list",
       {.conditions = {.if_none_match = "\"a\", \"v\""}},
       304,
       std::string(kValidators),
       ""},
      {"If-None-Match of another", {.conditions = {.if_none_match = "\"w\""}}, 200, fields, whole},
      {"If-None-Match of another coding",
       {.conditions = {.if_none_match = "\"v-gzip\""}},
       200,
       fields,
       whole},
      {"If-Modified-Since", {.conditions = {.if_modified_since = kDate}}, 304, std::string(kValidators), ""},
      {"If-Modified-Since, earlier", {.conditions = {.if_modified_since = kEarlier}}, 200, fields, whole},
      {"If-Modified-Since does not count beside If-None-Match",
       {.conditions = {.if_none_match = "\"w\"", .if_modified_since = kDate}},
       200,
       fields,
       whole},
      {"If-Match", {.conditions = {.if_match = "\"v\""}}, 200, fields, whole},
      {"If-Match of another", {.conditions = {.if_match = "\"w\""}}, 412, kVary, ""},
      {"If-Match, weak", {.conditions = {.if_match = "W/\"v\""}}, 412, kVary, ""},
      {"If-Unmodified-Since", {.conditions = {.if_unmodified_since = kDate}}, 200, fields, whole},
      {"If-Unmodified-Since, earlier", {.conditions = {.if_unmodified_since = kEarlier}}, 412, kVary, ""},
      {"412 before 304", {.conditions = {.if_match = "\"w\"", .if_none_match = "\"v\""}}, 412, kVary, ""},
      // One range.
      {"the first", {.range = "bytes=0-0"}, 206, with_range(kFields, "0-0/20"), "0"},
      {"from the middle", {.range = "bytes=15-"}, 206, with_range(kFields, "15-19/20"), "fghij"},
      {"the last", {.range = "bytes=-3"}, 206, with_range(kFields, "17-19/20"), "hij"},
      {"more than there is", {.range = "bytes=18-999"}, 206, with_range(kFields, "18-19/20"), "ij"},
      {"all of it", {.range = "bytes=0-"}, 206, with_range(kFields, "0-19/20"), whole},
      {"a suffix longer than it", {.range = "bytes=-99"}, 206, with_range(kFields, "0-19/20"), whole},
      {"behind the end", {.range = "bytes=20-"}, 416, kVary + "Content-Range: bytes */20\r\n", ""},
      {"the last nothing", {.range = "bytes=-0"}, 416, kVary + "Content-Range: bytes */20\r\n", ""},
      {"another unit", {.range = "lines=0-1"}, 200, fields, whole},
      {"no range", {.range = "bytes=x"}, 200, fields, whole},
      {"of two, the one that exists", {.range = "bytes=5-6, 20-"}, 206, with_range(kFields, "5-6/20"), "56"},
      {"not where it may not be partial",
       {.range = "bytes=0-0", .may_be_partial = false},
       200,
       fields,
       whole},
      {"unsatisfiable where it may not be partial",
       {.range = "bytes=20-", .may_be_partial = false},
       200,
       fields,
       whole},
      // Several (RFC 9110 §14.6).
      {"two",
       {.range = "bytes=0-1,18-"},
       206,
       kMultipartFields,
       part("0-1/20", "01") + "\r\n" + part("18-19/20", "ij") + "\r\n--millrace-7--\r\n"},
      {"three, in the order in which they were asked for",
       {.range = "bytes=18-, 0-0, 5-6"},
       206,
       kMultipartFields,
       part("18-19/20", "ij") + "\r\n" + part("0-0/20", "0") + "\r\n" + part("5-6/20", "56") +
           "\r\n--millrace-7--\r\n"},
      {"three, of which one does not exist",
       {.range = "bytes=1-1,50-60,3-3"},
       206,
       kMultipartFields,
       part("1-1/20", "1") + "\r\n" + part("3-3/20", "3") + "\r\n--millrace-7--\r\n"},
      {"more than the whole", {.range = "bytes=0-,0-"}, 200, fields, whole},
      // Conditions and ranges.
      {"304 before 206",
       {.conditions = {.if_none_match = "\"v\""}, .range = "bytes=0-0"},
       304,
       std::string(kValidators),
       ""},
      {"304 before 416",
       {.conditions = {.if_none_match = "\"v\""}, .range = "bytes=20-"},
       304,
       std::string(kValidators),
       ""},
      {"412 before 416", {.conditions = {.if_match = "\"w\""}, .range = "bytes=20-"}, 412, kVary, ""},
      {"If-Range",
       {.conditions = {.if_range = "\"v\""}, .range = "bytes=0-0"},
       206,
       with_range(kFields, "0-0/20"),
       "0"},
      {"If-Range by date",
       {.conditions = {.if_range = kDate}, .range = "bytes=0-0"},
       206,
       with_range(kFields, "0-0/20"),
       "0"},
      {"If-Range of another",
       {.conditions = {.if_range = "\"w\""}, .range = "bytes=0-0"},
       200,
       fields,
       whole},
      {"If-Range, weak", {.conditions = {.if_range = "W/\"v\""}, .range = "bytes=0-0"}, 200, fields, whole},
      {"If-Range by another date",
       {.conditions = {.if_range = kEarlier}, .range = "bytes=0-0"},
       200,
       fields,
       whole},
      {"If-Range of another, unsatisfiable",
       {.conditions = {.if_range = "\"w\""}, .range = "bytes=20-"},
       200,
       fields,
       whole},
      {"If-Range without Range", {.conditions = {.if_range = "\"w\""}}, 200, fields, whole},
      // Codings.
      {"gzip", {.accept_encoding = "gzip"}, 200, std::string(kGzipFields), std::string(kGzip)},
      {"br before gzip",
       {.accept_encoding = "gzip, br"},
       200,
       std::string(kBrotliFields),
       std::string(kBrotli)},
      {"gzip preferred",
       {.accept_encoding = "gzip, br;q=0.5"},
       200,
       std::string(kGzipFields),
       std::string(kGzip)},
      {"one that there is not", {.accept_encoding = "zstd"}, 200, fields, whole},
      {"an empty field", {.accept_encoding = ""}, 200, fields, whole},
      {"identity", {.accept_encoding = "identity, gzip;q=0"}, 200, fields, whole},
      {"nothing that there is", {.accept_encoding = "*;q=0"}, 200, fields, whole},
      // Codings, conditions and ranges: of the coding that is sent.
      {"the tag of the coding",
       {.conditions = {.if_none_match = "\"v-gzip\""}, .accept_encoding = "gzip"},
       304,
       std::string(kGzipValidators),
       ""},
      {"the tag of the other",
       {.conditions = {.if_none_match = "\"v\""}, .accept_encoding = "gzip"},
       200,
       std::string(kGzipFields),
       std::string(kGzip)},
      {"a range of the coding",
       {.range = "bytes=2-", .accept_encoding = "gzip"},
       206,
       with_range(kGzipFields, "2-3/4"),
       "IP"},
      {"behind the end of the coding",
       {.range = "bytes=4-", .accept_encoding = "gzip"},
       416,
       kVary + "Content-Range: bytes */4\r\n",
       ""},
      {"If-Range of the other coding",
       {.conditions = {.if_range = "\"v\""}, .range = "bytes=2-", .accept_encoding = "gzip"},
       200,
       std::string(kGzipFields),
       std::string(kGzip)},
      {"several of the coding",
       {.range = "bytes=0-0,3-3", .accept_encoding = "gzip"},
       206,
       "Content-Encoding: gzip\r\nAccept-Ranges: bytes\r\nETag: \"v-gzip\"\r\nVary: "
       "Accept-Encoding\r\nContent-Type: multipart/byteranges; boundary=millrace-7\r\n",
       part("0-0/4", "G") + "\r\n" + part("3-3/4", "P") + "\r\n--millrace-7--\r\n"},
  };
  for (const Case& test : cases) {
    SCOPE(test.name);
    const Answer answer = answer_of(test.wish);
    EXPECT_EQ(answer.status, test.status);
    EXPECT_EQ(answer.fields, test.fields);
    EXPECT_EQ(answer.bytes, test.bytes);
  }
}

TEST("every condition with every range and every coding says the same from memory and from the file") {
  const View tags[] = {std::nullopt, "\"v\"", "\"v-gzip\"", "\"w\"", "*"};
  const View dates[] = {std::nullopt, "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT", "?"};
  const View ranges[] = {
      std::nullopt,   "bytes=0-",  "bytes=0-1", "bytes=0-0,2-3", "bytes=-2,0-0",         "bytes=9-12",
      "bytes=3-,99-", "bytes=99-", "bytes=1-0", "bytes=0-19,0-", "bytes=0-0,1-1,2-2,3-3"};
  const View codings[] = {std::nullopt, "gzip", "br, gzip", "*", "identity;q=0"};
  int with_content = 0;
  for (const View& if_match : tags) {
    for (const View& if_none_match : tags) {
      for (const View& if_modified_since : dates) {
        for (const View& if_range : {View(), View("\"v\""), dates[1]}) {
          for (const View& range : ranges) {
            for (const View& coding : codings) {
              const Answer answer = answer_of({.conditions = {.if_match = if_match,
                                                              .if_none_match = if_none_match,
                                                              .if_modified_since = if_modified_since,
                                                              .if_range = if_range},
                                               .range = range,
                                               .accept_encoding = coding});
              const bool has_content = answer.status == 200 || answer.status == 206;
              with_content += has_content;
              EXPECT_TRUE(has_content || answer.status == 304 || answer.status == 412 ||
                          answer.status == 416);
              EXPECT_EQ(has_content, !answer.bytes.empty());
              // One of both, and only where bytes of a file are sent.
              const bool has_type = answer.fields.find("Content-Type: ") != std::string::npos;
              EXPECT_EQ(has_content, has_type);
              const std::size_t content_range = answer.fields.find("Content-Range: ");
              if (answer.status == 200) EXPECT_EQ(content_range, std::string::npos);
            }
          }
        }
      }
    }
  }
  EXPECT_LT(100, with_content);
}

TEST("a file without a media type has none in its parts either") {
  for (const Where where : {Where::memory, Where::file}) {
    const auto entry = [&] {
      std::vector<FileVariant> variants;
      variants.push_back(
          variant_of(ContentCoding::identity, kContents, "Accept-Ranges: bytes\r\n", "", "", where));
      return entry_of(std::move(variants));
    };
    const Answer answer = answer_of(entry(), {.range = "bytes=0-0,2-2"});
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.fields,
              "Accept-Ranges: bytes\r\nContent-Type: multipart/byteranges; boundary=millrace-7\r\n");
    EXPECT_EQ(answer.bytes,
              part("0-0/20", "0", "") + "\r\n" + part("2-2/20", "2", "") + "\r\n--millrace-7--\r\n");
    // Without a validator only dates are left for If-Range.
    EXPECT_EQ(answer_of(entry(), {.conditions = {.if_range = "\"\""}, .range = "bytes=0-0"}).status, 200);
    EXPECT_EQ(answer_of(entry(), {.conditions = {.if_match = "\"\""}}).status, 412);
  }
}

TEST("of an empty file nothing is a range") {
  std::vector<FileVariant> variants;
  variants.push_back(variant_of(ContentCoding::identity, "", kFields, kValidators, "\"v\"", Where::memory));
  const auto entry = entry_of(std::move(variants));
  Answer answer = answer_of(entry, {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_length, 0u);
  EXPECT_EQ(answer.bytes, "");
  for (const char* range : {"bytes=0-", "bytes=-0", "bytes=0-0,1-1"}) {
    answer = answer_of(entry, {.range = range});
    EXPECT_EQ(answer.status, 416);
    EXPECT_EQ(answer.fields, kVary + "Content-Range: bytes */0\r\n");
    EXPECT_EQ(answer.bytes, "");
  }
}

TEST("a file that is larger than memory is cut without being read") {
  // Sparse: four terabytes that are nowhere.
  constexpr std::uint64_t kHuge = 1ULL << 42;
  std::vector<FileVariant> variants;
  variants.push_back(variant_of(ContentCoding::identity, "x", kFields, kValidators, "\"v\"", Where::file));
  variants[0].status.size = kHuge;
  const auto entry = entry_of(std::move(variants));
  FileResponse response(entry, {.range = "bytes=0-0,4398046511000-,1-4000000000000"}, kNow, kBoundary);
  const WholeAnswer answer = response.take();
  EXPECT_EQ(answer.status, 206);
  ASSERT_EQ(answer.files.size(), 4u);
  EXPECT_EQ(answer.files[1].slice.offset, 4398046511000u);
  EXPECT_EQ(answer.files[1].slice.bytes, kHuge - 4398046511000u);
  EXPECT_EQ(answer.files[2].slice.bytes, 4000000000000u);
  std::uint64_t sum = answer.body.size();
  for (const FilePart& file : answer.files) sum += file.ahead.size() + file.slice.bytes;
  EXPECT_EQ(answer.content_length, sum);
  FileResponse whole(entry, {}, kNow, kBoundary);
  EXPECT_EQ(whole.take().content_length, kHuge);
}

TEST("an answer keeps what it is made of, whatever becomes of the cache") {
  auto entry = entry_in(Where::memory);
  const std::weak_ptr<const FileEntry> watched = entry;
  {
    FileResponse response(std::move(entry), {.range = "bytes=1-2"}, kNow, kBoundary);
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(response.take().body, "12");
  }
  EXPECT_TRUE(watched.expired());
}

TEST("a random boundary is another one each time") {
  EXPECT_NE(random_boundary(), random_boundary());
  EXPECT_NE(answer_of(entry_in(Where::memory), {.range = "bytes=0-0,2-2"}, random_boundary).fields,
            answer_of(entry_in(Where::memory), {.range = "bytes=0-0,2-2"}, random_boundary).fields);
}

TEST("the boundary is the number that it is given") {
  for (const Boundary number :
       {Boundary([] { return std::uint64_t{0}; }), Boundary([] { return ~std::uint64_t{0}; })}) {
    const Answer answer = answer_of(entry_in(Where::memory), {.range = "bytes=0-0,2-2"}, number);
    const std::string boundary = "millrace-" + std::to_string(number());
    EXPECT_TRUE(answer.fields.ends_with("boundary=" + boundary + "\r\n"));
    EXPECT_TRUE(answer.bytes.starts_with("--" + boundary + "\r\n"));
    EXPECT_TRUE(answer.bytes.ends_with("\r\n--" + boundary + "--\r\n"));
    EXPECT_EQ(answer.content_length, answer.bytes.size());
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
