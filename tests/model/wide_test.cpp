// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/wide.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <iterator>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"
#include "talweg/model/labels.h"
#include "talweg/model/loss_problem.h"

namespace talweg::test {
namespace {

TEST(Wide, IsDecidedByTheColumnsAlone) {
  static_assert(!is_wide(0) && !is_wide(1) && !is_wide(500) && !is_wide(1000));
  static_assert(is_wide(1500) && is_wide(5000) && is_wide(1000000));
  const std::size_t most = most_folded_columns();
  EXPECT_FALSE(is_wide(most));
  EXPECT_TRUE(is_wide(most + 1));
  for (std::size_t d = most + 1; d < 4 * most; d += 97) {
    ASSERT_TRUE(is_wide(d));
    // Whatever the number of rows, epochs cost less than folding.
    for (const double rows : {1.0, 1e3, 1e5, 1e7})
      EXPECT_LT(epoch_seconds(rows, static_cast<double>(d)), fold_seconds(rows, static_cast<double>(d)));
  }
  EXPECT_TRUE(are_held(kMostCells / 2000, 2000));
  EXPECT_FALSE(are_held(kMostCells / 2000 + 1, 2000));
}

struct WideTableData {
  Eigen::MatrixXd x;
  Eigen::VectorXd y, w;
  std::string text;
};

// Columns of different means and spreads, as a file shows them.
WideTableData make_table(Eigen::Index rows, Eigen::Index columns, bool weighted) {
  Random random(17);
  WideTableData out{Eigen::MatrixXd(rows, columns), Eigen::VectorXd(rows), Eigen::VectorXd::Ones(rows), {}};
  for (Eigen::Index j = 0; j < columns; ++j) fmt::format_to(std::back_inserter(out.text), "x{},", j);
  out.text += weighted ? "w,y\n" : "y\n";
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  for (Eigen::Index r = 0; r < rows; ++r) {
    double y = 3;
    for (Eigen::Index j = 0; j < columns; ++j) {
      const double size = 1 + static_cast<double>(j % 5);
      const double x = rounded(static_cast<double>(j % 11) + size * random.normal());
      out.x(r, j) = x;
      y += (x - static_cast<double>(j % 11)) / (1 + static_cast<double>(j));
      fmt::format_to(std::back_inserter(out.text), "{},", x);
    }
    if (weighted) {
      out.w[r] = 0.5 + 0.25 * static_cast<double>(random.below(5));
      fmt::format_to(std::back_inserter(out.text), "{},", out.w[r]);
    }
    out.y[r] = rounded(y + random.normal());
    fmt::format_to(std::back_inserter(out.text), "{}\n", out.y[r]);
  }
  return out;
}

FitRequest request_for(const std::string& path) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  return request;
}

// The minimiser of mean of squares + l2/2 |w|^2, the intercept last; of all of them the one nearest to zero
// in standardised columns.
struct Reference {
  Eigen::VectorXd parameters;
  double cost = 0;
};
Reference reference(const WideTableData& table, double l2) {
  const Eigen::Index n = table.x.rows();
  const Eigen::Index d = table.x.cols();
  const double total = table.w.sum();
  const Eigen::RowVectorXd mean = (table.w.transpose() * table.x) / total;
  const double y_mean = table.w.dot(table.y) / total;
  const Eigen::VectorXd root = (table.w / total).cwiseSqrt();
  Eigen::MatrixXd z = root.asDiagonal() * (table.x.rowwise() - mean);
  const Eigen::VectorXd target = root.cwiseProduct((table.y.array() - y_mean).matrix());
  Eigen::VectorXd w(d);
  if (n < d) {
    const Eigen::RowVectorXd spread = z.colwise().norm();
    for (Eigen::Index j = 0; j < d; ++j) z.col(j) /= spread[j];
    const Eigen::MatrixXd gram = z * z.transpose();
    w = z.transpose() * gram.completeOrthogonalDecomposition().solve(target);
    for (Eigen::Index j = 0; j < d; ++j) w[j] /= spread[j];
    for (Eigen::Index j = 0; j < d; ++j) z.col(j) *= spread[j];
  } else {
    Eigen::MatrixXd normal = 2 * z.transpose() * z;
    normal.diagonal().array() += l2;
    w = normal.ldlt().solve(2 * z.transpose() * target);
  }
  Reference out;
  out.parameters.resize(d + 1);
  out.parameters << w, y_mean - mean.dot(w);
  out.cost = (z * w - target).squaredNorm() + l2 / 2 * w.squaredNorm();
  return out;
}

void expect_near(const std::vector<double>& got, const Eigen::VectorXd& expected, double tolerance) {
  ASSERT_EQ(static_cast<Eigen::Index>(got.size()), expected.size());
  const double size = expected.head(expected.size() - 1).cwiseAbs().maxCoeff();
  for (std::size_t j = 0; j + 1 < got.size(); ++j)
    EXPECT_NEAR(got[j], expected[static_cast<Eigen::Index>(j)], tolerance * size) << j;
  EXPECT_NEAR(got.back(), expected[expected.size() - 1],
              tolerance * (1 + std::abs(expected[expected.size() - 1])) * 100);
}

TEST(Wide, MoreColumnsThanRowsGiveTheNearestOfAllMinimisers) {
  const Temporary folder;
  const WideTableData table = make_table(300, 1600, false);
  const auto fitted = fit(request_for(folder.file("a.csv", table.text)));
  ASSERT_TRUE(fitted) << fitted.error().text();
  EXPECT_EQ(fitted->plan.optimizer, Optimizer::cg);
  EXPECT_EQ(fitted->termination.reason, Reason::tolerance);
  const Reference expected = reference(table, 0);
  expect_near(fitted->parameters, expected.parameters, 1e-6);
  EXPECT_LE(fitted->cost, 1e-10);
  // Squares are not negative.
  ASSERT_TRUE(fitted->certificate.cost_gap_bound);
  EXPECT_LE(*fitted->certificate.cost_gap_bound, 1e-10);
  EXPECT_TRUE(fitted->exact_parameters.empty());
  EXPECT_FALSE(fitted->standard_errors[0]);
}

TEST(Wide, MoreRowsThanColumnsMeetTheDenseReference) {
  const Temporary folder;
  const WideTableData table = make_table(3000, 1520, true);
  const std::string path = folder.file("a.csv", table.text);
  FitRequest request = request_for(path);
  request.columns.weights = "w";
  const Reference plain = reference(table, 0);
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  expect_near(fitted->parameters, plain.parameters, 1e-5);
  EXPECT_NEAR(fitted->cost, plain.cost, 1e-9 * plain.cost);
  EXPECT_EQ(fitted->parameters, fitted->trace.rows().back().parameters);
  EXPECT_FALSE(fitted->certificate.cost_gap_bound);  // nothing is known of the smallest curvature
  ASSERT_TRUE(fitted->r2);
  const double y_mean = table.w.dot(table.y) / table.w.sum();
  const double scatter = (table.w.array() * (table.y.array() - y_mean).square()).sum() / table.w.sum();
  EXPECT_NEAR(*fitted->r2, 1 - plain.cost / scatter, 1e-8);

  request.l2 = 0.1;
  const Reference ridge = reference(table, request.l2);
  for (const bool scaled : {true, false}) {
    request.scale = scaled ? ScaleChoice::standard : ScaleChoice::none;
    const auto penalised = fit(request);
    ASSERT_TRUE(penalised) << penalised.error().text();
    expect_near(penalised->parameters, ridge.parameters, 1e-5);
    ASSERT_TRUE(penalised->certificate.cost_gap_bound);
    EXPECT_GE(*penalised->certificate.cost_gap_bound, penalised->cost - ridge.cost);
    EXPECT_LE(*penalised->certificate.cost_gap_bound, 1e-6 * ridge.cost);
    for (std::size_t j = 0; j + 1 < penalised->parameters.size(); ++j) {
      ASSERT_TRUE(penalised->certificate.parameter_bounds[j]);
      EXPECT_LE(std::abs(penalised->parameters[j] - ridge.parameters[static_cast<Eigen::Index>(j)]),
                *penalised->certificate.parameter_bounds[j] + 1e-9);
    }
  }
  // Far from the optimum the bound is large, and holds.
  request.optimizer = Optimizer::gd;
  request.epochs = 3;
  request.scale = ScaleChoice::automatic;
  const auto early = fit(request);
  ASSERT_TRUE(early) << early.error().text();
  EXPECT_GE(*early->certificate.cost_gap_bound, early->cost - ridge.cost);

  // A rate of its own is judged by the largest curvature.
  request.optimizer.reset();
  request.l2 = 0;
  request.scale = ScaleChoice::standard;
  request.learning_rate = *fitted->plan.largest_stable_rate * 0.9;
  request.epochs = 30;
  const auto steady = fit(request);
  ASSERT_TRUE(steady) << steady.error().text();
  EXPECT_FALSE(steady->diverged());
  for (std::size_t k = 1; k < steady->trace.rows().size(); ++k)
    EXPECT_LE(steady->trace.rows()[k].cost, steady->trace.rows()[k - 1].cost);
  request.learning_rate = *fitted->plan.largest_stable_rate * 1.2;
  request.epochs = 1000;
  const auto wild = fit(request);
  ASSERT_TRUE(wild) << wild.error().text();
  EXPECT_TRUE(wild->diverged());
}

TEST(Wide, ALassoIsCertifiedByItsDualityGap) {
  const Temporary folder;
  FitRequest request = request_for(folder.file("a.csv", make_table(400, 1550, false).text));
  request.l1 = 0.3;
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  EXPECT_EQ(fitted->plan.optimizer, Optimizer::nesterov);
  EXPECT_EQ(fitted->termination.reason, Reason::tolerance);
  ASSERT_TRUE(fitted->certificate.cost_gap_bound);
  EXPECT_LE(*fitted->certificate.cost_gap_bound, 1e-7 * fitted->cost);
  const auto zeros = std::count(fitted->parameters.begin(), fitted->parameters.end(), 0.0);
  EXPECT_GT(zeros, 1000);
  EXPECT_LT(zeros, 1550);

  for (const Optimizer matrix : {Optimizer::newton}) {
    request.optimizer = matrix;
    const auto refused = fit(request);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text().find("too many"), std::string::npos);
  }
}

