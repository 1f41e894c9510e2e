// SPDX-License-Identifier: Apache-2.0
// Losses with a kink end where the duality gap says that nothing lower exists.
#include "talweg/model/kink_descent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/linear_rows.h"

namespace talweg {
namespace {

DescentSettings newton(double tolerance) {
  DescentSettings settings;
  settings.method.optimizer = Optimizer::newton;
  settings.tolerance = tolerance;
  settings.epochs = 10'000;
  return settings;
}

TEST(KinkDescent, EndsAtThePointThatTheDualityGapProves) {
  test::Random random(41);
  int proven = 0;
  int trials = 0;
  for (const CostKind kind : {CostKind::mae, CostKind::quantile, CostKind::hinge}) {
    for (int trial = 0; trial < 30; ++trial) {
      SCOPED_TRACE(cost_name(kind));
      SCOPED_TRACE(trial);
      const LossSettings loss{kind, 1, random.uniform(0.1, 0.9), 1};
      const std::size_t columns = 1 + random.below(4);
      const test::LinearSample sample =
          test::make_sample(random, 60 + random.below(500), columns, loss, random.coin());
      const test::LinearRows model = test::make_rows(sample, random.below(4) != 0);
      const double l2 = kind == CostKind::hinge || random.coin() ? 0.02 : 0;
      LinearCost cost(model.rows, model.terms, {loss, l2, Scale::standard, 1},
                      std::vector<double>(model.terms.size(), 0.0));
      const Point start(std::vector<double>(model.terms.size(), 0.0));
      std::uint64_t last_epoch = 0;
      double last_cost = 0;
      DescentSettings settings = newton(1e-8);
      settings.observer = [&](const EpochRecord& record) {
        EXPECT_EQ(record.epoch, record.epoch == 0 ? 0 : last_epoch + 1);
        last_epoch = record.epoch;
        last_cost = record.cost;
        return false;
      };
      const KinkDescent end = descend_on_kink(cost, start, settings, 1);
      ++trials;
      EXPECT_TRUE(end.result.termination.reason == Reason::tolerance ||
                  end.result.termination.reason == Reason::rounding);
      EXPECT_EQ(end.result.epochs, last_epoch);
      EXPECT_EQ(end.result.cost, last_cost);
      ASSERT_TRUE(end.gap_bound.has_value());
      EXPECT_LE(*end.gap_bound, 1e-8 * end.result.cost);
      proven += *end.gap_bound <= 1e-11 * end.result.cost ? 1 : 0;
      for (int k = 0; k < 50; ++k) {
        Point other = end.result.point;
        const double size = random.decade(-8, 0);
        for (double& t : other.high) t += size * random.normal();
        EXPECT_GE(cost.sharp_cost(other), end.result.cost - *end.gap_bound);
      }
    }
  }
  EXPECT_GE(proven, trials * 8 / 10);
}

TEST(KinkDescent, TheMedianOfThreePointsIsTheMiddleOne) {
  DenseRows rows(0);
  RowBlock block;
  block.clear(0, 1);
  block.values = {1, 5, 100};
  block.rows = 3;
  rows.append(block);
  rows.finish();
  LinearCost cost(rows, {LinearTerm{}}, {{CostKind::mae, 1, 0.5, 1}, 0, Scale::standard, 1},
                  std::vector<double>{0});
  const KinkDescent end = descend_on_kink(cost, Point({0.0}), newton(1e-8), 10);
  EXPECT_NEAR(end.result.point.high[0], 5, 1e-12);
  EXPECT_NEAR(end.result.cost, (4.0 + 95.0) / 3, 1e-12);
}

}  // namespace
}  // namespace talweg
