// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "support/table.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;

// A block of random rows with weights and indicators: 0 and 1 exclude each other, 5 is a gap, 9 comes with
// either.
RowBlock random_block(test::Random& random, std::uint64_t number, std::size_t rows, std::size_t columns,
                      bool weighted, bool levels) {
  RowBlock block;
  block.clear(number, columns);
  block.rows = rows;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j)
      block.values.push_back(100.0 * static_cast<double>(j) + random.normal());
    if (weighted) block.weights.push_back(random.uniform(0.1, 4));
    if (!levels) continue;
    if (random.coin()) block.levels.push_back(random.coin() ? 0 : 1);
    if (number > 3 && random.below(4) == 0) block.levels.push_back(5);
    if (random.below(3) == 0) block.levels.push_back(9);
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
  }
  return block;
}

void expect_same_bits(const std::vector<DoubleDouble>& a, const std::vector<DoubleDouble>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(a[i].high), std::bit_cast<std::uint64_t>(b[i].high)) << i;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(a[i].low), std::bit_cast<std::uint64_t>(b[i].low)) << i;
  }
}

void expect_same_bits(const FoldedRows& a, const FoldedRows& b) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.columns, b.columns);
  ASSERT_EQ(a.levels, b.levels);
  ASSERT_EQ(a.pairs, b.pairs);
  expect_same_bits({a.weight}, {b.weight});
  expect_same_bits(a.mean, b.mean);
  expect_same_bits(a.products, b.products);
  expect_same_bits(a.level_weight, b.level_weight);
  expect_same_bits(a.level_sums, b.level_sums);
  expect_same_bits(a.pair_weight, b.pair_weight);
}

using Blocks = std::map<std::uint64_t, FoldedRows>;

// Node (level, index) of the aligned tree, as the header of moments.h defines it.
FoldedRows node(const Blocks& blocks, unsigned level, std::uint64_t index) {
  const std::uint64_t first = level >= 64 ? 0 : index << level;
  const std::uint64_t last = level >= 64 ? ~0ULL : first + ((1ULL << level) - 1);
  const auto found = blocks.lower_bound(first);
  if (found == blocks.end() || found->first > last) return {};
  if (level == 0) return found->second;
  return merge(node(blocks, level - 1, 2 * index), node(blocks, level - 1, 2 * index + 1));
}

FoldedRows by_tree(const Blocks& blocks) {
  FoldTree tree;
  for (const auto& [number, folded] : blocks) tree.add(number, folded);
  return tree.finish();
}

TEST(FoldTree, EqualsTheAlignedTreeForEverySubsetOfEightBlocks) {
  test::Random random(21);
  std::vector<FoldedRows> folded;
  for (std::uint64_t k = 0; k < 8; ++k) {
    folded.push_back(fold_block(random_block(random, k, 1 + random.below(5), 2, true, true)));
  }
  for (unsigned subset = 0; subset < 256; ++subset) {
    Blocks blocks;
    for (unsigned k = 0; k < 8; ++k) {
      if ((subset >> k) & 1U) blocks[k] = folded[k];
    }
    SCOPED_TRACE(subset);
    expect_same_bits(by_tree(blocks), node(blocks, 3, 0));
  }
}

TEST(FoldTree, EqualsTheAlignedTreeForLargeAndSparseNumbers) {
  test::Random random(22);
  for (int trial = 0; trial < 60; ++trial) {
    Blocks blocks;
    const std::size_t count = 1 + random.below(40);
    while (blocks.size() < count) {
      std::uint64_t number = random.below(64);
      if (random.below(3) == 0) number = random.bits() >> (12 + random.below(50));
      blocks[number] =
          fold_block(random_block(random, number, 1 + random.below(8), 3, trial % 2 == 0, trial % 3 == 0));
    }
    expect_same_bits(by_tree(blocks), node(blocks, 64, 0));
  }
}

// Trees of parts, cut at an aligned boundary, merge to the whole: what moments files and ranks rely on.
TEST(FoldTree, AlignedPartsMergeToTheWhole) {
  test::Random random(23);
  Blocks blocks, left, right;
  for (std::uint64_t k = 0; k < 48; ++k) {
    if (random.below(6) == 0) continue;
    blocks[k] = fold_block(random_block(random, k, 4, 3, true, true));
    (k < 32 ? left : right)[k] = blocks[k];
  }
  expect_same_bits(merge(by_tree(left), by_tree(right)), by_tree(blocks));
}

