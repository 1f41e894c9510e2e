// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/program.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "formula/random_formula.h"
#include "talweg/formula/affine.h"
#include "talweg/formula/derive.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

using Columns = std::vector<std::vector<double>>;

std::vector<const double*> pointers(const Columns& columns, std::size_t first = 0) {
  std::vector<const double*> out;
  for (const auto& column : columns) out.push_back(column.data() + first);
  return out;
}

Columns random_columns(test::Random& random, std::size_t count, std::size_t rows) {
  Columns out(count, std::vector<double>(rows));
  for (auto& column : out) {
    for (double& x : column) x = random.coin() ? random.uniform(0.1, 3) : random.normal();
  }
  return out;
}

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

Formula formula(const std::string& text, const std::vector<std::string>& columns = {"x", "y", "z"}) {
  auto parsed = parse_formula(text, columns);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().text());
  return parsed ? *parsed : Formula{};
}

struct Evaluated {
  std::vector<double> value;
  Columns partials;
};

Evaluated run(const Program& program, const Columns& columns, std::span<const double> parameters,
              std::size_t rows, std::size_t block) {
  Evaluated out{std::vector<double>(rows), Columns(program.partials(), std::vector<double>(rows))};
  Program::Workspace work(program);
  for (std::size_t first = 0; first < rows; first += block) {
    std::vector<double*> partials;
    for (auto& partial : out.partials) partials.push_back(partial.data() + first);
    program.evaluate(pointers(columns, first), std::min(block, rows - first), parameters,
                     out.value.data() + first, partials, work);
  }
  return out;
}

// Value and partial derivatives are, to the bit, what walking the trees gives.
TEST(Program, AgreesWithWalkingTheTree) {
  test::Random random(11);
  test::RandomFormula make(random);
  std::size_t finite = 0;
  for (int round = 0; round < 3000; ++round) {
    const Expression value = make.make(1 + static_cast<int>(random.below(5)));
    std::vector<Expression> partials;
    for (std::size_t p = 0; p < test::kRandomParameters; ++p) partials.push_back(make.make(3));
    partials.push_back(value);
    const Program program = Program::compile(value, partials, test::kRandomColumns, test::kRandomParameters);
    const std::size_t rows = 1 + random.below(40);
    const Columns columns = random_columns(random, test::kRandomColumns, rows);
    const std::vector<double> parameters = {random.normal(), random.uniform(0.1, 2), random.normal()};
    const Evaluated got = run(program, columns, parameters, rows, rows);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::vector<double> row = {columns[0][r], columns[1][r]};
      const double expected = evaluate(value, row, parameters);
      finite += std::isfinite(expected) ? 1 : 0;
      ASSERT_TRUE(same_bits(got.value[r], expected))
          << to_text(value) << ": " << got.value[r] << " and " << expected;
      for (std::size_t p = 0; p < partials.size(); ++p) {
        ASSERT_TRUE(same_bits(got.partials[p][r], evaluate(partials[p], row, parameters)))
            << to_text(partials[p]);
      }
    }
  }
  EXPECT_GT(finite, 20'000U);
}

TEST(Program, BlocksOfAnySizeGiveTheSameBits) {
  const Formula f = formula("y = a*exp(-b*x)*log(z) + c*x^3/(1 + b^2*z) + sin(a*x)");
  const Program program = compile_right(f);
  test::Random random(12);
  constexpr std::size_t kRows = kProgramRows;
  Columns columns(f.columns.size(), std::vector<double>(kRows));
  for (auto& column : columns) {
    for (double& x : column) x = random.uniform(0.1, 4);
  }
  const std::vector<double> parameters = {1.5, 0.3, -0.7};
  const Evaluated whole = run(program, columns, parameters, kRows, kRows);
  for (std::size_t block : {1U, 3U, 7U, 64U, 100U, 511U, 513U, 1000U}) {
    const Evaluated parts = run(program, columns, parameters, kRows, block);
    EXPECT_EQ(parts.value, whole.value) << block;
    EXPECT_EQ(parts.partials, whole.partials) << block;
  }
}

TEST(Program, TheValueAlone) {
  const Formula f = formula("y = a*exp(-b*x) + c");
  const Program program = compile_right(f);
  Columns columns = {{0, 0}, {1, 2}};
  const std::vector<double> parameters = {2, 0.5, 1};
  Program::Workspace work(program);
  std::vector<double> value(2);
  program.evaluate(pointers(columns), 2, parameters, value.data(), {}, work);
  EXPECT_NEAR(value[0], 2 * std::exp(-0.5) + 1, 1e-15);
  EXPECT_EQ(value, run(program, columns, parameters, 2, 2).value);
}

TEST(Program, UnusedColumnsAreNeverRead) {
  const Formula f = formula("y = a*x + b");
  const Program program = compile_right(f);
  ASSERT_EQ(program.columns(), 2U);
  EXPECT_FALSE(program.uses_column(0));
  EXPECT_TRUE(program.uses_column(1));
  const std::vector<double> x = {3};
  const std::vector<const double*> columns = {nullptr, x.data()};
  double value = 0;
  Program::Workspace work(program);
  program.evaluate(columns, 1, std::vector<double>{2, 1}, &value, {}, work);
  EXPECT_EQ(value, 7);
}

