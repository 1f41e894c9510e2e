// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/batch_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "talweg/base/numbers.h"
#include "talweg/objective/row_batches.h"

namespace talweg {
namespace {

const FeatureSummary* feature_of(const Problem& problem, const Parameter& parameter) {
  const auto found =
      std::find_if(problem.features.begin(), problem.features.end(),
                   [&](const FeatureSummary& feature) { return feature.name == parameter.column; });
  return found == problem.features.end() ? nullptr : &*found;
}

std::shared_ptr<BatchRows> settle(std::unique_ptr<BatchCost> cost, const FitRequest& request) {
  auto out = std::make_shared<BatchRows>();
  out->cost = std::move(cost);
  out->settings.cost = out->cost.get();
  out->settings.batch_size =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(*request.batch_size, out->cost->rows()));
  out->settings.shuffle = request.shuffle;
  out->settings.seed = request.seed;
  if (request.stop != nullptr) out->settings.stop = [stop = request.stop] { return stop->raised(); };
  return out;
}

Result<std::shared_ptr<BatchRows>> finish(const DenseRows& rows, std::vector<BatchTerm> terms,
                                          const LinearBatchesSettings& settings, const FitRequest& request) {
  auto cost = LinearBatches::make(rows, std::move(terms), settings);
  if (!cost) return fail(cost.error());
  LinearBatches* const linear = cost->get();
  auto out = settle(std::move(*cost), request);
  out->linear = linear;
  return out;
}

}  // namespace

void RowKeeper::add(const RowBlock& block, unsigned threads) {
  if (!begun_) rows_ = DenseRows(block.columns - 1, type_);
  begun_ = true;
  rows_.append(block, threads);
}

DenseRows RowKeeper::finish() {
  rows_.finish();
  return std::move(rows_);
}

Result<std::shared_ptr<BatchRows>> make_folded_batches(const Problem& problem, DenseRows& rows,
                                                       const FitRequest& request) {
  const LeastSquares& cost = *problem.cost;
  const std::vector<Parameter>& parameters = problem.plan.parameters;
  LinearBatchesSettings settings;
  settings.loss.kind = request.cost;
  settings.l2 = request.l2;
  for (std::size_t j = 0; j + 1 < problem.columns.size(); ++j) {
    const MomentColumn& column = problem.columns[j];
    if (!column.dense || !column.level) continue;
    rows.fill(*column.dense, *column.level, feature_of(problem, parameters[j])->mean);
  }
  for (const std::size_t j : cost.constant_features()) {
    // The same value in every row.
    const DenseRows::Block& block = rows.blocks().front();
    if (problem.has_intercept && problem.columns[j].dense)
      settings.offset += rows.value(block, *problem.columns[j].dense, 0) * problem.start[j];
  }
  std::vector<BatchTerm> terms;
  for (std::size_t a = 0; a < cost.active_features().size(); ++a) {
    const std::size_t j = cost.active_features()[a];
    BatchTerm term;
    term.column = problem.columns[j].dense;
    if (!term.column) term.level = problem.columns[j].level;
    term.centre = cost.origins()[a].value();
    term.scale = cost.units()[a];
    term.penalty = (request.penalty_on_standard_scale ? problem.spreads[j] : 1) / term.scale;
    terms.push_back(term);
  }
  if (problem.has_intercept) terms.emplace_back();
  return finish(rows, std::move(terms), settings, request);
}

Result<Problem> make_batch_problem(FoldedData data, DenseRows rows, const FitRequest& request) {
  auto problem = make_problem(std::move(data), request);
  if (!problem) return problem;
  auto batches = make_folded_batches(*problem, rows, request);
  if (!batches) return fail(batches.error());
  problem->batches = std::move(*batches);
  tell_storage(rows, problem->spreads, *problem);
  return problem;
}

void tell_storage(const DenseRows& rows, std::span<const double> spreads, Problem& problem) {
  Plan& plan = problem.plan;
  plan.storage = rows.type();
  if (rows.type() == CellType::doubles) return;
  double largest = 0;
  std::size_t worst = 0;
  for (std::size_t j = 0; j < spreads.size(); ++j) {
    const std::optional<std::size_t> dense = problem.columns[j].dense;
    if (!dense || !(spreads[j] > 0)) continue;
    const double error = rows.error(*dense) / spreads[j];
    if (error <= largest) continue;
    largest = error;
    worst = j;
  }
  if (largest == 0) {
    plan.rounding = "cells are kept as floats, and every one of them fits: none is rounded";
    return;
  }
  const bool folded = problem.cost != nullptr;
  plan.rounding = fmt::format(
      "cells are kept as floats, and computed with as doubles: {} rows in which the farthest cell is off by "
      "{} of its column's standard deviation ({}){}",
      folded ? "the steps see" : "the answer is that of", short_text(largest, 2),
      in_quotes(plan.parameters[worst].name),
      folded ? "; cost, closed form and certificate are of the data as they are" : "");
}

double offset_of(const std::vector<LinearTerm>& terms, std::span<const double> start) {
  double offset = 0;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    if ((terms[j].column || terms[j].level) && !(terms[j].spread > 0)) offset += terms[j].mean * start[j];
  }
  return offset;
}

Result<std::shared_ptr<BatchRows>> make_row_batches(const DenseRows& rows,
                                                    const std::vector<LinearTerm>& terms,
                                                    const LinearCostSettings& settings,
                                                    std::span<const double> start,
                                                    const FitRequest& request) {
  const bool standard = settings.scale == Scale::standard;
  const LinearBatchesSettings batch_settings{settings.loss, settings.l2, offset_of(terms, start)};
  std::vector<BatchTerm> out;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    const LinearTerm& term = terms[j];
    BatchTerm coordinate{term.column, term.level, 0, 1, 0};
    if (term.column || term.level) {
      if (!(term.spread > 0)) {
        coordinate.scale = 0;
      } else if (standard) {
        coordinate.centre = term.mean;
        coordinate.scale = term.spread;
      }
      if (coordinate.scale > 0) coordinate.penalty = term.penalty / coordinate.scale;
    }
    out.push_back(coordinate);
  }
  return finish(rows, std::move(out), batch_settings, request);
}

Result<std::shared_ptr<BatchRows>> make_formula_batches(const RowProblem& rows, const LossSettings& loss,
                                                        const FitRequest& request) {
  const Objective& objective = rows.squares ? static_cast<const Objective&>(*rows.squares)
                                            : static_cast<const Objective&>(*rows.losses);
  const std::span<const double> l2 = objective.l2_weights();
  auto cost = RowBatches::make(rows.store, rows.model, loss, std::vector<double>(l2.begin(), l2.end()));
  if (!cost) return fail(cost.error());
  return settle(std::move(*cost), request);
}

}  // namespace talweg
