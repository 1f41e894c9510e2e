// SPDX-License-Identifier: Apache-2.0
// The proven bound on the gap, against the gap of the very data in quadruple precision.
#include <gtest/gtest.h>

#include <cmath>

#include "support/table.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quads;
using test::RowCost;
using test::Table;

struct Tally {
  int judged = 0;
  int refused = 0;
  double worst = 0;      // largest true gap / bound
  double converged = 0;  // largest bound / cost at convergence
};

LeastSquaresSettings random_settings(test::Random& random) {
  LeastSquaresSettings settings;
  settings.intercept = random.below(4) != 0;
  settings.cost = static_cast<CostKind>(random.below(3));
  settings.scale = random.coin() ? Scale::standard : Scale::none;
  settings.l2 = random.coin() ? random.decade(-4, 2) : 0;
  settings.penalty_on_standard_scale = random.coin();
  return settings;
}

void judge(const LeastSquares& cost, const RowCost& exact, const std::vector<Quad>& lowest_at,
           const std::vector<double>& parameters, Tally& tally) {
  const GapBound bound = cost.gap_bound(parameters);
  if (!bound.cost_gap) {
    ++tally.refused;
    EXPECT_FALSE(bound.reason.empty());
    return;
  }
  ++tally.judged;
  const double gap = plain(exact.gap(quads(parameters), lowest_at));
  const double ratio = gap == 0 ? 0 : gap / *bound.cost_gap;
  tally.worst = std::max(tally.worst, ratio);
  EXPECT_LE(gap, *bound.cost_gap) << "ratio - 1 = " << ratio - 1;
}

// Gradient descent in the metric of the factor, until the gap is tolerance^2 times the start's.
Point converge(LeastSquares& cost, double tolerance) {
  Point point = cost.start();
  std::vector<double> gradient(cost.size()), step(cost.size());
  cost.evaluate(point, gradient);
  const double limit = std::max(tolerance * tolerance * *cost.gap(), cost.rounding_gap());
  for (int epoch = 0; epoch < 100 && *cost.gap() > limit; ++epoch) {
    cost.precondition(gradient, step);
    point.move(step, -0.999);
    cost.evaluate(point, gradient);
  }
  return point;
}

TEST(Certificate, TheTrueGapNeverExceedsTheBound) {
  test::Random random(81);
  Tally tally;
  for (int trial = 0; trial < 1000; ++trial) {
    SCOPED_TRACE(trial);
    const std::size_t d = 1 + random.below(5);
    const std::size_t rows = d + 2 + random.below(60);
    std::vector<double> means(d), spreads(d);
    for (std::size_t j = 0; j < d; ++j) {
      spreads[j] = random.decade(-2.5, 2.5);
      means[j] = random.coin() ? 0 : random.normal() * spreads[j] * random.decade(0, 3);
    }
    const double near = random.coin() ? 1 - random.decade(-4, 0) : 0;
    Table table =
        test::random_table(random, {rows, d, near, random.decade(-3, 1), random.coin()}, means, spreads);
    const LeastSquaresSettings settings = random_settings(random);
    const RowCost exact(table, settings);
    const std::vector<Quad> lowest_at = exact.optimum();
    std::vector<double> start(exact.size());
    for (double& x : start) x = random.normal();
    LeastSquares cost = test::least_squares(table, settings, start);
    judge(cost, exact, lowest_at, start, tally);
    // Random points at all distances from the optimum.
    for (int k = 0; k < 6; ++k) {
      const double distance = random.decade(-16, 3);
      std::vector<double> parameters = cost.optimum();
      for (double& p : parameters) p += distance * std::max(1e-3, std::abs(p)) * random.normal();
      judge(cost, exact, lowest_at, parameters, tally);
    }
    judge(cost, exact, lowest_at, cost.optimum(), tally);
    judge(cost, exact, lowest_at, cost.to_user(converge(cost, 1e-12)), tally);
    // From zeros, as the program starts.
    LeastSquares from_zeros = test::least_squares(table, settings, std::vector<double>(exact.size()));
    const std::vector<double> reached = from_zeros.to_user(converge(from_zeros, 1e-12));
    judge(from_zeros, exact, lowest_at, reached, tally);
    const GapBound bound = from_zeros.gap_bound(reached);
    if (bound.cost_gap) {
      const double at = plain(exact.cost(quads(reached)));
      tally.converged = std::max(tally.converged, *bound.cost_gap / at);
    }
  }
  RecordProperty("worst_ratio_minus_one", std::to_string(1e12 * (tally.worst - 1)) + "e-12");
  RecordProperty("worst_bound_over_cost", std::to_string(1e12 * tally.converged) + "e-12");
  EXPECT_EQ(tally.refused, 0);
  EXPECT_LE(tally.converged, 1e-10);
  // Not bought with slack: some bound is nearly attained.
  EXPECT_GT(tally.worst, 1 - 1e-9);
}

