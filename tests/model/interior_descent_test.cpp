// SPDX-License-Identifier: Apache-2.0
// Descent inside the range of the slopes, against the descent on a shrinking width and against its own proof.
#include "talweg/model/interior_descent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/linear_rows.h"
#include "support/newton_settings.h"

namespace talweg {
namespace {

TEST(InteriorDescent, EndsWhereTheShrinkingWidthDoesAndProvesIt) {
  test::Random random(47);
  for (const CostKind kind : {CostKind::mae, CostKind::quantile, CostKind::hinge}) {
    for (int trial = 0; trial < 24; ++trial) {
      SCOPED_TRACE(cost_name(kind));
      SCOPED_TRACE(trial);
      const LossSettings loss{kind, 1, random.uniform(0.1, 0.9), 1};
      const std::size_t columns = 1 + random.below(4);
      const test::LinearSample sample =
          test::make_sample(random, 60 + random.below(500), columns, loss, random.coin());
      const CellType type = random.below(3) == 0 ? CellType::floats : CellType::doubles;
      const test::LinearRows model = test::make_rows(sample, random.below(4) != 0, type);
      const double l2 = random.coin() ? 0.02 : 0;
      const Scale scale = random.below(4) == 0 ? Scale::none : Scale::standard;
      const std::vector<double> zero(model.terms.size(), 0.0);
      LinearCost narrow(model.rows, model.terms, {loss, l2, Scale::standard, 1}, zero);
      LinearCost cost(model.rows, model.terms, {loss, l2, scale, 1}, zero);
      LinearCost threads(model.rows, model.terms, {loss, l2, scale, 3}, zero);
      const Point start{zero};
      DescentSettings settings = test::newton_settings(1e-8);
      std::uint64_t last_epoch = 0;
      double last_cost = 0;
      settings.observer = [&](const EpochRecord& record) {
        EXPECT_EQ(record.epoch, record.epoch == 0 ? 0 : last_epoch + 1);
        last_epoch = record.epoch;
        last_cost = record.cost;
        return false;
      };
      const KinkDescent end = descend_inside(cost, start, settings, 1);
      EXPECT_EQ(end.result.termination.reason, Reason::tolerance);
      EXPECT_EQ(end.result.epochs, last_epoch);
      EXPECT_EQ(end.result.cost, last_cost);
      EXPECT_LE(end.result.epochs, 60U);
      ASSERT_TRUE(end.gap_bound.has_value());
      EXPECT_LE(*end.gap_bound, 1e-8 * end.result.cost);
      EXPECT_NEAR(cost.sharp_cost(end.result.point), end.result.cost, 1e-13 * end.result.cost);
      const KinkDescent again = descend_inside(threads, start, test::newton_settings(1e-8), 1);
      EXPECT_EQ(again.result.point.high, end.result.point.high);
      EXPECT_EQ(again.gap_bound, end.gap_bound);
      const KinkDescent other = descend_on_kink(narrow, start, test::newton_settings(1e-8), 1);
      EXPECT_NEAR(end.result.cost, other.result.cost, 1e-8 * other.result.cost);
      EXPECT_GE(other.result.cost, end.result.cost - *end.gap_bound);
      for (int k = 0; k < 20; ++k) {
        Point near = end.result.point;
        const double size = random.decade(-8, 0);
        for (double& t : near.high) t += size * random.normal();
        EXPECT_GE(cost.sharp_cost(near), end.result.cost - *end.gap_bound);
      }
    }
  }
}

// Ended early it tells how far the lowest cost may be.
TEST(InteriorDescent, EndedEarlyItProvesWhatIsLeft) {
  test::Random random(48);
  for (const CostKind kind : {CostKind::mae, CostKind::quantile, CostKind::hinge}) {
    for (const double l2 : {0.0, 0.01}) {
      const LossSettings loss{kind, 1, 0.3, 1};
      const test::LinearSample sample = test::make_sample(random, 400, 3, loss, true);
      const test::LinearRows model = test::make_rows(sample, true);
      const std::vector<double> zero(model.terms.size(), 0.0);
      LinearCost cost(model.rows, model.terms, {loss, l2, Scale::standard, 1}, zero);
      const double lowest = descend_on_kink(cost, Point(zero), test::newton_settings(1e-10), 1).result.cost;
      double before = std::numeric_limits<double>::infinity();
      for (const std::uint64_t epochs : {1U, 3U, 6U, 9U}) {
        SCOPED_TRACE(std::string(cost_name(kind)) + " " + std::to_string(l2) + " " + std::to_string(epochs));
        DescentSettings settings = test::newton_settings(1e-8);
        settings.epochs = epochs;
        const KinkDescent end = descend_inside(cost, Point(zero), settings, 1);
        EXPECT_EQ(end.result.termination.reason, Reason::epochs);
        ASSERT_TRUE(end.gap_bound);
        EXPECT_GE(lowest, end.result.cost - *end.gap_bound);
        EXPECT_LE(*end.gap_bound, before);
        before = *end.gap_bound;
      }
      EXPECT_LE(before, 1e-2 * lowest);
    }
  }
}

// The lowest of all epochs is the answer, but it is none more than were asked for.
TEST(InteriorDescent, TakesNoMoreEpochsThanAskedFor) {
  test::Random random(51);
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const CostKind kind = trial % 2 == 0 ? CostKind::hinge : CostKind::quantile;
    const LossSettings loss{kind, 1, random.uniform(0.1, 0.9), 1};
    const test::LinearSample sample =
        test::make_sample(random, 30 + random.below(100), 1 + random.below(4), loss, random.coin());
    const test::LinearRows model = test::make_rows(sample, true);
    const std::vector<double> zero(model.terms.size(), 0.0);
    LinearCost cost(model.rows, model.terms, {loss, random.coin() ? 0.02 : 0, Scale::standard, 1}, zero);
    DescentSettings settings = test::newton_settings(1e-8);
    settings.epochs = 1 + random.below(12);
    std::uint64_t last = 0;
    settings.observer = [&](const EpochRecord& record) {
      last = record.epoch;
      return false;
    };
    const KinkDescent end = descend_inside(cost, Point(zero), settings, 1);
    EXPECT_LE(end.result.epochs, settings.epochs);
    EXPECT_EQ(end.result.epochs, last);
    EXPECT_NEAR(cost.sharp_cost(end.result.point), end.result.cost, 1e-13 * end.result.cost);
  }
}

// Targets far from zero: residuals are rounded by more than the variables of the last epochs are.
TEST(InteriorDescent, EndsAsNearAsTheRoundingOfResidualsAllows) {
  test::Random random(52);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    const LossSettings loss{CostKind::quantile, 1, random.uniform(0.1, 0.9), 1};
    test::LinearSample sample =
        test::make_sample(random, 60 + random.below(400), 1 + random.below(4), loss, random.coin());
    const auto cost_of = [&](double offset, std::optional<double>& gap) {
      test::LinearSample moved = sample;
      const std::size_t columns = moved.x[0].size() + 1;
      for (RowBlock& block : moved.blocks) {
        for (std::size_t r = 0; r < block.rows; ++r) block.values[r * columns + columns - 1] += offset;
      }
      const test::LinearRows model = test::make_rows(moved, true);
      const std::vector<double> zero(model.terms.size(), 0.0);
      LinearCost cost(model.rows, model.terms, {loss, 0, Scale::standard, 1}, zero);
      const KinkDescent end = descend_inside(cost, Point(zero), test::newton_settings(1e-8), 1);
      gap = end.gap_bound;
      return end.result.cost;
    };
    std::optional<double> gap;
    const double lowest = cost_of(0, gap);
    const double there = cost_of(1e12, gap);
    EXPECT_NEAR(there, lowest, 1e-4);
    ASSERT_TRUE(gap);
    EXPECT_GE(*gap, there - lowest - 1e-4);
  }
}

