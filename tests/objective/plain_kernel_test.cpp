// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/plain_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/random.h"
#include "talweg/objective/moments.h"

namespace talweg {
namespace {

constexpr std::uint64_t kFar = 1'000'000;

// A constant column, a large mean, many decades, whole numbers, a period of four rows, one lone cell.
RowBlock random_block(std::uint64_t seed, std::size_t rows, std::size_t columns, bool weighted) {
  test::Random random(seed);
  RowBlock block;
  block.clear(kFar, columns);
  block.rows = rows;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t kind = j % 6;
      double value = 0.1;
      if (kind == 1) value = 1e6 + random.normal();
      if (kind == 2) value = random.normal() * random.decade(-6, 6);
      if (kind == 3) value = static_cast<double>(random.below(100));
      if (kind == 4) value = r % 4 == 0 ? 1 : 1000 + random.normal();
      if (kind == 5) value = r == rows / 2 ? 1 : 0;
      block.values.push_back(value);
    }
    if (weighted) block.weights.push_back(random.uniform(0.01, 5));
  }
  return block;
}

PlainInput input_of(const RowBlock& block) {
  PlainInput input;
  input.values = block.values.data();
  input.weight = static_cast<double>(block.rows);
  if (!block.weights.empty()) {
    input.weights = block.weights.data();
    input.weight = 0;
    for (const double w : block.weights) input.weight += w;
  }
  input.rows = block.rows;
  input.columns = block.columns;
  return input;
}

void expect_bits(double a, double b) {
  ASSERT_EQ(std::bit_cast<std::uint64_t>(a), std::bit_cast<std::uint64_t>(b));
}

void compare(const RowBlock& block) {
  PlainSums fast;
  PlainSums plain;
  plain_gram(input_of(block), fast);
  plain_gram_reference(input_of(block), plain);
  ASSERT_EQ(fast.poor, plain.poor);
  for (std::size_t i = 0; i < block.columns; ++i) {
    expect_bits(fast.origin[i], plain.origin[i]);
    expect_bits(fast.widest[i], plain.widest[i]);
    expect_bits(fast.total[i], plain.total[i]);
    std::vector<double> centred(i + 1);
    plain_centre(&fast.sum[i * fast.stride], -0.3, fast.total.data(), i + 1, centred.data());
    std::vector<double> merged = centred;
    plain_merge(merged.data(), centred.data(), 0.7, centred.data(), i + 1);
    for (std::size_t j = 0; j <= i; ++j) {
      expect_bits(fast.sum[i * fast.stride + j], plain.sum[i * plain.stride + j]);
      const double c = std::fma(-0.3, plain.total[j], plain.sum[i * plain.stride + j]);
      expect_bits(centred[j], c);
      expect_bits(merged[j], std::fma(0.7, c, c + c));
    }
  }
}

