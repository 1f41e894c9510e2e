// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/function_run.h"

#include <gtest/gtest.h>

#include <cmath>

namespace talweg {
namespace {

FunctionRun run(FunctionRequest request) {
  auto plan = plan_function(request);
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().text());
  return plan ? run_function(std::move(*plan), request) : FunctionRun{};
}

FunctionRequest request(const std::string& text, std::vector<std::pair<std::string, double>> start = {}) {
  FunctionRequest out;
  out.text = text;
  out.start_values = std::move(start);
  return out;
}

std::string error(const FunctionRequest& of) {
  const auto plan = plan_function(of);
  EXPECT_FALSE(plan) << of.text;
  if (plan) return {};
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  EXPECT_FALSE(plan.error().remedy.empty());
  return plan.error().text();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FunctionRun, StepsOfGradientDescentByHand) {
  FunctionRequest r = request("x^4 - 3*x^3 + 2", {{"x", 6}});
  r.learning_rate = 0.01;
  r.epochs = 3;
  const FunctionRun out = run(r);
  double x = 6;
  const auto rows = out.trace.rows();
  ASSERT_EQ(rows.size(), 4U);
  for (const TraceRow& row : rows) {
    EXPECT_NEAR(row.parameters[0], x, 1e-14);
    EXPECT_NEAR(row.cost, x * x * x * x - 3 * x * x * x + 2, 1e-12 * 650);
    x -= 0.01 * (4 * x * x * x - 9 * x * x);
  }
  EXPECT_EQ(out.termination.reason, Reason::epochs);
  EXPECT_EQ(out.plan.optimizer, Optimizer::gd);
}

TEST(FunctionRun, EveryOptimizerFindsTheMinimum) {
  for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adam,
                                    Optimizer::cg, Optimizer::lbfgs}) {
    FunctionRequest r = request("x^4 - 3*x^3 + 2 + (y - 1)^2", {{"x", 3}, {"y", -1}});
    r.optimizer = optimizer;
    if (optimizer == Optimizer::momentum || optimizer == Optimizer::nesterov) r.learning_rate = 0.002;
    if (optimizer == Optimizer::adam) r.learning_rate = 0.05;
    const FunctionRun out = run(r);
    EXPECT_FALSE(out.diverged()) << optimizer_name(optimizer);
    EXPECT_NEAR(out.parameters[0], 2.25, 1e-6) << optimizer_name(optimizer);
    EXPECT_NEAR(out.parameters[1], 1, 1e-6) << optimizer_name(optimizer);
    EXPECT_EQ(out.landing, Landing::minimum);
    EXPECT_NEAR(out.cost, -6.54296875, 1e-9);
  }
}

TEST(FunctionRun, TheCurvatureIsTheHessians) {
  const FunctionRun out = run(request("100*(y - x^2)^2 + (1 - x)^2", {{"x", -1.2}, {"y", 1}}));
  EXPECT_NEAR(out.parameters[0], 1, 1e-6);
  EXPECT_NEAR(out.parameters[1], 1, 1e-6);
  ASSERT_TRUE(out.plan.at_start && out.at_end);
  // At (1, 1): [802 -400; -400 200].
  const double middle = 501;
  const double half = std::sqrt(301.0 * 301.0 + 400.0 * 400.0);
  EXPECT_NEAR(out.at_end->eigenvalues[0], middle - half, 1e-3);
  EXPECT_NEAR(out.at_end->eigenvalues[1], middle + half, 1e-3);
  EXPECT_NEAR(*out.at_end->stable_rate, 2 / (middle + half), 1e-8);
  EXPECT_FALSE(out.plan.quadratic);
}

TEST(FunctionRun, TheLocalStableRateIsTheLimitNearTheMinimum) {
  for (const double factor : {0.95, 1.05}) {
    FunctionRequest r = request("x^4 - 3*x^3 + 2", {{"x", 2.2501}});
    r.learning_rate = factor * 2 / 20.25;
    r.epochs = 60;
    const FunctionRun out = run(r);
    EXPECT_EQ(std::abs(out.parameters[0] - 2.25) < 1e-4, factor < 1) << factor;
  }
}

TEST(FunctionRun, QuadraticsHaveAGlobalLimit) {
  FunctionRequest r = request("x^2 + 3*y^2 + x*y");
  r.learning_rate = 0.5;
  const FunctionRun out = run(r);
  EXPECT_TRUE(out.plan.quadratic);
  EXPECT_EQ(out.termination.reason, Reason::diverged);
  EXPECT_TRUE(has(out.post_mortem, "the stable rate")) << out.post_mortem;
}

