// SPDX-License-Identifier: Apache-2.0
// A validated fit against plain fits: the training rows and the others written to files of their own, fitted
// and evaluated one by one.
#include "talweg/model/validation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/model.h"
#include "talweg/model/predict.h"

namespace talweg {
namespace {

constexpr const char* kHeader = "a,big,group,y,w\n";

struct Sample {
  std::vector<std::string> lines;
  bool weighted = false;
  bool gaps = false;
};

// Numbers of several sizes, a text column, weights and gaps where asked for.
Sample make_sample(test::Random& random, std::size_t rows, CostKind loss, bool weighted, bool gaps) {
  Sample out{{}, weighted, gaps};
  const std::array<const char*, 3> groups = {"x", "y", "z"};
  for (std::size_t r = 0; r < rows; ++r) {
    const double a = random.normal();
    const double big = 1e4 + 5 * random.normal() + 3 * a;
    const std::size_t group = random.below(groups.size());
    const double f = 0.7 * a + 0.1 * (big - 1e4) - 0.4 * static_cast<double>(group);
    double y = 50 + f + random.normal();
    if (is_classification(loss)) y = f + 2 * random.normal() > 0 ? 1 : 0;
    if (loss == CostKind::poisson) y = std::floor(std::exp(f) * 2 * random.uniform());
    const std::string cell = gaps && random.below(8) == 0 ? "" : fmt::format("{}", big);
    out.lines.push_back(fmt::format("{},{},{},{},{}\n", a, cell, groups[group], y,
                                    weighted ? 1 + static_cast<double>(random.below(3)) : 1));
  }
  return out;
}

std::string table(const Sample& sample, const std::function<bool(std::uint64_t)>& chosen) {
  std::string out = kHeader;
  for (std::size_t r = 0; r < sample.lines.size(); ++r) {
    if (chosen(r)) out += sample.lines[r];
  }
  return out;
}

FitRequest request_for(const Sample& sample, const std::string& path, CostKind loss) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  request.cost = loss;
  request.threads = 1;
  if (sample.weighted) {
    request.columns.weights = "w";
  } else {
    request.columns.drop = {"w"};
  }
  if (sample.gaps) request.columns.missing = MissingPolicy::mean;
  return request;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t j = 0; j < got.size(); ++j)
    EXPECT_NEAR(got[j], wanted[j], tolerance * (1 + std::abs(wanted[j]))) << j;
}

// The weighted metrics of a model on rows, row by row from its predictions.
double mean_square(const Fit& fit, const FitRequest& request, const Sample& sample, const Temporary& folder,
                   const std::function<bool(std::uint64_t)>& chosen) {
  const Model model = *read_model(make_model(fit, request).document, "m.json");
  PredictRequest predict_request;
  predict_request.paths = {folder.file("judged.csv", table(sample, chosen))};
  std::vector<double> predictions;
  std::string text;
  EXPECT_TRUE(predict(model, predict_request, [&](std::string_view part) -> Result<void> {
    text += part;
    return {};
  }));
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) predictions.push_back(std::stod(line));
  long double squares = 0;
  long double weight = 0;
  std::size_t at = 0;
  for (std::size_t r = 0; r < sample.lines.size(); ++r) {
    if (!chosen(r)) continue;
    std::vector<std::string> cells;
    std::istringstream cut(sample.lines[r]);
    while (std::getline(cut, line, ',')) cells.push_back(line);
    const long double off = std::stod(cells[3]) - predictions[at++];
    const long double w = sample.weighted ? std::stod(cells[4]) : 1;
    squares += w * off * off;
    weight += w;
  }
  return static_cast<double>(squares / weight);
}

class Validation : public testing::TestWithParam<CostKind> {};

