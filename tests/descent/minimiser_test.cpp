// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/minimiser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/functions.h"
#include "support/table.h"
#include "talweg/descent/rates.h"

namespace talweg {
namespace {

using test::Table;

LeastSquares line(std::uint64_t seed, double noise = 0.5) {
  test::Random random(seed);
  return test::least_squares(test::random_table(random, {50, 2, 0.5, noise, false}), {}, {1, 2, 3});
}

DescentSettings plain_descent(std::uint64_t epochs) {
  DescentSettings settings;
  settings.method.learning_rate = 0.1;
  settings.epochs = epochs;
  return settings;
}

TEST(Minimise, RunsExactlyTheEpochsWhenNoToleranceIsGiven) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
    for (const std::uint64_t epochs : {0U, 1U, 2U, 31U, 32U, 33U, 5000U}) {
      // An exact line as well: a gap of zero is no reason to stop.
      for (const double noise : {0.0, 0.5}) {
        LeastSquares cost = line(121, noise);
        DescentSettings settings = plain_descent(epochs);
        settings.method.optimizer = optimizer;
        std::uint64_t seen = 0;
        settings.observer = [&](const EpochRecord& record) {
          EXPECT_EQ(record.epoch, seen++);
          return false;
        };
        const DescentResult result = minimise(cost, cost.start(), settings);
        EXPECT_EQ(result.termination.reason, Reason::epochs);
        EXPECT_EQ(result.epochs, epochs);
        EXPECT_EQ(result.epoch, epochs);
        EXPECT_EQ(result.evaluations, epochs + 1);
        EXPECT_EQ(seen, epochs + 1);
      }
    }
  }
}

TEST(Minimise, TheResultIsTheLastRecord) {
  LeastSquares cost = line(122);
  DescentSettings settings = plain_descent(77);
  Point last;
  double last_cost = 0;
  double last_norm = 0;
  settings.observer = [&](const EpochRecord& record) {
    last = *record.point;
    last_cost = record.cost;
    last_norm = record.gradient_norm;
    return false;
  };
  const DescentResult result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.point.high, last.high);
  EXPECT_EQ(result.point.low, last.low);
  EXPECT_EQ(result.cost, last_cost);
  EXPECT_EQ(result.last_cost, last_cost);
  EXPECT_EQ(result.gradient_norm, last_norm);
}

TEST(Minimise, StopsAtTheToleranceOfTheGap) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    LeastSquares cost = line(123);
    DescentSettings settings = plain_descent(1'000'000);
    settings.method.optimizer = optimizer;
    if (optimizer == Optimizer::cg) settings.method.learning_rate.reset();
    settings.tolerance = 1e-6;
    std::vector<double> gaps;
    settings.observer = [&](const EpochRecord&) {
      gaps.push_back(*cost.gap());
      return false;
    };
    const DescentResult result = minimise(cost, cost.start(), settings);
    EXPECT_EQ(result.termination.reason, Reason::tolerance);
    EXPECT_LE(result.termination.measured, result.termination.limit);
    EXPECT_DOUBLE_EQ(result.termination.limit, 1e-12 * gaps[0]);
    // The first such epoch.
    for (std::size_t k = 0; k + 1 < gaps.size(); ++k) EXPECT_GT(gaps[k], result.termination.limit);
    EXPECT_LE(gaps.back(), result.termination.limit);
  }
}

// No rate on a quadratic cost, steepest descent: the run ends at a point that has the gap it claims.
TEST(Minimise, SteepestDescentOnAQuadraticCostEndsWhereItSays) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    LeastSquares cost = line(200 + seed);
    DescentSettings settings = plain_descent(100'000);
    settings.method.learning_rate.reset();
    settings.tolerance = 1e-6;
    std::vector<double> gradient(cost.size());
    LeastSquares fresh = line(200 + seed);
    fresh.evaluate(fresh.start(), gradient);
    const double limit = 1e-12 * *fresh.gap();
    bool before = false;
    settings.observer = [&](const EpochRecord& record) {
      EXPECT_FALSE(before) << seed << ": an earlier epoch had arrived";
      fresh.evaluate(*record.point, gradient);
      before = *fresh.gap() <= limit * (1 - 1e-9);
      return false;
    };
    const DescentResult result = minimise(cost, cost.start(), settings);
    EXPECT_EQ(result.termination.reason, Reason::tolerance) << seed;
    fresh.evaluate(result.point, gradient);
    EXPECT_NEAR(*fresh.gap(), result.termination.measured, 1e-6 * limit) << seed;
  }
}

TEST(Minimise, StopsAtRoundingWhenTheToleranceIsOutOfReach) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    LeastSquares cost = line(124);
    DescentSettings settings = plain_descent(1'000'000);
    settings.method.optimizer = optimizer;
    if (optimizer == Optimizer::cg) settings.method.learning_rate.reset();
    settings.tolerance = 1e-30;
    settings.rounding_gap = cost.rounding_gap();
    const DescentResult result = minimise(cost, cost.start(), settings);
    // cg's last step is exact: it may jump from above the rounding gap to below any tolerance.
    const bool arrived = optimizer == Optimizer::cg && result.termination.reason == Reason::tolerance;
    if (!arrived) {
      EXPECT_EQ(result.termination.reason, Reason::rounding) << optimizer_name(optimizer);
    }
    EXPECT_LE(*cost.gap(), settings.rounding_gap) << optimizer_name(optimizer);
    EXPECT_LE(result.termination.measured, result.termination.limit) << optimizer_name(optimizer);
    const std::vector<double> reached = cost.to_user(result.point);
    const std::vector<double> optimum = cost.optimum();
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(reached[j], optimum[j], 1e-14);
  }
}

