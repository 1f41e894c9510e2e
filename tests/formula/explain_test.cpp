// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/explain.h"

#include <gtest/gtest.h>

#include <cmath>

#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

Formula parsed(const std::string& text) {
  const auto formula = parse_formula_without_data(text, {});
  EXPECT_TRUE(formula) << text;
  return formula ? *formula : Formula{};
}

TEST(Explain, ALineByMse) {
  const Formula f = parsed("y = a*x + b");
  EXPECT_EQ(
      explanation(f, derive_cost(f, LossKind::mse), Notation::text),
      "mse = 1/n*sum((a*x + b - y)^2)\n"
      "\n"
      "d mse/da = d/da(1/n*sum((a*x + b - y)^2))\n"
      "         = 1/n*d/da(sum((a*x + b - y)^2))                 [constant factor rule]\n"
      "         = 1/n*sum(d/da((a*x + b - y)^2))                 [sum rule]\n"
      "         = 1/n*sum(2*(a*x + b - y)*d/da(a*x + b - y))     [power rule, chain rule]\n"
      "         = 1/n*sum(2*(a*x + b - y)*(d/da(a*x) + 0 - 0))   [sum rule, constant rule]\n"
      "         = 1/n*sum(2*(a*x + b - y)*(1*x + 0 - 0))         [constant factor rule, identity rule]\n"
      "         = 2/n*sum((a*x + b - y)*x)                       [simplified]\n"
      "\n"
      "d mse/db = d/db(1/n*sum((a*x + b - y)^2))\n"
      "         = 1/n*d/db(sum((a*x + b - y)^2))               [constant factor rule]\n"
      "         = 1/n*sum(d/db((a*x + b - y)^2))               [sum rule]\n"
      "         = 1/n*sum(2*(a*x + b - y)*d/db(a*x + b - y))   [power rule, chain rule]\n"
      "         = 1/n*sum(2*(a*x + b - y)*(0 + 1 - 0))         [sum rule, constant rule, identity rule]\n"
      "         = 2/n*sum(a*x + b - y)                         [simplified]\n"
      "\n"
      "a <- a - rate*2/n*sum((a*x + b - y)*x)\n"
      "b <- b - rate*2/n*sum(a*x + b - y)\n");
}

std::string gradient(const std::string& formula, LossKind cost, std::size_t p) {
  return to_text(derive_cost(parsed(formula), cost).partials[p].lines.back().expression);
}

TEST(Explain, GradientsOfTheThreeCosts) {
  EXPECT_EQ(gradient("y = a*x + b", LossKind::mse, 0), "2/n*sum((a*x + b - y)*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::half_mse, 0), "1/n*sum((a*x + b - y)*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::sse, 1), "2*sum(a*x + b - y)");
  EXPECT_EQ(gradient("y = a*exp(-b*x)", LossKind::sse, 1), "-2*sum((a*exp(-b*x) - y)*(a*x*exp(-b*x)))");
  EXPECT_EQ(gradient("log(y) = a*x + 0*b", LossKind::mse, 1), "0");
}

// Sums over rows, which evaluate() does not know.
long double over_rows(const Expression& e, const std::vector<std::vector<double>>& rows,
                      const std::vector<double>& parameters) {
  switch (e.op()) {
    case Op::rows:
      return static_cast<long double>(rows.size());
    case Op::sum: {
      long double sum = 0;
      for (const auto& row : rows) sum += evaluate_long(e.operand(0), row, parameters);
      return sum;
    }
    case Op::multiply:
      return over_rows(e.operand(0), rows, parameters) * over_rows(e.operand(1), rows, parameters);
    case Op::divide:
      return over_rows(e.operand(0), rows, parameters) / over_rows(e.operand(1), rows, parameters);
    case Op::negate:
      return -over_rows(e.operand(0), rows, parameters);
    default:
      return evaluate_long(e, {}, parameters);
  }
}

// Each line without pending derivatives, and the last in particular, is the derivative of the cost.
TEST(Explain, TheLastLineIsTheDerivativeOfTheCost) {
  for (const std::string text :
       {"y = a*x + b", "y = a*exp(-b*x) + c", "log(y) = a*log(x) + b", "y = a*x^b/(1 + c*x)"}) {
    const Formula f = parsed(text);
    std::vector<std::vector<double>> rows;
    for (int r = 1; r <= 5; ++r) rows.push_back({1.5 + 0.3 * r, 0.7 * r});
    const std::vector<double> parameters = {0.8, 0.3, 0.2};
    for (const LossKind cost : {LossKind::mse, LossKind::half_mse, LossKind::sse}) {
      const CostDerivation d = derive_cost(f, cost);
      for (std::size_t p = 0; p < f.parameters.size(); ++p) {
        constexpr double kStep = 0x1p-17;
        std::vector<double> above = parameters;
        std::vector<double> below = parameters;
        above[p] += kStep;
        below[p] -= kStep;
        const auto difference = static_cast<double>(
            (over_rows(d.value, rows, above) - over_rows(d.value, rows, below)) / (2 * kStep));
        EXPECT_NEAR(static_cast<double>(over_rows(d.partials[p].lines.back().expression, rows, parameters)),
                    difference, 1e-7 * (1 + std::abs(difference)))
            << text;
      }
    }
  }
}

