// SPDX-License-Identifier: Apache-2.0
// Descent on costs that are no folded data, through the same door.
#include <gtest/gtest.h>

#include <cmath>

#include "support/functions.h"
#include "talweg/descent/line_search.h"
#include "talweg/descent/minimiser.h"

namespace talweg {
namespace {

DescentSettings settings_of(Optimizer optimizer, std::optional<double> rate, double tolerance) {
  DescentSettings settings;
  settings.method.optimizer = optimizer;
  settings.method.learning_rate = rate;
  settings.tolerance = tolerance;
  settings.epochs = 200'000;
  return settings;
}

TEST(Functions, RosenbrockByConjugateGradients) {
  test::Function cost = test::rosenbrock();
  const DescentResult result =
      minimise(cost, Point({-1.2, 1}), settings_of(Optimizer::cg, std::nullopt, 1e-10));
  EXPECT_EQ(result.termination.reason, Reason::tolerance);
  EXPECT_NEAR(result.point.high[0], 1, 1e-7);
  EXPECT_NEAR(result.point.high[1], 1, 1e-7);
  EXPECT_LT(result.epochs, 20'000U);
  EXPECT_EQ(result.evaluations, cost.calls);
}

TEST(Functions, RosenbrockByLineSearch) {
  test::Function cost = test::rosenbrock();
  DescentSettings settings = settings_of(Optimizer::gd, std::nullopt, 1e-6);
  double before = std::numeric_limits<double>::infinity();
  settings.observer = [&](const EpochRecord& record) {
    EXPECT_LT(record.cost, before) << record.epoch;
    before = record.cost;
    EXPECT_EQ(record.learning_rate.has_value(), record.epoch > 0);
    return false;
  };
  const DescentResult result = minimise(cost, Point({-1.2, 1}), settings);
  EXPECT_EQ(result.termination.reason, Reason::tolerance);
  EXPECT_NEAR(result.point.high[0], 1, 1e-3);
  EXPECT_NEAR(result.point.high[1], 1, 2e-3);
  EXPECT_EQ(result.evaluations, cost.calls);
}

TEST(Functions, BowlByEveryMethod) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    test::Function cost = test::bowl();
    const std::optional<double> rate =
        optimizer == Optimizer::cg ? std::nullopt : std::optional<double>(0.04);
    const DescentResult result = minimise(cost, Point({5, 5}), settings_of(optimizer, rate, 1e-9));
    EXPECT_EQ(result.termination.reason, Reason::tolerance) << optimizer_name(optimizer);
    EXPECT_NEAR(result.point.high[0], 2, 1e-7) << optimizer_name(optimizer);
    EXPECT_NEAR(result.point.high[1], -1, 1e-7) << optimizer_name(optimizer);
    EXPECT_NEAR(result.cost, 3, 1e-12);
    EXPECT_EQ(result.evaluations, cost.calls);
    EXPECT_LE(result.termination.measured, result.termination.limit);
  }
}

// Every step against Sutskever's two lines, written out.
TEST(Functions, NesterovLooksAhead) {
  test::Function cost = test::log_cosh(3);
  DescentSettings settings = settings_of(Optimizer::nesterov, 0.7, 1e-12);
  settings.tolerance.reset();
  settings.epochs = 60;
  settings.method.momentum = 0.8;
  std::vector<double> x = {4, -3, 0.5};
  std::vector<double> v(3, 0.0);
  std::vector<double> gradient(3);
  test::Function reference = test::log_cosh(3);
  settings.observer = [&](const EpochRecord& record) {
    if (record.epoch > 0) {
      std::vector<double> ahead(3);
      for (std::size_t j = 0; j < 3; ++j) ahead[j] = x[j] + 0.8 * v[j];
      reference.evaluate(Point(ahead), gradient);
      for (std::size_t j = 0; j < 3; ++j) {
        v[j] = 0.8 * v[j] - 0.7 * gradient[j];
        x[j] += v[j];
      }
    }
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(record.point->high[j], x[j], 1e-13) << record.epoch;
    return false;
  };
  const DescentResult result = minimise(cost, Point({4, -3, 0.5}), settings);
  EXPECT_EQ(result.epochs, 60U);
  EXPECT_EQ(result.evaluations, cost.calls);
  EXPECT_EQ(result.evaluations, 1U + 2 * 60);
}

TEST(Functions, MomentumTakesPolyaksSteps) {
  test::Function cost = test::log_cosh(2);
  DescentSettings settings = settings_of(Optimizer::momentum, 0.3, 1e-12);
  settings.tolerance.reset();
  settings.epochs = 3;
  settings.method.momentum = 0.5;
  std::vector<double> seen;
  settings.observer = [&](const EpochRecord& record) {
    seen.push_back(record.point->high[0]);
    return false;
  };
  minimise(cost, Point({2, 0}), settings);
  double x = 2;
  double v = 0;
  for (std::size_t k = 1; k <= 3; ++k) {
    v = 0.5 * v - 0.3 * std::tanh(x);
    x += v;
    EXPECT_NEAR(seen[k], x, 1e-15);
  }
}

TEST(Functions, RoundingEndsWhatCannotGoOn) {
  // A kink: no gradient ever gets small.
  test::Function cost(1, [](std::span<const double> x, std::span<double> g) {
    g[0] = x[0] >= 0.3 ? 1 : -1;
    return std::abs(x[0] - 0.3);
  });
  const DescentResult result = minimise(cost, Point({1}), settings_of(Optimizer::gd, std::nullopt, 1e-12));
  EXPECT_EQ(result.termination.reason, Reason::rounding);
  EXPECT_NEAR(result.point.high[0], 0.3, 1e-12);
}

TEST(Functions, TheStartMayBeTheOptimum) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::cg}) {
    test::Function cost = test::bowl();
    const DescentResult result = minimise(cost, Point({2, -1}), settings_of(optimizer, std::nullopt, 1e-9));
    EXPECT_EQ(result.termination.reason, Reason::tolerance);
    EXPECT_EQ(result.epochs, 0U);
    EXPECT_EQ(result.point.high, (std::vector<double>{2, -1}));
  }
}

