// standalone_main.cc: runs a fuzzer without libFuzzer, on files or on random changes of the test tables'
// rows.
//
//   fuzzer FILE...          each file once, e.g. to look at a crash again
//   fuzzer [RUNS [SEED]]    random inputs, the same for the same seed
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/oracle.h"
#include "protocol/chunked_body_cases.h"
#include "protocol/request_head_cases.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using millrace::fuzz::Numbers;

constexpr unsigned long kDefaultRuns = 200'000;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> make_seeds() {
  std::vector<std::string> seeds;
  for (const auto& c : millrace::cases::kAcceptedHeads) seeds.emplace_back(c.bytes);
  for (const auto& c : millrace::cases::kRefusedHeads) seeds.push_back(std::string(c.sound) += c.wrong);
  for (const auto& c : millrace::cases::kAcceptedBodies) seeds.emplace_back(c.bytes);
  for (const auto& c : millrace::cases::kRefusedBodies) seeds.push_back(std::string(c.sound) += c.wrong);
  return seeds;
}

/// One of: another byte, a byte that means something, a piece cut out, a piece doubled, a piece of another
/// seed.
void change(std::string& input, const std::string& other, Numbers& numbers) {
  static constexpr std::string_view kMeaningful("\r\n :;=,\t\0\"/?#%[]0x", 19);
  const std::size_t at = numbers.below(input.size() + 1);
  const std::size_t length = numbers.below(input.size() - at + 1);
  const std::size_t other_at = numbers.below(other.size() + 1);
  switch (numbers.below(5)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(numbers.below(256));
      break;
    case 1:
      input.insert(at, 1, kMeaningful[numbers.below(kMeaningful.size())]);
      break;
    case 2:
      input.erase(at, length);
      break;
    case 3:
      input.insert(at, input.substr(at, length));
      break;
    default:
      input.insert(at, other.substr(other_at, numbers.below(20)));
      break;
  }
}

bool run_files(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) return false;
    run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return argc > 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (run_files(argc, argv)) return 0;
  const unsigned long runs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : kDefaultRuns;
  const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  const std::vector<std::string> seeds = make_seeds();
  Numbers numbers(seed);
  for (unsigned long i = 0; i < runs; ++i) {
    std::string input = seeds[numbers.below(seeds.size())];
    for (std::size_t changes = numbers.below(4); changes > 0; --changes) {
      change(input, seeds[numbers.below(seeds.size())], numbers);
    }
    run(input);
  }
  std::printf("%lu inputs, seed %lu: every oracle held\n", runs, seed);
}
