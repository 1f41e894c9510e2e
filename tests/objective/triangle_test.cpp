// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/triangle.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/random.h"

namespace talweg {
namespace {

using Matrix = std::vector<std::vector<double>>;  // columns

Matrix random_matrix(test::Random& random, std::size_t rows, std::size_t n) {
  Matrix out(n, std::vector<double>(rows));
  for (auto& column : out) {
    const double size = random.decade(-3, 3);
    for (double& cell : column) cell = size * random.normal();
  }
  return out;
}

std::vector<double> triangle_of(const Matrix& matrix, std::size_t from, std::size_t to) {
  const std::size_t n = matrix.size();
  const std::size_t stride = std::max<std::size_t>(1, to - from);
  std::vector<double> cells(stride * n);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t r = from; r < to; ++r) cells[j * stride + r - from] = matrix[j][r];
  }
  std::vector<double> out(triangle_size(n));
  triangularise(cells.data(), stride, to - from, n, out);
  return out;
}

// R'R against the products of the columns, each relative to the columns' norms.
void expect_gram(const std::vector<double>& triangle, const Matrix& matrix) {
  const std::size_t n = matrix.size();
  const auto product = [&](std::size_t i, std::size_t j) {
    long double sum = 0;
    for (std::size_t r = 0; r < matrix[i].size(); ++r)
      sum += static_cast<long double>(matrix[i][r]) * matrix[j][r];
    return sum;
  };
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= j; ++i) {
      long double sum = 0;
      for (std::size_t k = 0; k <= i; ++k) {
        sum += static_cast<long double>(triangle[triangle_column(i) + k]) * triangle[triangle_column(j) + k];
      }
      const long double size = std::sqrt(product(i, i) * product(j, j));
      EXPECT_NEAR(static_cast<double>((sum - product(i, j)) / size), 0, 1e-14) << i << ' ' << j;
    }
  }
}

TEST(Triangle, KeepsTheProductsOfTheColumns) {
  test::Random random(11);
  for (int round = 0; round < 100; ++round) {
    const std::size_t n = 1 + random.below(7);
    const std::size_t rows = 1 + random.below(300);
    const Matrix matrix = random_matrix(random, rows, n);
    expect_gram(triangle_of(matrix, 0, rows), matrix);
  }
}

TEST(Triangle, WideVectorsChangeNoBit) {
  test::Random random(14);
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = 1 + random.below(6);
    const std::size_t rows = 1 + random.below(200);
    std::vector<double> cells(rows * n);
    for (double& cell : cells) cell = random.normal();
    std::vector<double> copy = cells;
    std::vector<double> wide(triangle_size(n));
    std::vector<double> plain(triangle_size(n));
    triangularise(cells.data(), rows, rows, n, wide);
    triangularise_plain(copy.data(), rows, rows, n, plain);
    EXPECT_EQ(wide, plain) << round;
  }
}

TEST(Triangle, MergedIsTheTriangleOfAllRows) {
  test::Random random(12);
  for (int round = 0; round < 100; ++round) {
    const std::size_t n = 1 + random.below(7);
    const std::size_t rows = 2 + random.below(300);
    const std::size_t cut = 1 + random.below(rows - 1);
    const Matrix matrix = random_matrix(random, rows, n);
    std::vector<double> whole = triangle_of(matrix, 0, cut);
    std::vector<double> rest = triangle_of(matrix, cut, rows);
    merge_triangles(whole, rest, n);
    expect_gram(whole, matrix);
  }
}

TEST(Triangle, SolvesAndMultiplies) {
  test::Random random(13);
  for (int round = 0; round < 50; ++round) {
    const std::size_t n = 1 + random.below(6);
    const std::vector<double> r = triangle_of(random_matrix(random, n + 20, n), 0, n + 20);
    std::vector<double> x(n);
    for (double& v : x) v = random.normal();
    std::vector<double> b(n);
    std::vector<double> back(n);
    multiply_upper(r, n, x, b);
    ASSERT_TRUE(solve_upper(r, n, b, back));
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(back[j], x[j], 1e-11 * (1 + std::abs(x[j])));
    multiply_transposed(r, n, x, b);
    ASSERT_TRUE(solve_transposed(r, n, b, back));
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(back[j], x[j], 1e-11 * (1 + std::abs(x[j])));
  }
}

TEST(Triangle, InverseDiagonalOfAKnownMatrix) {
  // R = [2 1; 0 3]: R'R = [4 2; 2 10], its inverse [10 -2; -2 4] / 36.
  const std::vector<double> r = {2, 1, 3};
  const std::vector<double> inverse = inverse_gram_diagonal(r, 2);
  ASSERT_EQ(inverse.size(), 2U);
  EXPECT_NEAR(inverse[0], 10.0 / 36, 1e-15);
  EXPECT_NEAR(inverse[1], 4.0 / 36, 1e-15);
  EXPECT_NEAR(column_norm(r, 1), std::sqrt(10.0), 1e-15);
}

TEST(Triangle, SingularIsSaid) {
  const std::vector<double> r = {1, 2, 0};
  std::vector<double> x(2);
  EXPECT_FALSE(solve_upper(r, 2, std::vector<double>{1, 1}, x));
  EXPECT_FALSE(solve_transposed(r, 2, std::vector<double>{1, 1}, x));
  EXPECT_TRUE(inverse_gram_diagonal(r, 2).empty());
}

}  // namespace
}  // namespace talweg
