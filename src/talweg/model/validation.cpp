// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "talweg/base/numbers.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/formula_loss.h"
#include "talweg/model/held_out.h"
#include "talweg/model/labels.h"
#include "talweg/model/moments_file.h"
#include "talweg/model/row_problem.h"

namespace talweg {
namespace {

// The rows of a table, read once, and the problems of their parts.
class Source {
 public:
  static Result<Source> read(const FitRequest& request);

  /// Of all rows but a part's; of all rows where there is none.
  Result<Problem> problem(std::optional<std::uint32_t> but);
  /// A part, for the problem of the others.
  [[nodiscard]] std::unique_ptr<HeldOut> held_out(const Problem& problem, std::uint32_t part) const;
  [[nodiscard]] std::uint64_t rows(std::uint32_t part) const { return rows_[part]; }
  [[nodiscard]] const RowParts& parts() const { return parts_; }

 private:
  explicit Source(const FitRequest& request) : request_(request) {
    parts_.seed = request.seed;
    parts_.folds = static_cast<std::uint32_t>(request.folds);
    parts_.share = request.validation.value_or(0);
    rows_.resize(parts_.count());
  }
  Result<void> read_folded(BulkArithmetic bulk);
  Result<void> read_rows();
  void keep(std::shared_ptr<KeptTable> kept);
  Result<void> read_formula();
  // Checks the targets of all rows, so that an error names the row's place in the whole table.
  Result<void> take_targets(const TargetWatch& watch, const FoldedData& data);
  [[nodiscard]] FormulaData formula_rows(const RowSelection& selection) const;

