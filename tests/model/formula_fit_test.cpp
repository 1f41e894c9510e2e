// SPDX-License-Identifier: Apache-2.0
// Formulas through the library's door: folded where they are affine, over rows where they are not.
#include <gtest/gtest.h>

#include <cmath>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/model.h"
#include "talweg/model/predict.h"

namespace talweg {
namespace {

class FormulaFit : public ::testing::Test {
 protected:
  FitRequest request(const std::string& csv, const std::string& formula) {
    FitRequest out;
    out.paths = {folder_.file("t.csv", csv)};
    out.formula = formula;
    return out;
  }
  static double value(const Fit& fit, const std::string& name) {
    for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
      if (fit.plan.parameters[j].name == name) return fit.parameters[j];
    }
    ADD_FAILURE() << name;
    return 0;
  }
  static double error(const Fit& fit, const std::string& name) {
    for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
      if (fit.plan.parameters[j].name == name) return fit.standard_errors[j].value_or(-1);
    }
    return -1;
  }
  static std::string line_with_noise(std::size_t rows, std::uint64_t seed) {
    test::Random random(seed);
    std::string out = "x,y\n";
    for (std::size_t r = 0; r < rows; ++r) {
      const double x = random.uniform(0, 10);
      out += std::to_string(x) + ',' + std::to_string(3 * x + 20 + random.normal()) + '\n';
    }
    return out;
  }
  Temporary folder_;
};

TEST_F(FormulaFit, AnAffineFormulaIsTheLinearModel) {
  const FitRequest by_formula = request(line_with_noise(500, 1), "y = a*x + b");
  FitRequest by_target = by_formula;
  by_target.formula.clear();
  by_target.columns.target = "y";
  const auto a = fit(by_formula);
  const auto b = fit(by_target);
  ASSERT_TRUE(a) << a.error().text();
  ASSERT_TRUE(b) << b.error().text();
  EXPECT_FALSE(a->plan.over_rows);
  EXPECT_NEAR(value(*a, "a") / value(*b, "x"), 1, 1e-11);
  EXPECT_NEAR(value(*a, "b") / value(*b, "intercept"), 1, 1e-11);
  EXPECT_NEAR(error(*a, "b") / error(*b, "intercept"), 1, 1e-12);
  EXPECT_TRUE(a->certificate.cost_gap_bound);
  EXPECT_NEAR(*a->r2, *b->r2, 1e-12);
}

TEST_F(FormulaFit, TheSameModelWrittenCurvedHasTheSameAnswerAndErrors) {
  // exp(b) for the intercept: standard error of b by the delta method, se / intercept; exact at the optimum.
  const auto straight = fit(request(line_with_noise(500, 2), "y = a*x + c"));
  const auto curved = fit(request(line_with_noise(500, 2), "y = a*x + exp(b)"));
  ASSERT_TRUE(straight && curved);
  EXPECT_TRUE(curved->plan.over_rows);
  EXPECT_EQ(curved->plan.optimizer, Optimizer::lm);
  EXPECT_NEAR(value(*curved, "a") / value(*straight, "a"), 1, 1e-11);
  EXPECT_NEAR(std::exp(value(*curved, "b")) / value(*straight, "c"), 1, 1e-11);
  EXPECT_NEAR(error(*curved, "a") / error(*straight, "a"), 1, 1e-10);
  EXPECT_NEAR(error(*curved, "b") * value(*straight, "c") / error(*straight, "c"), 1, 1e-10);
  EXPECT_NEAR(curved->mse / straight->mse, 1, 1e-12);
  EXPECT_NEAR(*curved->r2, *straight->r2, 1e-12);
  EXPECT_TRUE(curved->exact_parameters.empty());
  EXPECT_FALSE(curved->certificate.cost_gap_bound);
  EXPECT_LT(*curved->relative_offset, 1e-10);
}

TEST_F(FormulaFit, CostsAndPenaltiesAreThoseOfTheDefinition) {
  const std::string csv = line_with_noise(50, 3);
  for (const CostKind cost : {CostKind::mse, CostKind::half_mse, CostKind::sse}) {
    FitRequest straight = request(csv, "y = a*x + c");
    straight.cost = cost;
    straight.l2 = 0.5;
    // exp(c) is penalised (its derivative is no constant), so the comparison leaves the constant out of the
    // penalty.
    FitRequest curved = request(csv, "y = (a^3)^(1/3)*x + c");
    curved.cost = cost;
    curved.l2 = 0.5;
    const auto s = fit(straight);
    const auto c = fit(curved);
    ASSERT_TRUE(s && c) << c.error().text();
    EXPECT_TRUE(c->plan.over_rows);
    EXPECT_NEAR(value(*c, "a") / value(*s, "a"), 1, 1e-9);
    EXPECT_NEAR(value(*c, "c") / value(*s, "c"), 1, 1e-9);
    EXPECT_NEAR(c->cost / s->cost, 1, 1e-10);
    EXPECT_FALSE(c->standard_errors[0]);
  }
}

