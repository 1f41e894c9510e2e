// SPDX-License-Identifier: Apache-2.0
// Proximal methods on lasso and elastic-net problems: they meet in one point, its zeros are exact, and the
// duality gap is never below the true one.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/table.h"
#include "talweg/descent/minimiser.h"
#include "talweg/objective/l1_cost.h"

namespace talweg {
namespace {

struct Lasso {
  test::Table table;
  LeastSquaresSettings settings;
  std::vector<double> weights;  // in the coordinates of the descent
};

Lasso random_lasso(test::Random& random) {
  Lasso out;
  const std::size_t d = 2 + random.below(12);
  std::vector<double> means(d), spreads(d, 1.0);
  for (double& m : means) m = random.coin() ? 0 : 3 * random.normal();
  out.table = test::random_table(
      random, {d + 5 + random.below(100), d, random.coin() ? 0.9 : 0.0, 1, random.coin()}, means, spreads);
  out.settings.cost = static_cast<CostKind>(random.below(2));
  out.settings.scale = random.coin() ? Scale::standard : Scale::none;
  out.settings.intercept = random.below(4) != 0;
  out.settings.l2 = random.coin() ? 0.1 * random.uniform() : 0;
  out.weights.assign(d, random.decade(-2, 0.3));
  if (out.settings.intercept) out.weights.push_back(0);
  return out;
}

DescentResult run(LeastSquares& cost, L1Cost& kinked, Optimizer optimizer) {
  double largest = 0;  // of the trace: a rate that is surely stable
  const std::vector<double> hessian = cost.hessian();
  for (std::size_t j = 0; j < cost.size(); ++j) largest += hessian[j * cost.size() + j];
  DescentSettings settings;
  settings.method.optimizer = optimizer;
  settings.method.proximal = true;
  settings.method.first_rate = 1 / largest;
  if (optimizer != Optimizer::newton) settings.method.learning_rate = 1 / largest;
  settings.tolerance = 1e-12;
  settings.epochs = 20'000;
  return minimise(kinked, cost.start(), settings);
}

TEST(Proximal, MethodsMeetAndTheGapIsProven) {
  test::Random random(31);
  int zeros = 0;
  int arrived = 0;
  for (int trial = 0; trial < 100; ++trial) {
    SCOPED_TRACE(trial);
    const Lasso lasso = random_lasso(random);
    const std::vector<double> start(lasso.table.features + (lasso.settings.intercept ? 1 : 0), 0.0);
    LeastSquares cost = test::least_squares(lasso.table, lasso.settings, start);
    ASSERT_EQ(cost.size(), lasso.weights.size());
    L1Cost kinked(cost, lasso.weights, cost.hessian());
    const DescentResult best = run(cost, kinked, Optimizer::newton);
    EXPECT_TRUE(best.termination.reason == Reason::tolerance || best.termination.reason == Reason::rounding);
    EXPECT_LE(best.epochs, 200U);
    EXPECT_LE(*kinked.gap_bound(best.point), 1e-11 * best.cost);
    for (const Optimizer optimizer : {Optimizer::gd, Optimizer::nesterov}) {
      const DescentResult other = run(cost, kinked, optimizer);
      EXPECT_GE(other.cost, best.cost * (1 - 1e-13)) << optimizer_name(optimizer);
      if (other.termination.reason != Reason::tolerance)
        continue;  // plain steps may need more epochs than these
      ++arrived;
      EXPECT_LE(other.cost - best.cost, 2e-12 * best.cost) << optimizer_name(optimizer);
      for (std::size_t j = 0; j < best.point.size(); ++j)
        EXPECT_NEAR(other.point.high[j], best.point.high[j], 1e-3 * (1 + std::abs(best.point.high[j])));
    }
    for (std::size_t j = 0; j + 1 < best.point.size(); ++j) zeros += best.point.high[j] == 0 ? 1 : 0;
    // Anywhere else the bound holds as well.
    for (int k = 0; k < 20; ++k) {
      Point point = best.point;
      const double size = random.decade(-9, 1);
      for (double& t : point.high) t = random.below(4) == 0 ? 0 : t + size * random.normal();
      std::vector<double> gradient(point.size());
      const double there = kinked.evaluate(point, gradient);
      EXPECT_GE(*kinked.gap_bound(point), (there - best.cost) * (1 - 1e-9) - 1e-13 * best.cost);
    }
  }
  EXPECT_GT(zeros, 50);
  EXPECT_GT(arrived, 100);
}

TEST(Proximal, AOneCoordinateLassoIsTheShrunkenLeastSquares) {
  // mse of y = b x over x = 1, 2, 3: H = 2 * 14/3; the lowest point moves by l1 / H towards zero.
  test::Table table = test::empty_table(3, 1);
  const double y[] = {2, 4.1, 5.9};
  for (std::size_t r = 0; r < 3; ++r) {
    table.at(r, 0) = static_cast<double>(r + 1);
    table.at(r, 1) = y[r];
  }
  const LeastSquaresSettings settings{false, CostKind::mse, Scale::none, 0, false};
  for (const double l1 : {0.5, 5.0, 18.0, 18.7, 40.0}) {
    LeastSquares cost = test::least_squares(table, settings, {0});
    L1Cost kinked(cost, {l1}, cost.hessian());
    const DescentResult result = run(cost, kinked, Optimizer::newton);
    const double expected = std::max(0.0, (27.9 * 2 / 3 - l1) / (28.0 / 3));
    EXPECT_NEAR(result.point.high[0], expected, 1e-14);
    if (expected == 0) {
      EXPECT_EQ(result.point.high[0], 0);
    }
  }
}

}  // namespace
}  // namespace talweg