// More than 500 parameters, fewer than of a wide table.
TEST(Wide, LossesWithAKinkAreProven) {
  const Temporary folder;
  const WideTableData table = make_table(800, 520, true);
  FitRequest request = request_for(folder.file("table.csv", table.text));
  request.columns.weights = "w";
  request.cost = CostKind::mae;
  for (const double l2 : {0.0, 0.01}) {
    SCOPED_TRACE(l2);
    request.l2 = l2;
    const auto fitted = fit(request);
    ASSERT_TRUE(fitted) << fitted.error().text();
    const Fit& found = *fitted;
    EXPECT_EQ(found.plan.optimizer, Optimizer::newton);
    EXPECT_EQ(found.termination.reason, Reason::tolerance);
    EXPECT_LE(found.epochs, 40U);
    ASSERT_TRUE(found.certificate.cost_gap_bound);
    EXPECT_FALSE(found.certificate.is_estimate);
    EXPECT_LE(*found.certificate.cost_gap_bound, 1e-9 * found.cost);
    // The cost is that of these parameters.
    double cost = 0;
    double squares = 0;
    for (Eigen::Index r = 0; r < table.y.size(); ++r) {
      double f = found.parameters.back();
      for (Eigen::Index j = 0; j < table.x.cols(); ++j)
        f += found.parameters[static_cast<std::size_t>(j)] * table.x(r, j);
      cost += table.w[r] / table.w.sum() * std::abs(table.y[r] - f);
    }
    for (std::size_t j = 0; j + 1 < found.parameters.size(); ++j)
      squares += found.parameters[j] * found.parameters[j];
    EXPECT_NEAR(found.cost, cost + l2 / 2 * squares, 1e-12 * found.cost);
  }
}

