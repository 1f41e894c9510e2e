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

INSTANTIATE_TEST_SUITE_P(
    All, ActiveRowsTest,
    ::testing::Values(Case{}, Case{CostKind::mae, 300, 6, Scale::none, true, true, 0},
                      Case{CostKind::hinge, 400, 5, Scale::standard, true, false, 0.1},
                      Case{CostKind::quantile, 40, 60, Scale::standard, true, true, 0.05},
                      Case{CostKind::mae, 40, 60, Scale::none, true, false, 0.05},
                      Case{CostKind::hinge, 50, 60, Scale::standard, false, true, 0.01},
                      Case{CostKind::mae, 40, 60, Scale::standard, false, false, 0.05, CellType::floats},
                      Case{CostKind::mae, 40, 60, Scale::standard, true, true, 0.05, CellType::floats}));

}  // namespace
}  // namespace talweg::test