TEST(FunctionRun, WhereItLands) {
  EXPECT_EQ(run(request("x^2 - y^2 + y^4", {{"x", 1}, {"y", 0}})).landing, Landing::saddle);
  EXPECT_EQ(run(request("cos(x)", {{"x", 0}})).landing, Landing::maximum);
  EXPECT_EQ(run(request("x^4", {{"x", 1}})).landing, Landing::flat);
  EXPECT_EQ(run(request("x^2", {{"x", 0}})).landing, Landing::minimum);
  const FunctionRun kink = run(request("abs(x - 1) + x/2", {{"x", 3}}));
  EXPECT_EQ(kink.landing, Landing::slope);
  EXPECT_NEAR(kink.parameters[0], 1, 1e-6);
  ASSERT_EQ(kink.warnings.size(), 1U);
  EXPECT_TRUE(has(kink.warnings[0], "kink"));
}

TEST(FunctionRun, DivergenceIsExplained) {
  FunctionRequest r = request("x^4 - 3*x^3 + 2", {{"x", 6}});
  r.learning_rate = 0.1;
  FunctionRun out = run(r);
  EXPECT_TRUE(out.diverged());
  EXPECT_TRUE(has(out.post_mortem, "16.2 times the local stable rate 0.00617284")) << out.post_mortem;
  EXPECT_EQ(out.parameters[0], 6);
  EXPECT_EQ(out.best_epoch, 0U);
  r = request("x^2 - log(x)", {{"x", 0.5}});
  r.learning_rate = 3;
  out = run(r);
  EXPECT_TRUE(out.diverged());
  r = request("sqrt(x)", {{"x", 1}});
  r.learning_rate = 4;
  out = run(r);
  EXPECT_EQ(out.termination.reason, Reason::non_finite);
  EXPECT_TRUE(has(out.post_mortem, "sqrt(x) is not a number where x = -1")) << out.post_mortem;
  r = request("-exp(x)", {{"x", 1}});
  out = run(r);
  EXPECT_EQ(out.landing, Landing::slope);
  ASSERT_EQ(out.warnings.size(), 1U);
  EXPECT_TRUE(has(out.warnings[0], "may fall without bound"));
}

TEST(FunctionRun, Pictures) {
  const FunctionRun one = run(request("x^2 + log(x + 3)", {{"x", 2}}));
  ASSERT_TRUE(one.curve);
  EXPECT_FALSE(one.contours);
  EXPECT_LT(one.curve->values.front(), one.parameters[0]);
  EXPECT_GT(one.curve->values.back(), 2);
  for (std::size_t k = 0; k < one.curve->values.size(); ++k) {
    const double x = one.curve->values[k];
    EXPECT_NEAR(one.curve->costs[k], x * x + std::log(x + 3), 1e-12 * (1 + x * x));
  }
  const FunctionRun two = run(request("x^2 + 3*y", {{"x", 2}, {"y", 1}}));
  ASSERT_TRUE(two.contours);
  const std::size_t width = two.contours->first.size();
  for (std::size_t r = 0; r < two.contours->second.size(); ++r) {
    for (std::size_t c = 0; c < width; ++c) {
      const double x = two.contours->first[c];
      EXPECT_NEAR(two.contours->costs[r * width + c], x * x + 3 * two.contours->second[r],
                  1e-9 * (1 + x * x) + 1e-12 * std::abs(two.contours->second[r]));
    }
  }
}

TEST(FunctionRun, WhatIsWrongWithTheRequest) {
  EXPECT_TRUE(has(error(request("x^2", {{"y", 1}})), "'y', which is no variable"));
  EXPECT_TRUE(has(error(request("xx^2", {{"xy", 1}})), "did you mean 'xx'"));
  EXPECT_TRUE(has(error(request("log(x)", {{"x", -1}})), "log(x) is not a number where x = -1"));
  EXPECT_TRUE(has(error(request("sqrt(x)", {{"x", 0}})), "its derivative by x has none"));
  EXPECT_TRUE(has(error(request("x + 0*y")), "does not depend on 'y'"));
  EXPECT_TRUE(has(error(request("y = x^2")), "has no ="));
  FunctionRequest r = request("x^2");
  r.optimizer = Optimizer::lbfgs;
  r.learning_rate = 0.1;
  EXPECT_TRUE(has(error(r), "would not use --learning-rate"));
  r.optimizer = Optimizer::lm;
  EXPECT_TRUE(has(error(r), "lm"));
}

}  // namespace
}  // namespace talweg