TEST(InteriorDescent, StopsWhenAskedTo) {
  test::Random random(49);
  const LossSettings loss{CostKind::mae, 1, 0.5, 1};
  const test::LinearSample sample = test::make_sample(random, 300, 3, loss, false);
  const test::LinearRows model = test::make_rows(sample, true);
  const std::vector<double> zero(model.terms.size(), 0.0);
  LinearCost cost(model.rows, model.terms, {loss, 0, Scale::standard, 1}, zero);
  StopFlag stop;
  DescentSettings settings = test::newton_settings(1e-8);
  settings.stop = &stop;
  settings.observer = [&](const EpochRecord& record) {
    if (record.epoch == 2) stop.raise();
    return false;
  };
  EXPECT_EQ(descend_inside(cost, Point(zero), settings, 1).result.termination.reason, Reason::interrupted);
  stop.lower();
  settings.observer = [](const EpochRecord& record) { return record.epoch == 2; };
  const KinkDescent called = descend_inside(cost, Point(zero), settings, 1);
  EXPECT_EQ(called.result.termination.reason, Reason::callback);
  EXPECT_EQ(called.result.epochs, 2U);
  settings.observer = {};
  settings.max_seconds = 1e-9;
  const KinkDescent late = descend_inside(cost, Point(zero), settings, 1);
  EXPECT_EQ(late.result.termination.reason, Reason::seconds);
  EXPECT_LE(late.result.epochs, 1U);
}

// Classes that a plane with room on both sides separates: the cost is zero.
TEST(InteriorDescent, EndsAtZeroWhereEveryRowIsFitted) {
  test::Random random(50);
  const LossSettings loss{CostKind::hinge, 1, 0.5, 1};
  DenseRows rows(2);
  RowBlock block;
  block.clear(0, 3);
  for (int r = 0; r < 100; ++r) {
    const double y = random.coin() ? 1 : -1;
    const double values[] = {y * random.uniform(0.5, 2), random.normal(), y};
    block.values.insert(block.values.end(), std::begin(values), std::end(values));
    ++block.rows;
  }
  rows.append(block);
  rows.finish();
  const std::vector<double> centre(2, 0.0), scale(2, 1.0);
  rows.standardise(centre, scale, 1);
  const std::vector<LinearTerm> terms = {{0, {}, 0, 1, 1}, {1, {}, 0, 1, 1}};
  LinearCost cost(rows, terms, {loss, 0, Scale::standard, 1}, std::vector<double>(2, 0.0));
  const KinkDescent end = descend_inside(cost, Point({0.0, 0.0}), test::newton_settings(1e-8), 1);
  EXPECT_LE(end.result.cost, 1e-12);
  ASSERT_TRUE(end.gap_bound);
  EXPECT_LE(*end.gap_bound, 1e-12);
}

}  // namespace
}  // namespace talweg
