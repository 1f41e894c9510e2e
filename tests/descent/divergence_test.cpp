// SPDX-License-Identifier: Apache-2.0
// The largest stable rate is a sharp edge: just below it a long run stays, just above it every run is told
// diverged.
#include <gtest/gtest.h>

#include <cmath>

#include "support/table.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/rates.h"
#include "talweg/objective/curvature.h"

namespace talweg {
namespace {

using test::Table;

struct Problem {
  LeastSquares cost;
  DescentSettings settings;
};

Problem random_problem(std::uint64_t seed, Optimizer optimizer, double share) {
  test::Random random(seed + 1000);
  const std::size_t d = 1 + random.below(4);
  std::vector<double> means(d), spreads(d);
  for (std::size_t j = 0; j < d; ++j) {
    means[j] = random.coin() ? 0 : random.normal() * random.decade(0, 3);
    spreads[j] = random.decade(-1, 1);
  }
  const double noise = random.below(10) == 0 ? 0 : random.decade(-2, 0);
  const Table table = test::random_table(
      random, {20 + random.below(100), d, random.uniform(0, 0.9), noise, random.coin()}, means, spreads);
  LeastSquaresSettings ls;
  ls.scale = random.coin() ? Scale::standard : Scale::none;
  ls.intercept = random.below(4) != 0;
  ls.cost = static_cast<CostKind>(random.below(3));
  std::vector<double> start(d + (ls.intercept ? 1 : 0));
  for (double& x : start) x = random.normal();
  Problem out{test::least_squares(table, ls, start), {}};
  const Curvature found = curvature(out.cost.hessian(), out.cost.start_gradient());
  std::vector<double> gradient(out.cost.size());
  const double start_cost = out.cost.evaluate(out.cost.start(), gradient);
  out.settings.method.optimizer = optimizer;
  out.settings.method.momentum = optimizer == Optimizer::gd ? 0 : random.uniform(0.1, 0.95);
  const double limit = largest_stable_rate(optimizer, found.largest(), out.settings.method.momentum);
  out.settings.method.learning_rate = share * limit;
  out.settings.stable_rate = limit;
  out.settings.divergence_cost = 1e6 * std::max(start_cost, out.cost.constant_cost());
  return out;
}

TEST(Divergence, NotBelowTheLargestStableRate) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Problem problem = random_problem(seed, optimizer, 0.999);
      problem.settings.epochs = 20'000;
      const DescentResult result = minimise(problem.cost, problem.cost.start(), problem.settings);
      EXPECT_EQ(result.termination.reason, Reason::epochs) << optimizer_name(optimizer) << " " << seed;
      EXPECT_EQ(result.epochs, 20'000U);
      EXPECT_EQ(result.epoch, 20'000U);
      EXPECT_LE(result.cost, result.start_cost);
    }
  }
}

TEST(Divergence, AlwaysAboveTheLargestStableRate) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Problem problem = random_problem(seed, optimizer, 1.001);
      problem.settings.epochs = 1'000'000;
      double lowest = std::numeric_limits<double>::infinity();
      std::uint64_t lowest_epoch = 0;
      problem.settings.observer = [&](const EpochRecord& record) {
        if (record.cost < lowest) {
          lowest = record.cost;
          lowest_epoch = record.epoch;
        }
        return false;
      };
      const DescentResult result = minimise(problem.cost, problem.cost.start(), problem.settings);
      EXPECT_EQ(result.termination.reason, Reason::diverged) << optimizer_name(optimizer) << " " << seed;
      EXPECT_TRUE(result.diverged());
      EXPECT_GT(result.last_cost, problem.settings.divergence_cost)
          << optimizer_name(optimizer) << " " << seed;
      EXPECT_EQ(result.cost, lowest);
      EXPECT_EQ(result.epoch, lowest_epoch);
      std::vector<double> gradient(problem.cost.size());
      EXPECT_NEAR(problem.cost.evaluate(result.point, gradient), result.cost, 1e-9 * result.cost);
    }
  }
}

// Too few epochs to reach the divergence cost: the cost above its start tells.
TEST(Divergence, OfAShortRunAboveTheLimit) {
  const Table table{3, 1, {1, 2, 2, 4.1, 3, 5.9}, {}};
  LeastSquaresSettings ls;
  ls.intercept = false;
  LeastSquares cost = test::least_squares(table, ls, {0});
  DescentSettings settings;
  settings.method.learning_rate = 1.5 * 3 / 14;
  settings.stable_rate = 3.0 / 14;
  settings.epochs = 4;
  settings.divergence_cost = 1e6 * cost.cost_at(std::vector<double>{0});
  DescentResult result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.termination.reason, Reason::diverged);
  EXPECT_EQ(result.termination.limit, result.start_cost);
  EXPECT_EQ(result.epochs, 4U);
  EXPECT_EQ(result.epoch, 0U);
  EXPECT_EQ(result.cost, result.start_cost);
  // A rise alone at a stable rate is not divergence.
  settings.stable_rate = 1;
  result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.termination.reason, Reason::epochs);
  EXPECT_GT(result.cost, result.start_cost);
}

// Without any limit on the cost the run goes on until numbers end; nothing non-finite is ever published.
TEST(Divergence, NeverPublishesWhatIsNotFinite) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
    for (const double share : {1.5, 10.0, 1e150, 1e307}) {
      Problem problem = random_problem(7, optimizer, share);
      problem.settings.divergence_cost = std::numeric_limits<double>::infinity();
      problem.settings.epochs = 100'000;
      problem.settings.observer = [&](const EpochRecord& record) {
        EXPECT_TRUE(std::isfinite(record.cost));
        EXPECT_TRUE(std::isfinite(record.gradient_norm));
        for (const double x : record.point->high) EXPECT_TRUE(std::isfinite(x));
        return false;
      };
      const DescentResult result = minimise(problem.cost, problem.cost.start(), problem.settings);
      EXPECT_TRUE(result.diverged()) << share;
      EXPECT_EQ(result.cost, result.start_cost);
      EXPECT_TRUE(std::isfinite(result.last_cost));
      for (const double x : problem.cost.to_user(result.point)) EXPECT_TRUE(std::isfinite(x));
    }
  }
}

}  // namespace
}  // namespace talweg
