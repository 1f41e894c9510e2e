// SPDX-License-Identifier: Apache-2.0
// Steps after batches of rows on formulas: the steps of the linear model where the formula is one, a step of
// all rows where a batch is all of them, the full-batch answer with nothing but the batch size given.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <fstream>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

constexpr const char* kLine = "y = a*u + b*v + c";
constexpr const char* kCurve = "y = a*exp(-b*u) + c";

class FormulaBatches : public ::testing::TestWithParam<CostKind> {
 protected:
  // Targets about a line of u and v, or about a curve of u; w are whole weights.
  std::string write(std::uint64_t seed, std::size_t rows, bool curved) {
    test::Random random(seed);
    const std::string path = directory_.path(fmt::format("{}.csv", seed));
    std::ofstream out(path);
    out << "u,v,w,y\n";
    for (std::size_t r = 0; r < rows; ++r) {
      const double u = random.uniform(0.2, 4);
      const double v = random.normal();
      const double f = curved ? 1.5 * std::exp(-0.8 * u) + 0.3 : 0.6 * u - 0.4 * v + 0.3;
      double y = f + 0.4 * random.normal();
      if (is_classification(GetParam())) y = random.uniform() < 1 / (1 + std::exp(-f)) ? 1 : 0;
      if (GetParam() == CostKind::poisson) y = std::floor(std::exp(f) * (0.5 + random.uniform()));
      out << fmt::format("{},{},{},{}\n", u, v, 1 + random.below(3), y);
    }
    return path;
  }

  FitRequest request(const std::string& path, const char* formula) {
    FitRequest out;
    out.paths = {path};
    out.formula = formula;
    out.cost = GetParam();
    out.quantile = 0.3;
    out.threads = 1;
    out.columns.classes = is_classification(out.cost);
    return out;
  }

  Temporary directory_;
};

double named(const Fit& fit, const std::string& name) {
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    if (fit.plan.parameters[j].name == name) return fit.parameters[j];
  }
  return std::nan("");
}

TEST_P(FormulaBatches, ALinearFormulaTakesTheStepsOfTheLinearModel) {
  for (const bool weighted : {false, true}) {
    FitRequest formula = request(write(3, 60, false), kLine);
    formula.batch_size = 7;
    formula.learning_rate = GetParam() == CostKind::sse ? 1e-4 : 0.01;
    formula.epochs = 3;
    formula.l2 = 0.1;
    if (weighted) formula.columns.weights = "w";
    FitRequest linear = formula;
    linear.formula.clear();
    linear.columns.target = "y";
    linear.columns.features = {"u", "v"};
    const auto found = fit(formula);
    const auto expected = fit(linear);
    ASSERT_TRUE(found && expected) << (found ? expected.error().text() : found.error().text());
    EXPECT_NEAR(named(*found, "a"), named(*expected, "u"), 1e-12);
    EXPECT_NEAR(named(*found, "b"), named(*expected, "v"), 1e-12);
    EXPECT_NEAR(named(*found, "c"), named(*expected, "intercept"), 1e-12);
    EXPECT_NEAR(found->cost, expected->cost, 1e-12 * std::abs(expected->cost));
    // Squared error keeps its fold, and with it the certificate; the penalty gives one to a smooth loss of
    // the linear model.
    EXPECT_EQ(found->certificate.cost_gap_bound.has_value(), is_squared(GetParam()));
    EXPECT_EQ(expected->certificate.cost_gap_bound.has_value(), !has_kink(GetParam()));
  }
}

