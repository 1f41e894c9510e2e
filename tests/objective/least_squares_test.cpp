// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/least_squares.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>

#include "support/table.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;
using test::quads;
using test::RowCost;
using test::Table;

struct Case {
  LeastSquaresSettings settings;
  Table table;
  std::vector<double> start;
  std::string name;
};

// Every combination of intercept, cost, scale, penalty and weights, on columns of unequal means and spreads.
std::vector<Case> all_cases() {
  std::vector<Case> out;
  test::Random random(61);
  for (const bool intercept : {true, false}) {
    for (const CostKind cost : {CostKind::mse, CostKind::half_mse, CostKind::sse}) {
      for (const Scale scale : {Scale::none, Scale::standard}) {
        for (const int penalty : {0, 1, 2}) {
          for (const bool weighted : {false, true}) {
            Case c;
            c.settings = {intercept, cost, scale, penalty == 0 ? 0 : 0.7, penalty == 2};
            c.table = test::random_table(random, {300, 3, 0.4, 0.5, weighted}, {3, -2, 0.5}, {1, 0.2, 5});
            for (int j = 0; j < (intercept ? 4 : 3); ++j) c.start.push_back(random.normal());
            c.name = std::string(intercept ? "intercept " : "") + "cost " +
                     std::to_string(static_cast<int>(cost)) + " scale " +
                     std::to_string(static_cast<int>(scale)) + " penalty " + std::to_string(penalty) +
                     (weighted ? " weighted" : "");
            out.push_back(std::move(c));
          }
        }
      }
    }
  }
  return out;
}

// d(user parameters)/d(u) transposed times a gradient in the user's parameters.
std::vector<Quad> to_descent_gradient(const RowCost& exact, const LeastSquaresSettings& settings,
                                      const std::vector<Quad>& user) {
  std::vector<Quad> out = user;
  if (settings.scale == Scale::none) return out;
  const std::size_t d = exact.moments().size() - 1;
  for (std::size_t j = 0; j < d; ++j) {
    const Quad unit = test::sqrt(exact.second(j, j));
    if (settings.intercept) out[j] -= exact.moments().mean[j] * user[d];
    out[j] /= unit;
  }
  return out;
}

double largest(const std::vector<Quad>& values) {
  double out = 0;
  for (const Quad value : values) out = std::max(out, plain(test::abs(value)));
  return out;
}

TEST(LeastSquares, CostAndGradientEqualSumsOverTheRows) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    const RowCost exact(c.table, c.settings);
    std::vector<double> gradient(cost.size());
    const double found = cost.evaluate(cost.start(), gradient);
    const std::vector<Quad> start = quads(c.start);
    EXPECT_LE(test::relative_error(quad(found), exact.cost(start)), 1e-14);
    EXPECT_LE(test::relative_error(quad(cost.cost_at(c.start)), exact.cost(start)), 1e-14);
    EXPECT_LE(test::relative_error(quad(cost.mean_squared_error(c.start)), exact.mean_square(start)), 1e-14);
    const std::vector<Quad> expected = to_descent_gradient(exact, c.settings, exact.gradient(start));
    const std::vector<double> at_start = cost.start_gradient();
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      EXPECT_NEAR(gradient[j], plain(expected[j]), 1e-14 * largest(expected)) << j;
      EXPECT_NEAR(at_start[j], plain(expected[j]), 1e-15 * largest(expected)) << j;
    }
    EXPECT_LE(test::relative_error(quad(*cost.gap()), exact.gap(start, exact.optimum())), 1e-13);
  }
}

TEST(LeastSquares, GradientIsTheSlopeOfTheCost) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    std::vector<double> gradient(cost.size()), unused(cost.size());
    cost.evaluate(cost.start(), gradient);
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      const double h = 1;  // quadratic: central differences are exact for any step
      Point up = cost.start();
      Point down = cost.start();
      up.high[j] += h;
      down.high[j] -= h;
      const double high = cost.evaluate(up, unused);
      const double low = cost.evaluate(down, unused);
      EXPECT_NEAR((high - low) / (up.high[j] - down.high[j]), gradient[j], 1e-12 * (high + low)) << j;
    }
  }
}

