// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/early_stopping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/functions.h"
#include "support/random.h"

namespace talweg {
namespace {

// What a run of given held-out costs ends with, by hand.
struct Expected {
  std::size_t epochs = 0;
  std::size_t best = 0;
  bool stopped = false;
};
Expected expected(const std::vector<double>& costs, std::size_t patience) {
  Expected out;
  for (std::size_t k = 0; k < costs.size(); ++k) {
    out.epochs = k;
    if (costs[k] < costs[out.best] || (std::isnan(costs[out.best]) && !std::isnan(costs[k]))) out.best = k;
    out.stopped = k - out.best >= patience;
    if (out.stopped) break;
  }
  return out;
}

TEST(EarlyStopping, StopsAfterSoManyEpochsAndKeepsTheBest) {
  test::Random random(3);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t patience = 1 + random.below(6);
    std::vector<double> costs(31);
    for (double& cost : costs) {
      cost = static_cast<double>(random.below(12));  // equal ones, too
      if (random.below(10) == 0) cost = NAN;
    }
    test::Function bowl = test::bowl();
    DescentSettings settings;
    settings.method.learning_rate = 0.01;
    settings.epochs = 30;
    EarlyStopping stopping(patience);
    std::vector<EpochRecord> seen;
    std::vector<Point> points;
    settings.observer = [&](const EpochRecord& record) {
      seen.push_back(record);
      points.push_back(*record.point);
      return stopping.see(record, costs[record.epoch]);
    };
    DescentResult result = minimise(bowl, Point({5, 5}), settings);
    stopping.finish(result);
    const Expected end = expected(costs, patience);
    EXPECT_EQ(result.epochs, end.epochs);
    EXPECT_EQ(result.epoch, end.best);
    EXPECT_EQ(stopping.best_epoch(), end.best);
    EXPECT_EQ(result.point.high, points[end.best].high);
    EXPECT_EQ(result.point.low, points[end.best].low);
    EXPECT_EQ(result.cost, seen[end.best].cost);
    EXPECT_EQ(result.gradient_norm, seen[end.best].gradient_norm);
    EXPECT_EQ(result.termination.reason, end.stopped ? Reason::early_stopping : Reason::epochs);
    if (end.stopped) {
      EXPECT_EQ(result.termination.measured, static_cast<double>(patience));
    }
  }
}

TEST(EarlyStopping, WithoutPatienceTheLastEpochStays) {
  test::Function bowl = test::bowl();
  DescentSettings settings;
  settings.method.learning_rate = 0.01;
  settings.epochs = 9;
  EarlyStopping stopping(std::nullopt);
  settings.observer = [&](const EpochRecord& record) {
    return stopping.see(record, record.epoch == 4 ? 1.0 : 2.0);
  };
  DescentResult result = minimise(bowl, Point({5, 5}), settings);
  stopping.finish(result);
  EXPECT_EQ(result.epoch, 9U);
  EXPECT_EQ(stopping.best_epoch(), 4U);
  EXPECT_EQ(stopping.best_cost(), 1);
}

TEST(EarlyStopping, ADivergedRunIsNoSuccess) {
  test::Function bowl = test::bowl();
  DescentSettings settings;
  settings.method.learning_rate = 0.2;  // the limit is 0.1
  settings.divergence_cost = 1e6;
  settings.epochs = 1000;
  EarlyStopping stopping(500);
  settings.observer = [&](const EpochRecord& record) { return stopping.see(record, 1); };
  DescentResult result = minimise(bowl, Point({5, 5}), settings);
  stopping.finish(result);
  EXPECT_EQ(result.termination.reason, Reason::diverged);
}

}  // namespace
}  // namespace talweg