TEST_P(FormulaBatches, ABatchOfAllRowsIsAStepOfGradientDescent) {
  for (const char* const formula : {kLine, kCurve}) {
    for (const bool weighted : {false, true}) {
      SCOPED_TRACE(formula);
      FitRequest full = request(write(5, 1'500, formula == kCurve), formula);
      full.learning_rate = GetParam() == CostKind::sse ? 1e-5 : 0.02;
      full.epochs = 20;
      full.l2 = weighted ? 0.05 : 0;
      if (weighted) full.columns.weights = "w";
      FitRequest batches = full;
      batches.batch_size = 1'500;
      batches.shuffle = false;
      const auto expected = fit(full);
      const auto found = fit(batches);
      ASSERT_TRUE(found && expected);
      for (std::size_t j = 0; j < found->parameters.size(); ++j)
        EXPECT_NEAR(found->parameters[j], expected->parameters[j],
                    1e-11 * (1 + std::abs(expected->parameters[j])));
    }
  }
}

TEST_P(FormulaBatches, WithoutARateTheAnswerIsThatOfAllRows) {
  std::uint64_t seed = 20;
  for (const char* const formula : {kLine, kCurve}) {
    for (const std::uint64_t size : {1U, 32U}) {
      SCOPED_TRACE(fmt::format("{}, {} rows a step", formula, size));
      FitRequest full = request(write(++seed, 300, formula == kCurve), formula);
      full.l2 = is_classification(GetParam()) ? 0.02 : 0;  // flat valleys: a penalty settles them
      FitRequest batches = full;
      batches.batch_size = size;
      const auto expected = fit(full);
      const auto found = fit(batches);
      ASSERT_TRUE(found && expected);
      EXPECT_FALSE(found->diverged());
      // Where a loss with a kink meets a curve, 10,000 epochs at rates found from the costs may not be
      // enough.
      const double near = has_kink(GetParam()) && formula == kCurve ? 3e-4 : 1e-4;
      EXPECT_LE(found->cost, expected->cost + near * std::abs(expected->cost));
      if (!has_kink(GetParam())) {
        EXPECT_NE(found->termination.reason, Reason::epochs);
      }
    }
  }
}

TEST_P(FormulaBatches, TheBitsDoNotDependOnThreads) {
  for (const char* const formula : {kLine, kCurve}) {
    FitRequest asked = request(write(40, 3'000, formula == kCurve), formula);
    asked.batch_size = 10;
    asked.epochs = 3;
    std::vector<std::uint64_t> bits;
    for (const unsigned threads : {1U, 2U, 3U, 7U, 16U}) {
      asked.threads = threads;
      const auto found = fit(asked);
      ASSERT_TRUE(found);
      std::vector<std::uint64_t> got{std::bit_cast<std::uint64_t>(found->cost)};
      for (const double p : found->parameters) got.push_back(std::bit_cast<std::uint64_t>(p));
      if (bits.empty()) bits = got;
      EXPECT_EQ(got, bits) << threads;
    }
  }
}

TEST_P(FormulaBatches, RowsHeldOutLeaveTheStepsOfTheOthers) {
  for (const char* const formula : {kLine, kCurve}) {
    const std::string path = write(50, 200, formula == kCurve);
    FitRequest validated = request(path, formula);
    validated.batch_size = 9;
    validated.epochs = 6;
    validated.validation = 0.25;
    const auto found = fit(validated);
    ASSERT_TRUE(found) << found.error().text();
    const RowParts parts{validated.seed, 0, 0.25};
    FitRequest alone = validated;
    alone.validation.reset();
    alone.paths = {directory_.path("training.csv")};
    {
      std::ifstream in(path);
      std::ofstream out(alone.paths[0]);
      std::string line;
      std::getline(in, line);
      out << line << '\n';
      for (std::uint64_t r = 0; std::getline(in, line); ++r) {
        if (parts.of(r) == 0) out << line << '\n';
      }
    }
    const auto expected = fit(alone);
    ASSERT_TRUE(expected) << expected.error().text();
    ASSERT_EQ(found->validation->rows_training, expected->audit.rows);
    for (std::size_t j = 0; j < found->parameters.size(); ++j)
      EXPECT_NEAR(found->parameters[j], expected->parameters[j],
                  1e-9 * (1 + std::abs(expected->parameters[j])));
    validated.patience = 1;
    validated.epochs = 200;
    const auto stopped = fit(validated);
    ASSERT_TRUE(stopped);
    if (stopped->termination.reason == Reason::early_stopping) {
      EXPECT_EQ(stopped->best_epoch, stopped->validation->best_epoch);
      EXPECT_EQ(stopped->validation->score.cost, stopped->validation->best_cost);
    } else {
      EXPECT_EQ(stopped->best_epoch, stopped->epochs);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, FormulaBatches,
                         ::testing::Values(CostKind::mse, CostKind::half_mse, CostKind::sse, CostKind::mae,
                                           CostKind::huber, CostKind::quantile, CostKind::logistic,
                                           CostKind::poisson, CostKind::hinge, CostKind::squared_hinge),
                         [](const auto& test) {
                           std::string name(cost_name(test.param));
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

// The epoch that ends far uphill is undone: with single rows the first steps of this curve leave its valley.
TEST(FormulaBatchesRate, AnEpochThatLeavesTheValleyIsUndone) {
  Temporary directory;
  FitRequest asked;
  asked.paths = {directory.file("t.csv", "x,y\n1,109\n2,149\n3,149\n5,191\n7,213\n10,224\n")};
  asked.formula = "y = b1*(1 - exp(-b2*x))";
  asked.start = StartKind::values;
  asked.start_values = {{"b1", 100}, {"b2", 0.75}};
  asked.threads = 1;
  for (const std::uint64_t size : {1U, 2U, 8U}) {
    asked.batch_size = size;
    const auto found = fit(asked);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->diverged()) << found->post_mortem;
    EXPECT_LT(found->cost, found->plan.start_cost);
  }
}

}  // namespace
}  // namespace talweg
