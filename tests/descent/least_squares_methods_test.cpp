// SPDX-License-Identifier: Apache-2.0
// adam, lbfgs and lm, on functions and on sums of squares over rows.
#include <gtest/gtest.h>

#include <cmath>

#include "support/functions.h"
#include "support/row_models.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/trust_region.h"
#include "talweg/descent/wolfe_search.h"
#include "talweg/objective/row_squares.h"
#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

DescentSettings settings_of(Optimizer optimizer, double tolerance) {
  DescentSettings settings;
  settings.method.optimizer = optimizer;
  settings.method.polish = true;
  settings.tolerance = tolerance;
  settings.epochs = 10'000;
  return settings;
}

TEST(Adam, IteratesAreThoseOfThePaper) {
  // Algorithm 1 in long double on x^2 + 10 y^2 + 3 around (2, -1).
  test::Function cost = test::bowl();
  DescentSettings settings;
  settings.method.optimizer = Optimizer::adam;
  settings.method.learning_rate = 0.05;
  settings.method.adam_first = 0.8;
  settings.method.adam_second = 0.99;
  settings.epochs = 200;
  std::vector<std::vector<double>> seen;
  settings.observer = [&](const EpochRecord& record) {
    seen.push_back(record.point->high);
    return false;
  };
  minimise(cost, Point({5, 5}), settings);
  std::array<long double, 2> x = {5, 5};
  std::array<long double, 2> m = {};
  std::array<long double, 2> v = {};
  ASSERT_EQ(seen.size(), 201U);
  for (int k = 1; k <= 200; ++k) {
    const std::array<long double, 2> g = {2 * (x[0] - 2), 20 * (x[1] + 1)};
    for (std::size_t j = 0; j < 2; ++j) {
      m[j] = 0.8L * m[j] + 0.2L * g[j];
      v[j] = 0.99L * v[j] + 0.01L * g[j] * g[j];
      x[j] -= 0.05L * (m[j] / (1 - std::pow(0.8L, k))) / (std::sqrt(v[j] / (1 - std::pow(0.99L, k))) + 1e-8L);
      EXPECT_NEAR(seen[static_cast<std::size_t>(k)][j], static_cast<double>(x[j]), 1e-12) << k;
    }
  }
}

TEST(Lbfgs, RosenbrockInFewEpochs) {
  test::Function cost = test::rosenbrock();
  const DescentResult result = minimise(cost, Point({-1.2, 1}), settings_of(Optimizer::lbfgs, 1e-12));
  EXPECT_EQ(result.termination.reason, Reason::tolerance);
  EXPECT_NEAR(result.point.high[0], 1, 1e-9);
  EXPECT_NEAR(result.point.high[1], 1, 1e-9);
  EXPECT_LT(result.epochs, 60U);
  EXPECT_EQ(result.evaluations, cost.calls);
}

TEST(Lbfgs, ManyCoordinates) {
  test::Function cost = test::log_cosh(50);
  const DescentResult result =
      minimise(cost, Point(std::vector<double>(50, 0.0)), settings_of(Optimizer::lbfgs, 1e-10));
  EXPECT_EQ(result.termination.reason, Reason::tolerance);
  for (std::size_t j = 0; j < 50; ++j) EXPECT_NEAR(result.point.high[j], static_cast<double>(j), 1e-7);
}

TEST(WolfeSearch, FindsALengthThatSatisfiesBothConditions) {
  test::Random random(4);
  for (int round = 0; round < 300; ++round) {
    test::Function cost = round % 2 == 0 ? test::rosenbrock() : test::log_cosh(4);
    Iterate at;
    at.point = Point(std::vector<double>(cost.size()));
    for (double& x : at.point.high) x = 3 * random.normal();
    at.gradient.resize(cost.size());
    at.cost = cost.evaluate(at.point, at.gradient);
    std::vector<double> direction(cost.size());
    for (std::size_t j = 0; j < direction.size(); ++j) direction[j] = -at.gradient[j];
    WolfeSearch search;
    std::uint64_t evaluations = 0;
    const auto found = search.search(at, cost, direction, random.decade(-6, 3), evaluations);
    ASSERT_TRUE(found) << round;
    double before = 0;
    double after = 0;
    for (std::size_t j = 0; j < direction.size(); ++j) {
      before += direction[j] * at.gradient[j];
      after += direction[j] * search.gradient()[j];
    }
    EXPECT_LE(found->cost, at.cost + 1e-4 * found->length * before + 1e-13 * at.cost) << round;
    EXPECT_LE(std::abs(after), -0.9 * before) << round;
  }
}

TEST(WolfeSearch, StepsBackFromWhereTheCostIsNoNumber) {
  test::Function cost(1, [](std::span<const double> x, std::span<double> g) {
    g[0] = 1 - 1 / x[0];
    return x[0] - std::log(x[0]);  // not a number below 0, lowest at 1
  });
  const DescentResult result = minimise(cost, Point({30}), settings_of(Optimizer::lbfgs, 1e-10));
  EXPECT_EQ(result.termination.reason, Reason::tolerance);
  EXPECT_NEAR(result.point.high[0], 1, 1e-8);
}

