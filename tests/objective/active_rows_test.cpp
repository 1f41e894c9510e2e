// SPDX-License-Identifier: Apache-2.0
// Directions of a wide table against those of the Hessian as a matrix, on tables small enough for both.
#include "talweg/objective/active_rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/linear_rows.h"

namespace talweg::test {
namespace {

// Columns of about the same size, rows of any number, fewer than parameters, too.
LinearSample sample_of(Random& random, std::size_t rows, std::size_t columns, const LossSettings& loss,
                       bool weighted) {
  LinearSample out = make_sample(random, rows, columns, loss, weighted);
  std::size_t n = 0;
  for (RowBlock& block : out.blocks) {
    for (std::size_t r = 0; r < block.rows; ++r, ++n) {
      for (std::size_t j = 0; j < columns; ++j) {
        out.x[n][j] = static_cast<double>(j % 3) + (1 + static_cast<double>(j % 2)) * random.normal();
        block.values[r * (columns + 1) + j] = out.x[n][j];
      }
    }
  }
  return out;
}

struct Case {
  CostKind kind = CostKind::mae;
  std::size_t rows = 300;
  std::size_t columns = 6;
  Scale scale = Scale::standard;
  bool intercept = true;
  bool weighted = false;
  double l2 = 0;
  CellType type = CellType::doubles;
};

class ActiveRowsTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& c = GetParam();
    Random random(77);
    loss_ = LossSettings{c.kind, 1, 0.3, 0.7};
    sample_ = sample_of(random, c.rows, c.columns, loss_, c.weighted);
    rows_ = make_rows(sample_, c.intercept, c.type);
  }
  [[nodiscard]] std::unique_ptr<LinearCost> cost(bool wide, unsigned threads = 2) const {
    return std::make_unique<LinearCost>(
        rows_.rows, rows_.terms, LinearCostSettings{loss_, GetParam().l2, GetParam().scale, threads, wide},
        std::vector<double>(rows_.terms.size(), 0.0));
  }
  [[nodiscard]] Point point(std::uint64_t seed) const {
    Random random(seed);
    std::vector<double> t(rows_.terms.size());
    for (double& v : t) v = 0.2 * random.normal();
    return Point(t);
  }
  LossSettings loss_;
  LinearSample sample_;
  LinearRows rows_;
};

TEST_P(ActiveRowsTest, DirectionsAreThoseOfTheMatrix) {
  const auto narrow = cost(false);
  const auto wide = cost(true);
  const std::size_t p = narrow->size();
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Point at = point(seed);
    std::vector<double> gradient(p), expected(p), got(p), product(p);
    narrow->evaluate(at, gradient);
    ASSERT_TRUE(narrow->newton_direction(at, gradient, expected));
    ASSERT_TRUE(wide->newton_direction(at, gradient, got));
    const std::vector<double> hessian = narrow->hessian(at);
    // In the metric of the Hessian; directions without curvature are the damping's.
    double off = 0;
    double size = 0;
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < p; ++j) {
        off += (got[i] - expected[i]) * hessian[i * p + j] * (got[j] - expected[j]);
        size += expected[i] * hessian[i * p + j] * expected[j];
      }
    }
    EXPECT_LE(std::sqrt(std::max(off, 0.0)), 1e-7 * std::sqrt(size)) << seed;
    if (has_kink(loss_.kind)) {
      const auto there = narrow->narrowed(at, 0.2);
      const auto here = wide->narrowed(at, 0.2);
      ASSERT_TRUE(there && here);
      EXPECT_NEAR(wide->sharp_cost(*here), narrow->sharp_cost(*there), 1e-6 * narrow->sharp_cost(*there));
    }
  }
}

TEST_P(ActiveRowsTest, GivesTheSameBitsForAnyNumberOfThreads) {
  const std::size_t p = rows_.terms.size();
  const Point at = point(9);
  const auto one = cost(true, 1);
  const auto three = cost(true, 3);
  std::vector<double> gradient(p), expected(p), got(p);
  one->evaluate(at, gradient);
  ASSERT_TRUE(one->newton_direction(at, gradient, expected));
  ASSERT_TRUE(three->newton_direction(at, gradient, got));
  EXPECT_EQ(got, expected);
  EXPECT_EQ(one->narrowed(at, 0.1)->high, three->narrowed(at, 0.1)->high);
  const auto bound = one->lower_bound(at);
  const auto same = three->lower_bound(at);
  ASSERT_EQ(bound.has_value(), same.has_value());
  if (bound) {
    EXPECT_EQ(bound->value, same->value);
  }
}