TEST(FoldTree, IsEmptyAfterwardsAndNeutralBlocksChangeNothing) {
  test::Random random(24);
  FoldTree tree;
  EXPECT_EQ(tree.finish().rows, 0U);
  const FoldedRows one = fold_block(random_block(random, 3, 5, 2, false, true));
  tree.add(0, {});
  tree.add(3, one);
  tree.add(9, {});
  expect_same_bits(tree.finish(), one);
  EXPECT_EQ(tree.finish().rows, 0U);
}

// Errors of means against the spread, of products against spread x spread, in units of the weight.
struct Errors {
  double mean = 0;
  double product = 0;
};

Errors errors_of(const Moments& moments, const test::QuadMoments& exact) {
  Errors out;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const Quad spread = exact.spread(i);
    out.mean = std::max(out.mean, plain(test::abs(quad(moments.mean[i]) - exact.mean[i]) / spread));
    for (std::size_t j = 0; j <= i; ++j) {
      const Quad size = exact.weight * spread * exact.spread(j);
      const Quad difference = quad(moments.product(i, j)) - exact.product(i, j);
      out.product = std::max(out.product, plain(test::abs(difference) / size));
    }
  }
  return out;
}

test::Table shifted_table(std::uint64_t seed, std::size_t rows, double mean, bool weighted) {
  test::Random random(seed);
  test::TableShape shape{rows, 3, 0.5, 0.5, weighted};
  test::Table table = test::random_table(random, shape, {mean, -mean / 3, 0}, {1, 1e-3, 1e3});
  for (std::size_t r = 0; r < rows; ++r) table.at(r, 3) += mean;
  return table;
}

TEST(Fold, MeansAndProductsAgreeWithQuadruplePrecision) {
  for (const bool weighted : {false, true}) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{255}, std::size_t{256},
                                   std::size_t{257}, std::size_t{3000}}) {
      for (const double mean : {0.0, 1.0, 1e3}) {
        const test::Table table = shifted_table(rows, rows, mean, weighted);
        const Moments moments = test::moments_of(table);
        const test::QuadMoments exact = test::quad_moments(table);
        EXPECT_EQ(moments.rows, rows);
        EXPECT_LE(test::relative_error(quad(moments.weight), exact.weight), 1e-31);
        if (rows == 1) {
          for (std::size_t j = 0; j < 4; ++j) EXPECT_TRUE(moments.is_constant(j)) << j;
          continue;
        }
        const Errors errors = errors_of(moments, exact);
        EXPECT_LE(errors.product, 1e-26) << rows << " " << mean << " " << weighted;
        EXPECT_LE(errors.mean, 1e-25) << rows << " " << mean << " " << weighted;
      }
    }
  }
}

// A computed feature is a pair high + low; what the low part says counts as if the cell had 106 bits.
TEST(Fold, LowPartsOfCellsCount) {
  test::Random random(35);
  for (const bool weighted : {false, true}) {
    constexpr std::size_t kRows = 200;
    RowBlock block = random_block(random, 0, kRows, 3, weighted, false);
    std::vector<std::vector<Quad>> columns(3);
    std::vector<double> weights(kRows, 1.0);
    for (std::size_t at = 0; at < block.values.size(); ++at) {
      block.values_low.push_back(at % 3 == 1 ? 0 : block.values[at] * 0x1p-54 * random.normal());
      columns[at % 3].push_back(quad(DoubleDouble(block.values[at], block.values_low[at])));
      if (weighted) weights[at / 3] = block.weights[at / 3];
    }
    const FoldedRows folded = fold_block(block);
    const test::QuadMoments exact = test::quad_moments(columns, weights);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_LE(test::relative_error(quad(folded.mean[i]), exact.mean[i]), 1e-28);
      for (std::size_t j = 0; j <= i; ++j) {
        const Quad scale = test::sqrt(exact.product(i, i) * exact.product(j, j));
        const Quad difference = quad(folded.products[packed_index(i, j)]) - exact.product(i, j);
        EXPECT_LE(plain(test::abs(difference) / scale), 1e-26) << i << " " << j;
      }
    }
  }
}

// A mean is known to 106 bits: beyond a mean of a million spreads that decides, not the rows.
TEST(Fold, LargeMeansCostNoMoreThanTheirLastBit) {
  for (const bool weighted : {false, true}) {
    for (const double mean : {1e6, 1e9, 1e12}) {
      const test::Table table = shifted_table(5, 3000, mean, weighted);
      const Errors errors = errors_of(test::moments_of(table), test::quad_moments(table));
      const double last_bit = mean / 1e-3 / 3 * 0x1p-104;
      RecordProperty("product", std::to_string(errors.product / last_bit));
      EXPECT_LE(errors.product, std::max(1e-26, last_bit)) << mean << " " << weighted;
      EXPECT_LE(errors.mean, std::max(1e-25, 4 * last_bit)) << mean << " " << weighted;
    }
  }
}

