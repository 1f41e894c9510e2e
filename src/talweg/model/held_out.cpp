// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/held_out.h"

#include <algorithm>
#include <cmath>

#include "talweg/model/row_problem.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {
namespace {

// The training rows' mean of the column that a parameter belongs to.
double mean_of(const Problem& problem, const Parameter& parameter) {
  for (const FeatureSummary& feature : problem.features) {
    if (feature.kind == ColumnKind::numeric && feature.name == parameter.column) return feature.mean;
  }
  return 0;
}

double cost_of_mean_square(CostKind cost, double mean_square, double weight) {
  return cost == CostKind::half_mse ? mean_square / 2
         : cost == CostKind::sse    ? mean_square * weight
                                    : mean_square;
}

class HeldOutMoments final : public HeldOut {
 public:
  HeldOutMoments(const Problem& problem, const FoldedRows& part)
      : cost_(problem.plan.cost), has_intercept_(problem.has_intercept), rows_(part.rows) {
    // A column with gaps as it was folded (0 in the gaps) and the gaps beside it, which hold the training
    // mean.
    std::vector<MomentColumn> columns;
    std::vector<MomentColumn> gaps;
    for (std::size_t j = 0; j + 1 < problem.columns.size(); ++j) {
      MomentColumn column = problem.columns[j];
      if (column.dense && column.level) {
        gaps.push_back({std::nullopt, column.level});
        fills_.push_back({j, mean_of(problem, problem.plan.parameters[j])});
        column.level.reset();
      }
      columns.push_back(column);
    }
    slopes_ = columns.size();
    columns.insert(columns.end(), gaps.begin(), gaps.end());
    columns.push_back(problem.columns.back());
    moments_ = assemble(part, columns);
  }

  [[nodiscard]] std::uint64_t rows() const override { return rows_; }

  [[nodiscard]] double cost(std::span<const double> parameters) override {
    return cost_of_mean_square(cost_, mean_square(parameters), moments_.weight.value());
  }

  [[nodiscard]] HeldOutScore score(std::span<const double> parameters) override {
    HeldOutScore out;
    out.rows = rows_;
    out.mse = mean_square(parameters);
    out.cost = cost_of_mean_square(cost_, out.mse, moments_.weight.value());
    const std::size_t target = moments_.size() - 1;
    DoubleDouble total = moments_.product(target, target) / moments_.weight;
    if (!has_intercept_) total += moments_.mean[target] * moments_.mean[target];
    if (total.value() > 0) out.r2 = 1 - out.mse / total.value();
    return out;
  }

 private:
  struct Fill {
    std::size_t parameter = 0;
    double mean = 0;
  };

  [[nodiscard]] double mean_square(std::span<const double> parameters) const {
    std::vector<DoubleDouble> v;
    for (std::size_t j = 0; j < slopes_; ++j) v.emplace_back(parameters[j]);
    for (const Fill& fill : fills_) v.push_back(two_product(parameters[fill.parameter], fill.mean));
    v.emplace_back(-1.0);
    DoubleDouble mean(has_intercept_ ? parameters[slopes_] : 0.0);
    DoubleDouble square;
    for (std::size_t i = 0; i < v.size(); ++i) {
      mean += v[i] * moments_.mean[i];
      DoubleDouble row;
      for (std::size_t j = 0; j < i; ++j) row += v[j] * moments_.product(i, j);
      square += v[i] * (row + row + v[i] * moments_.product(i, i));
    }
    const double out = (square / moments_.weight + mean * mean).value();
    return out < 0 ? 0 : out;  // an exact fit, to the moments' rounding
  }

  CostKind cost_;
  bool has_intercept_;
  std::uint64_t rows_;
  std::size_t slopes_ = 0;
  std::vector<Fill> fills_;
  Moments moments_;
};

class HeldOutRows final : public HeldOut {
 public:
  HeldOutRows(const Problem& problem, const FitRequest& request, DenseRows rows)
      : rows_(std::move(rows)), has_intercept_(problem.has_intercept) {
    std::vector<LinearTerm> terms;
    std::vector<double> centre(rows_.columns(), 0.0);
    const std::vector<double> scale(rows_.columns(), 1.0);
    for (std::size_t j = 0; j < problem.plan.parameters.size(); ++j) {
      LinearTerm term;
      if (!problem.plan.parameters[j].intercept) {
        const MomentColumn& column = problem.columns[j];
        const double mean = mean_of(problem, problem.plan.parameters[j]);
        term.column = column.dense;
        if (!column.dense) term.level = column.level;
        if (column.dense && column.level) rows_.fill(*column.dense, *column.level, mean);
        // Centred, so that large means cost no digits.
        if (column.dense && has_intercept_) term.mean = centre[*column.dense] = mean;
      }
      terms.push_back(term);
    }
    rows_.standardise(centre, scale, request.threads);
    LossSettings loss{request.cost, request.huber_delta, request.quantile, 0};
    cost_ = std::make_unique<LinearCost>(rows_, terms,
                                         LinearCostSettings{loss, 0, Scale::standard, request.threads},
                                         std::vector<double>(terms.size(), 0.0));
    terms_ = std::move(terms);
    gradient_.resize(terms_.size());
  }

