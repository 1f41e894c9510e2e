// SPDX-License-Identifier: Apache-2.0
// The fuzzer's entry function over seeded random inputs: noise, and mutations of what is well-formed.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/entries.h"

namespace talweg {
namespace {

void mutate(std::string& text, std::mt19937& random, const std::vector<std::string>& pieces) {
  for (std::size_t changes = 1 + random() % 6; changes > 0; --changes) {
    const std::size_t at = text.empty() ? 0 : random() % text.size();
    const std::string piece = random() % 8 == 0 ? std::string(1, static_cast<char>(random() & 0xFFU))
                                                : pieces[random() % pieces.size()];
    switch (random() % 4) {
      case 0:
        text.insert(at, piece);
        break;
      case 1:
        text.erase(at, random() % 6);
        break;
      case 2:
        text.replace(at, std::min<std::size_t>(text.size() - at, random() % 3), piece);
        break;
      default:
        text.insert(at, text.substr(random() % (text.size() + 1), random() % 30));
    }
  }
}

void run(const std::string& text, unsigned char choice) {
  std::string bytes(1, static_cast<char>(choice));
  bytes += text;
  fuzz::formula({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(TALWEG_TEST_DATA_DIR "/../fuzz/corpus/formula")) {
    std::ifstream file(entry.path(), std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

TEST(FormulaFuzz, TheCorpusHolds) {
  const auto corpus = seeds();
  ASSERT_GT(corpus.size(), 10U);
  for (const std::string& seed : corpus) {
    for (unsigned choice = 0; choice < 4; ++choice) run(seed, static_cast<unsigned char>(choice));
  }
}

TEST(FormulaFuzz, MutationsHold) {
  const auto corpus = seeds();
  const std::vector<std::string> pieces = {"+",  "-", "*",   "/",    "^",    "(",      ")",  ",", "=", "x",
                                           "a",  "1", "2.5", "exp(", "log(", "where(", ">=", "`", "[", "]",
                                           "pi", "e", "1e9", " ",    "max(", "y",      "**", "0"};
  std::mt19937 random(42);
  const auto began = std::chrono::steady_clock::now();
  for (int round = 0; round < 20'000 && std::chrono::steady_clock::now() - began < std::chrono::seconds(5);
       ++round) {
    std::string text = corpus[random() % corpus.size()];
    if (round % 10 == 0) {
      text.clear();
      for (std::size_t length = random() % 40; length > 0; --length) text += pieces[random() % pieces.size()];
    }
    mutate(text, random, pieces);
    run(text, static_cast<unsigned char>(random() & 0xFFU));
  }
}

}  // namespace
}  // namespace talweg