TEST(Functions, NonFiniteRegionsAreNotEntered) {
  // log: not a number left of zero; the minimum at 1 is close to the edge for a start far away.
  test::Function cost(1, [](std::span<const double> x, std::span<double> g) {
    g[0] = 1 - 1 / x[0];
    return x[0] - std::log(x[0]);
  });
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::cg}) {
    const DescentResult result = minimise(cost, Point({1000}), settings_of(optimizer, std::nullopt, 1e-9));
    EXPECT_EQ(result.termination.reason, Reason::tolerance);
    EXPECT_NEAR(result.point.high[0], 1, 1e-6);
  }
  // A constant rate walks into it: the last finite point stays.
  const DescentResult result = minimise(cost, Point({0.01}), settings_of(Optimizer::gd, -1.0, 1e-9));
  EXPECT_EQ(result.termination.reason, Reason::non_finite);
  EXPECT_EQ(result.epoch, 0U);
  EXPECT_EQ(result.point.high[0], 0.01);
}

TEST(LineSearch, MeetsArmijosCondition) {
  test::Function cost = test::rosenbrock();
  Iterate at;
  at.point = Point({-1.2, 1});
  at.gradient.resize(2);
  at.cost = cost.evaluate(at.point, at.gradient);
  const std::vector<double> down = {-at.gradient[0], -at.gradient[1]};
  const double slope = -(down[0] * down[0] + down[1] * down[1]);
  for (const double first : {1e-12, 1e-6, 1.0, 1e6, 1e20}) {
    LineSearch search;
    std::uint64_t evaluations = 0;
    const std::uint64_t before = cost.calls;
    const auto found = search.search(at, cost, down, first, evaluations);
    ASSERT_TRUE(found.has_value()) << first;
    EXPECT_EQ(evaluations, cost.calls - before);
    EXPECT_LE(found->cost, at.cost + 1e-4 * found->length * slope);
    Point reached = at.point;
    reached.move(down, found->length);
    std::vector<double> gradient(2);
    EXPECT_EQ(cost.evaluate(reached, gradient), found->cost);
    EXPECT_EQ(gradient[0], search.gradient()[0]);
    EXPECT_EQ(gradient[1], search.gradient()[1]);
  }
  std::uint64_t evaluations = 0;
  LineSearch search;
  EXPECT_FALSE(search.search(at, cost, at.gradient, 1, evaluations).has_value());  // uphill
}

}  // namespace
}  // namespace talweg