TEST(Wide, GapsTextBatchesAndRowsHeldOut) {
  const Temporary folder;
  WideTableData table = make_table(260, 1600, false);
  // A text column, and gaps in the first column of numbers.
  std::string text;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < table.text.size(); ++line) {
    const std::size_t end = table.text.find('\n', begin);
    std::string row = table.text.substr(begin, end - begin);
    if (line > 0 && line % 7 == 0) row = row.substr(row.find(','));
    text += (line == 0 ? "g," : line % 3 == 0 ? "a," : line % 3 == 1 ? "b," : "c,") + row + "\n";
    begin = end + 1;
  }
  FitRequest request = request_for(folder.file("a.csv", text));
  request.columns.missing = MissingPolicy::mean;
  request.l2 = 1;
  const auto filled = fit(request);
  ASSERT_TRUE(filled) << filled.error().text();
  EXPECT_EQ(filled->audit.rows, 260U);
  EXPECT_EQ(filled->parameters.size(), 1600U + 2 + 1);
  EXPECT_LE(*filled->certificate.cost_gap_bound, 1e-6 * filled->cost);

  FitRequest held = request;
  held.validation = 0.25;
  const auto validated = fit(held);
  ASSERT_TRUE(validated) << validated.error().text();
  EXPECT_EQ(validated->validation->rows_training + validated->validation->score.rows, 260U);
  FitRequest folds = request;
  folds.folds = 2;
  const auto scored = fit(folds);
  ASSERT_TRUE(scored) << scored.error().text();
  ASSERT_EQ(scored->folds.size(), 2U);
  EXPECT_EQ(scored->folds[0].score.rows + scored->folds[1].score.rows, 260U);
  EXPECT_EQ(scored->parameters, filled->parameters);

  FitRequest batches = request;
  batches.batch_size = 32;
  batches.epochs = 200;
  const auto stepped = fit(batches);
  ASSERT_TRUE(stepped) << stepped.error().text();
  EXPECT_LE(stepped->cost, filled->cost * 1.05);
  EXPECT_GE(stepped->cost, filled->cost - *filled->certificate.cost_gap_bound);

  FitRequest told = request;
  const auto plan = forecast(told);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->cost, nullptr);
  ASSERT_NE(plan->loss, nullptr);
}

