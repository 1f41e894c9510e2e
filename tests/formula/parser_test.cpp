// SPDX-License-Identifier: Apache-2.0
// The grammar of docs/formula.md: what binds how strongly, and where errors point.
#include "talweg/formula/parser.h"

#include <gtest/gtest.h>

#include <cmath>

#include "talweg/formula/evaluate.h"
#include "talweg/formula/formula.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

// Value of an expression of the variables x = 3, y = 2 in order of first use.
double value(const std::string& text, std::vector<double> variables = {3, 2}) {
  const auto parsed = parse_text(text, false);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().text());
  if (!parsed) return std::nan("");
  variables.resize(std::max(variables.size(), parsed->names.size()));
  return evaluate(parsed->right, {}, variables);
}

TEST(Grammar, Precedence) {
  EXPECT_EQ(value("1 + 2*3"), 7);
  EXPECT_EQ(value("(1 + 2)*3"), 9);
  EXPECT_EQ(value("2 - 3 - 4"), -5);
  EXPECT_EQ(value("24/4/3"), 2);
  EXPECT_EQ(value("24/4*3"), 18);
  EXPECT_EQ(value("-x^2"), -9);
  EXPECT_EQ(value("(-x)^2"), 9);
  EXPECT_EQ(value("-2^2"), -4);
  EXPECT_EQ(value("2^3^2"), 512);
  EXPECT_EQ(value("(2^3)^2"), 64);
  EXPECT_EQ(value("2**3"), 8);
  EXPECT_EQ(value("2^-1"), 0.5);
  EXPECT_EQ(value("2^-x^2"), std::pow(2, -9));
  EXPECT_EQ(value("2*-x"), -6);
  EXPECT_EQ(value("--x"), 3);
  EXPECT_EQ(value("- + -x"), 3);
  EXPECT_EQ(value("+x"), 3);
  EXPECT_EQ(value("1 - -1"), 2);
  EXPECT_EQ(value("-x*y"), -6);
  EXPECT_EQ(value("x/y/2"), 0.75);
  EXPECT_EQ(value("2*x^2"), 18);
  EXPECT_EQ(value("4^1/2"), 2);
  EXPECT_EQ(value("4^(1/2)"), 2);
}

TEST(Grammar, Numbers) {
  EXPECT_EQ(value("1."), 1);
  EXPECT_EQ(value(".5"), 0.5);
  EXPECT_EQ(value("1e3"), 1000);
  EXPECT_EQ(value("1E-3"), 0.001);
  EXPECT_EQ(value("1.5e+2"), 150);
  EXPECT_EQ(value("0.1"), 0.1);
  EXPECT_EQ(value("1e-400"), 0);
}

TEST(Grammar, Functions) {
  EXPECT_EQ(value("exp(0)"), 1);
  EXPECT_EQ(value("log2(8)"), 3);
  EXPECT_EQ(value("log10(1000)"), 3);
  EXPECT_EQ(value("sqrt(x + 1)"), 2);
  EXPECT_NEAR(value("cbrt(27)"), 3, 1e-15);
  EXPECT_EQ(value("abs(-x)"), 3);
  EXPECT_EQ(value("min(x, 2)"), 2);
  EXPECT_EQ(value("max(x, 2)"), 3);
  EXPECT_EQ(value("sign(-x)"), -1);
  EXPECT_EQ(value("exp (0)"), 1) << "a blank before the parenthesis makes no difference";
  EXPECT_NEAR(value("sin(1)^2 + cos(1)^2"), 1, 1e-15);
  EXPECT_NEAR(value("atan(tan(0.5)) + asin(sin(0.5)) + acos(cos(0.5))"), 1.5, 1e-15);
  EXPECT_NEAR(value("tanh(0.3)*cosh(0.3) - sinh(0.3)"), 0, 1e-15);
  EXPECT_NEAR(value("erf(0.5)"), 0.5204998778130465, 1e-15);
  EXPECT_EQ(value("where(x >= 3, 1, 2)"), 1);
  EXPECT_EQ(value("where(x > 3, 1, 2)"), 2);
  EXPECT_EQ(value("where(x <= 3, 1, 2)"), 1);
  EXPECT_EQ(value("where(x < 3, 1, 2)"), 2);
  EXPECT_TRUE(std::isnan(value("where(log(-x) > 0, 1, 2)")));
}

TEST(Grammar, Names) {
  const auto parsed = parse_text("`my col`*a.b + _c1 + größe + cut[Very Good] + `cut`[`a ] b`] + β₀", false);
  ASSERT_TRUE(parsed) << parsed.error().text();
  std::vector<std::string> names;
  for (const NameUse& use : parsed->names)
    names.push_back(use.level ? use.name + "|" + *use.level : use.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"my col", "a.b", "_c1", "größe", "cut|Very Good", "cut|a ] b", "β₀"}));
}

TEST(Grammar, ABacktickInANameIsWrittenTwice) {
  const auto parsed = parse_text("`a``b` + 1", false);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->names[0].name, "a`b");
}

struct Wrong {
  const char* text;
  int character;
  const char* what;
  const char* remedy;
};

std::string error_of(const std::string& text, bool equation = true) {
  const auto parsed = parse_text(text, equation);
  EXPECT_FALSE(parsed) << text;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
  EXPECT_FALSE(parsed.error().remedy.empty()) << text;
  EXPECT_EQ(parsed.error().text().find('\n'), std::string::npos);
  return parsed.error().text();
}