TEST(LeastSquares, HessianIsTheChangeOfTheGradient) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    const std::size_t n = cost.size();
    const std::vector<double> hessian = cost.hessian();
    std::vector<double> before(n), after(n), direction(n);
    cost.evaluate(cost.start(), before);
    for (std::size_t j = 0; j < n; ++j) {
      Point moved = cost.start();
      std::fill(direction.begin(), direction.end(), 0.0);
      direction[j] = 1;
      moved.move(direction, 1);
      cost.evaluate(moved, after);
      double size = 0;
      for (std::size_t i = 0; i < n; ++i) size = std::max({size, std::abs(before[i]), std::abs(after[i])});
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(after[i] - before[i], hessian[i * n + j], 1e-14 * size);
        EXPECT_EQ(hessian[i * n + j], hessian[j * n + i]);
      }
      cost.evaluate(cost.start(), before);
      EXPECT_NEAR(*cost.curvature_along(direction), hessian[j * n + j], 1e-14 * hessian[j * n + j]);
    }
  }
}

TEST(LeastSquares, AdvanceAgreesWithEvaluate) {
  test::Random random(62);
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    LeastSquares moving = test::least_squares(c.table, c.settings, c.start);
    LeastSquares fresh = test::least_squares(c.table, c.settings, c.start);
    const std::size_t n = moving.size();
    std::vector<double> carried(n), expected(n), direction(n);
    Point point = moving.start();
    moving.evaluate(point, carried);
    for (int step = 1; step < 3 * LeastSquares::kFreshEvery; ++step) {
      for (double& x : direction) x = random.normal();
      if (step % 3 == 0) moving.curvature_along(direction);
      const double length = random.uniform(-1, 1);
      point.move(direction, length);
      const double cost = moving.advance(point, direction, length, carried);
      const double exact = fresh.evaluate(point, expected);
      ASSERT_NEAR(cost, exact, 1e-12 * exact) << step;
      ASSERT_NEAR(*moving.gap(), *fresh.gap(), 1e-12 * exact);
      double size = 0;
      for (const double g : expected) size = std::max(size, std::abs(g));
      for (std::size_t j = 0; j < n; ++j) ASSERT_NEAR(carried[j], expected[j], 1e-12 * (size + 1)) << step;
    }
  }
}

TEST(LeastSquares, StartComesBackToTheBit) {
  test::Random random(63);
  for (int trial = 0; trial < 400; ++trial) {
    const bool intercept = trial % 4 != 3;
    const double mean = random.decade(-2, 7);
    const Table table =
        test::random_table(random, {30, 3, 0.3, 1, false}, {mean, -mean / 7, 0}, {1, 0.01, 300});
    std::vector<double> start;
    for (int j = 0; j < 3; ++j) start.push_back(trial % 5 == 0 ? 1 : random.normal() * random.decade(-3, 3));
    // Also an intercept of exactly zero beside large coefficients, and a tiny one.
    if (intercept) start.push_back(trial % 3 == 0 ? 0 : random.normal() * random.decade(-9, 3));
    for (const Scale scale : {Scale::none, Scale::standard}) {
      const LeastSquares cost =
          test::least_squares(table, {intercept, CostKind::mse, scale, 0, false}, start);
      const std::vector<double> back = cost.to_user(cost.start());
      ASSERT_EQ(back.size(), start.size());
      for (std::size_t j = 0; j < start.size(); ++j) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(back[j]), std::bit_cast<std::uint64_t>(start[j]))
            << trial << " " << j << " " << back[j] << " " << start[j];
      }
    }
  }
}

TEST(LeastSquares, UserParametersGiveThePointsCost) {
  test::Random random(64);
  for (const Case& c : all_cases()) {
    LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    Point point = cost.start();
    std::vector<double> direction(cost.size()), gradient(cost.size());
    for (double& x : direction) x = random.normal();
    point.move(direction, 0.3);
    const double expected = cost.evaluate(point, gradient);
    EXPECT_NEAR(cost.cost_at(cost.to_user(point)), expected, 1e-13 * expected) << c.name;
  }
}

TEST(LeastSquares, OptimumEqualsTheNormalEquations) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    const RowCost exact(c.table, c.settings);
    const std::vector<Quad> expected = exact.optimum();
    const std::vector<double> found = cost.optimum();
    // Rounded once: the last bit of each parameter.
    for (std::size_t j = 0; j < found.size(); ++j)
      EXPECT_LE(test::relative_error(quad(found[j]), expected[j]), 1.12e-16);
    EXPECT_LE(test::relative_error(quad(cost.lowest_cost()), exact.cost(expected)), 1e-15);
    EXPECT_EQ(cost.rank(), c.start.size());
    EXPECT_LE(*cost.gap_bound(found).cost_gap, 1e-30 * cost.constant_cost() * 100);
  }
}

