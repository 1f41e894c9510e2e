// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/table.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/rates.h"

namespace talweg {
namespace {

using test::Table;

// Independent columns of spreads that give a Hessian with a condition number of about `condition`.
Table conditioned_table(test::Random& random, std::size_t features, double condition, double noise) {
  std::vector<double> spreads(features), means(features);
  const double root = std::sqrt(condition);
  for (std::size_t j = 0; j < features; ++j) {
    spreads[j] =
        features == 1 ? root : std::pow(root, static_cast<double>(j) / static_cast<double>(features - 1));
    means[j] = 0.3 * random.normal() * spreads[j];
  }
  return test::random_table(random, {60, features, 0.1, noise, random.coin()}, means, spreads);
}

struct Outcome {
  Forecast forecast;
  DescentResult result;
};

Outcome run(LeastSquares& cost, DescentSettings settings, double tolerance) {
  const Curvature found = curvature(cost.hessian(), cost.start_gradient());
  std::vector<double> gradient(cost.size());
  cost.evaluate(cost.start(), gradient);
  const double start_gap = *cost.gap();
  settings.tolerance = tolerance;
  settings.rounding_gap = cost.rounding_gap();
  Outcome out;
  out.forecast = forecast_epochs(found, settings.method, start_gap,
                                 limit_gap(start_gap, tolerance, cost.rounding_gap()), tolerance);
  out.result = minimise(cost, cost.start(), settings);
  return out;
}

TEST(Forecast, IsRightToOneEpochAtConstantRates) {
  test::Random random(111);
  std::uint64_t judged = 0;
  std::uint64_t exactly = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Table table = conditioned_table(random, 1 + random.below(6), random.decade(0, 4), 0.3);
    const Scale scale = trial % 4 == 0 ? Scale::standard : Scale::none;
    LeastSquaresSettings ls{true, CostKind::mse, scale, trial % 3 == 0 ? 0.01 : 0, false};
    std::vector<double> start(table.features + 1);
    for (double& x : start) x = random.normal();
    for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
      LeastSquares cost = test::least_squares(table, ls, start);
      const Curvature found = curvature(cost.hessian(), cost.start_gradient());
      DescentSettings settings;
      settings.method.optimizer = optimizer;
      settings.method.momentum = random.uniform(0.3, 0.95);
      const double b = settings.method.momentum;
      const double limit = largest_stable_rate(optimizer, found.largest(), b);
      const double best = best_rate(optimizer, found.largest(), found.smallest(), b);
      const double rates[] = {best, 0.3 * limit, 0.9 * limit};
      settings.method.learning_rate = rates[random.below(3)];
      const Outcome outcome = run(cost, settings, 1e-8);
      ASSERT_TRUE(outcome.forecast.epochs.has_value());
      EXPECT_EQ(outcome.forecast.quality, ForecastQuality::exact);
      EXPECT_EQ(outcome.result.termination.reason, Reason::tolerance);
      const auto forecast = static_cast<std::int64_t>(*outcome.forecast.epochs);
      const auto actual = static_cast<std::int64_t>(outcome.result.epochs);
      EXPECT_LE(std::abs(forecast - actual), 1) << optimizer_name(optimizer) << " " << forecast << " "
                                                << actual << " condition " << found.condition_number();
      ++judged;
      exactly += forecast == actual ? 1 : 0;
    }
  }
  EXPECT_EQ(judged, 300U);
  EXPECT_GE(exactly, 285U);
}

// Null directions do not count, and more than 64 parameters go through plain doubles.
TEST(Forecast, IsRightForDependentAndForManyColumns) {
  test::Random random(115);
  Table dependent = test::random_table(random, {60, 4, 0.2, 0.5, false});
  for (std::size_t r = 0; r < dependent.rows; ++r) {
    dependent.at(r, 2) = dependent.at(r, 0) - 2 * dependent.at(r, 1);
  }
  const Table many = test::random_table(random, {300, 90, 0.3, 0.5, false});
  for (const Table& table : {dependent, many}) {
    for (const Scale scale : {Scale::none, Scale::standard}) {
      for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
        const std::vector<double> ones(table.features + 1, 1.0);
        LeastSquares cost = test::least_squares(table, {true, CostKind::mse, scale, 0, false}, ones);
        const Curvature found = curvature(cost.hessian(), cost.start_gradient());
        DescentSettings settings;
        settings.method.optimizer = optimizer;
        settings.method.learning_rate = best_rate(optimizer, found.largest(), found.smallest(), 0.9);
        const Outcome outcome = run(cost, settings, 1e-8);
        const auto forecast = static_cast<std::int64_t>(*outcome.forecast.epochs);
        EXPECT_LE(std::abs(forecast - static_cast<std::int64_t>(outcome.result.epochs)), 1);
        EXPECT_EQ(outcome.result.termination.reason, Reason::tolerance);
      }
    }
  }
}

