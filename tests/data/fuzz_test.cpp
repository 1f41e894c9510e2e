// SPDX-License-Identifier: Apache-2.0
// The fuzzers' entry functions over seeded random inputs: noise, and mutations of what is well-formed.
#include "fuzz/entries.h"

#include <chrono>

#include "data/testing.h"

namespace talweg::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongest = std::chrono::seconds(4);
constexpr int kMostRounds = 20000;

void mutate(std::string& bytes, std::mt19937& random, std::string_view alphabet) {
  for (std::size_t changes = 1 + random() % 6; changes > 0; --changes) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const char byte =
        random() % 4 == 0 ? static_cast<char>(random() & 0xFFU) : alphabet[random() % alphabet.size()];
    switch (random() % 5) {
      case 0:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), byte);
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = byte;
        break;
      case 2:
        bytes.erase(at, random() % 8);
        break;
      case 3:
        bytes.insert(at, bytes.substr(random() % (bytes.size() + 1), random() % 30));
        break;
      default:
        if (random() % 10 == 0) bytes.resize(at);
    }
  }
}

void run(void (*entry)(std::span<const std::uint8_t>), const std::vector<std::string>& seeds,
         std::string_view alphabet) {
  std::mt19937 random(42);
  const auto start = Clock::now();
  for (int round = 0; round < kMostRounds && Clock::now() - start < kLongest; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    if (round % 10 == 0) {
      bytes.clear();
      for (std::size_t length = random() % 100; length > 0; --length)
        bytes += alphabet[random() % alphabet.size()];
    }
    if (round >= static_cast<int>(seeds.size())) mutate(bytes, random, alphabet);
    bytes.insert(bytes.begin(), static_cast<char>(random() & 0xFFU));
    entry({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
}

TEST(Fuzz, Csv) {
  std::vector<std::string> seeds = {
      "a,b,c\n1,2,3\n4,5,6\n",
      "g;x;y\r\nu;1,5;2\r\n\"v\";2,5;3\r\n;;\r\n",
      "\xEF\xBB\xBF\"say \"\"hi\"\"\",b\n\"x\ny\",2\nNA,3\n",
      "1\t2\t0\n3\tnan\t1\n",
      "x\n1\n\n2\n",
      "cut,carat,price\nIdeal,0.23,326\nPremium,0.21,326\nGood,inf,327\nIdeal,,1e999\n",
  };
  for (const char* const program : {"gzip -nc", "zstd -qc", "xz -c", "bzip2 -c"}) {
    const std::string in = file("seed", seeds[5]);
    ASSERT_EQ(std::system((std::string(program) + " < " + in + " > " + path_of("seed.packed")).c_str()), 0);
    seeds.push_back(contents(path_of("seed.packed")));
  }
  run(&fuzz::csv, seeds, "0123456789.,;\t\"\n\r -eaNA|");
}

TEST(Fuzz, Npy) {
  const std::string one =
      "\x93NUMPY\x01\x00\x3B\x00{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }"s;
  const std::string two =
      "\x93NUMPY\x02\x00\x3A\x00\x00\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"s;
  run(&fuzz::npy, {one + "abcd", two + std::string(24, '\1')}, "0123456789(),'<>|=fiub{}: TFLrue\x7F\x80");
}

}  // namespace
}  // namespace talweg::testing
