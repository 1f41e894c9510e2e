// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/affine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

struct Described {
  bool affine = false;
  std::vector<std::string> features;
  std::string offset;
  int intercept = -1;
  double constant = 0;
  std::vector<std::size_t> without_effect;
};

Described describe(const std::string& text) {
  const std::vector<std::string> columns = {"x", "y", "z"};
  const auto formula = parse_formula(text, columns);
  EXPECT_TRUE(formula) << text;
  const auto form = affine_form(*formula);
  Described out;
  out.affine = form.has_value();
  if (!form) return out;
  for (const Expression& feature : form->features) out.features.push_back(to_text(feature));
  out.offset = to_text(form->offset);
  if (form->intercept) {
    out.intercept = static_cast<int>(*form->intercept);
    out.constant = form->intercept_feature;
  }
  out.without_effect = form->without_effect;
  return out;
}

using Texts = std::vector<std::string>;

TEST(Affine, Lines) {
  const Described d = describe("y = a*x + b");
  EXPECT_TRUE(d.affine);
  EXPECT_EQ(d.features, (Texts{"x", "1"}));
  EXPECT_EQ(d.offset, "0");
  EXPECT_EQ(d.intercept, 1);
  EXPECT_EQ(d.constant, 1);
}

TEST(Affine, OffsetsAreKept) {
  const Described d = describe("y = a*x + 3");
  EXPECT_EQ(d.features, (Texts{"x"}));
  EXPECT_EQ(d.offset, "3");
  EXPECT_EQ(d.intercept, -1);
  EXPECT_EQ(describe("y = a*x + log(z) + b/2 - x").offset, "log(z) - x");
  EXPECT_EQ(describe("y = (a + 1)*x").offset, "x");
}

TEST(Affine, FeaturesAreThePartialDerivatives) {
  EXPECT_EQ(describe("y = b0 + b1*x + b2*x^2").features, (Texts{"1", "x", "x^2"}));
  EXPECT_EQ(describe("y = a*log(x) + b*sin(2*z)").features, (Texts{"log(x)", "sin(2*z)"}));
  EXPECT_EQ(describe("y = (a*x + b)/z").features, (Texts{"x/z", "1/z"}));
  EXPECT_EQ(describe("y = -(a - b*x)*2").features, (Texts{"-2", "2*x"}));
  EXPECT_EQ(describe("y = where(x > 1, a*x, b)").features,
            (Texts{"where(1 >= x, 0, x)", "where(1 >= x, 1, 0)"}));
  const Described constant = describe("y = a*x + b/2 + c");
  EXPECT_EQ(constant.intercept, 1);
  EXPECT_EQ(constant.constant, 0.5);
}

TEST(Affine, NotAffine) {
  for (const char* text :
       {"y = a*exp(-b*x)", "y = a*x^b", "y = a*b*x", "y = a^2*x", "y = log(a*x)", "y = sqrt(a)*x",
        "y = abs(a)*x + b", "y = max(a, x)", "y = x/a", "y = where(a > x, 1, b)"}) {
    EXPECT_FALSE(describe(text).affine) << text;
  }
}

TEST(Affine, WithoutEffect) {
  EXPECT_EQ(describe("y = a*x + 0*b").without_effect, (std::vector<std::size_t>{1}));
  EXPECT_EQ(describe("y = a*x + b - b").without_effect, (std::vector<std::size_t>{1}));
  EXPECT_EQ(describe("y = a*x + sign(b)").affine, true);
}

TEST(WhyNotFinite, NamesTheInnermostOperation) {
  const std::vector<std::string> columns = {"x", "y"};
  const auto f = parse_formula("y = a*log(x - 2) + b", columns);
  ASSERT_TRUE(f);
  const std::vector<double> parameters = {1, 1};
  EXPECT_EQ(why_not_finite(f->right, std::vector<double>{0, 1}, parameters),
            "log(x - 2) is not a number where x - 2 = -1");
  EXPECT_EQ(why_not_finite(f->right, std::vector<double>{0, 2}, parameters),
            "log(x - 2) is infinite or too large where x - 2 = 0");
  EXPECT_EQ(why_not_finite(f->right, std::vector<double>{0, 3}, parameters), "");
  const auto g = parse_formula("y = where(x > 0, a*log(x), b)", columns);
  ASSERT_TRUE(g);
  EXPECT_EQ(why_not_finite(g->right, std::vector<double>{0, -1}, parameters), "");
}

// An infinite operand of a finite result is none.
TEST(Formula, SaysWhichOperationAResultIsNotFiniteBy) {
  const std::vector<std::string> columns = {"y", "x", "z"};
  const auto why = [&](const char* text, double x, double z) {
    const auto f = parse_formula(text, columns);
    EXPECT_TRUE(f) << text;
    std::vector<double> row;
    for (const ColumnUse& use : f->columns) row.push_back(use.name == "x" ? x : use.name == "z" ? z : 0);
    return why_not_finite(f->right, row, std::vector<double>(f->parameters.size(), 1.0));
  };
  EXPECT_EQ(why("y = a/(1 + exp(x))", 1000, 0), "");
  EXPECT_EQ(why("y = a*z^(x^b)", 0, 0.5), "");
  EXPECT_EQ(why("y = a*z^x^-b", 0, 0.125), "");
  EXPECT_EQ(why("y = a/(1 + exp(x)) + log(z)", 1000, -1), "log(z) is not a number where z = -1");
  EXPECT_EQ(why("y = log(z) + a*exp(x)", 1000, -1), "log(z) is not a number where z = -1");
  EXPECT_EQ(why("y = a*exp(x)", 1000, 0), "exp(x) is infinite or too large where x = 1000");
  EXPECT_EQ(why("y = where(exp(x) > z, a, log(z))", 1000, -1), "");
  EXPECT_EQ(why("y = where(exp(x) < z, a, log(z))", 1000, -1), "log(z) is not a number where z = -1");
  EXPECT_EQ(why("y = where(log(z) < x, a, b)", 1, -1), "log(z) is not a number where z = -1");
  EXPECT_EQ(why("y = where(exp(x) < log(z), a, b)", 1000, -1), "log(z) is not a number where z = -1");
}

}  // namespace
}  // namespace talweg