// The same of the other losses, away from their kinks.
TEST(Explain, OtherLosses) {
  EXPECT_EQ(gradient("y = a*x + b", LossKind::mae, 0), "1/n*sum(sign(a*x + b - y)*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::huber, 0), "1/n*sum(max(-1, min(1, a*x + b - y))*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::quantile, 1), "1/n*sum(where(y >= a*x + b, -0.5, 0.5))");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::logistic, 0), "-1/n*sum(y/(1 + exp(y*(a*x + b)))*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::poisson, 1), "1/n*sum(exp(a*x + b) - y)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::hinge, 0), "-1/n*sum(where(0 >= 1 - y*(a*x + b), 0, y)*x)");
  EXPECT_EQ(gradient("y = a*x + b", LossKind::squared_hinge, 0), "-2/n*sum(y*max(0, 1 - y*(a*x + b))*x)");
  for (const std::string text :
       {"y = a*x + b", "y = a*exp(-b*x) + c", "y = a*x^b/(1 + c*x)", "y = c - a*x"}) {
    const Formula f = parsed(text);
    std::vector<std::vector<double>> rows;
    for (int r = 1; r <= 6; ++r) rows.push_back({r % 2 == 0 ? 1.0 : -1.0, 0.7 * r + 0.013});
    const std::vector<double> parameters = {0.8, 0.3, 0.2};
    for (const LossKind cost : {LossKind::mae, LossKind::huber, LossKind::quantile, LossKind::logistic,
                                LossKind::poisson, LossKind::hinge, LossKind::squared_hinge}) {
      const CostDerivation d = derive_cost(f, cost, {0.7, 0.3});
      for (std::size_t p = 0; p < f.parameters.size(); ++p) {
        constexpr double kStep = 0x1p-17;
        std::vector<double> above = parameters;
        std::vector<double> below = parameters;
        above[p] += kStep;
        below[p] -= kStep;
        const auto difference = static_cast<double>(
            (over_rows(d.value, rows, above) - over_rows(d.value, rows, below)) / (2 * kStep));
        // The last line in other words, and the line before it.
        const auto& lines = d.partials[p].lines;
        for (std::size_t k = lines.size() - 2; k < lines.size(); ++k) {
          EXPECT_NEAR(static_cast<double>(over_rows(lines[k].expression, rows, parameters)), difference,
                      1e-7 * (1 + std::abs(difference)))
              << text << ' ' << loss_kind_name(cost) << ' ' << to_text(lines[k].expression);
        }
      }
    }
  }
}

TEST(Explain, AFunction) {
  const auto f = parse_function("x^4 - 3*x^3 + 2");
  ASSERT_TRUE(f);
  EXPECT_EQ(explanation(*f, derive_function(*f), Notation::text),
            "f = x^4 - 3*x^3 + 2\n"
            "\n"
            "d f/dx = d/dx(x^4 - 3*x^3 + 2)\n"
            "       = d/dx(x^4) - d/dx(3*x^3) + 0   [sum rule, constant rule]\n"
            "       = 4*x^3*1 - 3*d/dx(x^3) + 0     [power rule, constant factor rule, identity rule]\n"
            "       = 4*x^3*1 - 3*(3*x^2*1) + 0     [power rule, identity rule]\n"
            "       = 4*x^3 - 9*x^2                 [simplified]\n"
            "\n"
            "x <- x - rate*(4*x^3 - 9*x^2)\n");
}

TEST(Explain, OtherNotations) {
  const Formula f = parsed("y = a*x");
  const std::string latex = explanation(f, derive_cost(f, LossKind::mse), Notation::latex);
  EXPECT_NE(latex.find("&= \\frac{2}{n} \\, \\sum \\left(a \\, x - y\\right) \\, x && \\text{simplified}"),
            std::string::npos);
  EXPECT_NE(latex.find("a \\leftarrow a - \\eta \\, \\frac{\\partial \\mathrm{mse}}{\\partial a}"),
            std::string::npos);
  const std::string mathml = derivation_mathml(f, LossKind::sse);
  EXPECT_EQ(mathml.find("<math display=\"block\">"), 0U);
  EXPECT_NE(mathml.find("<mtext>power rule, chain rule</mtext>"), std::string::npos);
}

TEST(Explain, ThousandParametersStaySmall) {
  std::vector<std::string> features;
  std::vector<std::string> coefficients;
  for (int k = 0; k < 900; ++k) {
    features.push_back("x" + std::to_string(k));
    coefficients.push_back("w" + std::to_string(k));
  }
  const Formula f = linear_formula("y", features, coefficients, std::string("b"));
  const CostDerivation d = derive_cost(f, LossKind::mse);
  EXPECT_EQ(d.partials.size(), 901U);
  EXPECT_TRUE(d.partials[0].shortened);
  EXPECT_LT(explanation(f, d, Notation::text).size(), 64U << 20U);
}

}  // namespace
}  // namespace talweg