TEST_P(ActiveRowsTest, ProductsMeetTheMatrixAsFarAsAsked) {
  const auto narrow = cost(false);
  const auto wide = cost(true);
  const std::size_t p = narrow->size();
  const Point at = point(4);
  std::vector<double> gradient(p), got(p), product(p);
  narrow->evaluate(at, gradient);
  const std::vector<double> curvature = wide->row_losses(wide->predictions_at(at)).curvature;
  ActiveRows rows(*wide, {ActiveRows::Way::products});
  ASSERT_TRUE(rows.direction(curvature, gradient, {}, 1e-6, false, got));
  EXPECT_EQ(rows.last_way(), ActiveRows::Way::products);
  wide->multiply_hessian(got, curvature, product);
  double left = 0;
  double size = 0;
  for (std::size_t j = 0; j < p; ++j) {
    left += (product[j] + gradient[j]) * (product[j] + gradient[j]);
    size += gradient[j] * gradient[j];
  }
  // Fewer rows within the width than parameters leave a part of the gradient that no product reaches.
  if (GetParam().rows > p || GetParam().l2 > 0) {
    EXPECT_LE(std::sqrt(left), 1e-4 * std::sqrt(size));
  }
}

TEST_P(ActiveRowsTest, NoPointIsBelowTheBound) {
  const auto wide = cost(true);
  Random random(3);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto bound = wide->lower_bound(point(seed));
    if (GetParam().l2 == 0) {
      EXPECT_EQ(bound.has_value(), GetParam().rows <= wide->size());
      continue;
    }
    ASSERT_TRUE(bound.has_value());
    EXPECT_TRUE(bound->from_slopes);
    Point lowest = point(seed);
    for (int k = 0; k < 200; ++k) {  // downhill by whatever helps
      Point other = lowest;
      const double size = random.decade(-4, 0);
      for (double& t : other.high) t += size * random.normal();
      if (wide->sharp_cost(other) < wide->sharp_cost(lowest)) lowest = other;
      EXPECT_GE(wide->sharp_cost(other) + bound->rounding, bound->value);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ActiveRowsTest,
    ::testing::Values(Case{}, Case{CostKind::mae, 300, 6, Scale::none, true, true, 0},
                      Case{CostKind::hinge, 400, 5, Scale::standard, true, false, 0.1},
                      Case{CostKind::quantile, 40, 60, Scale::standard, true, true, 0.05},
                      Case{CostKind::mae, 40, 60, Scale::none, true, false, 0.05},
                      Case{CostKind::hinge, 50, 60, Scale::standard, false, true, 0.01},
                      Case{CostKind::mae, 40, 60, Scale::standard, false, false, 0.05, CellType::floats},
                      Case{CostKind::mae, 40, 60, Scale::standard, true, true, 0.05, CellType::floats}));

// The smooth losses, at and near their lowest points: the bound holds, and meets the cost.
TEST(LowerBound, MeetsTheLowestCostOfEveryLoss) {
  for (const CostKind kind :
       {CostKind::huber, CostKind::logistic, CostKind::poisson, CostKind::squared_hinge}) {
    for (const bool intercept : {true, false}) {
      SCOPED_TRACE(std::string(cost_name(kind)) + (intercept ? " intercept" : ""));
      Random random(12);
      const LossSettings loss{kind, 1, 0.5, 0};
      const LinearSample sample = sample_of(random, 60, 5, loss, true);
      const LinearRows rows = make_rows(sample, intercept);
      const std::size_t p = rows.terms.size();
      LinearCost narrow(rows.rows, rows.terms, {loss, 0.1, Scale::standard, 1, false},
                        std::vector<double>(p));
      LinearCost wide(rows.rows, rows.terms, {loss, 0.1, Scale::standard, 2, true}, std::vector<double>(p));
      Point at{std::vector<double>(p)};
      std::vector<double> gradient(p), direction(p);
      double last = narrow.evaluate(at, gradient);
      double bound = 0;
      for (int step = 0; step < 100; ++step) {
        const auto found = wide.lower_bound(at);
        ASSERT_TRUE(found);
        bound = found->value;
        const double lowest_seen = narrow.evaluate(at, gradient);
        EXPECT_LE(bound, lowest_seen + found->rounding);
        ASSERT_TRUE(narrow.newton_direction(at, gradient, direction));
        double length = 1;
        for (; length > 1e-12; length /= 2) {
          Point next = at;
          next.move(direction, length);
          if (narrow.evaluate(next, gradient) <= last) {
            at = next;
            last = narrow.evaluate(at, gradient);
            break;
          }
        }
      }
      const auto end = wide.lower_bound(at);
      EXPECT_NEAR(end->value, last, 1e-10 * std::abs(last));
      EXPECT_LE(end->rounding, 1e-9 * std::abs(last));
    }
  }
}

// As many parameters as rows: a point that fits them all.
TEST(Interpolated, FitsAllRows) {
  for (const CostKind kind : {CostKind::mae, CostKind::hinge}) {
    for (const bool intercept : {true, false}) {
      for (const Scale scale : {Scale::standard, Scale::none}) {
        Random random(8);
        const LossSettings loss{kind, 1, 0.5, 1};
        const LinearSample sample = sample_of(random, 40, 60, loss, true);
        const LinearRows rows = make_rows(sample, intercept);
        LinearCost cost(rows.rows, rows.terms, {loss, 0, scale, 2, true},
                        std::vector<double>(rows.terms.size()));
        const auto at = cost.interpolated(Point(std::vector<double>(rows.terms.size(), 0.1)));
        ASSERT_TRUE(at);
        EXPECT_LE(cost.sharp_cost(*at), 1e-11);
      }
    }
  }
}

}  // namespace
}  // namespace talweg::test
