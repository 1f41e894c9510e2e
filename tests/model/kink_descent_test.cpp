// SPDX-License-Identifier: Apache-2.0
// Losses with a kink end where the duality gap says that nothing lower exists.
#include "talweg/model/kink_descent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/linear_rows.h"
#include "support/newton_settings.h"

namespace talweg {
namespace {

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
      DescentSettings settings = test::newton_settings(1e-8);
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

// The path of wide tables on small ones: more rows than parameters, and fewer.
TEST(KinkDescent, OfWideTablesEndsWhereTheOtherDoes) {
  test::Random random(43);
  for (const CostKind kind : {CostKind::mae, CostKind::quantile, CostKind::hinge}) {
    for (const std::size_t rows : {30U, 200U}) {
      for (const double l2 : {0.0, 0.001, 0.1}) {
        SCOPED_TRACE(std::string(cost_name(kind)) + " " + std::to_string(rows) + " " + std::to_string(l2));
        const LossSettings loss{kind, 1, 0.3, 1};
        constexpr std::size_t kColumns = 50;  // more parameters than the fewer rows
        test::LinearSample sample = test::make_sample(random, rows, kColumns, loss, random.coin());
        std::size_t n = 0;
        for (RowBlock& block : sample.blocks) {
          for (std::size_t r = 0; r < block.rows; ++r, ++n) {
            for (std::size_t j = 0; j < kColumns; ++j)
              block.values[r * (kColumns + 1) + j] = sample.x[n][j] = random.normal();
          }
        }
        const test::LinearRows model = test::make_rows(sample, true);
        const std::vector<double> zero(model.terms.size(), 0.0);
        LinearCost narrow(model.rows, model.terms, {loss, l2, Scale::standard, 1, false}, zero);
        LinearCost wide(model.rows, model.terms, {loss, l2, Scale::standard, 1, true}, zero);
        LinearCost threads(model.rows, model.terms, {loss, l2, Scale::standard, 3, true}, zero);
        const DescentSettings settings = test::newton_settings(1e-8);
        const KinkDescent expected = descend_on_kink(narrow, Point(zero), settings, 1);
        const KinkDescent got = descend_on_kink(wide, Point(zero), settings, 1);
        const KinkDescent again = descend_on_kink(threads, Point(zero), settings, 1);
        EXPECT_EQ(got.result.point.high, again.result.point.high);
        EXPECT_EQ(got.gap_bound, again.gap_bound);
        ASSERT_TRUE(got.gap_bound);
        const double scale = std::max(expected.result.cost, 1e-6 * expected.result.start_cost);
        EXPECT_NEAR(got.result.cost, expected.result.cost, 1e-8 * scale);
        EXPECT_LE(*got.gap_bound, 1e-8 * scale);
        if (rows < kColumns && l2 == 0) {
          EXPECT_EQ(got.result.epochs, 1U);
        }
      }
    }
  }
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
  const KinkDescent end = descend_on_kink(cost, Point({0.0}), test::newton_settings(1e-8), 10);
  EXPECT_NEAR(end.result.point.high[0], 5, 1e-12);
  EXPECT_NEAR(end.result.cost, (4.0 + 95.0) / 3, 1e-12);
}

}  // namespace
}  // namespace talweg
