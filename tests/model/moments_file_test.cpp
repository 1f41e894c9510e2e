// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/moments_file.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "fuzz/entries.h"
#include "support/temporary.h"

namespace talweg {
namespace {

using Corpus = std::vector<std::pair<std::string, std::string>>;

Corpus corpus(const std::string& kind) {
  Corpus out;
  for (const auto& entry :
       std::filesystem::directory_iterator(TALWEG_TEST_DATA_DIR "/../fuzz/corpus/" + kind)) {
    std::ifstream file(entry.path(), std::ios::binary);
    out.emplace_back(entry.path().filename().string(),
                     std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::span<const std::uint8_t> span_of(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// The files in the tree were written on a little-endian machine by an earlier run: their bytes are the
// format.
TEST(MomentsFile, ReadsAndWritesTheFilesOfTheTreeByteForByte) {
  const auto files = corpus("moments");
  std::size_t valid = 0;
  for (const auto& [name, bytes] : files) {
    const auto table = read_moments(bytes, name);
    if (!name.ends_with(".moments")) continue;
    ASSERT_TRUE(table) << table.error().text();
    EXPECT_EQ(moments_bytes(*table), bytes) << name;
    ++valid;
  }
  EXPECT_GE(valid, 8U);
}

TEST(MomentsFile, EveryFlippedBitIsFound) {
  for (const auto& [name, bytes] : corpus("moments")) {
    if (name != "mean.moments" && name != "parts.moments") continue;
    std::string damaged = bytes;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        damaged[at] = static_cast<char>(bytes[at] ^ (1 << bit));
        EXPECT_FALSE(read_moments(damaged, name)) << at << ' ' << bit;
      }
      damaged[at] = bytes[at];
    }
  }
}

TEST(MomentsFile, EveryTruncationAndAnythingBehindTheEndIsFound) {
  const Temporary folder;
  for (const auto& [name, bytes] : corpus("moments")) {
    if (name != "plain.moments") continue;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto table = read_moments(std::string_view(bytes).substr(0, size), name);
      ASSERT_FALSE(table) << size;
      EXPECT_FALSE(table.error().remedy.empty());
    }
    EXPECT_FALSE(read_moments(bytes + '\0', name));
    const auto loaded = load_moments(folder.file("longer", bytes + "x"));
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().what.find("behind the end"), std::string::npos);
    EXPECT_TRUE(is_moments_file(folder.file("whole", bytes)));
    EXPECT_FALSE(is_moments_file(folder.file("none", "x,y\n1,2\n")));
    EXPECT_FALSE(is_moments_file(folder.path("absent")));
  }
}

TEST(MomentsFuzz, TheCorpusHolds) {
  for (const auto& [name, bytes] : corpus("moments")) fuzz::moments(span_of(bytes));
}

TEST(ModelFuzz, TheCorpusHolds) {
  const auto files = corpus("model");
  ASSERT_GE(files.size(), 5U);
  for (const auto& [name, bytes] : files) fuzz::model(span_of(bytes));
}

// Bytes, numbers and pieces of what is well-formed, changed at random; checksums are put right by the entry.
void mutate(std::string& bytes, std::mt19937& random, const Corpus& files) {
  for (std::size_t changes = 1 + random() % 4; changes > 0; --changes) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const std::string& other = files[random() % files.size()].second;
    const std::size_t from = random() % other.size();
    switch (random() % 5) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 1:
        bytes.erase(at, random() % 9);
        break;
      case 2:
        bytes.insert(at, other.substr(from, random() % 17));
        break;
      case 3:
        bytes.replace(at, std::min<std::size_t>(bytes.size() - at, 8), other.substr(from, 8));
        break;
      default:
        bytes.replace(at, std::min<std::size_t>(bytes.size() - at, 8),
                      std::string(8, random() % 2 == 0 ? '\xFF' : '\0'));
    }
  }
}

TEST(MomentsFuzz, MutationsHold) {
  const auto moments = corpus("moments");
  const auto models = corpus("model");
  std::mt19937 random(7);
  const auto began = std::chrono::steady_clock::now();
  for (int round = 0; round < 20'000 && std::chrono::steady_clock::now() - began < std::chrono::seconds(4);
       ++round) {
    const bool of_moments = round % 4 != 0;
    const Corpus& files = of_moments ? moments : models;
    std::string bytes = files[random() % files.size()].second;
    mutate(bytes, random, files);
    of_moments ? fuzz::moments(span_of(bytes)) : fuzz::model(span_of(bytes));
  }
}

}  // namespace
}  // namespace talweg
