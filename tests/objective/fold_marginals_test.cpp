// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "support/random.h"
#include "talweg/objective/moments.h"

namespace talweg::test {
namespace {

RowBlock random_block(Random& random, std::uint64_t number, std::size_t rows, std::size_t columns,
                      bool weighted) {
  RowBlock block;
  block.clear(number, columns);
  block.rows = rows;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double size = std::pow(10.0, static_cast<double>(j % 7) - 3);
      block.values.push_back(j == 2 ? 7.25 : 1e6 * static_cast<double>(j % 3) + size * random.normal());
    }
    if (weighted) block.weights.push_back(random.uniform(0.1, 3));
  }
  return block;
}

TEST(FoldMarginals, AreTheDiagonalOfTheFold) {
  Random random(11);
  for (const bool weighted : {false, true}) {
    constexpr std::size_t kColumns = 9;
    FoldTree whole;
    FoldTree marginals;
    for (std::uint64_t number = 0; number < 11; ++number) {
      if (number == 4) continue;
      const RowBlock block = random_block(random, number, 1 + random.below(256), kColumns, weighted);
      whole.add(number, fold_block(block));
      marginals.add(number, fold_marginals(block));
    }
    const FoldedRows a = whole.finish();
    const FoldedRows b = marginals.finish();
    EXPECT_TRUE(b.marginal);
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_NEAR(a.weight.value(), b.weight.value(), 1e-12 * a.weight.value());
    std::vector<MomentColumn> columns;
    for (std::size_t j = 0; j < kColumns; ++j) {
      columns.push_back({j, std::nullopt});
      EXPECT_NEAR(a.mean[j].value(), b.mean[j].value(), 1e-15 * (1 + std::abs(a.mean[j].value())));
      EXPECT_NEAR(a.square(j).value(), b.square(j).value(), 1e-13 * a.square(j).value());
    }
    const Moments of_whole = assemble(a, columns);
    const Moments of_marginals = assemble(b, columns);
    for (std::size_t j = 0; j < kColumns; ++j) {
      EXPECT_EQ(of_whole.is_constant(j), of_marginals.is_constant(j));
      EXPECT_NEAR(of_whole.spread(j), of_marginals.spread(j), 1e-13 * of_whole.spread(j));
    }
    EXPECT_TRUE(of_marginals.is_constant(2));
  }
}

TEST(FoldMarginals, AnOutlierInTheFirstRowCostsNothing) {
  RowBlock block;
  block.clear(0, 1);
  block.rows = 256;
  block.values.push_back(1e9);
  for (int r = 1; r < 256; ++r) block.values.push_back(r % 2);
  const FoldedRows exact = fold_block(block);
  const FoldedRows marginal = fold_marginals(block);
  EXPECT_NEAR(marginal.square(0).value(), exact.square(0).value(), 1e-14 * exact.square(0).value());
}

}  // namespace
}  // namespace talweg::test