TEST(Program, OutputsThatAreColumnsNumbersOrEqual) {
  const Formula f = formula("y = a*x + b + c*x");
  const Program program = compile_right(f);
  const Columns columns = {{0, 0}, {5, 6}};
  const Evaluated got = run(program, columns, std::vector<double>{1, 2, 3}, 2, 2);
  EXPECT_EQ(got.value, (std::vector<double>{22, 26}));
  EXPECT_EQ(got.partials, (Columns{{5, 6}, {1, 1}, {5, 6}}));
}

TEST(Program, ThousandTerms) {
  std::string text = "y = b";
  std::vector<std::string> names = {"y"};
  for (int k = 0; k < 900; ++k) {
    text += " + w" + std::to_string(k) + "*x" + std::to_string(k);
    names.push_back("x" + std::to_string(k));
  }
  const Formula f = formula(text, names);
  ASSERT_EQ(f.parameters.size(), 901U);
  const Program program = compile_right(f);
  Columns columns(f.columns.size(), std::vector<double>{2});
  const std::vector<double> ones(f.parameters.size(), 1.0);
  const Evaluated got = run(program, columns, ones, 1, 1);
  EXPECT_EQ(got.value[0], 1801);
  EXPECT_EQ(got.partials[0][0], 1);
  EXPECT_EQ(got.partials[900][0], 2);
}

// Powers as pairs against arithmetic of 113 bits.
TEST(Program, PairsCarryTheDigitsOfPolynomials) {
  const Formula f = formula("y = b0 + b1*x + b2*x^2 + b3*x^10 + b4*sqrt(x)/(x - z) + b5*(x*z)^7");
  const auto form = affine_form(f);
  ASSERT_TRUE(form);
  const Program program = compile_affine(f, *form);
  test::Random random(13);
  constexpr std::size_t kRows = 50;
  Columns columns(f.columns.size(), std::vector<double>(kRows));
  for (auto& column : columns) {
    for (double& x : column) x = random.uniform(0.1, 9);
  }
  Columns high(program.partials(), std::vector<double>(kRows));
  Columns low = high;
  std::vector<double*> highs;
  std::vector<double*> lows;
  for (std::size_t p = 0; p < high.size(); ++p) {
    highs.push_back(high[p].data());
    lows.push_back(low[p].data());
  }
  std::vector<double> value(kRows);
  std::vector<double> value_low(kRows);
  Program::Workspace work(program);
  program.evaluate_pairs(pointers(columns), kRows, std::vector<double>(6, 0.0), value.data(),
                         value_low.data(), highs, lows, work);
  using Quad = __float128;
  const auto power = [](Quad x, int n) {
    Quad out = 1;
    for (int k = 0; k < n; ++k) out *= x;
    return out;
  };
  for (std::size_t r = 0; r < kRows; ++r) {
    const Quad x = columns[1][r];
    const Quad z = columns[2][r];
    const auto check = [&](std::size_t p, Quad exact) {
      const Quad got = static_cast<Quad>(high[p][r]) + static_cast<Quad>(low[p][r]);
      const Quad off = (got - exact) / exact;
      EXPECT_LT(std::abs(static_cast<double>(off)), 3e-30) << p;
      EXPECT_EQ(high[p][r] + low[p][r], high[p][r]) << "the high part is the rounded sum";
    };
    check(0, 1);
    check(1, x);
    check(2, power(x, 2));
    check(3, power(x, 10));
    check(5, power(x * z, 7));
    EXPECT_EQ(value[r], 0);
  }
}

TEST(Program, PairsCorrectFunctionsForTheLowPart) {
  const Formula f = formula("y = a*exp(x*z) + b*log(x*z) + c*sin(x/z) + d*(x*z)^0.3");
  const auto form = affine_form(f);
  ASSERT_TRUE(form);
  const Program program = compile_affine(f, *form);
  const Columns columns = {{0}, {1.7}, {4.1}};
  Columns high(4, std::vector<double>(1));
  Columns low = high;
  std::vector<double*> highs;
  std::vector<double*> lows;
  for (std::size_t p = 0; p < 4; ++p) {
    highs.push_back(high[p].data());
    lows.push_back(low[p].data());
  }
  double value = 0;
  double value_low = 0;
  Program::Workspace work(program);
  program.evaluate_pairs(pointers(columns), 1, std::vector<double>(4, 0.0), &value, &value_low, highs, lows,
                         work);
  const long double x = 1.7;
  const long double z = 4.1;
  const long double exact[] = {std::exp(x * z), std::log(x * z), std::sin(x / z), std::pow(x * z, 0.3L)};
  const double inexact_exponent = static_cast<double>(std::pow(x * z, static_cast<long double>(0.3)));
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_NEAR(static_cast<double>(
                    (static_cast<long double>(high[p][0]) + static_cast<long double>(low[p][0])) / exact[p]),
                1, 2.3e-16);
  }
  EXPECT_NEAR(high[3][0], inexact_exponent, 4e-16 * inexact_exponent);
}

}  // namespace
}  // namespace talweg