  FitRequest request_;
  RowParts parts_;
  std::vector<std::uint64_t> rows_;
  FoldedData folded_;                      // parts' folds, where the cost folds
  std::vector<RowBlock> blocks_;           // beside them the rows, where batches are cut from them
  std::shared_ptr<const KeptTable> kept_;  // else the rows of a linear model
  std::optional<Classes> classes_;         // of a loss for two classes
  std::optional<FormulaData> formula_;     // or of a formula
};

Result<void> Source::read_folded(BulkArithmetic bulk) {
  FoldOptions options = fold_options(request_);
  options.parts = parts_;
  options.bulk = bulk;
  options.wide = WideTable::held;
  auto data = fold_table(request_.paths, request_.table, request_.columns, options);
  if (!data) return fail(data.error());
  if (data->folded.marginal) {
    auto kept = std::make_shared<KeptTable>();
    kept->blocks = std::move(data->held);
    kept->data = std::move(*data);
    keep(std::move(kept));
  } else {
    folded_ = std::move(*data);
  }
  return {};
}

void Source::keep(std::shared_ptr<KeptTable> kept) {
  for (const RowBlock& block : kept->blocks) {
    for (const std::uint8_t offset : block.offsets) ++rows_[parts_.of(block.number * kBlockRows + offset)];
  }
  kept_ = std::move(kept);
}

Result<void> Source::take_targets(const TargetWatch& watch, const FoldedData& data) {
  if (request_.cost == CostKind::poisson) return watch.counts(data, request_);
  if (!is_classification(request_.cost)) return {};
  auto classes = watch.classes(data, request_);
  if (!classes) return fail(classes.error());
  classes_ = std::move(*classes);
  return {};
}

Result<void> Source::read_rows() {
  auto kept = std::make_shared<KeptTable>();
  FoldOptions options = fold_options(request_);
  TargetWatch watch(request_.cost);
  options.keep = [&](const RowBlock& block) {
    kept->blocks.push_back(block);
    watch.take(block);
  };
  ColumnRequest columns = request_.columns;
  columns.classes = is_classification(request_.cost);
  options.wide = WideTable::marginal;
  auto data = fold_table(request_.paths, request_.table, columns, options);
  if (!data) return fail(data.error());
  kept->data = std::move(*data);
  keep(std::move(kept));
  return take_targets(watch, kept_->data);
}

Result<void> Source::read_formula() {
  FoldOptions options = fold_options(request_);
  options.parts = parts_;
  if (request_.batch_size) options.keep = [&](const RowBlock& block) { blocks_.push_back(block); };
  auto data = read_formula_data(request_, options);
  if (!data) return fail(data.error());
  if (!data->store) {
    folded_ = std::move(data->data);
    return {};
  }
  formula_ = std::move(*data);
  TargetWatch watch(request_.cost);
  std::uint64_t n = 0;
  const RowStore& store = *formula_->store;
  for (std::size_t k = 0; k < store.blocks(); ++k) {
    for (std::size_t r = 0; r < store.block(k).rows; ++r, ++n) {
      const std::uint64_t record = formula_->records.at(n);
      ++rows_[parts_.of(record)];
      watch.take(store.column(k, store.columns())[r], record);
    }
  }
  return take_targets(watch, formula_->data);
}

Result<Source> Source::read(const FitRequest& request) {
  for (const std::string& path : request.paths) {
    if (!is_moments_file(path)) continue;
    return fail(Error{ErrorKind::data, "is a moments file, which holds no rows that could be held out",
                      "give the data themselves, or leave --validation and --folds out", path});
  }
  Source out(request);
  Result<void> read;
  if (!request.formula.empty()) {
    read = out.read_formula();
  } else if (needs_rows(request)) {
    read = out.read_rows();
  } else {
    read = out.read_folded(BulkArithmetic::plain);
    const bool files = std::all_of(request.paths.begin(), request.paths.end(), [](const std::string& path) {
      std::error_code ignored;
      return path != "-" && std::filesystem::is_regular_file(path, ignored);
    });
    if (read && files && out.kept_ == nullptr) {
      const auto whole = make_problem(out.folded_, request);
      if (whole && whole->plan.few_digits) read = out.read_folded(BulkArithmetic::split);
    }
  }
  if (!read) return fail(read.error());
  for (std::size_t k = 0; k < out.folded_.parts.size(); ++k) out.rows_[k] = out.folded_.parts[k].rows;
  for (std::size_t k = 0; k < out.rows_.size(); ++k) {
    if (out.rows_[k] > 0) continue;
    return fail(
        ErrorKind::data,
        request.folds > 0 ? fmt::format("fold {} of {} has no rows", k + 1, request.folds)
                          : fmt::format("there are no rows to {}", k == 0 ? "fit to" : "hold out"),
        request.folds > 0 ? "use fewer folds" : "choose another --validation share, or another --seed");
  }
  return out;
}

FormulaData Source::formula_rows(const RowSelection& selection) const {
  FormulaData out;
  out.formula = formula_->formula;
  out.data = formula_->data;
  out.stored = formula_->stored;
  std::vector<bool> chosen;
  for (std::uint64_t n = 0; n < formula_->store->rows(); ++n) {
    const std::uint64_t record = formula_->records.at(n);
    chosen.push_back(selection.holds(record));
    if (chosen.back()) out.records.add(record);
  }
  out.store = formula_->store->select(chosen);
  return out;
}

Result<Problem> Source::problem(std::optional<std::uint32_t> but) {
  const RowSelection selection{parts_, but.value_or(0), true, !but};
  if (kept_ != nullptr) {
    FitRequest request = request_;
    request.kept = kept_.get();
    request.selection = selection;
    return forecast(request);
  }
  if (formula_) {
    return is_squared(request_.cost) ? make_row_problem(formula_rows(selection), request_)
                                     : make_formula_loss_problem(formula_rows(selection), request_);
  }
  FoldedData data = folded_;
  data.parts.clear();
  data.folded = {};
  for (std::size_t k = 0; k < folded_.parts.size(); ++k) {
    if (k != but) data.folded = merge(std::move(data.folded), folded_.parts[k]);
  }
  std::erase_if(data.sample, [&](const SampledRow& row) { return !selection.holds(row.record); });
  if (!request_.batch_size) return make_problem(std::move(data), request_);
  RowKeeper keeper(request_);
  for (const RowBlock& block : blocks_) {
    RowBlock chosen = select_rows(block, [&](std::uint64_t record) { return selection.holds(record); });
    if (chosen.rows > 0) keeper.add(chosen);
  }
  return make_batch_problem(std::move(data), keeper.finish(), request_);
}

std::unique_ptr<HeldOut> Source::held_out(const Problem& problem, std::uint32_t part) const {
  const RowSelection selection{parts_, part, false, false};
  if (kept_ != nullptr) {
    std::vector<RowBlock> blocks;
    for (const RowBlock& block : kept_->blocks) {
      RowBlock chosen = select_rows(block, [&](std::uint64_t record) { return selection.holds(record); });
      if (chosen.rows > 0) blocks.push_back(std::move(chosen));
    }
    return hold_out_rows(problem, request_, blocks, classes_);
  }
  if (formula_) return hold_out_formula(formula_rows(selection), request_, classes_);
  return hold_out_moments(problem, folded_.parts[part]);
}

Error in_fold(Error error, std::uint32_t fold, std::uint64_t folds) {
  error.what = fmt::format("without fold {} of {}: {}", fold + 1, folds, error.what);
  return error;
}

// Fits the rows outside each fold and judges by the fold.
Result<std::vector<FoldScore>> score_folds(Source& source, const FitRequest& request, std::uint64_t total) {
  std::vector<FoldScore> out;
  FitRequest quiet = request;
  quiet.observer = nullptr;
  quiet.sample_rows = 0;
  for (std::uint32_t k = 0; k < source.parts().count(); ++k) {
    if (request.stop != nullptr && request.stop->raised()) break;
    auto problem = source.problem(k);
    if (!problem) return fail(in_fold(problem.error(), k, request.folds));
    const auto held_out = source.held_out(*problem, k);
    const auto fitted = run_problem(std::move(*problem), quiet);
    if (!fitted) return fail(in_fold(fitted.error(), k, request.folds));
    out.push_back({total - source.rows(k), fitted->epochs, fitted->termination.reason,
                   held_out->score(fitted->parameters)});
  }
  return out;
}

void warn_of_folds(Fit& fit) {
  std::vector<std::string> lost;
  for (std::size_t k = 0; k < fit.folds.size(); ++k) {
    const Reason reason = fit.folds[k].reason;
    if (reason == Reason::diverged || reason == Reason::non_finite) lost.push_back(std::to_string(k + 1));
  }
  if (lost.empty()) return;
  fit.warnings.push_back(
      fmt::format("without fold{} {} the descent diverged: {} scores are of the epoch with the lowest cost",
                  lost.size() == 1 ? "" : "s", fmt::join(lost, ", "), lost.size() == 1 ? "its" : "their"));
}

}  // namespace

Result<Fit> fit_validated(const FitRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  auto source = Source::read(request);
  if (!source) return fail(source.error());
  std::uint64_t total = 0;
  for (std::uint32_t k = 0; k < source->parts().count(); ++k) total += source->rows(k);
  if (request.folds > 0) {
    auto folds = score_folds(*source, request, total);
    if (!folds) return fail(folds.error());
    auto problem = source->problem(std::nullopt);
    if (!problem) return fail(problem.error());
    auto fitted = run_problem(std::move(*problem), request);
    if (!fitted) return fitted;
    fitted->folds = std::move(*folds);
    fitted->seed = request.seed;
    warn_of_folds(*fitted);
    return fitted;
  }
  auto problem = source->problem(1);
  if (!problem) return fail(problem.error());
  const auto held_out = source->held_out(*problem, 1);
  problem->plan.validated = true;
  FitRequest watched = request;
  watched.held_out = held_out.get();
  auto fitted = run_problem(std::move(*problem), watched);
  if (!fitted) return fitted;
  fitted->seed = request.seed;
  fitted->validation->share = *request.validation;
  fitted->validation->patience = request.patience;
  fitted->validation->rows_training = source->rows(0);
  fitted->validation->score = held_out->score(fitted->parameters);
  return fitted;
}

}  // namespace talweg
