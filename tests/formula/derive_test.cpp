// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/derive.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "formula/random_formula.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/formula.h"
#include "talweg/formula/print.h"
#include "talweg/formula/simplify.h"

namespace talweg {
namespace {

std::string derived(const std::string& text, const std::string& by) {
  const auto f = parse_function(text);
  if (!f) return f.error().text();
  for (std::size_t p = 0; p < f->parameters.size(); ++p) {
    if (f->parameters[p] == by) return to_text(derivative(f->right, p));
  }
  return "no such variable";
}

// What stands in textbooks.
TEST(Derivative, Textbook) {
  EXPECT_EQ(derived("x^4 - 3*x^3 + 2", "x"), "4*x^3 - 9*x^2");
  EXPECT_EQ(derived("a*x + b", "a"), "x");
  EXPECT_EQ(derived("a*x + b", "b"), "1");
  EXPECT_EQ(derived("(a*x + b - y)^2", "a"), "2*x*(a*x + b - y)");
  EXPECT_EQ(derived("(a*x + b - y)^2/2", "b"), "a*x + b - y");
  EXPECT_EQ(derived("a*exp(-b*x) + c", "b"), "-a*x*exp(-b*x)");
  EXPECT_EQ(derived("b1*(1 - exp(-b2*x))", "b2"), "b1*x*exp(-b2*x)");
  EXPECT_EQ(derived("a*log(b*x)", "b"), "a/b");
  EXPECT_EQ(derived("log(x)", "x"), "1/x");
  EXPECT_EQ(derived("log2(x)", "x"), "1/(x*log(2))");
  EXPECT_EQ(derived("log10(x)", "x"), "1/(x*log(10))");
  EXPECT_EQ(derived("sqrt(x)", "x"), "1/(2*sqrt(x))");
  EXPECT_EQ(derived("cbrt(x)", "x"), "1/(3*cbrt(x)^2)");
  EXPECT_EQ(derived("x^(1/3)", "x"), "x^(-2/3)/3");
  EXPECT_EQ(derived("1/x", "x"), "-1/x^2");
  EXPECT_EQ(derived("x^-2", "x"), "-2*x^(-3)");
  EXPECT_EQ(derived("sin(x)", "x"), "cos(x)");
  EXPECT_EQ(derived("cos(2*x)", "x"), "-2*sin(2*x)");
  EXPECT_EQ(derived("tan(x)", "x"), "1/cos(x)^2");
  EXPECT_EQ(derived("asin(x)", "x"), "1/sqrt(1 - x^2)");
  EXPECT_EQ(derived("acos(x)", "x"), "-1/sqrt(1 - x^2)");
  EXPECT_EQ(derived("atan(x)", "x"), "1/(1 + x^2)");
  EXPECT_EQ(derived("sinh(x)", "x"), "cosh(x)");
  EXPECT_EQ(derived("cosh(x)", "x"), "sinh(x)");
  EXPECT_EQ(derived("tanh(x)", "x"), "1 - tanh(x)^2");
  EXPECT_EQ(derived("erf(x)", "x"), "2*exp(-x^2)/sqrt(pi)");
  EXPECT_EQ(derived("abs(x)", "x"), "sign(x)");
  EXPECT_EQ(derived("max(x, 2)", "x"), "where(x >= 2, 1, 0)");
  EXPECT_EQ(derived("min(x, 2)", "x"), "where(2 >= x, 1, 0)");
  EXPECT_EQ(derived("where(x > 1, x^2, 2*x)", "x"), "where(1 >= x, 2, 2*x)");
  EXPECT_EQ(derived("e^x", "x"), "e^x");
  EXPECT_EQ(derived("2^x", "x"), "2^x*log(2)");
  EXPECT_EQ(derived("x*x", "x"), "2*x");
  EXPECT_EQ(derived("x*sin(x)", "x"), "sin(x) + x*cos(x)");
  EXPECT_EQ(derived("x^a", "x"), "a*x^(a - 1)");
  EXPECT_EQ(derived("x^a", "a"), "x^a*log(x)");
  EXPECT_EQ(derived("b/(1 + exp(-x))", "x"), "b*exp(-x)/(1 + exp(-x))^2");
  EXPECT_EQ(derived("2.5*x^1.3", "x"), "3.25*x^0.3");
  EXPECT_EQ(derived("(x^2 + 1)^3", "x"), "6*x*(x^2 + 1)^2");
  EXPECT_EQ(derived("100*(y - x^2)^2 + (1 - x)^2", "x"), "-400*x*(y - x^2) - 2*(1 - x)");
}

TEST(Derivative, ThatOfAnUnusedVariableIsZero) {
  EXPECT_EQ(derived("0*x + y", "x"), "0");
  EXPECT_EQ(derived("sign(x) + y", "x"), "0");
}

long double at(const Expression& e, std::span<const double> row, std::vector<double> parameters,
               std::size_t p, double value) {
  parameters[p] = value;
  return evaluate_long(e, row, parameters);
}

// Ten thousand random formulas: the symbolic partial derivative is the central difference (extrapolated, in
// long double) wherever the function is smooth, which the differences themselves tell: two pairs of steps
// must agree.
TEST(Derivative, TenThousandRandomFormulasAgainstFiniteDifferences) {
  test::Random random(21);
  test::RandomFormula make(random);
  std::size_t compared = 0;
  std::size_t rough = 0;
  std::size_t not_finite = 0;
  while (compared < 10'000) {
    ASSERT_LT(rough + not_finite, 30'000U);
    const Expression f = make.make(2 + static_cast<int>(random.below(4)));
    const std::size_t p = random.below(test::kRandomParameters);
    if (!depends_on(f, p)) continue;
    const std::vector<double> row = {random.uniform(0.2, 2),
                                     random.coin() ? random.uniform(0.2, 2) : random.normal()};
    const std::vector<double> parameters = {random.uniform(0.2, 2), random.normal(), random.uniform(0.2, 2)};
    const long double value = evaluate_long(f, row, parameters);
    if (!test::smooth_throughout(f, row, parameters)) {
      ++not_finite;
      continue;
    }
    const double x = parameters[p];
    const auto central = [&](double h) {
      return (at(f, row, parameters, p, x + h) - at(f, row, parameters, p, x - h)) /
             (static_cast<long double>(x + h) - static_cast<long double>(x - h));
    };
    constexpr double kStep = 0x1p-14;
    const long double d1 = central(kStep);
    const long double d2 = central(kStep / 2);
    const long double d3 = central(kStep / 4);
    const long double coarse = (4 * d2 - d1) / 3;
    const long double fine = (4 * d3 - d2) / 3;
    const long double scale = std::max({std::abs(fine), 1e-6L * std::abs(value), 1e-9L});
    if (!(std::abs(coarse - fine) <= 1e-8L * scale) || !(std::abs(d1 - fine) <= 1e-3L * scale)) {
      ++rough;
      continue;
    }
    const Expression derivative_of_f = derivative(f, p);
    const long double symbolic = evaluate_long(derivative_of_f, row, parameters);
    ASSERT_LE(std::abs(symbolic - fine), 1e-6L * scale)
        << to_text(f) << " by " << p << " at x " << row[0] << ' ' << row[1] << ", parameters "
        << parameters[0] << ' ' << parameters[1] << ' ' << parameters[2] << "\n  " << to_text(derivative_of_f)
        << "\n  " << symbolic << " and " << fine;
    ++compared;
  }
  EXPECT_GT(compared, rough);
}

// Simplified or not: the same function.
TEST(Simplify, KeepsTheValue) {
  test::Random random(22);
  test::RandomFormula make(random);
  std::size_t compared = 0;
  for (int round = 0; round < 10'000; ++round) {
    const Expression f = make.make(2 + static_cast<int>(random.below(4)));
    const Expression simple = simplify(f);
    const std::vector<double> row = {random.uniform(0.2, 2), random.normal()};
    const std::vector<double> parameters = {random.uniform(0.2, 2), random.normal(), random.uniform(0.2, 2)};
    const long double before = evaluate_long(f, row, parameters);
    const long double after = evaluate_long(simple, row, parameters);
    if (!test::smooth_throughout(f, row, parameters)) continue;
    // How much a change of the last digits of the input changes the value.
    std::vector<double> shaken = parameters;
    for (double& p : shaken) p *= 1 + 1e-13;
    std::vector<double> shaken_row = row;
    for (double& x : shaken_row) x *= 1 - 1e-13;
    const long double shift = std::abs(evaluate_long(f, shaken_row, shaken) - before);
    if (!(shift <= 1e-6L * (std::abs(before) + 1))) continue;  // next to a jump or a pole
    ASSERT_LE(std::abs(after - before), 1e-3L * shift + 1e-13L * (1 + std::abs(before))) << to_text(f) << "\n"
                                                                                         << to_text(simple);
    ++compared;
    EXPECT_LE(simple.size(), 2 * f.size());
    ASSERT_TRUE(simplify(simple) == simplify(simplify(simple))) << to_text(simple);
  }
  EXPECT_GT(compared, 4'000U);
}

Derivation derivation(const std::string& text, std::size_t p = 0) {
  const auto f = parse_function(text);
  EXPECT_TRUE(f);
  return derive(f->right, p, f->parameters[p]);
}

TEST(Derivation, LineByLine) {
  const Derivation d = derivation("a*exp(-2*a)");
  std::vector<std::string> lines;
  std::vector<std::string> rules;
  for (const DerivationStep& line : d.lines) {
    lines.push_back(to_text(line.expression));
    std::string names;
    for (const std::string& rule : line.rules) names += (names.empty() ? "" : ", ") + rule;
    rules.push_back(names);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "d/da(a*exp(-2*a))",
                       "1*exp(-2*a) + a*d/da(exp(-2*a))",
                       "1*exp(-2*a) + a*(exp(-2*a)*d/da(-2*a))",
                       "1*exp(-2*a) + a*(exp(-2*a)*(-2*1))",
                       "exp(-2*a) - 2*a*exp(-2*a)",
                   }));
  EXPECT_EQ(rules,
            (std::vector<std::string>{"", "product rule, identity rule", "exponential rule, chain rule",
                                      "constant factor rule, identity rule", "simplified"}));
}

// Whatever order a compiler takes the arguments of a call in.
TEST(Derivation, RulesAreNamedFromLeftToRight) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(derivation("a + b", 0).lines[1].rules, (Names{"sum rule", "identity rule", "constant rule"}));
  EXPECT_EQ(derivation("a + b", 1).lines[1].rules, (Names{"sum rule", "constant rule", "identity rule"}));
}

// Every line has the value of the last one once what is pending is taken.
TEST(Derivation, EveryLineIsTheDerivative) {
  test::Random random(23);
  test::RandomFormula make(random);
  std::size_t compared = 0;
  for (int round = 0; round < 500; ++round) {
    const Expression f = make.make(4);
    const Derivation d = derive(f, 0, "a");
    const std::vector<double> row = {random.uniform(0.2, 2), random.uniform(0.2, 2)};
    const std::vector<double> parameters = {random.uniform(0.2, 2), random.uniform(0.2, 2),
                                            random.uniform(0.2, 2)};
    const long double exact = evaluate_long(derivative(f, 0), row, parameters);
    if (!std::isfinite(exact) || std::abs(exact) > 1e6L) continue;
    for (const DerivationStep& line : d.lines) {
      if (to_text(line.expression).find("d/da") != std::string::npos) continue;
      const long double value = evaluate_long(line.expression, row, parameters);
      if (std::isfinite(value)) {
        EXPECT_NEAR(static_cast<double>(value), static_cast<double>(exact),
                    1e-9 * (1 + std::abs(static_cast<double>(exact))))
            << to_text(f) << '\n'
            << to_text(line.expression);
        ++compared;
      }
    }
    EXPECT_TRUE(d.lines.back().expression == derivative(f, 0));
  }
  EXPECT_GT(compared, 300U);
}

TEST(Derivation, LongOnesAreCutShort) {
  std::string text = "a";
  for (int k = 0; k < 150; ++k) text = "sin(" + text + "*a)";
  const auto f = parse_function(text);
  ASSERT_TRUE(f);
  const Derivation d = derive(f->right, 0, "a", 5'000);
  EXPECT_TRUE(d.shortened);
  ASSERT_EQ(d.lines.size(), 2U);
  EXPECT_TRUE(d.lines[1].expression == derivative(f->right, 0));
}

}  // namespace
}  // namespace talweg
