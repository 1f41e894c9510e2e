// SPDX-License-Identifier: Apache-2.0
// Sums by indicators against plain sums over the rows.
#include "talweg/objective/indicator_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "support/quad.h"
#include "support/random.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;

struct Shape {
  std::size_t columns = 1;
  std::uint32_t levels = 1;
  bool weighted = false;
  bool low_parts = false;
};

RowBlock random_block(test::Random& random, std::uint64_t number, const Shape& shape) {
  RowBlock block;
  block.clear(number, shape.columns);
  block.rows = 1 + random.below(256);
  for (std::size_t r = 0; r < block.rows; ++r) {
    for (std::size_t j = 0; j < shape.columns; ++j) {
      block.values.push_back(random.normal() * 100);
      if (shape.low_parts) block.values_low.push_back(random.normal() * 1e-16);
    }
    if (shape.weighted)
      block.weights.push_back(random.coin() ? 1.0 + static_cast<double>(random.below(5))
                                            : random.decade(-7, 7));
    std::vector<std::uint32_t> levels;
    for (std::size_t k = random.below(4); k > 0; --k)
      levels.push_back(static_cast<std::uint32_t>(random.below(shape.levels)));
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    block.levels.insert(block.levels.end(), levels.begin(), levels.end());
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
  }
  return block;
}

struct Plain {
  std::map<std::uint32_t, Quad> weight;
  std::map<std::pair<std::uint32_t, std::size_t>, Quad> sums;
  std::map<std::uint64_t, Quad> pairs;

  void add(const RowBlock& block) {
    std::size_t begin = 0;
    for (std::size_t r = 0; r < block.rows; ++r) {
      const Quad w = quad(block.weights.empty() ? 1.0 : block.weights[r]);
      for (std::size_t a = begin; a < block.level_end[r]; ++a) {
        weight[block.levels[a]] += w;
        for (std::size_t j = 0; j < block.columns; ++j) {
          Quad x = quad(block.values[r * block.columns + j]);
          if (!block.values_low.empty()) x += quad(block.values_low[r * block.columns + j]);
          sums[{block.levels[a], j}] += w * x;
        }
        for (std::size_t b = a + 1; b < block.level_end[r]; ++b)
          pairs[pair_key(block.levels[a], block.levels[b])] += w;
      }
      begin = block.level_end[r];
    }
  }
};

void expect_near(DoubleDouble value, Quad expected, Quad size) {
  EXPECT_LE(plain(test::abs(quad(value) - expected)), 1e-28 * plain(size));
}

void expect_agrees(const IndicatorSums& sums, const Plain& expected, std::size_t columns) {
  FoldedRows folded;
  folded.columns = columns;
  sums.write(folded);
  ASSERT_EQ(folded.levels.size(), expected.weight.size());
  ASSERT_EQ(folded.level_sums.size(), expected.weight.size() * columns);
  std::size_t k = 0;
  for (const auto& [level, weight] : expected.weight) {
    ASSERT_EQ(folded.levels[k], level);
    expect_near(folded.level_weight[k], weight, weight);
    for (std::size_t j = 0; j < columns; ++j)
      expect_near(folded.level_sums[k * columns + j], expected.sums.at({level, j}), weight * quad(1e3));
    ++k;
  }
  ASSERT_EQ(folded.pairs.size(), expected.pairs.size());
  k = 0;
  for (const auto& [key, weight] : expected.pairs) {
    ASSERT_EQ(folded.pairs[k], key);
    expect_near(folded.pair_weight[k++], weight, weight);
  }
}

void expect_same_bits(const IndicatorSums& a, const IndicatorSums& b, std::size_t columns) {
  FoldedRows x;
  FoldedRows y;
  x.columns = y.columns = columns;
  a.write(x);
  b.write(y);
  EXPECT_EQ(x.levels, y.levels);
  EXPECT_EQ(x.level_weight, y.level_weight);
  EXPECT_EQ(x.level_sums, y.level_sums);
  EXPECT_EQ(x.pairs, y.pairs);
  EXPECT_EQ(x.pair_weight, y.pair_weight);
}

// Few levels and so many that their pairs have no place in the triangle; blocks with weights among others
// without; in any order, shared out among any number of sums.
TEST(IndicatorSums, AgreeWithSumsOverRowsInAnyOrder) {
  test::Random random(21);
  for (int trial = 0; trial < 60; ++trial) {
    Shape shape;
    shape.columns = 1 + random.below(6);
    shape.levels = trial % 3 == 0 ? 3000 : 1 + static_cast<std::uint32_t>(random.below(40));
    std::vector<RowBlock> blocks;
    for (std::uint64_t k = 0; k < 1 + random.below(20); ++k) {
      shape.weighted = trial % 4 == 1 || (trial % 4 == 2 && random.coin());
      shape.low_parts = trial % 5 == 4;
      blocks.push_back(random_block(random, k, shape));
    }
    Plain expected;
    IndicatorSums sums;
    for (const RowBlock& block : blocks) {
      expected.add(block);
      sums.add(block);
    }
    SCOPED_TRACE(trial);
    expect_agrees(sums, expected, shape.columns);
    for (std::size_t k = blocks.size(); k > 1; --k) std::swap(blocks[k - 1], blocks[random.below(k)]);
    std::vector<IndicatorSums> shares(1 + random.below(4));
    for (const RowBlock& block : blocks) shares[random.below(shares.size())].add(block);
    IndicatorSums together;
    IndicatorSums by_tables;
    for (const IndicatorSums& share : shares) {
      together.add(share);
      by_tables.add(share.tables());
    }
    expect_same_bits(together, sums, shape.columns);
    expect_same_bits(by_tables, sums, shape.columns);
  }
}

// Numbers of levels are given in order of appearance: parts of a table number them otherwise.
TEST(IndicatorSums, TakesTablesUnderOtherNumbers) {
  test::Random random(22);
  for (int trial = 0; trial < 20; ++trial) {
    Shape shape{2, 30, trial % 2 == 0, false};
    std::vector<std::uint32_t> numbers(shape.levels);
    for (std::uint32_t k = 0; k < shape.levels; ++k) numbers[k] = k;
    for (std::size_t k = numbers.size(); k > 1; --k) std::swap(numbers[k - 1], numbers[random.below(k)]);
    IndicatorSums there;
    IndicatorSums expected;
    for (std::uint64_t k = 0; k < 5; ++k) {
      RowBlock block = random_block(random, k, shape);
      there.add(block);
      std::size_t begin = 0;
      for (const std::uint32_t end : block.level_end) {
        for (std::size_t at = begin; at < end; ++at) block.levels[at] = numbers[block.levels[at]];
        std::sort(block.levels.begin() + static_cast<std::ptrdiff_t>(begin),
                  block.levels.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
      }
      expected.add(block);
    }
    IndicatorSums here;
    here.add(there.tables(), numbers);
    expect_same_bits(here, expected, shape.columns);
  }
}

TEST(IndicatorSums, SumsOutOfRangeAreTold) {
  RowBlock block;
  block.clear(0, 2);
  block.rows = 2;
  for (const double x : {1.0, 1e305, 2.0, 1e305}) block.values.push_back(x);
  block.levels = {0};
  block.level_end = {1, 1};
  IndicatorSums sums;
  sums.add(block);
  EXPECT_EQ(sums.out_of_range(), 1U);
}

}  // namespace
}  // namespace talweg