  [[nodiscard]] std::uint64_t rows() const override { return rows_.rows(); }

  [[nodiscard]] double cost(std::span<const double> parameters) override {
    Point point(std::vector<double>(parameters.begin(), parameters.end()));
    if (has_intercept_) {
      DoubleDouble constant(parameters.back());
      for (std::size_t j = 0; j < terms_.size(); ++j) constant += two_product(terms_[j].mean, parameters[j]);
      point.high.back() = constant.value();
    }
    return cost_->evaluate(point, gradient_);
  }

  [[nodiscard]] HeldOutScore score(std::span<const double> parameters) override {
    const std::vector<double> f = cost_->predictions(parameters);
    Scores scores(cost_->loss().kind, has_intercept_);
    std::size_t at = 0;
    for (const DenseRows::Block& block : rows_.blocks()) {
      for (std::size_t r = 0; r < block.rows; ++r, ++at)
        scores.take(block.target[r], block.weights.empty() ? 1 : block.weights[r], f[at]);
    }
    HeldOutScore out = scores.finish();
    out.cost = cost(parameters);
    return out;
  }

 private:
  DenseRows rows_;
  bool has_intercept_;
  std::vector<LinearTerm> terms_;
  std::unique_ptr<LinearCost> cost_;
  std::vector<double> gradient_;
};

// Of a formula: the rows and the model, with squared error or with another loss.
class HeldOutFormula final : public HeldOut {
 public:
  HeldOutFormula(FormulaData data, const FitRequest& request)
      : loss_{request.cost, request.huber_delta, request.quantile, 0},
        problem_(make(std::move(data), loss_, request.threads)) {}

  [[nodiscard]] std::uint64_t rows() const override { return problem_->store.rows(); }

  [[nodiscard]] double cost(std::span<const double> parameters) override {
    if (problem_->losses) return problem_->losses->sharp_cost(Point({parameters.begin(), parameters.end()}));
    return cost_of_mean_square(loss_.kind, problem_->squares->mean_squared_error(parameters),
                               problem_->squares->weight());
  }

  [[nodiscard]] HeldOutScore score(std::span<const double> parameters) override {
    HeldOutScore out;
    if (problem_->losses) {
      const std::vector<double> f = problem_->losses->predictions(parameters);
      Scores scores(loss_.kind, true);
      const RowStore& store = problem_->store;
      std::size_t at = 0;
      for (std::size_t k = 0; k < store.blocks(); ++k) {
        const RowStore::Block& block = store.block(k);
        const double* const y = store.column(k, store.columns());
        for (std::size_t r = 0; r < block.rows; ++r, ++at)
          scores.take(y[r], block.weights.empty() ? 1 : block.weights[r], f[at]);
      }
      out = scores.finish();
    } else {
      const RowSquares& squares = *problem_->squares;
      out.rows = rows();
      out.mse = problem_->squares->mean_squared_error(parameters);
      if (squares.total_mean_square() > 0) out.r2 = 1 - out.mse / squares.total_mean_square();
    }
    out.cost = cost(parameters);
    return out;
  }

 private:
  static std::unique_ptr<RowProblem> make(FormulaData data, const LossSettings& loss, unsigned threads) {
    if (is_squared(loss.kind))
      return std::make_unique<RowProblem>(std::move(data), RowSquaresSettings{loss.kind, 0, {}, threads});
    const bool affine = data.formula->affine.has_value();
    return std::make_unique<RowProblem>(std::move(data), RowCostSettings{loss, 0, {}, affine, threads});
  }

  LossSettings loss_;
  std::unique_ptr<RowProblem> problem_;
};

}  // namespace

std::unique_ptr<HeldOut> hold_out_moments(const Problem& problem, const FoldedRows& part) {
  return std::make_unique<HeldOutMoments>(problem, part);
}

std::unique_ptr<HeldOut> hold_out_rows(const Problem& problem, const FitRequest& request,
                                       const std::vector<RowBlock>& blocks,
                                       const std::optional<Classes>& classes) {
  DenseRows rows(blocks.empty() ? 0 : blocks.front().columns - 1);
  for (const RowBlock& block : blocks) rows.append(block);
  rows.finish();
  for (DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; classes && r < block.rows; ++r)
      block.target[r] = block.target[r] == classes->values[1] ? 1 : -1;
  }
  return std::make_unique<HeldOutRows>(problem, request, std::move(rows));
}

std::unique_ptr<HeldOut> hold_out_formula(FormulaData data, const FitRequest& request,
                                          const std::optional<Classes>& classes) {
  if (classes) data.store->change_target([&](double y) { return y == classes->values[1] ? 1.0 : -1.0; });
  return std::make_unique<HeldOutFormula>(std::move(data), request);
}

}  // namespace talweg