TEST(LeastSquares, OptimumOfIllConditionedColumnsIsRight) {
  test::Random random(65);
  double worst = 0;
  for (int trial = 0; trial < 50; ++trial) {
    const double near = 1 - random.decade(-6, -1);
    const Table table =
        test::random_table(random, {200, 4, near, 1, trial % 2 == 0}, {1e5, 10, 0, -1}, {1, 1e-3, 1, 100});
    for (const Scale scale : {Scale::none, Scale::standard}) {
      const LeastSquaresSettings settings{true, CostKind::mse, scale, 0, false};
      const RowCost exact(table, settings);
      const std::vector<Quad> expected = exact.optimum();
      const std::vector<double> found = test::least_squares(table, settings, {0, 0, 0, 0, 0}).optimum();
      for (std::size_t j = 0; j < 5; ++j)
        worst = std::max(worst, test::relative_error(quad(found[j]), expected[j]));
    }
  }
  EXPECT_LE(worst, 1.12e-16);
}

TEST(LeastSquares, StandardErrorsEqualTheFormula) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    const auto errors = cost.standard_errors();
    const auto roots = cost.inverse_curvature_roots();
    const RowCost exact(c.table, c.settings);
    // X'WX with the intercept's column last.
    const std::size_t n = exact.size();
    const std::size_t d = c.table.features;
    std::vector<Quad> cross(n * n, Quad(0));
    const auto cell = [&](std::size_t r, std::size_t j) { return j < d ? quad(c.table.at(r, j)) : Quad(1); };
    for (std::size_t r = 0; r < c.table.rows; ++r) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j)
          cross[i * n + j] += quad(c.table.weight(r)) * cell(r, i) * cell(r, j);
      }
    }
    std::vector<Quad> hessian = cross;
    for (Quad& h : hessian) h *= exact.factor() / exact.moments().weight;
    for (std::size_t j = 0; j < d; ++j) {
      hessian[j * n + j] += quad(c.settings.l2) * exact.penalty_unit(j) * exact.penalty_unit(j);
    }
    const std::vector<Quad> inverse = test::invert_positive(cross, n);
    const std::vector<Quad> inverse_hessian = test::invert_positive(hessian, n);
    const Quad variance = exact.mean_square(exact.optimum()) * exact.moments().weight /
                          static_cast<Quad>(static_cast<double>(c.table.rows - n));
    for (std::size_t j = 0; j < n; ++j) {
      ASSERT_TRUE(roots[j].has_value());
      EXPECT_LE(test::relative_error(quad(*roots[j]), test::sqrt(inverse_hessian[j * n + j])), 1e-14);
      ASSERT_EQ(errors[j].has_value(), c.settings.l2 == 0);
      if (errors[j]) {
        EXPECT_LE(test::relative_error(quad(*errors[j]), test::sqrt(variance * inverse[j * n + j])), 1e-14);
      }
    }
  }
}

// The longley-like classic: cars' stopping distances are too many rows; five points by hand suffice.
// x 1..5, y 2 4 5 4 5: slope 0.6, intercept 2.2, RSS 2.4, errors sqrt(0.8/10) and sqrt(0.8 (1/5 + 9/10)).
TEST(LeastSquares, StandardErrorsOfAHandExample) {
  const Table table{5, 1, {1, 2, 2, 4, 3, 5, 4, 4, 5, 5}, {}};
  const LeastSquares cost = test::least_squares(table, {}, {0, 0});
  EXPECT_NEAR(cost.optimum()[0], 0.6, 1e-15);
  EXPECT_NEAR(cost.optimum()[1], 2.2, 1e-15);
  EXPECT_NEAR(cost.lowest_cost(), 2.4 / 5, 1e-15);
  EXPECT_NEAR(*cost.standard_errors()[0], std::sqrt(0.08), 1e-15);
  EXPECT_NEAR(*cost.standard_errors()[1], std::sqrt(0.88), 1e-15);
  EXPECT_NEAR(cost.constant_cost(), 1.2, 1e-15);
  EXPECT_NEAR(cost.total_mean_square(), 1.2, 1e-15);
}

TEST(LeastSquares, NoStandardErrorsWithoutDegreesOfFreedom) {
  test::Random random(66);
  const Table table = test::random_table(random, {4, 3, 0, 1, false});
  for (const auto& error : test::least_squares(table, {}, {0, 0, 0, 0}).standard_errors())
    EXPECT_FALSE(error);
}