TEST_F(FormulaFit, SaysWhereTheFormulaMakesNoNumber) {
  std::string csv = "x,y\n";
  for (int r = 1; r <= 3000; ++r) csv += std::to_string(r == 2700 ? -4 : r) + ",1\n";
  for (const char* formula : {"y = a*log(x) + b", "y = a*log(b*x)", "log(x) = a*exp(b*y)"}) {
    const auto failed = fit(request(csv, formula));
    ASSERT_FALSE(failed) << formula;
    EXPECT_EQ(failed.error().line, 2701U) << formula;
    EXPECT_NE(failed.error().what.find("row 2,700"), std::string::npos) << failed.error().what;
  }
}

TEST_F(FormulaFit, RowsLeftOutDoNotShiftTheCount) {
  std::string csv = "x,y\n";
  for (int r = 1; r <= 900; ++r)
    csv += (r % 3 == 0 ? std::string() : std::to_string(r == 800 ? -4 : r)) + ",1\n";
  FitRequest asked = request(csv, "y = a*log(b*x)");
  asked.columns.missing = MissingPolicy::drop;
  const auto failed = fit(asked);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().line, 801U);
}

TEST_F(FormulaFit, RestartsKeepTheLowestValley) {
  std::string csv = "x,y\n";
  for (int r = 0; r < 40; ++r)
    csv += std::to_string(r * 0.2) + ',' + std::to_string(std::sin(1.5 * r * 0.2)) + '\n';
  FitRequest asked = request(csv, "y = sin(w*x)");
  asked.start = StartKind::values;
  asked.start_values = {{"w", 0.2}};
  const auto alone = fit(asked);
  asked.restarts = 40;
  const auto many = fit(asked);
  ASSERT_TRUE(alone && many);
  EXPECT_GT(alone->cost, 0.1);
  EXPECT_LT(many->cost, 1e-10);
  EXPECT_NEAR(std::abs(value(*many, "w")), 1.5, 1e-6);
  ASSERT_GE(many->valleys.size(), 2U);
  std::uint64_t runs = 0;
  for (std::size_t k = 0; k < many->valleys.size(); ++k) {
    runs += many->valleys[k].runs;
    if (k > 0) {
      EXPECT_GT(many->valleys[k].cost, many->valleys[k - 1].cost);
    }
  }
  EXPECT_LE(runs, 41U);
  const auto again = fit(asked);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->parameters, many->parameters);
}

TEST_F(FormulaFit, AParameterThatNoLongerMattersIsNamed) {
  // Far out the exponential is 0 and b is free.
  FitRequest asked = request("x,y\n1,1\n2,1\n3,1\n4,1.1\n", "y = c + a*exp(-b*x)");
  asked.start = StartKind::values;
  asked.start_values = {{"a", 1}, {"b", 300}, {"c", 1}};
  const auto done = fit(asked);
  ASSERT_TRUE(done) << done.error().text();
  bool named = false;
  for (const std::string& warning : done->warnings) named = named || warning.find("'b'") != std::string::npos;
  EXPECT_TRUE(named);
  EXPECT_FALSE(done->standard_errors[0]);
}

TEST_F(FormulaFit, TheModelFilePredictsWhatTheFitFitted) {
  FitRequest asked = request("x,y\n0,3\n1,2.2\n2,1.75\n3,1.45\n4,1.25\n", "sqrt(y) = a*exp(-b*x) + c");
  const auto done = fit(asked);
  ASSERT_TRUE(done) << done.error().text();
  const auto model = read_model(make_model(*done, asked).document, "m.json");
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ(model->target, "sqrt(y)");
  PredictRequest rows;
  rows.paths = asked.paths;
  const auto evaluation = evaluate(*model, rows);
  ASSERT_TRUE(evaluation) << evaluation.error().text();
  EXPECT_NEAR(evaluation->mse / done->mse, 1, 1e-12);
  EXPECT_NEAR(*evaluation->r2, *done->r2, 1e-12);
}

TEST(RowRecords, FindTheRecordOfAKeptRow) {
  RowRecords records;
  for (const std::uint64_t record : {3U, 4U, 5U, 9U, 10U, 20U}) records.add(record);
  EXPECT_EQ(records.at(0), 3U);
  EXPECT_EQ(records.at(2), 5U);
  EXPECT_EQ(records.at(3), 9U);
  EXPECT_EQ(records.at(5), 20U);
}

}  // namespace
}  // namespace talweg
