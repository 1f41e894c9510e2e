// SPDX-License-Identifier: Apache-2.0
// Predictions of a model for new rows, streamed and in order; and its errors on labelled rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "talweg/base/stop.h"
#include "talweg/data/cell.h"
#include "talweg/data/table.h"
#include "talweg/model/formula_predict.h"
#include "talweg/model/model.h"

namespace talweg {

/// A model bound to the columns of a table by name, whatever their order.
class Predictor {
 public:
  /// Errors: columns of the model that are not among `names` (all of them listed).
  static Result<Predictor> bind(const Model& model, const std::vector<std::string>& names,
                                const CellReader& cells, const std::string& file, bool raw = false);

  /// intercept + sum of parameter * value, then the mean that the model's loss stands for (logistic: the
  /// probability of the class 1; poisson: the exponential) unless `raw`. Absent where a cell is missing and
  /// the model does not fill gaps. Errors: a cell that is no number, a level that the fit has not seen; with
  /// file, line and column.
  Result<std::optional<double>> predict(const TableRecord& record) const;
  /// What was to be predicted: the target's cell, or the left side of a formula; of a model of two classes -1
  /// or +1. Absent where a cell is missing. Errors: as predict, a column that the table does not have, a
  /// label of neither class.
  Result<std::optional<double>> target(const TableRecord& record) const;
  /// An error where the table does not have the target.
  [[nodiscard]] Result<void> check_target() const;

 private:
  struct Column {
    std::size_t index = 0;  // in the table
    std::string name;
    ColumnKind kind = ColumnKind::numeric;
    double value = 0;  // of the parameter of a numeric column
    double fill = 0;
    bool has_missing_level = false;
    std::unordered_map<std::string, double> levels;
  };
  explicit Predictor(CellReader cells) : cells_(std::move(cells)) {}
  Result<std::optional<double>> numeric(const Column& column, const TableRecord& record) const;
  Result<std::optional<double>> text(const Column& column, const TableRecord& record) const;
  [[nodiscard]] Result<std::optional<double>> label(const TableRecord& record) const;

  CellReader cells_;
  std::unique_ptr<FormulaPredictor> formula_;  // does it all where it is there
  std::string file_;
  std::string target_name_;
  std::vector<std::string> classes_;   // of a model of two classes
  std::optional<std::size_t> target_;  // in the table
  double intercept_ = 0;
  bool fill_ = false;
  bool raw_ = false;
  CostKind loss_ = CostKind::mse;
  std::vector<Column> columns_;
};

struct PredictRequest {
  std::vector<std::string> paths;
  TableOptions table;
  std::optional<std::vector<std::string>> missing_words;  ///< absent: the model's
  bool raw = false;                                       ///< the linear predictor itself
  bool append = false;                                    ///< the row as it stands, then the prediction
  const StopFlag* stop = nullptr;
};

/// Rows of libsvm text with an index above all those of a model that knows x1 to the last of them: it counts
/// as nothing.
struct BeyondModel {
  std::uint64_t rows = 0;
  std::uint64_t last = 0;  ///< the model's last index
};

struct PredictSummary {
  std::uint64_t rows = 0;
  std::uint64_t empty = 0;  ///< rows without a prediction, for want of a cell
  BeyondModel beyond;
};

/// Writes CSV (a header with `prediction` last, then a row for each row) through `write`, which may fail.
Result<PredictSummary> predict(const Model& model, const PredictRequest& request,
                               const std::function<Result<void>(std::string_view)>& write);

struct Evaluation {
  std::uint64_t rows = 0;          ///< labelled rows with a prediction
  std::uint64_t rows_missing = 0;  ///< rows left out for want of a cell or the target
  double mse = 0;  ///< this and the others on the scale of the target; of a formula, of its left side
  double rmse = 0;
  double mae = 0;
  std::optional<double> log_loss;  ///< logistic: mean of log(1 + exp(-y f)), y = -1, +1
  std::optional<double> accuracy;  ///< classes: share of rows on the right side of f = 0
  std::optional<double>
      auc;  ///< classes: P(f of a +1 > f of a -1), ties count half; absent with one class only
  BeyondModel beyond;
  std::optional<double> r2;  ///< 1 - RSS / sum (y - mean)^2; without an intercept 1 - RSS / sum y^2
};

/// Errors: as predict, and a target that is not there.
Result<Evaluation> evaluate(const Model& model, const PredictRequest& request);

}  // namespace talweg