TEST(TrustRegion, StaysInsideAndSatisfiesItsEquation) {
  test::Random random(8);
  for (int round = 0; round < 300; ++round) {
    const std::size_t n = 1 + random.below(5);
    Linearised at;
    at.size = n;
    at.triangle.resize(triangle_size(n));
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = 0; i <= j; ++i) at.triangle[triangle_column(j) + i] = random.normal();
      at.triangle[triangle_column(j) + j] += random.coin() ? 2 : 1e-6;
      at.q.push_back(random.normal());
    }
    std::vector<double> scale(n);
    for (double& s : scale) s = random.decade(-2, 2);
    const double radius = random.decade(-4, 4);
    const TrustStep step = trust_region_step(at, scale, radius, random.coin() ? 0 : random.decade(-3, 3));
    EXPECT_LE(step.length, 1.1 * radius * (1 + 1e-12));
    // (R'R + par D^2) d = -R'q
    std::vector<double> rd(n);
    std::vector<double> left(n);
    std::vector<double> right(n);
    multiply_upper(at.triangle, n, step.direction, rd);
    multiply_transposed(at.triangle, n, rd, left);
    multiply_transposed(at.triangle, n, at.q, right);
    double size = 0;
    for (const double v : right) size = std::max(size, std::abs(v));
    for (std::size_t j = 0; j < n; ++j) {
      const double damped = left[j] + step.damping * scale[j] * scale[j] * step.direction[j];
      EXPECT_NEAR(damped, -right[j], 1e-8 * size) << round;
    }
  }
}

// Rows of y = 2 exp(-0.7 x) + 0.5 + noise by every method, to the same answer.
TEST(LevenbergMarquardt, ReachesTheAnswerThatNewtonGives) {
  const test::RowFunction model = test::decay();
  const auto rows = test::decaying_rows(2000, 9, 0.1);
  const RowStore store = test::store_of(rows);
  RowSquares cost(store, model, {});
  const DescentResult result = minimise(cost, Point({1, 1, 1}), settings_of(Optimizer::lm, 1e-8));
  EXPECT_FALSE(result.diverged());
  EXPECT_LT(result.epochs, 60U);
  // Gauss-Newton in long double from there: it must have nothing left to do.
  std::array<long double, 3> b = {result.point.high[0], result.point.high[1], result.point.high[2]};
  for (int round = 0; round < 50; ++round) {
    std::array<std::array<long double, 4>, 3> a{};
    for (const auto& row : rows) {
      const long double x = row.cells[0];
      const long double e = std::exp(-b[1] * x);
      const std::array<long double, 4> d = {e, -b[0] * x * e, 1, row.cells[1] - b[0] * e - b[2]};
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 4; ++j) a[i][j] += d[i] * d[j];
      }
    }
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t i = 0; i < 3; ++i) {
        if (i == k) continue;
        const long double f = a[i][k] / a[k][k];
        for (std::size_t j = k; j < 4; ++j) a[i][j] -= f * a[k][j];
      }
    }
    for (std::size_t k = 0; k < 3; ++k) b[k] += a[k][3] / a[k][k];
  }
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(result.point.high[j] / static_cast<double>(b[j]), 1, 1e-12) << j;
  }
  for (const Optimizer other : {Optimizer::lbfgs, Optimizer::gd}) {
    const DescentResult slow = minimise(cost, Point({1, 1, 1}), settings_of(other, 1e-8));
    EXPECT_EQ(slow.termination.reason, Reason::tolerance) << optimizer_name(other);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(slow.point.high[j], result.point.high[j], 1e-6);
  }
}

TEST(LevenbergMarquardt, EndsEarlyWhereALargeToleranceIsGiven) {
  const test::RowFunction model = test::decay();
  const RowStore store = test::store_of(test::decaying_rows(500, 9, 0.1));
  RowSquares cost(store, model, {});
  DescentSettings settings = settings_of(Optimizer::lm, 1e-2);
  settings.method.polish = false;
  const DescentResult early = minimise(cost, Point({1, 1, 1}), settings);
  EXPECT_EQ(early.termination.reason, Reason::tolerance);
  EXPECT_LE(early.termination.measured, early.termination.limit);
  EXPECT_LT(early.epochs, minimise(cost, Point({1, 1, 1}), settings_of(Optimizer::lm, 1e-8)).epochs);
}

TEST(LevenbergMarquardt, AnExactFitEnds) {
  const test::RowFunction model = test::decay();
  const RowStore store = test::store_of(test::decaying_rows(100, 3, 0));
  RowSquares cost(store, model, {});
  const DescentResult result = minimise(cost, Point({1, 1, 1}), settings_of(Optimizer::lm, 1e-8));
  EXPECT_FALSE(result.diverged());
  EXPECT_NEAR(result.point.high[0], 2, 1e-13);
  EXPECT_NEAR(result.point.high[1], 0.7, 1e-13);
  EXPECT_NEAR(result.point.high[2], 0.5, 1e-13);
  EXPECT_LT(result.cost, 1e-28);
}

TEST(LevenbergMarquardt, HasNoStepWithoutResiduals) {
  test::Function cost = test::bowl();
  const DescentResult result = minimise(cost, Point({5, 5}), settings_of(Optimizer::lm, 1e-8));
  EXPECT_EQ(result.epochs, 0U);
  EXPECT_EQ(result.termination.reason, Reason::rounding);
}

}  // namespace
}  // namespace talweg