TEST(LeastSquares, LowestCostOfExactLinesIsZero) {
  test::Random random(67);
  for (int trial = 0; trial < 60; ++trial) {
    Table table = test::random_table(random, {2 + random.below(500), 2, 0, 0, trial % 2 == 0},
                                     {random.decade(0, 4), 0});
    const double slope = random.normal();
    for (std::size_t r = 0; r < table.rows; ++r) {
      table.at(r, 2) = 3 + slope * table.at(r, 0) - 0.1 * table.at(r, 1);  // rounded to double
    }
    for (const Scale scale : {Scale::none, Scale::standard}) {
      const LeastSquares cost = test::least_squares(table, {true, CostKind::mse, scale, 0, false}, {0, 0, 0});
      EXPECT_EQ(cost.lowest_cost(), 0) << trial;
      EXPECT_EQ(cost.mean_squared_error(cost.optimum()), 0) << trial;
    }
  }
}

TEST(LeastSquares, ASmallButRealResidualIsNotTakenForZero) {
  test::Random random(68);
  Table table = test::random_table(random, {100, 1, 0, 0, false});
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 1) = 2 * table.at(r, 0) + 1e-13 * random.normal();
  const LeastSquares cost = test::least_squares(table, {}, {0, 0});
  const RowCost exact(table, {});
  EXPECT_LE(test::relative_error(quad(cost.lowest_cost()), exact.cost(exact.optimum())), 1e-4);
}

TEST(LeastSquares, AConstantColumnKeepsItsStart) {
  test::Random random(69);
  Table table = test::random_table(random, {50, 3, 0, 1, false});
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 1) = 7;
  Table without = test::empty_table(50, 2);
  for (std::size_t r = 0; r < table.rows; ++r) {
    without.at(r, 0) = table.at(r, 0);
    without.at(r, 1) = table.at(r, 2);
    without.at(r, 2) = table.at(r, 3) - 7 * 1.5;
  }
  for (const Scale scale : {Scale::none, Scale::standard}) {
    const LeastSquaresSettings settings{true, CostKind::mse, scale, 0, false};
    LeastSquares cost = test::least_squares(table, settings, {1, 1.5, 2, 3});
    EXPECT_EQ(cost.constant_features(), (std::vector<std::size_t>{1}));
    EXPECT_EQ(cost.size(), 3U);
    EXPECT_EQ(cost.optimum()[1], 1.5);
    const std::vector<double> expected = test::least_squares(without, settings, {1, 2, 3}).optimum();
    EXPECT_NEAR(cost.optimum()[0], expected[0], 1e-14);
    EXPECT_NEAR(cost.optimum()[2], expected[1], 1e-14);
    EXPECT_NEAR(cost.optimum()[3], expected[2], 1e-13);
    EXPECT_FALSE(cost.standard_errors()[1].has_value());
    EXPECT_TRUE(cost.standard_errors()[0].has_value());
    std::vector<double> gradient(3);
    const double start_cost = cost.evaluate(cost.start(), gradient);
    const RowCost exact(table, settings);
    EXPECT_LE(test::relative_error(quad(start_cost), exact.cost(quads({1, 1.5, 2, 3}))), 1e-14);
  }
  // Without an intercept it is a column like any other; a column of zeros is not.
  LeastSquaresSettings none;
  none.intercept = false;
  EXPECT_TRUE(test::least_squares(table, none, {0, 0, 0}).constant_features().empty());
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 1) = 0;
  EXPECT_EQ(test::least_squares(table, none, {0, 0, 0}).constant_features(), (std::vector<std::size_t>{1}));
}

// Minimiser nearest to the start in the coordinates u: cost minimal, and the step from the start orthogonal
// to the null space, that is to every direction with H direction = 0.
void expect_nearest_minimiser(const Table& table, const LeastSquaresSettings& settings,
                              const std::vector<double>& start,
                              const std::vector<std::vector<double>>& null_directions_user) {
  LeastSquares cost = test::least_squares(table, settings, start);
  std::vector<double> gradient(cost.size());
  const std::vector<double> optimum = cost.optimum();
  const Point at = cost.from_user(optimum);
  const double lowest = cost.evaluate(at, gradient);
  EXPECT_NEAR(lowest, cost.lowest_cost(), 1e-14 * cost.constant_cost());
  const RowCost exact(table, settings);
  EXPECT_NEAR(plain(exact.cost(quads(optimum))), cost.lowest_cost(), 1e-12 * cost.constant_cost());
  std::vector<double> zeros(start.size(), 0.0);
  const Point origin = cost.from_user(zeros);
  for (const std::vector<double>& user : null_directions_user) {
    const Point direction = cost.from_user(user);
    double dot = 0;
    double step = 0;
    double size = 0;
    for (std::size_t j = 0; j < cost.size(); ++j) {
      const double moved = at.high[j] - cost.start().high[j];
      const double along = direction.high[j] - origin.high[j];
      dot += moved * along;
      step += moved * moved;
      size += along * along;
    }
    EXPECT_LE(std::abs(dot), 1e-12 * std::sqrt(step * size));
  }
}

