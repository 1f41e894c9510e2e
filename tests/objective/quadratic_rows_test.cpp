// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/quadratic_rows.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "support/linear_rows.h"
#include "talweg/objective/largest_curvature.h"

namespace talweg::test {
namespace {

struct Case {
  CostKind kind = CostKind::mse;
  Scale scale = Scale::standard;
  bool intercept = true;
  bool weighted = false;
  double l2 = 0;
};

class QuadraticRowsTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    Random random(5);
    const LossSettings loss{GetParam().kind, 1, 0.5, 0};
    rows_ = make_rows(make_sample(random, 700, 5, loss, GetParam().weighted), GetParam().intercept);
    const std::vector<double> start(rows_.terms.size(), 0.0);
    cost_.emplace(rows_.rows, rows_.terms, LinearCostSettings{loss, GetParam().l2, GetParam().scale, 2},
                  start);
  }
  [[nodiscard]] std::vector<double> numbers(std::uint64_t seed) const {
    Random random(seed);
    std::vector<double> out(cost_->size());
    for (double& v : out) v = random.normal();
    return out;
  }
  LinearRows rows_;
  std::optional<LinearCost> cost_;
};

TEST_P(QuadraticRowsTest, ProductsAreThoseOfTheHessian) {
  const std::size_t p = cost_->size();
  const std::vector<double> direction = numbers(1);
  std::vector<double> product(p);
  const double bound = *curvature_bound(cost_->loss());
  cost_->multiply_hessian(direction, bound, product);
  const std::vector<double> hessian = cost_->hessian(Point(numbers(2)));
  for (std::size_t i = 0; i < p; ++i) {
    double sum = 0;
    double size = 0;
    for (std::size_t j = 0; j < p; ++j) {
      sum += hessian[i * p + j] * direction[j];
      size += std::abs(hessian[i * p + j] * direction[j]);
    }
    EXPECT_NEAR(product[i], sum, 1e-13 * size);
  }
}

TEST_P(QuadraticRowsTest, StepsLeadWhereAFreshVisitFindsThem) {
  QuadraticRows quadratic(*cost_);
  Point point(numbers(3));
  std::vector<double> gradient(cost_->size());
  double cost = quadratic.evaluate(point, gradient);
  for (std::uint64_t k = 0; k < 40; ++k) {
    const std::vector<double> direction = numbers(10 + k);
    const double bend = *quadratic.curvature_along(direction);
    double slope = 0;
    for (std::size_t j = 0; j < gradient.size(); ++j) slope += gradient[j] * direction[j];
    const double length = -slope / bend;
    point.move(direction, length);
    const double before = cost;
    cost = quadratic.advance(point, direction, length, gradient);
    EXPECT_LE(cost, before * (1 + 1e-12));
    std::vector<double> fresh(gradient.size());
    const double fresh_cost = cost_->evaluate(point, fresh);
    EXPECT_NEAR(cost, fresh_cost, 1e-11 * fresh_cost);
    double size = 0;
    for (const double g : fresh) size = std::max(size, std::abs(g));
    for (std::size_t j = 0; j < fresh.size(); ++j)
      EXPECT_NEAR(gradient[j], fresh[j], 1e-10 * (size + fresh_cost));
  }
}

TEST_P(QuadraticRowsTest, LanczosFindsTheLargestCurvature) {
  const std::size_t p = cost_->size();
  const std::vector<double> hessian = cost_->hessian(Point(std::vector<double>(p)));
  const Eigen::Map<const Eigen::MatrixXd> matrix(hessian.data(), static_cast<Eigen::Index>(p),
                                                 static_cast<Eigen::Index>(p));
  const double largest = matrix.selfadjointView<Eigen::Lower>().eigenvalues().maxCoeff();
  const double bound = *curvature_bound(cost_->loss());
  const auto multiply = [&](std::span<const double> v, std::span<double> out) {
    cost_->multiply_hessian(v, bound, out);
  };
  const LargestCurvature rough = largest_curvature(p, multiply);
  EXPECT_LE(rough.ritz, largest * (1 + 1e-12));
  EXPECT_GE(rough.upper(), largest * (1 - 1e-12));
  EXPECT_LE(rough.upper(), largest * 1.03);
  EXPECT_NEAR(largest_curvature(p, multiply, 1e-12).ritz, largest, 1e-12 * largest);
}

INSTANTIATE_TEST_SUITE_P(All, QuadraticRowsTest,
                         ::testing::Values(Case{}, Case{CostKind::half_mse, Scale::none, true, true, 0.3},
                                           Case{CostKind::sse, Scale::standard, false, true, 0},
                                           Case{CostKind::mse, Scale::standard, true, false, 2},
                                           Case{CostKind::sse, Scale::none, false, false, 0.1}));

TEST(LargestCurvature, OfNothingIsZero) {
  const auto zero = [](std::span<const double>, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
  };
  EXPECT_EQ(largest_curvature(0, zero).upper(), 0);
  EXPECT_EQ(largest_curvature(40, zero).upper(), 0);
}

TEST(LargestCurvature, NeedsFewProductsOfManyEigenvalues) {
  constexpr std::size_t kSize = 2000;
  const auto multiply = [](std::span<const double> v, std::span<double> out) {
    for (std::size_t j = 0; j < kSize; ++j) out[j] = (1 + static_cast<double>(j) / kSize) * v[j];
  };
  const LargestCurvature found = largest_curvature(kSize, multiply);
  EXPECT_NEAR(found.upper(), 2, 0.02);
  EXPECT_LE(found.products, 60);
}

}  // namespace
}  // namespace talweg::test
