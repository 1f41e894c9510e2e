// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/first_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/temporary.h"

namespace talweg {
namespace {

FitRequest request(const std::string& path, const std::string& formula,
                   std::vector<std::pair<std::string, double>> start) {
  FitRequest out;
  out.paths = {path};
  out.formula = formula;
  out.start_values = std::move(start);
  return out;
}

// Against sums written out in long double, for the three costs and a formula that is not linear.
TEST(FirstStep, IsTheStepOfTheSumsWrittenOut) {
  const Temporary folder;
  std::string text = "x,y\n";
  std::vector<double> x;
  std::vector<double> y;
  for (int r = 0; r < 1500; ++r) {
    x.push_back(0.001 * r + 0.25);
    y.push_back(3 * std::exp(-0.5 * x.back()) + 0.125 * (r % 3));
    text += std::to_string(x.back()) + "," + std::to_string(y.back()) + "\n";
    x.back() = std::stod(std::to_string(x.back()));
    y.back() = std::stod(std::to_string(y.back()));
  }
  const std::string path = folder.file("data.csv", text);
  constexpr double a = 2;
  constexpr double b = 0.75;
  long double squares = 0;
  long double by_a = 0;
  long double by_b = 0;
  for (std::size_t r = 0; r < x.size(); ++r) {
    const long double e = std::exp(-static_cast<long double>(b) * x[r]);
    const long double residual = a * e - y[r];
    squares += residual * residual;
    by_a += residual * e;
    by_b += residual * -a * x[r] * e;
  }
  const auto n = static_cast<double>(x.size());
  struct Case {
    LossKind cost;
    double value;
    double slope;
  };
  for (const Case& c : {Case{LossKind::mse, 1 / n, 2 / n}, Case{LossKind::half_mse, 0.5 / n, 1 / n},
                        Case{LossKind::sse, 1, 2}}) {
    FitRequest r = request(path, "y = a*exp(-b*x)", {{"a", a}, {"b", b}});
    r.learning_rate = 1e-5;
    const auto step = first_step(r, c.cost);
    ASSERT_TRUE(step) << step.error().text();
    EXPECT_EQ(step->rows, x.size());
    EXPECT_TRUE(step->table.empty());
    const double gradient_a = c.slope * static_cast<double>(by_a);
    const double gradient_b = c.slope * static_cast<double>(by_b);
    EXPECT_NEAR(step->cost, c.value * static_cast<double>(squares), 1e-13 * step->cost);
    EXPECT_NEAR(step->gradient[0], gradient_a, 1e-12 * std::abs(gradient_a));
    EXPECT_NEAR(step->gradient[1], gradient_b, 1e-12 * std::abs(gradient_b));
    EXPECT_NEAR(step->next[0], a - 1e-5 * gradient_a, 1e-14);
    EXPECT_NEAR(step->next[1], b - 1e-5 * gradient_b, 1e-14);
    EXPECT_LT(step->next_cost, step->cost);
  }
}

TEST(FirstStep, StartsWhereFitWould) {
  const Temporary folder;
  const std::string path = folder.file("data.csv", "x,y\n1,2\n2,3\n3,5\n");
  const auto linear = first_step(request(path, "y = a*x + b", {}), LossKind::mse);
  ASSERT_TRUE(linear);
  EXPECT_EQ(linear->start, (std::vector<double>{0, 0}));
  EXPECT_EQ(linear->table.size(), 3U);
  const auto curved = first_step(request(path, "y = a*exp(b*x)", {{"b", 0.5}}), LossKind::mse);
  ASSERT_TRUE(curved);
  EXPECT_EQ(curved->start, (std::vector<double>{1, 0.5}));
}

TEST(FirstStep, ARowWithoutAFiniteNumberIsNamed) {
  const Temporary folder;
  const std::string path = folder.file("data.csv", "x,y\n1,2\n-2,3\n3,5\n");
  const auto step = first_step(request(path, "y = a*log(x)", {}), LossKind::mse);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().line, 3U);
  EXPECT_NE(step.error().text().find("log(x) is not a number where x = -2"), std::string::npos)
      << step.error().text();
}

}  // namespace
}  // namespace talweg