// An exact line through whole numbers far from zero: the parameters are exact, the gap is zero, and points a
// few bits off are judged by the moments alone.
TEST(Certificate, HoldsForLargeMeans) {
  test::Random random(82);
  Tally tally;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const std::size_t rows = 10 + random.below(600);
    const double mean = std::round(random.decade(3, 12));
    Table table = test::random_table(random, {rows, 2, 0.3, 0.1, random.coin()}, {mean, -mean}, {1, 1});
    if (trial % 2 == 0) {
      for (std::size_t r = 0; r < rows; ++r) {
        table.at(r, 0) = mean + static_cast<double>(random.below(9));
        table.at(r, 1) = mean - static_cast<double>(random.below(9));
        table.at(r, 2) = 2 * table.at(r, 0) - table.at(r, 1);
      }
    }
    LeastSquaresSettings settings;
    settings.scale = random.coin() ? Scale::standard : Scale::none;
    settings.intercept = trial % 3 != 0;
    const RowCost exact(table, settings);
    std::vector<Quad> lowest_at = exact.optimum();
    if (trial % 2 == 0) {
      lowest_at = quads({2, -1});
      if (settings.intercept) lowest_at.push_back(0);
    }
    LeastSquares cost = test::least_squares(table, settings, std::vector<double>(exact.size()));
    judge(cost, exact, lowest_at, cost.optimum(), tally);
    for (int k = 0; k < 6; ++k) {
      std::vector<double> parameters = cost.optimum();
      for (double& p : parameters) p += random.decade(-30, 0) * random.normal();
      judge(cost, exact, lowest_at, parameters, tally);
    }
  }
  EXPECT_GT(tally.judged, 1000);
}

TEST(Certificate, RefusesNearlyDependentColumnsOrHolds) {
  test::Random random(83);
  Tally tally;
  for (int trial = 0; trial < 100; ++trial) {
    SCOPED_TRACE(trial);
    Table table = test::random_table(random, {40, 3, 0, 1, false});
    const double near = random.decade(-12, -4);
    for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 2) = table.at(r, 0) + near * table.at(r, 2);
    const RowCost exact(table, {});
    LeastSquares cost = test::least_squares(table, {}, {0, 0, 0, 0});
    ASSERT_EQ(cost.rank(), 4U);
    const std::vector<Quad> lowest_at = exact.optimum();
    judge(cost, exact, lowest_at, cost.optimum(), tally);
    judge(cost, exact, lowest_at, {1, 2, 3, 4}, tally);
    judge(cost, exact, lowest_at, cost.to_user(converge(cost, 1e-12)), tally);
  }
  EXPECT_GT(tally.judged, 0);
}

// Gaps are folded as zeros and filled afterwards, which costs digits of columns far from zero: the bound has
// to know. The mean over the present cells is a whole number here, so the data with the mean written in are
// doubles.
TEST(Certificate, HoldsForFilledGaps) {
  test::Random random(85);
  Tally tally;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const double mean = std::round(random.decade(0, 8));
    const std::size_t pairs = 20 + random.below(80);
    const std::size_t rows = 2 * pairs + 30;
    Table table = test::random_table(random, {rows, 2, 0, 0.5, false});
    std::vector<bool> gap(rows);
    for (std::size_t k = 0; k < pairs; ++k) {
      const double offset = std::ldexp(std::round(1024 * random.normal()), -10);
      table.at(2 * k, 0) = mean + offset;
      table.at(2 * k + 1, 0) = mean - offset;
    }
    for (std::size_t r = 2 * pairs; r < rows; ++r) {
      gap[r] = true;
      table.at(r, 0) = mean;
    }
    for (std::size_t r = 0; r < rows; ++r) table.at(r, 2) += 0.7 * (table.at(r, 0) - mean);
    FoldTree tree;
    for (std::size_t begin = 0; begin < rows; begin += kBlockRows) {
      RowBlock block = test::block_of(table, begin, std::min(rows, begin + kBlockRows));
      for (std::size_t r = 0; r < block.rows; ++r) {
        if (gap[begin + r]) {
          block.values[3 * r] = 0;
          block.levels.push_back(0);
        }
        block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
      }
      tree.add(block.number, fold_block(block));
    }
    LeastSquaresSettings settings;
    settings.scale = random.coin() ? Scale::standard : Scale::none;
    const RowCost exact(table, settings);
    const std::vector<Quad> lowest_at = exact.optimum();
    const std::vector<double> zeros(3);
    LeastSquares cost(assemble(tree.finish(), {{0, 0}, {1, {}}, {2, {}}}), settings, zeros);
    judge(cost, exact, lowest_at, cost.optimum(), tally);
    for (int k = 0; k < 20; ++k) {
      std::vector<double> parameters = cost.optimum();
      for (std::size_t j = 0; j < 2; ++j) parameters[j] += random.decade(-17, -3) * random.normal();
      if (random.coin()) {  // the best intercept for them, rounded
        Quad intercept = exact.moments().mean[2];
        for (std::size_t j = 0; j < 2; ++j) intercept -= exact.moments().mean[j] * test::quad(parameters[j]);
        parameters[2] = plain(intercept);
      }
      judge(cost, exact, lowest_at, parameters, tally);
    }
  }
  EXPECT_EQ(tally.refused, 0);
}

TEST(Certificate, NearestOptimumOfIdenticalColumnsHasASmallBound) {
  test::Random random(84);
  Table table = test::random_table(random, {40, 3, 0, 1, false});
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 2) = table.at(r, 0);
  for (const Scale scale : {Scale::none, Scale::standard}) {
    const LeastSquaresSettings settings{true, CostKind::mse, scale, 0, false};
    const LeastSquares cost = test::least_squares(table, settings, {1, 2, -3, 4});
    const GapBound bound = cost.gap_bound(cost.optimum());
    ASSERT_TRUE(bound.cost_gap.has_value());
    EXPECT_LE(*bound.cost_gap, 1e-28);
    EXPECT_NEAR(*cost.gap_bound(std::vector<double>{1, 2, -3, 4}).cost_gap,
                cost.cost_at(std::vector<double>{1, 2, -3, 4}) - cost.lowest_cost(), 1e-10);
  }
}

}  // namespace
}  // namespace talweg
