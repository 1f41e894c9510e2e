// SPDX-License-Identifier: Apache-2.0
// Formulas with other losses: those linear in their parameters have the answers of the linear model, curved
// ones a gradient that vanishes.
#include "talweg/model/formula_loss.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/row_problem.h"

namespace talweg {
namespace {

constexpr std::array<CostKind, 7> kLosses = {CostKind::mae,          CostKind::huber,   CostKind::quantile,
                                             CostKind::logistic,     CostKind::poisson, CostKind::hinge,
                                             CostKind::squared_hinge};

class FormulaLossTest : public ::testing::Test {
 protected:
  std::string write(CostKind loss, std::uint64_t seed, bool curved) {
    test::Random random(seed);
    const std::string path = directory_.path("t.csv");
    std::ofstream out(path);
    out << "u,v,w,y\n";
    for (int r = 0; r < 400; ++r) {
      const double u = random.uniform(0.2, 4);
      const double v = 50 + 20 * random.normal();
      const double f = curved ? 1.5 * std::exp(-0.8 * u) + 0.3 : 0.6 * u - 0.02 * v + 0.3;
      double y = f + 0.4 * random.normal() + (random.below(15) == 0 ? 4 : 0);
      if (is_classification(loss)) y = random.uniform() < 1 / (1 + std::exp(-f)) ? 1 : 0;
      if (loss == CostKind::poisson) y = std::floor(std::exp(f) * (0.5 + random.uniform()));
      out << fmt::format("{},{},{},{}\n", u, v, 1 + random.below(3), y);
    }
    return path;
  }
  FitRequest request(CostKind loss, const std::string& path) {
    FitRequest out;
    out.paths = {path};
    out.cost = loss;
    out.quantile = 0.3;
    out.threads = 1;
    out.columns.classes = is_classification(loss);
    return out;
  }
  Temporary directory_;
};

double named(const Fit& fit, const std::string& name) {
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    if (fit.plan.parameters[j].name == name) return fit.parameters[j];
  }
  return std::nan("");
}

TEST_F(FormulaLossTest, LinearInItsParametersAsTheLinearModel) {
  std::uint64_t seed = 1;
  for (const CostKind loss : kLosses) {
    for (const bool weighted : {false, true}) {
      for (const double l2 : {0.0, 0.03}) {
        SCOPED_TRACE(fmt::format("{} {} {}", cost_name(loss), weighted, l2));
        FitRequest linear = request(loss, write(loss, seed++, false));
        linear.l2 = l2;
        if (weighted) linear.columns.weights = "w";
        FitRequest formula = linear;
        linear.columns.target = "y";
        linear.columns.features = {"u", "v"};
        formula.formula = "y = a*u + b*v + c";
        const auto expected = fit(linear);
        const auto found = fit(formula);
        ASSERT_TRUE(expected && found) << (found ? expected.error().text() : found.error().text());
        EXPECT_NEAR(found->cost, expected->cost, 1e-10 * std::abs(expected->cost));
        // A kink with a penalty has its parameters from the gap of the cost alone.
        const double near = has_kink(loss) && l2 > 0 ? 1e-5 : 1e-8;
        EXPECT_NEAR(named(*found, "a"), named(*expected, "u"), near);
        EXPECT_NEAR(named(*found, "b"), named(*expected, "v"), near);
        EXPECT_NEAR(named(*found, "c"), named(*expected, "intercept"), 50 * near);
        EXPECT_NEAR(found->mse, expected->mse, 10 * near * expected->mse);
        ASSERT_EQ(has_kink(loss), found->certificate.cost_gap_bound.has_value());
        if (has_kink(loss)) {
          EXPECT_LE(*found->certificate.cost_gap_bound, 1e-8 * found->cost);
        }
        for (std::size_t j = 0; j < 2; ++j) {
          ASSERT_EQ(found->standard_errors[j].has_value(), expected->standard_errors[j].has_value());
          if (found->standard_errors[j]) {
            EXPECT_NEAR(*found->standard_errors[j], *expected->standard_errors[j],
                        1e-7 * *expected->standard_errors[j]);
          }
        }
      }
    }
  }
}

// Where a curved formula ends no small step of any parameter lowers the cost.
TEST_F(FormulaLossTest, CurvedFormulasEndInAValley) {
  std::uint64_t seed = 50;
  for (const CostKind loss : kLosses) {
    SCOPED_TRACE(cost_name(loss));
    FitRequest curved = request(loss, write(loss, seed++, true));
    curved.formula = "y = a*exp(-b*u) + c";
    const bool hard = is_classification(loss);  // flat valleys: a penalty settles them
    curved.l2 = hard ? 0.02 : 0;
    const auto found = fit(curved);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_TRUE(found->termination.reason == Reason::tolerance ||
                found->termination.reason == Reason::rounding);
    EXPECT_FALSE(found->certificate.cost_gap_bound.has_value());
    auto problem = forecast(curved);
    ASSERT_TRUE(problem);
    RowCost& cost = *problem->rows->losses;
    const double lowest = cost.sharp_cost(Point(found->parameters));
    EXPECT_NEAR(lowest, found->cost, 1e-12 * std::abs(lowest));
    test::Random random(seed);
    for (int k = 0; k < 200; ++k) {
      std::vector<double> other = found->parameters;
      for (double& value : other) value += 1e-4 * random.normal();
      EXPECT_GE(cost.sharp_cost(Point(other)), lowest - 1e-12 * std::abs(lowest));
    }
  }
}

TEST_F(FormulaLossTest, EveryMethodFindsTheSameValley) {
  FitRequest curved = request(CostKind::huber, write(CostKind::huber, 9, true));
  curved.formula = "y = a*exp(-b*u) + c";
  const auto expected = fit(curved);
  ASSERT_TRUE(expected);
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adam,
                                    Optimizer::cg, Optimizer::lbfgs, Optimizer::newton}) {
    SCOPED_TRACE(optimizer_name(optimizer));
    curved.optimizer = optimizer;
    const auto found = fit(curved);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_NEAR(found->cost, expected->cost, 1e-7 * expected->cost);
  }
}

TEST_F(FormulaLossTest, WhatItDoesNotDo) {
  FitRequest bad = request(CostKind::huber, write(CostKind::huber, 2, true));
  bad.formula = "y = a*u + c";
  bad.l1 = 0.1;
  EXPECT_EQ(fit(bad).error().kind, ErrorKind::usage);
  bad.l1 = 0;
  bad.restarts = 3;
  EXPECT_EQ(fit(bad).error().kind, ErrorKind::usage);
  bad.restarts = 0;
  bad.scale = ScaleChoice::standard;
  EXPECT_EQ(fit(bad).error().kind, ErrorKind::usage);
  bad.scale = ScaleChoice::automatic;
  bad.formula = "y = a*log(u - 1) + c";
  EXPECT_EQ(fit(bad).error().kind, ErrorKind::data);
}

}  // namespace
}  // namespace talweg
