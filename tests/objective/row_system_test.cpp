// SPDX-License-Identifier: Apache-2.0
// Equations in the curvature of rows against the Hessian as a matrix.
#include "talweg/objective/row_system.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/linear_rows.h"

namespace talweg {
namespace {

class RowSystemTest : public ::testing::TestWithParam<std::tuple<Scale, bool, double, CellType>> {};

TEST_P(RowSystemTest, SolvesWhereCurvaturesDifferByPowersOfTen) {
  const auto [scale, intercept, l2, type] = GetParam();
  test::Random random(21);
  const LossSettings loss{CostKind::mae, 1, 0.5, 1};
  constexpr std::size_t kColumns = 5;
  const test::LinearSample sample = test::make_sample(random, 700, kColumns, loss, true);
  const test::LinearRows model = test::make_rows(sample, intercept, type);
  const std::vector<double> zero(model.terms.size(), 0.0);
  LinearCost cost(model.rows, model.terms, {loss, l2, scale, 2}, zero);
  LinearCost alone(model.rows, model.terms, {loss, l2, scale, 1}, zero);
  const std::size_t p = cost.size();
  RowSystem system(cost);
  RowSystem same(alone);
  std::vector<double> curvature(700), b(p), x(p), again(p), product(p), off(p), solved(p);
  for (int epoch = 0; epoch < 6; ++epoch) {
    for (double& c : curvature) c = random.decade(-2.0 * epoch, 0);
    system.set(curvature);
    same.set(curvature);
    for (int right = 0; right < 2; ++right) {
      for (double& v : b) v = random.normal();
      ASSERT_TRUE(system.solve(b, 1e-9, {}, x));
      ASSERT_TRUE(same.solve(b, 1e-9, {}, again));
      EXPECT_EQ(x, again);
      // |H x - b| in the metric of H^-1, by a second solution.
      cost.multiply_hessian(x, curvature, product);
      for (std::size_t j = 0; j < p; ++j) off[j] = product[j] - b[j];
      ASSERT_TRUE(system.solve(off, 1e-3, {}, solved));
      double left = 0;
      double size = 0;
      for (std::size_t j = 0; j < p; ++j) {
        left += off[j] * solved[j];
        size += b[j] * x[j];
      }
      EXPECT_LE(std::sqrt(std::max(left, 0.0)), 1e-6 * std::sqrt(size)) << epoch;
    }
  }
  EXPECT_GE(system.factors(), 1U);
  EXPECT_LE(system.factors(), 6U);
}

TEST(RowSystem, GivesUpWhereItIsAskedTo) {
  test::Random random(22);
  const LossSettings loss{CostKind::mae, 1, 0.5, 1};
  const test::LinearSample sample = test::make_sample(random, 100, 3, loss, false);
  const test::LinearRows model = test::make_rows(sample, true);
  LinearCost cost(model.rows, model.terms, {loss, 0, Scale::standard, 1},
                  std::vector<double>(model.terms.size(), 0.0));
  RowSystem system(cost);
  std::vector<double> b(cost.size(), 1), x(cost.size());
  system.set(std::vector<double>(100, 1.0));
  EXPECT_FALSE(system.solve(
      b, 1e-6, [] { return true; }, x));
  EXPECT_TRUE(system.solve(
      b, 1e-6, [] { return false; }, x));
}

// A pass over many rows takes long, and so does a factor: it asks before each.
TEST(RowSystem, GivesUpAmidItsProducts) {
  test::Random random(23);
  const LossSettings loss{CostKind::mae, 1, 0.5, 1};
  const test::LinearSample sample = test::make_sample(random, 400, 4, loss, false);
  const test::LinearRows model = test::make_rows(sample, true);
  LinearCost cost(model.rows, model.terms, {loss, 0, Scale::standard, 1},
                  std::vector<double>(model.terms.size(), 0.0));
  std::vector<double> b(cost.size(), 1), x(cost.size()), curvature(400);
  for (double& c : curvature) c = random.decade(-3, 0);
  const auto solve = [&](int most, int& asked) {
    RowSystem system(cost);
    system.set(curvature);
    asked = 0;
    return system.solve(
        b, 1e-12, [&] { return ++asked > most; }, x);
  };
  int all = 0;
  ASSERT_TRUE(solve(1000, all));
  EXPECT_GE(all, 4);  // the rows, the factor's tile, products
  for (int most = 0; most < all; ++most) {
    int asked = 0;
    EXPECT_FALSE(solve(most, asked)) << most;
    EXPECT_LE(asked, most + 2);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RowSystemTest,
                         ::testing::Combine(::testing::Values(Scale::none, Scale::standard),
                                            ::testing::Bool(), ::testing::Values(0.0, 0.01),
                                            ::testing::Values(CellType::doubles, CellType::floats)));

}  // namespace
}  // namespace talweg
