// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/print.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <regex>
#include <vector>

#include "formula/random_formula.h"
#include "talweg/formula/derive.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/formula.h"

namespace talweg {
namespace {

Expression function(const std::string& text) {
  const auto parsed = parse_function(text);
  EXPECT_TRUE(parsed) << text << (parsed ? "" : parsed.error().text());
  return parsed ? parsed->right : Expression();
}

TEST(PrintText, AsOneWritesIt) {
  for (const std::string text :
       {"a*x + b",  "-a^2",          "(-a)^2",    "a - (b - c)", "a - b - c",
        "a/(b*c)",  "a/b*c",         "a/b/c",     "2^(-x)",      "(2^a)^b",
        "2^(a^b)",  "-(a + b)*c",    "a*(b + c)", "exp(-b*x)",   "a + (-b)",
        "a*(-b)",   "max(a, b + 1)", "1e-07*a",   "1e+20*a",     "where(a >= b, 1, 2)",
        "sqrt(a)",  "`my col`*a",    "-(-a)",     "a - (-b)",    "pi*a^2",
        "a^(b + 1)"}) {
    EXPECT_EQ(to_text(function(text)), text);
  }
  EXPECT_EQ(to_text(function("a**2")), "a^2");
  EXPECT_EQ(to_text(function("2*-a")), "2*(-a)");
  EXPECT_EQ(to_text(function("a^-2")), "a^(-2)");
}

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// Ten thousand random formulas: what is printed reads back as the same values, to the bit.
TEST(PrintText, TenThousandRandomFormulasReadBack) {
  test::Random random(31);
  test::RandomFormula make(random);
  std::size_t finite = 0;
  for (int round = 0; round < 10'000; ++round) {
    Expression f = make.make(1 + static_cast<int>(random.below(6)));
    const std::string text = to_text(f);
    const std::vector<std::string> columns = {"x0", "x1", "y"};
    // Every parameter occurs, so that the order is known.
    const auto parsed = parse_formula("y = 0*(a + b + c + x0 + x1)*0 + (" + text + ")", columns);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().text();
    ASSERT_EQ(parsed->parameters, (std::vector<std::string>{"a", "b", "c"}));
    const Expression& read = parsed->right.operand(1);
    const std::vector<double> row = {random.normal(), random.uniform(0.1, 3)};
    const std::vector<double> shifted = {0, row[0], row[1]};
    const std::vector<double> parameters = {random.uniform(0.1, 3), random.normal(), random.normal()};
    const double before = evaluate(f, row, parameters);
    const double after = evaluate(read, shifted, parameters);
    ASSERT_TRUE(same_bits(before, after)) << text << ": " << before << " and " << after;
    finite += std::isfinite(before) ? 1 : 0;
  }
  EXPECT_GT(finite, 5'000U);
}

TEST(PrintLatex, AsOneTypesetsIt) {
  EXPECT_EQ(to_latex(function("a*x + b")), "a \\, x + b");
  EXPECT_EQ(to_latex(function("a*exp(-b*x)")), "a \\, \\exp\\left(-b \\, x\\right)");
  EXPECT_EQ(to_latex(function("a/(b + 1)")), "\\frac{a}{b + 1}");
  EXPECT_EQ(to_latex(function("a^2*sqrt(b)")), "{a}^{2} \\, \\sqrt{b}");
  EXPECT_EQ(to_latex(function("(a/b)^2")), "{\\left(\\frac{a}{b}\\right)}^{2}");
  EXPECT_EQ(to_latex(function("log(w1) + log10(w_12)")),
            "\\ln\\left(w_{1}\\right) + \\log_{10}\\left(w_{12}\\right)");
  EXPECT_EQ(to_latex(function("alpha*price")), "\\alpha \\, \\mathrm{price}");
  EXPECT_EQ(to_latex(function("`a_b%`*2")), "\\mathrm{a\\_b\\%} \\cdot 2");
  EXPECT_EQ(to_latex(function("2*3^a")), "2 \\cdot {3}^{a}");
  EXPECT_EQ(to_latex(function("1e-7*a")), "1 \\cdot 10^{-7} \\, a");
  EXPECT_EQ(to_latex(Expression::pending(function("a*x"), 0, "a")),
            "\\frac{\\partial}{\\partial a}\\left(a \\, x\\right)");
}

// Braces and \left, \right pair up; every element of MathML is closed.
TEST(PrintMarkup, IsWellFormed) {
  test::Random random(32);
  test::RandomFormula make(random);
  const std::regex tag("<(/?)([a-z]+)[^>]*>");
  for (int round = 0; round < 1'000; ++round) {
    const Expression f = make.make(5);
    for (const Expression& e : {f, derivative(f, 0), Expression::pending(f, 0, "`<&>")}) {
      const std::string latex = to_latex(e);
      EXPECT_EQ(std::count(latex.begin(), latex.end(), '{'), std::count(latex.begin(), latex.end(), '}'));
      const std::string mathml = to_mathml(e);
      std::vector<std::string> open;
      for (auto it = std::sregex_iterator(mathml.begin(), mathml.end(), tag); it != std::sregex_iterator();
           ++it) {
        if ((*it)[1].length() == 0) {
          open.push_back((*it)[2]);
        } else {
          ASSERT_FALSE(open.empty());
          ASSERT_EQ(open.back(), (*it)[2]);
          open.pop_back();
        }
      }
      EXPECT_TRUE(open.empty());
    }
  }
}

TEST(PrintMathml, Examples) {
  EXPECT_EQ(to_mathml(function("a/b")), "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>");
  EXPECT_EQ(to_mathml(function("a^2")), "<msup><mi>a</mi><mrow><mn>2</mn></mrow></msup>");
  EXPECT_EQ(to_mathml(function("`<b>`")), "<mi>&lt;b&gt;</mi>");
  EXPECT_EQ(to_mathml(function("w1")), "<msub><mi>w</mi><mn>1</mn></msub>");
}

}  // namespace
}  // namespace talweg