TEST(Minimise, CallbackStops) {
  LeastSquares cost = line(125);
  for (const std::uint64_t at : {0U, 1U, 7U}) {
    DescentSettings settings = plain_descent(100);
    settings.observer = [&](const EpochRecord& record) { return record.epoch == at; };
    const DescentResult result = minimise(cost, cost.start(), settings);
    EXPECT_EQ(result.termination.reason, Reason::callback);
    EXPECT_EQ(result.epochs, at);
    EXPECT_EQ(result.epoch, at);
  }
}

TEST(Minimise, StopFlagStops) {
  LeastSquares cost = line(126);
  StopFlag stop;
  DescentSettings settings = plain_descent(1'000'000);
  settings.stop = &stop;
  settings.observer = [&](const EpochRecord& record) {
    if (record.epoch == 9) stop.raise();
    return false;
  };
  DescentResult result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.termination.reason, Reason::interrupted);
  EXPECT_EQ(result.epochs, 9U);
  result = minimise(cost, cost.start(), settings);  // still raised
  EXPECT_EQ(result.termination.reason, Reason::interrupted);
  EXPECT_EQ(result.epochs, 0U);
}

TEST(Minimise, MaxSecondsStops) {
  LeastSquares cost = line(127);
  DescentSettings settings = plain_descent(std::numeric_limits<std::uint64_t>::max());
  settings.max_seconds = 0.05;
  const DescentResult result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.termination.reason, Reason::seconds);
  EXPECT_GE(result.termination.measured, 0.05);
  EXPECT_EQ(result.termination.limit, 0.05);
  EXPECT_GT(result.epochs, 0U);
}

TEST(Minimise, ANonFiniteStartIsToldAtOnce) {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    LeastSquares cost = line(128);
    Point start = cost.start();
    start.high[1] = bad;
    const DescentResult result = minimise(cost, start, plain_descent(10));
    EXPECT_EQ(result.termination.reason, Reason::non_finite);
    EXPECT_TRUE(result.diverged());
    EXPECT_EQ(result.epochs, 0U);
  }
  test::Function nowhere(1, [](std::span<const double>, std::span<double> g) {
    g[0] = std::numeric_limits<double>::quiet_NaN();
    return 1.0;
  });
  EXPECT_EQ(minimise(nowhere, Point({0}), plain_descent(10)).termination.reason, Reason::non_finite);
}

TEST(Minimise, ConjugateGradientsEndAfterAsManyEpochsAsParameters) {
  test::Random random(129);
  for (int trial = 0; trial < 20; ++trial) {
    const std::size_t d = 1 + random.below(6);
    const Table table = test::random_table(random, {60, d, 0.3, 0.5, false});
    LeastSquares cost = test::least_squares(table, {}, std::vector<double>(d + 1, 1.0));
    DescentSettings settings;
    settings.method.optimizer = Optimizer::cg;
    settings.tolerance = 1e-8;
    EXPECT_LE(minimise(cost, cost.start(), settings).epochs, d + 1);
  }
}

// Whatever the method, no step leaves the start's part in the null space: all end at the minimiser nearest to
// the start.
TEST(Minimise, AllMethodsEndAtTheNearestOptimumOfDependentColumns) {
  test::Random random(130);
  Table table = test::random_table(random, {60, 4, 0.2, 0.5, false});
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 2) = table.at(r, 0);
  for (const Scale scale : {Scale::none, Scale::standard}) {
    for (const Optimizer optimizer :
         {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
      for (const bool precondition : {false, true}) {
        if (precondition && optimizer != Optimizer::gd) continue;
        LeastSquares cost =
            test::least_squares(table, {true, CostKind::mse, scale, 0, false}, {1, 2, 3, 4, 5});
        DescentSettings settings;
        settings.method.optimizer = optimizer;
        settings.method.precondition = precondition;
        if (optimizer != Optimizer::cg) settings.method.learning_rate = precondition ? 1 : 0.1;
        settings.tolerance = 1e-13;
        const DescentResult result = minimise(cost, cost.start(), settings);
        EXPECT_EQ(result.termination.reason, Reason::tolerance);
        const std::vector<double> reached = cost.to_user(result.point);
        const std::vector<double> optimum = cost.optimum();
        for (std::size_t j = 0; j < reached.size(); ++j) {
          EXPECT_NEAR(reached[j], optimum[j], 1e-11) << optimizer_name(optimizer) << " " << j;
        }
      }
    }
  }
}

TEST(Minimise, GradientNormDoesNotOverflow) {
  test::Function huge(2, [](std::span<const double> x, std::span<double> g) {
    g[0] = g[1] = 1e200;
    return x[0];
  });
  DescentSettings settings = plain_descent(0);
  EXPECT_DOUBLE_EQ(minimise(huge, Point({0, 0}), settings).gradient_norm, std::sqrt(2.0) * 1e200);
}

TEST(Names, OfReasonsAndOptimizers) {
  EXPECT_EQ(reason_name(Reason::non_finite), "non-finite");
  EXPECT_EQ(reason_name(Reason::callback), "callback");
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    EXPECT_EQ(optimizer_from_name(optimizer_name(optimizer)), optimizer);
  }
  EXPECT_FALSE(optimizer_from_name("sgd").has_value());
  EXPECT_EQ(limit_gap(4, 0.5, 0.1), 1);
  EXPECT_EQ(limit_gap(4, 1e-9, 0.1), 0.1);
}

}  // namespace
}  // namespace talweg
