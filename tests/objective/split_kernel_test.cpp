// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/split_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/quad.h"
#include "support/random.h"
#include "talweg/objective/moments.h"

namespace talweg {
namespace {

struct Block {
  std::vector<double> values, lows, weights;
  SplitInput input;
};

Block random_block(std::uint64_t seed, std::size_t rows, std::size_t columns, bool low, bool weighted) {
  test::Random random(seed);
  Block block;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      // A constant column, a large mean, many decades, whole numbers.
      const std::size_t kind = j % 4;
      double value = 0.1;
      if (kind == 1) value = 1e6 + random.normal();
      if (kind == 2) value = random.normal() * random.decade(-6, 6);
      if (kind == 3) value = static_cast<double>(random.below(100));
      block.values.push_back(value);
      block.lows.push_back(value * random.uniform(-1, 1) * 0x1p-54);
    }
    block.weights.push_back(random.uniform(0.01, 5));
  }
  block.input.values = block.values.data();
  if (low) block.input.values_low = block.lows.data();
  if (weighted) block.input.weights = block.weights.data();
  block.input.rows = rows;
  block.input.columns = columns;
  return block;
}

void expect_bits(double a, double b) {
  ASSERT_EQ(std::bit_cast<std::uint64_t>(a), std::bit_cast<std::uint64_t>(b));
}

void compare(const Block& block) {
  SplitSums fast;
  SplitSums plain;
  split_gram(block.input, fast);
  split_gram_reference(block.input, plain);
  for (std::size_t i = 0; i < block.input.columns; ++i) {
    expect_bits(fast.origin[i], plain.origin[i]);
    expect_bits(fast.widest[i], plain.widest[i]);
    expect_bits(fast.total_high[i], plain.total_high[i]);
    expect_bits(fast.total_low[i], plain.total_low[i]);
    for (std::size_t j = 0; j <= i; ++j) {
      expect_bits(fast.sum[i * fast.stride + j], plain.sum[i * plain.stride + j]);
      expect_bits(fast.error[i * fast.stride + j], plain.error[i * plain.stride + j]);
    }
  }
}

void compare_all() {
  for (std::size_t columns = 1; columns <= 27; ++columns) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{65}, std::size_t{256}}) {
      for (const bool low : {false, true}) {
        for (const bool weighted : {false, true}) {
          compare(random_block(columns * 1000 + rows, rows, columns, low, weighted));
        }
      }
    }
  }
}

std::vector<DoubleDouble> random_pairs(test::Random& random, std::size_t count) {
  std::vector<DoubleDouble> out;
  for (std::size_t k = 0; k < count; ++k) {
    const double high = random.normal() * random.decade(-5, 5);
    out.push_back(two_sum(high, high * random.uniform(-1, 1) * 0x1p-54));
  }
  return out;
}

void compare_rows() {
  test::Random random(3);
  for (std::size_t count = 1; count <= 20; ++count) {
    const std::vector<DoubleDouble> left = random_pairs(random, count);
    const std::vector<DoubleDouble> right = random_pairs(random, count);
    const std::vector<DoubleDouble> delta = random_pairs(random, count);
    const DoubleDouble factor = random_pairs(random, 1)[0];
    std::vector<double> sum;
    std::vector<double> error;
    for (const DoubleDouble& pair : left) sum.push_back(pair.high), error.push_back(pair.low * 3);
    std::vector<DoubleDouble> merged = left;
    std::vector<DoubleDouble> centred(count);
    merge_products(merged.data(), right.data(), factor, delta.data(), count);
    centre_products(sum.data(), error.data(), factor, delta.data(), count, centred.data());
    for (std::size_t j = 0; j < count; ++j) {
      const DoubleDouble m = (left[j] + right[j]) + factor * delta[j];
      const DoubleDouble c = two_sum(sum[j], error[j]) + (-factor) * delta[j];
      expect_bits(merged[j].high, m.high);
      expect_bits(merged[j].low, m.low);
      expect_bits(centred[j].high, c.high);
      expect_bits(centred[j].low, c.low);
    }
  }
}

TEST(SplitKernel, EqualsTheReferenceOnEveryTargetOfThisMachine) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    compare_all();
    compare_rows();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// A block far down a table is folded by splitting, the same block at its start in double-double.
TEST(SplitKernel, LosesNoMoreThanTheHeaderSays) {
  double worst = 0;
  for (const bool low : {false, true}) {
    for (const bool weighted : {false, true}) {
      for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Block block = random_block(seed, 256, 20, low, weighted);
        RowBlock rows;
        rows.clear(0, 20);
        rows.rows = 256;
        rows.values = block.values;
        if (low) rows.values_low = block.lows;
        if (weighted) rows.weights = block.weights;
        ASSERT_TRUE(folds_exactly(0, 20));
        const FoldedRows exact = fold_block(rows);
        rows.number = 1'000'000;
        ASSERT_FALSE(folds_exactly(rows.number, 20));
        const FoldedRows split = fold_block(rows, BulkArithmetic::split);
        EXPECT_EQ(exact.error, kProductError);
        EXPECT_EQ(split.error, kSplitError);
        for (std::size_t i = 0; i < 20; ++i) {
          EXPECT_EQ(exact.mean[i].high, split.mean[i].high);
          EXPECT_EQ(exact.widest[i] > 0, split.widest[i] > 0);
          for (std::size_t j = 0; j <= i; ++j) {
            const double size =
                std::sqrt(exact.products[packed_index(i, i)].high * exact.products[packed_index(j, j)].high);
            const double error =
                (split.products[packed_index(i, j)] - exact.products[packed_index(i, j)]).value();
            if (i % 4 == 0 || j % 4 == 0) {
              if (!low) {
                EXPECT_EQ(split.products[packed_index(i, j)].high, 0) << i << " " << j;
              }
            } else {
              worst = std::max(worst, std::abs(error) / size);
            }
          }
        }
      }
    }
  }
  RecordProperty("worst", std::to_string(worst * 1e22) + "e-22");
  EXPECT_LE(worst, 1e-20);
  EXPECT_GT(worst, 0);
}

// Cells whose squares overflow or vanish give what plain arithmetic gives, not something finite and wrong.
TEST(SplitKernel, CellsOutOfRangeAreSeen) {
  for (const double size : {1e200, 1e-200}) {
    RowBlock rows;
    rows.clear(1'000'000, 20);
    rows.rows = 2;
    rows.values.assign(40, 1.0);
    for (std::size_t j = 0; j < 20; ++j) rows.values[j] = size;
    for (std::size_t j = 0; j < 20; ++j) rows.values[20 + j] = 3 * size;
    for (const BulkArithmetic bulk : {BulkArithmetic::plain, BulkArithmetic::split}) {
      const FoldedRows folded = fold_block(rows, bulk);
      const double square = folded.products[0].high;
      EXPECT_TRUE(size > 1 ? !std::isfinite(square) : square < 1e-260) << square;
      EXPECT_GT(folded.widest[0], 0);
    }
  }
}

}  // namespace
}  // namespace talweg