TEST_P(Validation, AShareHeldOutIsThatOfAFitToTheOtherRows) {
  test::Random random(71);
  const Temporary folder;
  for (int trial = 0; trial < 8; ++trial) {
    SCOPED_TRACE(trial);
    const bool gaps = random.coin();
    const Sample sample = make_sample(random, 150 + random.below(700), GetParam(), random.coin(), gaps);
    const RowParts parts{random.below(5) + 1, 0, 0.1 + 0.4 * random.uniform()};
    const auto all = [](std::uint64_t) { return true; };
    const auto training = [&](std::uint64_t r) { return parts.of(r) == 0; };
    const auto others = [&](std::uint64_t r) { return parts.of(r) == 1; };
    FitRequest request = request_for(sample, folder.file("all.csv", table(sample, all)), GetParam());
    request.validation = parts.share;
    request.seed = parts.seed;
    if (random.coin()) request.l2 = 0.1;
    const auto validated = fit(request);
    ASSERT_TRUE(validated) << validated.error().text();
    FitRequest plain = request;
    plain.validation.reset();
    plain.paths = {folder.file("training.csv", table(sample, training))};
    const auto alone = fit(plain);
    ASSERT_TRUE(alone) << alone.error().text();
    EXPECT_EQ(validated->validation->rows_training, alone->audit.rows);
    EXPECT_EQ(validated->validation->rows_training + validated->validation->score.rows, sample.lines.size());
    const double tolerance = is_squared(GetParam()) ? 1e-10 : 1e-7;
    expect_near(validated->parameters, alone->parameters, tolerance);
    EXPECT_NEAR(validated->cost, alone->cost, 1e-10 * std::abs(alone->cost));
    if (is_classification(GetParam())) {
      const Model model = *read_model(make_model(*validated, request).document, "m.json");
      PredictRequest judged;
      judged.paths = {folder.file("judged.csv", table(sample, others))};
      const auto evaluation = evaluate(model, judged);
      ASSERT_TRUE(evaluation) << evaluation.error().text();
      if (!sample.weighted) {
        const HeldOutScore& score = validated->validation->score;
        EXPECT_NEAR(*score.accuracy, *evaluation->accuracy, 1e-12);
        EXPECT_NEAR(*score.auc, *evaluation->auc, 1e-12);
        EXPECT_NEAR(score.mse, evaluation->mse, 1e-10);
        if (evaluation->log_loss) {
          EXPECT_NEAR(*score.log_loss, *evaluation->log_loss, 1e-10);
          EXPECT_NEAR(score.cost, *evaluation->log_loss, 1e-10);
        }
      }
    } else {
      const double wanted = mean_square(*validated, request, sample, folder, others);
      EXPECT_NEAR(validated->validation->score.mse, wanted, 1e-9 * wanted);
      if (GetParam() == CostKind::mse) {
        EXPECT_EQ(validated->validation->score.cost, validated->validation->score.mse);
      }
    }
  }
}

TEST_P(Validation, EachFoldJudgesAFitOfTheOthersAndThreadsDoNotMatter) {
  test::Random random(72);
  const Temporary folder;
  for (int trial = 0; trial < 4; ++trial) {
    SCOPED_TRACE(trial);
    const Sample sample =
        make_sample(random, 200 + random.below(900), GetParam(), random.coin(), random.coin());
    const RowParts parts{1 + random.below(9), static_cast<std::uint32_t>(2 + random.below(5)), 0};
    FitRequest request = request_for(
        sample, folder.file("all.csv", table(sample, [](std::uint64_t) { return true; })), GetParam());
    request.seed = parts.seed;
    const auto plain = fit(request);
    ASSERT_TRUE(plain) << plain.error().text();
    request.folds = parts.folds;
    const auto folded = fit(request);
    ASSERT_TRUE(folded) << folded.error().text();
    expect_near(folded->parameters, plain->parameters, is_squared(GetParam()) ? 1e-10 : 1e-7);
    ASSERT_EQ(folded->folds.size(), parts.folds);
    std::uint64_t rows = 0;
    for (std::uint32_t k = 0; k < parts.folds; ++k) {
      const auto others = [&](std::uint64_t r) { return parts.of(r) != k; };
      FitRequest alone = request;
      alone.folds = 0;
      alone.paths = {folder.file("training.csv", table(sample, others))};
      const auto fitted = fit(alone);
      ASSERT_TRUE(fitted) << fitted.error().text();
      EXPECT_EQ(folded->folds[k].rows_training, fitted->audit.rows);
      rows += folded->folds[k].score.rows;
      if (is_classification(GetParam())) continue;
      const double wanted =
          mean_square(*fitted, alone, sample, folder, [&](std::uint64_t r) { return parts.of(r) == k; });
      EXPECT_NEAR(folded->folds[k].score.mse, wanted, 1e-6 * wanted);
      if (is_squared(GetParam())) {
        EXPECT_NEAR(folded->folds[k].score.mse, wanted, 1e-9 * wanted);
      }
    }
    EXPECT_EQ(rows, sample.lines.size());
    request.threads = 4;
    const auto threaded = fit(request);
    ASSERT_TRUE(threaded);
    EXPECT_EQ(threaded->parameters, folded->parameters);
    for (std::uint32_t k = 0; k < parts.folds; ++k) {
      EXPECT_EQ(threaded->folds[k].score.cost, folded->folds[k].score.cost);
      EXPECT_EQ(threaded->folds[k].score.mse, folded->folds[k].score.mse);
    }
  }
}