TEST(Fold, AConstantColumnIsExactlyConstant) {
  test::Random random(31);
  for (const bool weighted : {false, true}) {
    test::Table table = test::random_table(random, {2000, 3, 0, 1, weighted});
    for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 1) = 0.1;
    const Moments moments = test::moments_of(table);
    EXPECT_TRUE(moments.is_constant(1));
    EXPECT_FALSE(moments.is_constant(0));
    EXPECT_EQ(moments.mean[1].value(), 0.1);
    for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(moments.product(1, j).high, 0) << j;
    // One cell off by a single bit, in the last row.
    table.at(table.rows - 1, 1) = std::nextafter(0.1, 1);
    EXPECT_FALSE(test::moments_of(table).is_constant(1));
  }
}

TEST(Fold, MergeIsAssociativeToRounding) {
  test::Random random(32);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<FoldedRows> parts;
    for (std::uint64_t k = 0; k < 3; ++k) {
      parts.push_back(
          fold_block(random_block(random, k + 3, 20 + random.below(200), 3, trial % 2 == 0, true)));
    }
    const FoldedRows left = merge(merge(parts[0], parts[1]), parts[2]);
    const FoldedRows right = merge(parts[0], merge(parts[1], parts[2]));
    const FoldedRows swapped = merge(merge(parts[2], parts[0]), parts[1]);
    ASSERT_EQ(left.levels, right.levels);
    ASSERT_EQ(left.levels, swapped.levels);
    ASSERT_EQ(left.pairs, swapped.pairs);
    for (const FoldedRows& other : {right, swapped}) {
      for (std::size_t i = 0; i < left.products.size(); ++i) {
        const double size = left.weight.value();
        EXPECT_LE(plain(test::abs(quad(left.products[i]) - quad(other.products[i]))), 1e-26 * size);
      }
      for (std::size_t i = 0; i < left.level_sums.size(); ++i) {
        EXPECT_LE(test::relative_error(quad(left.level_sums[i]), quad(other.level_sums[i])), 1e-28);
      }
      for (std::size_t i = 0; i < left.pair_weight.size(); ++i) {
        EXPECT_LE(test::relative_error(quad(left.pair_weight[i]), quad(other.pair_weight[i])), 1e-30);
      }
    }
  }
}

TEST(Fold, WeightsOneTwoThreeEqualRepeatedRows) {
  test::Random random(33);
  test::Table weighted = test::random_table(random, {400, 3, 0.3, 1, false}, {10, -5, 1}, {1, 2, 3});
  test::Table repeated = test::empty_table(0, 3);
  for (std::size_t r = 0; r < weighted.rows; ++r) {
    const std::size_t copies = 1 + random.below(3);
    weighted.weights.push_back(static_cast<double>(copies));
    for (std::size_t c = 0; c < copies; ++c) {
      for (std::size_t j = 0; j < 4; ++j) repeated.values.push_back(weighted.at(r, j));
      ++repeated.rows;
    }
  }
  const Moments a = test::moments_of(weighted);
  const Moments b = test::moments_of(repeated);
  EXPECT_EQ(a.weight.value(), b.weight.value());
  EXPECT_EQ(a.rows, 400U);
  const Errors errors = errors_of(a, test::quad_moments(repeated));
  EXPECT_LE(errors.product, 1e-26);
  for (std::size_t j = 0; j < 4; ++j)
    EXPECT_LE(test::relative_error(quad(a.mean[j]), quad(b.mean[j])), 1e-28);
}

TEST(Fold, ScalingTheWeightsScalesTheProducts) {
  test::Random random(34);
  test::Table table = test::random_table(random, {700, 2, 0.3, 1, true}, {10, -5}, {1, 2});
  const Moments before = test::moments_of(table);
  for (double& w : table.weights) w *= 8;
  const Moments eight = test::moments_of(table);
  expect_same_bits(before.mean, eight.mean);
  for (std::size_t i = 0; i < before.products.size(); ++i) {
    EXPECT_EQ(eight.products[i].high, 8 * before.products[i].high);
    EXPECT_EQ(eight.products[i].low, 8 * before.products[i].low);
  }
}

}  // namespace
}  // namespace talweg