TEST(LeastSquares, IdenticalColumnsEndAtTheMinimiserNearestToTheStart) {
  test::Random random(70);
  Table table = test::random_table(random, {60, 3, 0, 1, false}, {2, 0, 0}, {3, 1, 1});
  for (std::size_t r = 0; r < table.rows; ++r) table.at(r, 2) = table.at(r, 0);
  for (const Scale scale : {Scale::none, Scale::standard}) {
    for (const bool intercept : {true, false}) {
      const LeastSquaresSettings settings{intercept, CostKind::mse, scale, 0, false};
      std::vector<double> start = {5, 1, -3, 0.5};
      if (!intercept) start.pop_back();
      std::vector<double> null = {1, 0, -1, 0};
      null.resize(start.size());
      expect_nearest_minimiser(table, settings, start, {null});
      const LeastSquares cost = test::least_squares(table, settings, start);
      EXPECT_EQ(cost.aliased_features(), (std::vector<std::vector<std::size_t>>{{2, 0}}));
      // The difference of the two stays what it was.
      EXPECT_NEAR(cost.optimum()[0] - cost.optimum()[2], 8, 1e-13);
      EXPECT_EQ(cost.rank(), start.size() - 1);
      EXPECT_FALSE(cost.standard_errors()[0].has_value());
      EXPECT_FALSE(cost.standard_errors()[2].has_value());
      EXPECT_TRUE(cost.standard_errors()[1].has_value());
      EXPECT_TRUE(cost.standard_errors().back().has_value() || !intercept);
    }
  }
}

// x3 = 2 x1 - x2 + 4: the intercept takes part in the null space.
TEST(LeastSquares, DependenceThroughTheIntercept) {
  test::Random random(71);
  Table table = test::random_table(random, {60, 3, 0, 1, false});
  for (std::size_t r = 0; r < table.rows; ++r) {
    for (std::size_t j = 0; j < 2; ++j) table.at(r, j) = std::round(100 * table.at(r, j)) + 50;
    table.at(r, 2) = 2 * table.at(r, 0) - table.at(r, 1) + 4;
  }
  for (const Scale scale : {Scale::none, Scale::standard}) {
    const LeastSquaresSettings settings{true, CostKind::mse, scale, 0, false};
    expect_nearest_minimiser(table, settings, {0.3, -2, 1, 5}, {{2, -1, -1, 4}});
    const LeastSquares cost = test::least_squares(table, settings, {0, 0, 0, 0});
    EXPECT_EQ(cost.aliased_features(), (std::vector<std::vector<std::size_t>>{{2, 0, 1}}));
    for (const auto& error : cost.standard_errors()) EXPECT_FALSE(error.has_value());
  }
}

TEST(LeastSquares, MoreColumnsThanRows) {
  test::Random random(72);
  const Table table = test::random_table(random, {5, 9, 0, 1, false});
  for (const Scale scale : {Scale::none, Scale::standard}) {
    const LeastSquaresSettings settings{true, CostKind::mse, scale, 0, false};
    std::vector<double> start(10);
    for (double& x : start) x = random.normal();
    LeastSquares cost = test::least_squares(table, settings, start);
    EXPECT_EQ(cost.rank(), 5U);
    EXPECT_EQ(cost.aliased_features().size(), 5U);
    EXPECT_EQ(cost.lowest_cost(), 0);
    const std::vector<double> optimum = cost.optimum();
    for (std::size_t r = 0; r < 5; ++r) {
      double prediction = optimum[9];
      for (std::size_t j = 0; j < 9; ++j) prediction += optimum[j] * table.at(r, j);
      EXPECT_NEAR(prediction, table.target(r), 1e-12);
    }
    // Nearest to the start: the step is in the row space, so no shorter step reaches the rows.
    const Point at = cost.from_user(optimum);
    std::vector<double> step(cost.size());
    for (std::size_t j = 0; j < step.size(); ++j) step[j] = at.high[j] - cost.start().high[j];
    const std::vector<double> hessian = cost.hessian();
    // step = H z for some z, judged by projecting on the null space: the residual of the least-squares
    // problem min |H z - step| in quadruple precision, regularised far below the smallest eigenvalue.
    const std::size_t n = step.size();
    std::vector<Quad> normal(n * n, Quad(0));
    std::vector<Quad> right(n, Quad(0));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < n; ++k)
          normal[i * n + j] += quad(hessian[k * n + i]) * quad(hessian[k * n + j]);
        right[i] += quad(hessian[j * n + i]) * quad(step[j]);
      }
      normal[i * n + i] += quad(1e-18);
    }
    const std::vector<Quad> z = test::solve_positive(normal, right);
    double rest = 0;
    double size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      Quad sum = quad(step[i]);
      for (std::size_t j = 0; j < n; ++j) sum -= quad(hessian[i * n + j]) * z[j];
      rest = std::max(rest, plain(test::abs(sum)));
      size = std::max(size, std::abs(step[i]));
    }
    EXPECT_LE(rest, 1e-10 * size);
  }
}