TEST(Forecast, BoundsConjugateGradients) {
  test::Random random(112);
  for (int trial = 0; trial < 100; ++trial) {
    const Table table = conditioned_table(random, 1 + random.below(8), random.decade(0, 4), 0.3);
    LeastSquares cost = test::least_squares(table, {}, std::vector<double>(table.features + 1, 1.0));
    DescentSettings settings;
    settings.method.optimizer = Optimizer::cg;
    const Outcome outcome = run(cost, settings, 1e-8);
    EXPECT_EQ(outcome.forecast.quality, ForecastQuality::upper_bound);
    EXPECT_LE(outcome.result.epochs, *outcome.forecast.epochs);
    EXPECT_LE(*cost.gap(), 1e-16 * (outcome.result.start_cost - cost.lowest_cost()) * (1 + 1e-9));
  }
}

TEST(Forecast, PreconditionedDescentTakesAFewEpochs) {
  test::Random random(113);
  for (int trial = 0; trial < 30; ++trial) {
    const Table table = conditioned_table(random, 4, random.decade(0, 10), 0.3);
    LeastSquares cost = test::least_squares(table, {}, std::vector<double>(5, 1.0));
    DescentSettings settings;
    settings.method.precondition = true;
    settings.method.learning_rate = 1;
    const Outcome outcome = run(cost, settings, 1e-12);
    EXPECT_EQ(outcome.forecast.quality, ForecastQuality::approximate);
    EXPECT_LE(outcome.result.epochs, *outcome.forecast.epochs + 1);
    EXPECT_GE(outcome.result.epochs + 2, *outcome.forecast.epochs);
  }
}

TEST(Forecast, OfNothingToDoAndOfUnstableRates) {
  test::Random random(114);
  const Table table = conditioned_table(random, 2, 10, 0.3);
  LeastSquares cost = test::least_squares(table, {}, {0, 0, 0});
  const Curvature found = curvature(cost.hessian(), cost.start_gradient());
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
    MethodSettings method;
    method.optimizer = optimizer;
    method.learning_rate = largest_stable_rate(optimizer, found.largest(), method.momentum);
    EXPECT_FALSE(forecast_epochs(found, method, 1, 1e-10, 1e-5).epochs.has_value());
    method.learning_rate = -1;
    EXPECT_FALSE(forecast_epochs(found, method, 1, 1e-10, 1e-5).epochs.has_value());
    method.learning_rate = 0.5 * largest_stable_rate(optimizer, found.largest(), method.momentum);
    EXPECT_EQ(*forecast_epochs(found, method, 1, 1, 1e-5).epochs, 0U);
  }
  EXPECT_EQ(quality_name(ForecastQuality::upper_bound), "upper bound");
  EXPECT_EQ(quality_name(ForecastQuality::about), "about");
}

// A single mode and a rate a hundred million times too small: the count is log(ratio) / (2 log(1 - r)), and
// it is not simulated. A momentum run that long is told by its envelope.
TEST(Forecast, KnowsVeryLongRuns) {
  const Curvature one = curvature(std::vector<double>{2.0}, std::vector<double>{3.0});
  MethodSettings method;
  method.learning_rate = 1e-8 / 2;
  const double gap = 9.0 / 4;
  const Forecast gd = forecast_epochs(one, method, gap, 1e-16 * gap, 1e-8);
  const double expected = std::log(1e-16) / (2 * std::log1p(-1e-8));
  EXPECT_NEAR(static_cast<double>(*gd.epochs), expected, 2);
  method.optimizer = Optimizer::momentum;
  method.momentum = 0.5;
  const Forecast momentum = forecast_epochs(one, method, gap, 1e-16 * gap, 1e-8);
  EXPECT_EQ(momentum.quality, ForecastQuality::about);
  EXPECT_NEAR(static_cast<double>(*momentum.epochs) / (expected / 2), 1, 1e-3);
}

}  // namespace
}  // namespace talweg