TEST(GrammarErrors, PointAtTheCharacterAndSayWhatToDo) {
  const std::vector<Wrong> cases = {
      {"y = a*expp(x)", 7, "unknown function 'expp'", "did you mean 'exp'?"},
      {"y = ln(x)", 5, "unknown function 'ln'", "log(x)"},
      {"y = pow(x, 2)", 5, "unknown function 'pow'", "x^2"},
      {"y = a(x + 1)", 5, "unknown function 'a'", "a*(...)"},
      {"a*x + b", 8, "there is no =", "y = a*x + b"},
      {"y = ", 5, "nothing stands right of the =", "y = a*x + b"},
      {"= a*x", 1, "nothing stands left of the =", "y = a*x + b"},
      {"", 1, "empty", "y = a*x + b"},
      {"   ", 1, "empty", "y = a*x + b"},
      {"y = a*x = 3", 9, "a second =", ""},
      {"y == a*x", 3, "'=='", "single ="},
      {"y ~ x", 3, "'~'", "y = a*x + b"},
      {"y = 2x", 6, "an operator is missing before 'x'", "2*x"},
      {"y = a x", 7, "an operator is missing", "a*x"},
      {"y = (a + b)(x)", 12, "an operator is missing", "*"},
      {"y = (a*x", 5, "never closed", "add )"},
      {"y = a*x)", 8, "closes none", ""},
      {"y = a*x +", 10, "ends too early", ""},
      {"y = a**", 8, "ends too early", ""},
      {"y = a*/x", 7, "before '/'", ""},
      {"y = ()", 6, "before ')'", ""},
      {"y = a*x + 1,5", 12, "a comma that separates nothing", "point"},
      {"y = min(x)", 5, "takes two arguments", "min(x, y)"},
      {"y = min(x, 1, 2)", 5, "takes two arguments", "min(x, y)"},
      {"y = exp(x, 1)", 5, "takes one argument", "exp(x)"},
      {"y = exp()", 5, "takes one argument", "exp(x)"},
      {"y = where(x, 1, 2)", 12, "a comparison is wanted", "where(x >= 2, a, b)"},
      {"y = where(x > 1, 2)", 19, "a comma is wanted", "where(x >= 2, a, b)"},
      {"y = a > x", 7, "'>' has no meaning here", "where"},
      {"y = 1e999*x", 5, "too large", "1.8e308"},
      {"y = 1.2.3*x", 8, "an operator is missing before '.3'", "1.2*.3"},
      {"y = a×x", 6, "'×' has no meaning here", "write *"},
      {"y = a − x", 7, "'−' has no meaning here", "write -"},
      {"y = x²", 6, "'²' has no meaning here", "^2"},
      {"y = 'my col'", 5, "has no meaning here", "backticks"},
      {"y = `my col", 5, "never closed", "`"},
      {"y = ``*x", 5, "empty name", ""},
      {"y = cut[Ideal*x", 8, "never closed", "cut[Ideal]"},
      {"y = a % x", 7, "'%'", "+ - * / ^"},
      {"y = [x]", 5, "'['", "cut[Ideal]"},
      {"größe = a*×", 11, "'×'", "write *"},
      {"y = a\x01", 6, "'\\x01'", ""},
      {"y = \xFF", 5, "not UTF-8", ""},
      {"y = a*\xC3", 7, "not UTF-8", ""},
  };
  for (const Wrong& wrong : cases) {
    const std::string error = error_of(wrong.text);
    EXPECT_NE(error.find("character " + std::to_string(wrong.character) + ":"), std::string::npos)
        << wrong.text << ": " << error;
    EXPECT_NE(error.find(wrong.what), std::string::npos) << wrong.text << ": " << error;
    EXPECT_NE(error.find(wrong.remedy), std::string::npos) << wrong.text << ": " << error;
  }
  EXPECT_NE(error_of("y = x^2", false).find("character 3: a function to be minimised has no ="),
            std::string::npos);
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string out;
  for (std::size_t k = 0; k < times; ++k) out += piece;
  return out;
}

// Hostile text: an error, and soon.
TEST(GrammarErrors, DepthAndLengthAreBounded) {
  for (const std::string open : {"(", "-", "exp(", "2^", "max(1,", "where(1 > ", "+", "sin(-(2^"}) {
    const std::string text = repeated(open, 10'000 / open.size());
    EXPECT_NE(error_of("y = " + text).find("inside one another"), std::string::npos) << open;
  }
  EXPECT_NE(error_of("y = x" + repeated("+x", 2'000)).find("more than 1000 operations"), std::string::npos);
  EXPECT_NE(error_of("y = x" + repeated("*x", 2'000)).find("more than 1000 operations"), std::string::npos);
  EXPECT_NE(error_of("y = " + repeated("x", 40'000)).find("bytes"), std::string::npos);
  EXPECT_TRUE(
      parse_text("y = " + repeated("(", kFormulaNesting) + "x" + repeated(")", kFormulaNesting), true));
  EXPECT_TRUE(parse_text("y = x" + repeated("+x", kFormulaDepth - 1), true));
}

}  // namespace
}  // namespace talweg
