// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/cholesky.h"

#include <gtest/gtest.h>

#include "support/table.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;

// B'B for a random m x n matrix B whose listed columns are small integer combinations of earlier ones.
struct Made {
  std::vector<std::vector<double>> columns;
  std::vector<DoubleDouble> packed;
  std::vector<double> threshold;
};

Made made(test::Random& random, std::size_t n, const std::vector<std::size_t>& dependent) {
  const std::size_t m = 3 * n;
  Made out;
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<double> column(m);
    const bool depends = std::find(dependent.begin(), dependent.end(), j) != dependent.end();
    for (double& x : column) x = static_cast<double>(static_cast<int>(random.below(2001)) - 1000);
    if (depends) {
      for (std::size_t r = 0; r < m; ++r)
        column[r] = 2 * out.columns[j - 1][r] - (j > 1 ? out.columns[j - 2][r] : 0);
    }
    out.columns.push_back(column);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      DoubleDouble sum;
      for (std::size_t r = 0; r < m; ++r) sum += two_product(out.columns[i][r], out.columns[j][r]);
      out.packed.push_back(sum);
    }
    out.threshold.push_back(1e-25 * out.packed.back().high);
  }
  return out;
}

std::vector<Quad> full(const std::vector<DoubleDouble>& packed, const std::vector<std::size_t>& kept) {
  std::vector<Quad> out;
  for (const std::size_t i : kept) {
    for (const std::size_t j : kept) out.push_back(quad(packed[packed_index(i, j)]));
  }
  return out;
}

TEST(Cholesky, SolvesAndInverts) {
  test::Random random(41);
  for (std::size_t n = 1; n <= 12; ++n) {
    const Made matrix = made(random, n, {});
    const CholeskyFactor factor(matrix.packed, n, matrix.threshold);
    ASSERT_EQ(factor.rank(), n);
    ASSERT_TRUE(factor.aliased().empty());
    std::vector<double> b(n), x(n);
    for (double& value : b) value = random.normal();
    factor.solve(b, x);
    const std::vector<Quad> a = full(matrix.packed, factor.kept());
    const std::vector<Quad> exact = test::solve_positive(a, test::quads(b));
    double largest = 0;
    for (const Quad value : exact) largest = std::max(largest, plain(test::abs(value)));
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(x[j], plain(exact[j]), 1e-13 * largest);
    Quad norm = 0;
    for (std::size_t j = 0; j < n; ++j) norm += quad(b[j]) * exact[j];
    EXPECT_LE(test::relative_error(quad(factor.squared_norm(b)), norm), 1e-13);
    const std::vector<Quad> inverse = test::invert_positive(a, n);
    const std::vector<double> diagonal = factor.inverse_diagonal();
    for (std::size_t j = 0; j < n; ++j) {
      EXPECT_LE(test::relative_error(quad(diagonal[j]), inverse[j * n + j]), 1e-13);
    }
  }
}

TEST(Cholesky, FindsAliasedColumnsAndTheirNullVectors) {
  test::Random random(42);
  for (const auto& dependent : {std::vector<std::size_t>{1}, {3, 4}, {2, 5, 7}, {7}}) {
    const std::size_t n = 8;
    const Made matrix = made(random, n, dependent);
    const CholeskyFactor factor(matrix.packed, n, matrix.threshold);
    ASSERT_EQ(factor.aliased(), dependent);
    ASSERT_EQ(factor.rank(), n - dependent.size());
    ASSERT_EQ(factor.null_vectors().size(), dependent.size());
    for (std::size_t k = 0; k < dependent.size(); ++k) {
      const std::vector<double>& v = factor.null_vectors()[k];
      EXPECT_EQ(v[dependent[k]], 1);
      // The combination of the columns themselves vanishes.
      for (std::size_t r = 0; r < matrix.columns[0].size(); ++r) {
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) sum += v[j] * matrix.columns[j][r];
        EXPECT_NEAR(sum, 0, 1e-10);
      }
      for (std::size_t j = dependent[k] + 1; j < n; ++j) EXPECT_EQ(v[j], 0);
    }
    // b in the range: the basic solution solves it, and the norm is b' A^+ b.
    std::vector<double> b(n), x(n);
    std::vector<double> weights(n);
    for (double& w : weights) w = random.normal();
    for (std::size_t i = 0; i < n; ++i) {
      Quad sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += quad(matrix.packed[packed_index(i, j)]) * quad(weights[j]);
      b[i] = plain(sum);
    }
    factor.solve(b, x);
    Quad expected = 0;
    for (std::size_t i = 0; i < n; ++i) expected += quad(b[i]) * quad(weights[i]);
    EXPECT_NEAR(factor.squared_norm(b), plain(expected), 1e-11 * plain(expected));
    for (std::size_t i = 0; i < n; ++i) {
      Quad sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += quad(matrix.packed[packed_index(i, j)]) * quad(x[j]);
      EXPECT_NEAR(plain(sum), b[i], 1e-11 * std::abs(b[i]) + 1e-6);
    }
    const std::vector<double> diagonal = factor.inverse_diagonal();
    for (const std::size_t j : dependent) {
      EXPECT_EQ(x[j], 0);
      EXPECT_EQ(diagonal[j], 0);
    }
  }
}

// Columns that differ in their 12th digit are told apart, and the factor is still right.
TEST(Cholesky, NearlyDependentColumnsAreKept) {
  test::Random random(43);
  const std::size_t m = 50;
  std::vector<double> first(m), second(m);
  for (std::size_t r = 0; r < m; ++r) {
    first[r] = random.normal();
    second[r] = first[r] * (1 + 1e-12 * random.normal());
  }
  std::vector<DoubleDouble> packed(3);
  for (std::size_t r = 0; r < m; ++r) {
    packed[0] += two_product(first[r], first[r]);
    packed[1] += two_product(second[r], first[r]);
    packed[2] += two_product(second[r], second[r]);
  }
  const std::vector<double> threshold = {1e-26 * packed[0].high, 1e-26 * packed[2].high};
  const CholeskyFactor factor(packed, 2, threshold);
  ASSERT_EQ(factor.rank(), 2U);
  const std::vector<Quad> inverse = test::invert_positive(full(packed, factor.kept()), 2);
  EXPECT_LE(test::relative_error(quad(factor.inverse_diagonal()[1]), inverse[3]), 1e-6);
}

TEST(Cholesky, ZeroColumnsAreAliased) {
  const std::vector<DoubleDouble> packed = {0, 0, 4};
  const std::vector<double> threshold = {0, 0};
  const CholeskyFactor factor(packed, 2, threshold);
  EXPECT_EQ(factor.aliased(), (std::vector<std::size_t>{0}));
  EXPECT_EQ(factor.kept(), (std::vector<std::size_t>{1}));
  EXPECT_EQ(factor.inverse_diagonal(), (std::vector<double>{0, 0.25}));
}

}  // namespace
}  // namespace talweg