std::string name_of(const testing::TestParamInfo<CostKind>& loss) {
  std::string name(cost_name(loss.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Losses, Validation,
                         testing::Values(CostKind::mse, CostKind::sse, CostKind::huber, CostKind::logistic,
                                         CostKind::poisson),
                         name_of);

// Watches the epochs and keeps them.
class Keeper final : public RunObserver {
 public:
  bool epoch(const EpochView& view) override {
    parameters.emplace_back(view.parameters.begin(), view.parameters.end());
    costs.push_back(view.validation_cost.value_or(NAN));
    return false;
  }
  std::vector<std::vector<double>> parameters;
  std::vector<double> costs;
};

TEST(EarlyStop, TheParametersAreThoseOfTheBestEpochToTheBit) {
  test::Random random(73);
  const Temporary folder;
  int stopped = 0;
  for (const CostKind loss : {CostKind::mse, CostKind::half_mse, CostKind::logistic, CostKind::mae}) {
    for (int trial = 0; trial < 4; ++trial) {
      const Sample sample = make_sample(random, 60, loss, false, false);
      FitRequest request = request_for(
          sample, folder.file("all.csv", table(sample, [](std::uint64_t) { return true; })), loss);
      request.validation = 0.4;
      request.seed = random.below(100);
      request.patience = 1 + random.below(4);
      request.optimizer = Optimizer::nesterov;
      request.learning_rate = 0.05;
      request.scale = ScaleChoice::standard;
      request.epochs = 400;
      Keeper keeper;
      request.observer = &keeper;
      const auto fitted = fit(request);
      ASSERT_TRUE(fitted) << fitted.error().text();
      std::size_t best = 0;
      for (std::size_t k = 0; k < keeper.costs.size(); ++k)
        best = keeper.costs[k] < keeper.costs[best] ? k : best;
      EXPECT_EQ(fitted->best_epoch, best);
      EXPECT_EQ(fitted->validation->best_epoch, best);
      EXPECT_EQ(fitted->parameters, keeper.parameters[best]);
      EXPECT_NEAR(fitted->validation->score.cost, keeper.costs[best], 1e-14 * std::abs(keeper.costs[best]));
      EXPECT_EQ(fitted->epochs + 1, keeper.costs.size());
      if (fitted->termination.reason == Reason::early_stopping) {
        ++stopped;
        EXPECT_EQ(fitted->epochs, best + *request.patience);
      }
    }
  }
  EXPECT_GT(stopped, 4);
}

TEST(ValidatedFormula, CurvedAndStraightFormulasKnowTheirRows) {
  test::Random random(74);
  const Temporary folder;
  const Sample sample = make_sample(random, 400, CostKind::mse, true, false);
  const RowParts parts{3, 0, 0.3};
  for (const std::string formula : {"y = p*a + q*big + c", "y = c + k*exp(0.3*a*m) + s*(big - 10000)"}) {
    SCOPED_TRACE(formula);
    FitRequest request = request_for(
        sample, folder.file("all.csv", table(sample, [](std::uint64_t) { return true; })), CostKind::mse);
    request.columns.target.clear();
    request.columns.drop.clear();
    request.formula = formula;
    request.seed = 3;
    FitRequest plain = request;
    request.validation = parts.share;
    const auto validated = fit(request);
    ASSERT_TRUE(validated) << validated.error().text();
    plain.paths = {
        folder.file("training.csv", table(sample, [&](std::uint64_t r) { return parts.of(r) == 0; }))};
    const auto alone = fit(plain);
    ASSERT_TRUE(alone) << alone.error().text();
    expect_near(validated->parameters, alone->parameters, 1e-7);
    const double wanted =
        mean_square(*validated, plain, sample, folder, [&](std::uint64_t r) { return parts.of(r) == 1; });
    EXPECT_NEAR(validated->validation->score.mse, wanted, 1e-9 * wanted);
    request.validation.reset();
    request.folds = 3;
    const auto folded = fit(request);
    ASSERT_TRUE(folded) << folded.error().text();
    EXPECT_EQ(folded->folds.size(), 3U);
  }
}

TEST(ValidatedFormula, OtherLossesAndTexts) {
  test::Random random(75);
  const Temporary folder;
  std::string text = "x,y,kind\n";
  for (int r = 0; r < 300; ++r) {
    const double x = random.normal();
    text += fmt::format("{},{},{}\n", x, std::exp(0.4 * x) + 0.1 * random.normal(),
                        x + random.normal() > 0 ? "yes" : "no");
  }
  FitRequest request;
  request.paths = {folder.file("all.csv", text)};
  request.seed = 4;
  request.validation = 0.3;
  request.formula = "y = exp(a*x) + b";
  request.cost = CostKind::huber;
  const auto curved = fit(request);
  ASSERT_TRUE(curved) << curved.error().text();
  EXPECT_LT(curved->validation->score.mse, 0.05);
  EXPECT_TRUE(curved->validation->score.mae);
  // The same classes by a formula and by a linear model.
  request.formula = "kind = a*x + b";
  request.cost = CostKind::logistic;
  request.columns.classes = true;
  const auto straight = fit(request);
  ASSERT_TRUE(straight) << straight.error().text();
  request.formula.clear();
  request.columns.target = "kind";
  request.columns.drop = {"y"};
  const auto linear = fit(request);
  ASSERT_TRUE(linear) << linear.error().text();
  expect_near(straight->parameters, linear->parameters, 1e-6);
  EXPECT_NEAR(straight->validation->score.cost, linear->validation->score.cost, 1e-7);
  EXPECT_EQ(straight->validation->score.accuracy, linear->validation->score.accuracy);
  EXPECT_GT(*linear->validation->score.accuracy, 0.6);
}

TEST(ValidatedFit, LevelsThatNoTrainingRowHasKeepTheirStart) {
  const Temporary folder;
  const RowParts parts{1, 0, 0.3};
  Sample sample;
  for (std::uint64_t r = 0; r < 100; ++r) {
    const char* const group = parts.of(r) == 0 ? (r % 2 == 0 ? "x" : "y") : "z";
    sample.lines.push_back(fmt::format("{},{},{},{},1\n", r % 7, r % 5, group, r % 3));
  }
  for (const CostKind loss : {CostKind::mse, CostKind::huber}) {
    FitRequest request =
        request_for(sample, folder.file("all.csv", table(sample, [](std::uint64_t) { return true; })), loss);
    request.validation = parts.share;
    const auto fitted = fit(request);
    ASSERT_TRUE(fitted) << fitted.error().text();
    bool seen = false;
    for (std::size_t j = 0; j < fitted->parameters.size(); ++j) {
      if (fitted->plan.parameters[j].name != "group[z]") continue;
      seen = true;
      EXPECT_EQ(fitted->parameters[j], 0);
    }
    EXPECT_TRUE(seen);
    EXPECT_GT(fitted->validation->score.mse, 0);
  }
}

}  // namespace
}  // namespace talweg