TEST(Wide, ATableTooLongToBeHeldIsFoldedAsIfNothingHadBeenHeld) {
  const Temporary folder;
  // Eleven blocks.
  std::string text;
  for (int j = 0; j < 1600; ++j) text += fmt::format("x{},", j);
  text += "g,y\n";
  for (int r = 0; r < 2600; ++r) {
    for (int j = 0; j < 1600; ++j) text += j < 3 ? fmt::format("{},", (r * (7 + j)) % 101) : "1,";
    text += r % 3 == 0 ? "a," : "b,";
    text += fmt::format("{}\n", r % 17);
  }
  const std::string path = folder.file("a.csv", text);
  ColumnRequest columns;
  columns.target = "y";
  FoldOptions options;
  const auto plain = fold_table({path}, {}, columns, options);
  ASSERT_TRUE(plain) << plain.error().text();
  options.wide = WideTable::held;
  const auto whole = fold_table({path}, {}, columns, options);
  ASSERT_TRUE(whole) << whole.error().text();
  EXPECT_TRUE(whole->folded.marginal);
  EXPECT_EQ(whole->held.size(), 11U);
  const std::vector<DoubleDouble>& sums = plain->folded.level_sums;
  EXPECT_EQ(whole->folded.level_sums.size(), sums.size());
  for (const std::uint64_t most : {1600ULL, 1600ULL * 2300}) {
    for (const unsigned threads : {3U}) {
      options.threads = threads;
      options.most_cells = most;
      options.parts.reset();
      const auto folded = fold_table({path}, {}, columns, options);
      ASSERT_TRUE(folded) << folded.error().text();
      EXPECT_FALSE(folded->folded.marginal);
      EXPECT_TRUE(folded->held.empty());
      EXPECT_EQ(folded->fingerprint, plain->fingerprint);
      EXPECT_TRUE(folded->folded.products == plain->folded.products);
      EXPECT_TRUE(folded->folded.mean == plain->folded.mean);
      EXPECT_TRUE(folded->folded.level_sums == sums);
    }
  }
  RowParts parts;
  parts.folds = 2;
  options.parts = parts;
  const auto apart = fold_table({path}, {}, columns, options);
  ASSERT_TRUE(apart) << apart.error().text();
  options.wide = WideTable::folded;
  const auto expected = fold_table({path}, {}, columns, options);
  ASSERT_TRUE(expected) << expected.error().text();
  ASSERT_EQ(apart->parts.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_TRUE(apart->parts[k].products == expected->parts[k].products);
    EXPECT_TRUE(apart->parts[k].level_sums == expected->parts[k].level_sums);
  }
}

}  // namespace
}  // namespace talweg::test
