// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/formula.h"

#include <gtest/gtest.h>

#include "talweg/formula/affine.h"
#include "talweg/formula/print.h"
#include "talweg/formula/program.h"

namespace talweg {
namespace {

using Names = std::vector<std::string>;

Names texts(const std::vector<ColumnUse>& columns) {
  Names out;
  for (const ColumnUse& use : columns) out.push_back(use.text());
  return out;
}

Formula parsed(const std::string& text, const Names& columns) {
  auto formula = parse_formula(text, columns);
  EXPECT_TRUE(formula) << text << ": " << (formula ? "" : formula.error().text());
  return formula ? *formula : Formula{};
}

std::string error(const std::string& text, const Names& columns, ErrorKind kind = ErrorKind::data) {
  const auto formula = parse_formula(text, columns);
  EXPECT_FALSE(formula) << text;
  if (formula) return {};
  EXPECT_EQ(formula.error().kind, kind) << text;
  return formula.error().text();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Names, ColumnsAreColumnsAndTheOthersParameters) {
  const Formula f = parsed("log(price) = a*log(carat) + b + a*x", {"carat", "price", "x", "unused"});
  EXPECT_EQ(texts(f.columns), (Names{"price", "carat", "x"}));
  EXPECT_TRUE(f.columns[0].on_left && !f.columns[0].on_right);
  EXPECT_TRUE(!f.columns[1].on_left && f.columns[1].on_right);
  EXPECT_EQ(f.parameters, (Names{"a", "b"}));
  EXPECT_FALSE(f.plain_response());
  EXPECT_TRUE(parsed("y = a*x", {"x", "y"}).plain_response());
  EXPECT_TRUE(f.warnings.empty());
}

TEST(Names, LevelsOfTextColumns) {
  const Formula f = parsed("y = a*cut[Ideal] + b*cut[Very Good] + c*`my col`[a b]", {"y", "cut", "my col"});
  ASSERT_EQ(f.columns.size(), 4U);
  EXPECT_EQ(f.columns[1].name, "cut");
  EXPECT_EQ(f.columns[1].level, "Ideal");
  EXPECT_EQ(f.columns[2].level, "Very Good");
  EXPECT_EQ(f.columns[3].name, "my col");
  EXPECT_EQ(f.columns[3].level, "a b");
  // A column that bears the very name comes first.
  EXPECT_EQ(parsed("y = a*cut[Ideal]", {"y", "cut", "cut[Ideal]"}).columns[1].level, std::nullopt);
  EXPECT_TRUE(has(error("y = a*kut[Ideal]", {"y", "cut"}),
                  "character 7: there is no column 'kut'; did you mean 'cut'?"));
}

TEST(Names, ConstantsUnlessColumnsBearTheNames) {
  EXPECT_EQ(parsed("y = a*e^x + pi", {"x", "y"}).parameters, (Names{"a"}));
  const Formula f = parsed("y = a*e^x + pi", {"x", "y", "e", "pi"});
  EXPECT_EQ(texts(f.columns), (Names{"y", "e", "x", "pi"}));
  // In backticks they are plain names.
  EXPECT_EQ(parsed("y = `e`*x + e", {"x", "y"}).parameters, (Names{"e"}));
}

TEST(Names, ThoseOfFunctions) {
  EXPECT_EQ(texts(parsed("y = a*log(log) + exp", {"y", "log", "exp"}).columns), (Names{"y", "log", "exp"}));
  EXPECT_TRUE(has(error("y = exp*x", {"x", "y"}), "character 5: 'exp' is a function"));
  EXPECT_EQ(parsed("y = `exp`*x", {"x", "y"}).parameters, (Names{"exp"}));
}

TEST(Names, OfAnyShapeInBackticks) {
  const Formula f =
      parsed("`net-price` = a*`x y` + b*größe + `a``b`*2", {"net-price", "x y", "größe", "a`b"});
  EXPECT_EQ(texts(f.columns), (Names{"net-price", "x y", "größe", "a`b"}));
  // Without backticks a hyphen is a minus.
  EXPECT_TRUE(has(error("net-price = a*x", {"net-price", "x"}),
                  "there is no column 'net'; did you mean 'net-price'?") ||
              has(error("net-price = a*x", {"net-price", "x"}), "there is no column 'net'"));
  // Names are compared byte for byte: a letter with a combining mark is another name.
  EXPECT_EQ(parsed("y = a*x + gro\xCC\x88", {"x", "y", "gr\xC3\xB6"}).parameters,
            (Names{"a", "gro\xCC\x88"}));
}

TEST(Names, WarningsForWhatLooksLikeASlip) {
  EXPECT_TRUE(has(parsed("y = a*X + b*x", {"x", "y"}).warnings.at(0),
                  "parameter 'X' differs from column 'x' only in case"));
  EXPECT_TRUE(has(parsed("y = a*pricee", {"price", "y"}).warnings.at(0),
                  "by one letter; if the column is meant, write price"));
  EXPECT_EQ(parsed("y = a*prcie", {"price", "y"}).warnings.size(), 1U);
  EXPECT_EQ(parsed("y = a*pric", {"price", "y"}).warnings.size(), 1U);
  EXPECT_EQ(parsed("y = a*prike", {"price", "y"}).warnings.size(), 1U);
  EXPECT_EQ(parsed("y = a*x1 + abc*x2", {"x2", "x1", "abd", "y"}).warnings.size(), 0U)
      << "shorter than four letters";
  EXPECT_EQ(parsed("y = a*x + prix*x", {"x", "price", "y"}).warnings.size(), 0U);
}

TEST(Names, WhatIsWrongWithThem) {
  EXPECT_TRUE(has(error("z = a*x + b", {"x", "y"}),
                  "character 1: there is no column 'z'; the data have 'x' and 'y'"));
  EXPECT_TRUE(has(error("pricee = a*x", {"x", "price"}), "did you mean 'price'?"));
  EXPECT_TRUE(has(error("y = 2*x", {"x", "y"}), "no parameter"));
  EXPECT_TRUE(has(error("y = 2", {"x", "y"}, ErrorKind::usage), "no parameter"));
  EXPECT_TRUE(has(error("3 = a*x", {"x", "y"}, ErrorKind::usage), "left side"));
}

TEST(Names, SyntaxIsJudgedWithoutTheData) {
  EXPECT_TRUE(check_formula("y = a*x + b"));
  EXPECT_FALSE(check_formula("a*x + b"));
  EXPECT_FALSE(check_formula("y = 1 + pi"));
  EXPECT_FALSE(check_formula("2 = a"));
  EXPECT_TRUE(check_formula("y = exp + a")) << "exp may be a column";
}

TEST(Names, WithoutData) {
  const auto f = parse_formula_without_data("log(y) = a*x + b*x2 + c*t + xy", {});
  ASSERT_TRUE(f);
  EXPECT_EQ(texts(f->columns), (Names{"y", "x", "x2", "t"}));
  EXPECT_EQ(f->parameters, (Names{"a", "b", "c", "xy"}));
  const auto g = parse_formula_without_data("y = a*size + x", Names{"size"});
  ASSERT_TRUE(g);
  EXPECT_EQ(texts(g->columns), (Names{"y", "size"}));
  EXPECT_EQ(g->parameters, (Names{"a", "x"}));
  EXPECT_FALSE(parse_formula_without_data("y = 2*x", {}));
}

TEST(Names, Functions) {
  const auto f = parse_function("x^4 - 3*x^3 + y + e");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->parameters, (Names{"x", "y"}));
  EXPECT_TRUE(f->columns.empty());
  EXPECT_FALSE(parse_function("2 + pi"));
  EXPECT_FALSE(parse_function("y = x^2"));
  EXPECT_FALSE(parse_function("a[b]"));
}

TEST(Names, ALinearModelAsAFormula) {
  const Formula f = linear_formula("price", Names{"carat", "cut[Ideal]", "my col"}, Names{"w1", "w2", "w3"},
                                   std::string("b"));
  EXPECT_EQ(f.text, "price = w1*carat + w2*cut[Ideal] + w3*`my col` + b");
  EXPECT_EQ(f.parameters, (Names{"w1", "w2", "w3", "b"}));
  const auto form = affine_form(f);
  ASSERT_TRUE(form);
  EXPECT_EQ(form->intercept, 3U);
  EXPECT_EQ(linear_formula("y", Names{"x"}, Names{"a"}, std::nullopt).text, "y = a*x");
}

TEST(Names, AsTheyAreWritten) {
  EXPECT_EQ(formula_name("x1"), "x1");
  EXPECT_EQ(formula_name("my col"), "`my col`");
  EXPECT_EQ(formula_name("a`b"), "`a``b`");
  EXPECT_EQ(formula_name("exp"), "`exp`");
  EXPECT_EQ(formula_name("pi"), "`pi`");
  EXPECT_EQ(formula_name("cut[Very Good]"), "cut[Very Good]");
  EXPECT_EQ(formula_name("1st"), "`1st`");
  EXPECT_EQ(formula_name("größe"), "größe");
}

// The bounds keep the work small whatever the text.
TEST(Names, HostileTextTakesNoTime) {
  // Work that grew exponentially would not end before the test runner's limit.
  std::string product = "y = x";
  std::string sines = "y = 0";
  std::string nested = "x*a";
  std::string many = "y = 0";
  for (int k = 0; k < 900; ++k) product += "*p" + std::to_string(k);
  for (int k = 0; k < 900; ++k) sines += "+sin(a*b*c*x^" + std::to_string(k % 9) + ")";
  for (int k = 0; k < 190; ++k) nested = "exp(a*" + nested + ")";
  for (int k = 0; k < 3000; ++k)
    many += (k % 900 == 899 ? ")+(0+" : "+") + std::string("q") + std::to_string(k);
  many.insert(4, "(");
  many += ")";
  for (const std::string& text : {product, sines, "y = " + nested}) {
    const Formula f = parsed(text, {"x", "y"});
    const Program program = compile_right(f);
    EXPECT_EQ(program.partials(), f.parameters.size());
  }
  EXPECT_TRUE(has(error(many, {"x", "y"}), "more than the 1000"));
}

}  // namespace
}  // namespace talweg
