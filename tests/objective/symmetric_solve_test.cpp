// SPDX-License-Identifier: Apache-2.0
// Products and factors against sums of long doubles, for sizes about those of strips and tiles.
#include "talweg/objective/symmetric_solve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/random.h"

namespace talweg {
namespace {

using Eigen::Index;

Eigen::MatrixXd random_matrix(test::Random& random, Index rows, Index columns) {
  Eigen::MatrixXd out(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) out(i, j) = random.normal();
  }
  return out;
}

double product(const Eigen::MatrixXd& a, Index i, Index j) {
  long double sum = 0;
  for (Index k = 0; k < a.cols(); ++k) sum += static_cast<long double>(a(i, k)) * a(j, k);
  return static_cast<double>(sum);
}

TEST(SymmetricSolve, ProductsAreTheSumsOfTheirDefinition) {
  test::Random random(3);
  for (const Index size : {1, 23, 24, 25, 191, 192, 193, 250}) {
    for (const Index depth : {1, 255, 256, 257, 520}) {
      SCOPED_TRACE(std::to_string(size) + " x " + std::to_string(depth));
      const Eigen::MatrixXd a = random_matrix(random, size, depth);
      const Eigen::MatrixXd of_rows = gram_of_rows(a, 2);
      const Eigen::MatrixXd of_columns = gram_of_columns(a.transpose(), 2);
      const Eigen::MatrixXd alone = gram_of_rows(a, 1);
      for (Index j = 0; j < size; ++j) {
        for (Index i = j; i < size; ++i) {
          const double near = 1e-14 * static_cast<double>(depth + 10);
          EXPECT_NEAR(of_rows(i, j), product(a, i, j), near);
          EXPECT_EQ(of_rows(i, j), of_columns(i, j));
          EXPECT_EQ(of_rows(i, j), alone(i, j));
        }
      }
    }
  }
}

TEST(SymmetricSolve, FactorsSolveTheirEquations) {
  test::Random random(4);
  for (const Index size : {1, 24, 191, 192, 193, 400, 577}) {
    SCOPED_TRACE(size);
    const Eigen::MatrixXd a = random_matrix(random, size, size + 20);
    Eigen::MatrixXd whole = a * a.transpose();
    Eigen::MatrixXd factor = whole;
    Eigen::MatrixXd alone = whole;
    ASSERT_TRUE(factor_in_place(factor, 2));
    ASSERT_TRUE(factor_in_place(alone, 1));
    for (Index j = 0; j < size; ++j) {
      for (Index i = j; i < size; ++i) EXPECT_EQ(factor(i, j), alone(i, j));
    }
    const Eigen::MatrixXd b = random_matrix(random, size, 2);
    Eigen::MatrixXd x = b;
    solve_in_place(factor, x);
    EXPECT_LE((whole * x - b).norm(), 1e-14 * static_cast<double>(size) * whole.norm() * x.norm());
    whole(size - 1, size - 1) = -1;
    EXPECT_FALSE(factor_in_place(whole, 2));
    for (const Index at : {Index{0}, size / 2, size - 1}) {
      whole = a * a.transpose();
      whole(at, at) = std::numeric_limits<double>::quiet_NaN();
      EXPECT_FALSE(factor_in_place(whole, 2));
    }
  }
}

TEST(SymmetricSolve, AFactorIsGivenUpBetweenItsColumnsOfTiles) {
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(577, 577);
  int asked = 0;
  const auto after = [&](int times) {
    asked = 0;
    return [&asked, times] { return ++asked > times; };
  };
  EXPECT_TRUE(factor_in_place(matrix, 1, after(100)));
  EXPECT_EQ(asked, 4);
  EXPECT_FALSE(factor_in_place(matrix, 1, after(0)));
  EXPECT_FALSE(factor_in_place(matrix, 1, after(3)));
}

}  // namespace
}  // namespace talweg