TEST(LeastSquares, PreconditionInvertsTheHessian) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    LeastSquares cost = test::least_squares(c.table, c.settings, c.start);
    std::vector<double> gradient(cost.size()), step(cost.size());
    cost.evaluate(cost.start(), gradient);
    ASSERT_TRUE(cost.precondition(gradient, step));
    Point point = cost.start();
    point.move(step, -1);
    EXPECT_LE(cost.evaluate(point, gradient) - cost.lowest_cost(), 1e-24 * cost.cost_at(c.start));
  }
}

TEST(LeastSquares, WeightsEqualRepetitionAndTheirScaleOnlyMattersForSums) {
  test::Random random(73);
  Table weighted = test::random_table(random, {80, 2, 0.2, 1, false});
  Table repeated = test::empty_table(0, 2);
  for (std::size_t r = 0; r < weighted.rows; ++r) {
    const std::size_t copies = 1 + r % 3;
    weighted.weights.push_back(static_cast<double>(copies));
    for (std::size_t k = 0; k < copies; ++k, ++repeated.rows) {
      for (std::size_t j = 0; j < 3; ++j) repeated.values.push_back(weighted.at(r, j));
    }
  }
  Table scaled = weighted;
  for (double& w : scaled.weights) w *= 10;
  for (const CostKind kind : {CostKind::mse, CostKind::sse}) {
    const LeastSquaresSettings settings{true, kind, Scale::none, 0, false};
    const std::vector<double> start = {1, 2, 3};
    const LeastSquares a = test::least_squares(weighted, settings, start);
    const LeastSquares b = test::least_squares(repeated, settings, start);
    const LeastSquares c = test::least_squares(scaled, settings, start);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(a.optimum()[j], b.optimum()[j], 1e-15);
      EXPECT_NEAR(a.optimum()[j], c.optimum()[j], 1e-15);
      EXPECT_NEAR(*a.standard_errors()[j], *c.standard_errors()[j], 1e-15);
    }
    EXPECT_NEAR(a.cost_at(start), b.cost_at(start), 1e-12 * a.cost_at(start));
    const double times = kind == CostKind::sse ? 10 : 1;
    EXPECT_NEAR(times * a.cost_at(start), c.cost_at(start), 1e-12 * c.cost_at(start));
  }
}

TEST(LeastSquares, NoFeaturesLeaveTheIntercept) {
  const Table table{3, 0, {1, 2, 6}, {}};
  LeastSquares cost = test::least_squares(table, {}, {10});
  EXPECT_EQ(cost.size(), 1U);
  EXPECT_DOUBLE_EQ(cost.optimum()[0], 3);
  EXPECT_DOUBLE_EQ(cost.lowest_cost(), 14.0 / 3);
  std::vector<double> gradient(1);
  EXPECT_DOUBLE_EQ(cost.evaluate(cost.start(), gradient), 14.0 / 3 + 49);
  EXPECT_DOUBLE_EQ(gradient[0], 14);
}

TEST(Point, MovesWithoutLosingSmallSteps) {
  Point point(std::vector<double>{1.0});
  const std::vector<double> direction = {0x1p-80};
  for (int i = 0; i < 1024; ++i) point.move(direction, 1);
  EXPECT_EQ(point.high[0], 1.0);
  EXPECT_EQ(point.low[0], 0x1p-70);
}

}  // namespace
}  // namespace talweg