TEST(PlainKernel, EqualsTheReferenceOnEveryTargetOfThisMachine) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (std::size_t columns = 1; columns <= 30; ++columns) {
      for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{31}, std::size_t{129},
                                     std::size_t{255}, std::size_t{256}}) {
        for (const bool weighted : {false, true})
          compare(random_block(columns * 1000 + rows, rows, columns, weighted));
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Blocks of the bulk beside the same rows at the start of a table, merged up to 64 blocks.
TEST(PlainKernel, LosesNoMoreThanTheHeadersSay) {
  double worst = 0;
  for (const bool weighted : {false, true}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      FoldTree plain_tree;
      FoldTree exact_tree;
      for (std::uint64_t k = 0; k < 64; ++k) {
        RowBlock block = random_block(seed * 100 + k, 256, 18, weighted);
        block.number = kFar + k;
        FoldedRows plain = fold_block(block, BulkArithmetic::plain);
        EXPECT_EQ(plain.error, kPlainNodeError);
        plain_tree.add(k, std::move(plain));
        block.number = k;
        ASSERT_TRUE(folds_exactly(k, 18));
        exact_tree.add(k, fold_block(block, BulkArithmetic::plain));
      }
      const FoldedRows plain = plain_tree.finish();
      const FoldedRows exact = exact_tree.finish();
      EXPECT_EQ(plain.error, kPlainError);
      EXPECT_EQ(plain.rows, exact.rows);
      EXPECT_EQ(plain.weight, exact.weight);
      for (std::size_t i = 0; i < 18; ++i) {
        const double spread = std::sqrt(exact.products[packed_index(i, i)].high / exact.weight.high);
        EXPECT_LE(std::abs((plain.mean[i] - exact.mean[i]).value()), 1e-15 * spread) << i;
        EXPECT_EQ(exact.widest[i] > 0, plain.widest[i] > 0);
        for (std::size_t j = 0; j <= i; ++j) {
          const std::size_t at = packed_index(i, j);
          if (i % 6 == 0 || j % 6 == 0) {
            EXPECT_EQ(plain.products[at].high, 0) << i << " " << j;
            continue;
          }
          const double size =
              std::sqrt(exact.products[packed_index(i, i)].high * exact.products[packed_index(j, j)].high);
          worst = std::max(worst, std::abs((plain.products[at] - exact.products[at]).value()) / size);
        }
      }
    }
  }
  RecordProperty("worst", std::to_string(worst * 1e16) + "e-16");
  EXPECT_LE(worst, 5e-15);
  EXPECT_GT(worst, 0);
}

// One row so heavy that the others vanish beside it: folded in double-double where plain double would not do.
TEST(PlainKernel, WeightsOfManyDecadesKeepTheBound) {
  for (const double heavy : {1e3, 1e9, 1e15}) {
    RowBlock block = random_block(5, 256, 12, true);
    block.weights[77] = heavy;
    const FoldedRows plain = fold_block(block, BulkArithmetic::plain);
    block.number = 0;
    const FoldedRows exact = fold_block(block, BulkArithmetic::plain);
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const std::size_t at = packed_index(i, j);
        const double size =
            std::sqrt(exact.products[packed_index(i, i)].high * exact.products[packed_index(j, j)].high);
        EXPECT_LE(std::abs((plain.products[at] - exact.products[at]).value()), kPlainError * size)
            << heavy << " " << i << " " << j;
      }
    }
  }
}

// Means whose last bit is as large as the spread.
TEST(PlainKernel, MeansOfManyDecadesKeepTheBound) {
  test::Random random(6);
  for (const double mean : {1e6, 1e12, 1e15, 9e15}) {
    RowBlock block;
    block.clear(kFar, 12);
    block.rows = 256;
    for (std::size_t k = 0; k < block.rows * 12; ++k)
      block.values.push_back(mean + static_cast<double>(random.below(3)));
    const FoldedRows plain = fold_block(block, BulkArithmetic::plain);
    block.number = 0;
    const FoldedRows exact = fold_block(block, BulkArithmetic::plain);
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const std::size_t at = packed_index(i, j);
        EXPECT_LE(std::abs((plain.products[at] - exact.products[at]).value()), kPlainError * 256) << mean;
      }
    }
  }
}

TEST(PlainKernel, LowPartsOfCellsAndTheOrderOfASecondPassAreSplit) {
  RowBlock block = random_block(7, 256, 12, false);
  EXPECT_EQ(fold_block(block, BulkArithmetic::plain).error, kPlainNodeError);
  EXPECT_EQ(fold_block(block, BulkArithmetic::split).error, kSplitError);
  block.values_low.assign(block.values.size(), 0.0);
  EXPECT_EQ(fold_block(block, BulkArithmetic::plain).error, kPlainNodeError);
  block.values_low[5] = 1e-20;
  EXPECT_EQ(fold_block(block, BulkArithmetic::plain).error, kSplitError);
}

}  // namespace
}  // namespace talweg
