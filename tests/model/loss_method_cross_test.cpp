// SPDX-License-Identifier: Apache-2.0
// Every loss with every method that it can be descended by, with nothing else said, on random tables: all end
// at the lowest cost. What is lowest is known from the closed form (squared error), from the duality gap
// (losses with a kink), else from a gradient that vanishes at newton's end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

constexpr std::array<CostKind, 10> kLosses = {
    CostKind::mse,      CostKind::half_mse, CostKind::sse,     CostKind::mae,   CostKind::huber,
    CostKind::quantile, CostKind::logistic, CostKind::poisson, CostKind::hinge, CostKind::squared_hinge};
constexpr std::array<Optimizer, 10> kMethods = {
    Optimizer::gd,   Optimizer::momentum, Optimizer::nesterov, Optimizer::adagrad, Optimizer::rmsprop,
    Optimizer::adam, Optimizer::adamw,    Optimizer::cg,       Optimizer::lbfgs,   Optimizer::newton};

struct Case {
  bool weighted = false;
  double l2 = 0;
};
constexpr std::array<Case, 3> kCases = {{{false, 0}, {true, 0}, {false, 0.1}}};

// Columns of several sizes, the second much like the first; the target depends on them, with noise.
void write_table(const std::string& path, CostKind loss, std::uint64_t seed) {
  test::Random random(seed);
  std::ofstream out(path);
  out << "a,b,c,group,w,y\n";
  const std::array<const char*, 3> groups = {"red", "green", "blue"};
  for (int r = 0; r < 300; ++r) {
    const double a = random.normal();
    const double b = 100 * (a + random.normal());
    const double c = 5 + 0.01 * random.normal();
    const std::size_t group = random.below(groups.size());
    const double f = 0.5 * a - 0.003 * b + 20 * (c - 5) + 0.3 * static_cast<double>(group);
    double y = 3 + f + random.normal();
    if (is_classification(loss)) y = f + 1.5 * random.normal() > 0.2 ? 1 : 0;
    if (loss == CostKind::poisson) y = std::floor(std::exp(f) * (0.2 + 1.6 * random.uniform()));
    out << fmt::format("{},{},{},{},{},{}\n", a, b, c, groups[group], 0.5 + random.uniform(), y);
  }
}

FitRequest request_for(const std::string& path, CostKind loss, const Case& chosen) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  request.cost = loss;
  request.l2 = chosen.l2;
  request.quantile = 0.3;
  request.threads = 1;
  if (chosen.weighted) {
    request.columns.weights = "w";
  } else {
    request.columns.drop = {"w"};
  }
  return request;
}

// The lowest cost, and how far below it the truth may lie.
double lowest_cost(const FitRequest& request) {
  const auto fitted = fit(request);
  EXPECT_TRUE(fitted);
  if (!fitted) return NAN;
  EXPECT_TRUE(fitted->termination.reason == Reason::tolerance ||
              fitted->termination.reason == Reason::rounding);
  if (is_squared(request.cost)) return fitted->exact_cost;
  if (has_kink(request.cost)) {
    EXPECT_LE(fitted->certificate.cost_gap_bound.value_or(INFINITY), 1e-8 * fitted->cost);
  } else {
    EXPECT_LE(fitted->gradient_norm, 1e-7);
  }
  return fitted->cost;
}

class LossMethodCross : public testing::TestWithParam<CostKind> {};

TEST_P(LossMethodCross, EveryMethodEndsAtTheLowestCost) {
  const Temporary folder;
  const std::string path = folder.path("table.csv");
  std::uint64_t seed = 300;
  for (const Case& chosen : kCases) {
    write_table(path, GetParam(), ++seed);
    FitRequest request = request_for(path, GetParam(), chosen);
    const double lowest = lowest_cost(request);
    for (const Optimizer method : kMethods) {
      SCOPED_TRACE(fmt::format("{} {} l2 {} {}", cost_name(GetParam()), optimizer_name(method), chosen.l2,
                               chosen.weighted ? "weighted" : ""));
      request.optimizer = method;
      const auto fitted = fit(request);
      ASSERT_TRUE(fitted);
      EXPECT_FALSE(fitted->diverged());
      const double above = (fitted->cost - lowest) / std::abs(lowest);
      EXPECT_LE(above, 1e-4);
      EXPECT_GE(above, -1e-9);
      if (fitted->certificate.cost_gap_bound) {
        EXPECT_LE(fitted->cost - lowest, *fitted->certificate.cost_gap_bound + 1e-9 * std::abs(lowest));
      }
      if (fitted->termination.reason == Reason::tolerance) {
        EXPECT_LE(above, 1e-8);
      }
    }
    // A step after every few rows.
    for (const Optimizer method :
         {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adagrad, Optimizer::rmsprop,
          Optimizer::adam, Optimizer::adamw}) {
      SCOPED_TRACE(
          fmt::format("batches {} {} l2 {}", cost_name(GetParam()), optimizer_name(method), chosen.l2));
      request.optimizer = method;
      request.batch_size = 16;
      const auto fitted = fit(request);
      ASSERT_TRUE(fitted);
      EXPECT_FALSE(fitted->diverged());
      const double above = (fitted->cost - lowest) / std::abs(lowest);
      // A kink may cost a slow method more than its 10,000 epochs; the slowest is adamw with a penalty.
      const bool cut = has_kink(GetParam()) && fitted->termination.reason == Reason::epochs;
      EXPECT_LE(above, cut ? 5e-3 : 1e-4);
      EXPECT_GE(above, -1e-9);
    }
  }
}

std::string test_name(const testing::TestParamInfo<CostKind>& loss) {
  std::string name(cost_name(loss.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Losses, LossMethodCross, testing::ValuesIn(kLosses), test_name);

}  // namespace
}  // namespace talweg
