// SPDX-License-Identifier: Apache-2.0
// The fuzzers' entry functions over seeded random inputs: noise, and mutations of what is well-formed.
#include "fuzz/entries.h"

#include <chrono>
#include <filesystem>

#include "data/testing.h"
#include "fuzz/hard_numbers.h"

namespace talweg::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongest = std::chrono::seconds(4);
constexpr int kMostRounds = 20000;

using Entry = void (*)(std::span<const std::uint8_t>);

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

void run(Entry entry, const std::vector<std::string>& seeds, std::string_view alphabet) {
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

// What lies in the tree: seeds, and inputs that once told something.
void replay(Entry entry, const char* name) {
  std::size_t count = 0;
  for (const auto& one :
       std::filesystem::directory_iterator(std::string(TALWEG_TEST_DATA_DIR "/../fuzz/corpus/") + name)) {
    const std::string bytes = contents(one.path().string());
    entry({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ++count;
  }
  EXPECT_GT(count, 5U) << name;
}

TEST(Fuzz, TheCorpusHolds) {
  replay(&fuzz::chunk, "chunk");
  replay(&fuzz::csv, "csv");
  replay(&fuzz::libsvm, "libsvm");
  replay(&fuzz::npy, "npy");
  replay(&fuzz::number, "number");
}

TEST(Fuzz, Chunk) {
  run(&fuzz::chunk,
      {"01,2,3\n4,5,6\n7,,9\nNA,1,2\n1,2\n\n3,4,5\n",
       "0\"1\",\"a\"\"b\",1,2\n1,c,2,3\n1,\"two\nlines\",0,4\r\n", "01,2\r\n-3.5,4e2\r\n",
       "01;2;3\n1,5;2,5;3,5\n",
       "01,2,3,4,5,6,7,8,9,10\n-1.5,+2,3.25,.5,5.,123456789,0.1234567890123,1e5,12345678901234567890,-0\n"},
      "0123456789.,;\"\n\r -ecNA");
}

TEST(Fuzz, Number) {
  std::vector<std::string> seeds = {"1\n2.5\n-3\n", "0.1\n123456789.123456\n1e5\n12345678901234567\n"};
  std::string hard;
  for (const std::string& text : fuzz::hard_numbers()) hard += text + "\n";
  seeds.push_back(hard);
  run(&fuzz::number, seeds, "0123456789.-+eE \nxnaif_");
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

TEST(Fuzz, Libsvm) {
  run(&fuzz::libsvm,
      {"+1 1:0.5 3:-2 7:1e3 # a comment\n-1 2:1\n0\n\n# all\n1.5 1:1 2:2 3:3\r\n",
       "1 0:1\n-1 2:1 1:2\n1 3:1 3:2\n1 qid:1 1:2\n1,2 1:1\n1:2 2:3\n1 a:1\n1 1:\n1 1:x\n1 -2:1\n",
       "1 1099511627776:1\n", "1 99999999999999999999:1\n2 1:nan\n3 1:inf\n4 1:1e999\n5 12\n"},
      "0123456789.:,# \n\t\r+-enaqid");
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
