// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/formula_predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/formula/evaluate.h"

namespace talweg {
namespace {

RowPlace place_of(const TableRecord& record) {
  return {record.file != nullptr ? *record.file : std::string(), record.line, record.row};
}

Error absent_columns(const std::vector<std::string>& absent, const std::vector<std::string>& names,
                     const std::string& file) {
  return {ErrorKind::data,
          fmt::format("the formula needs {} {}, which the data do not have",
                      absent.size() == 1 ? "column" : "columns", name_list(absent)),
          "the data have " + name_list(names), file};
}

}  // namespace

FormulaPredictor::FormulaPredictor(std::shared_ptr<const BoundFormula> formula,
                                   std::vector<double> parameters, CellReader cells)
    : formula_(std::move(formula)),
      parameters_(std::move(parameters)),
      cells_(std::move(cells)),
      values_(formula_->formula.columns.size(), 0.0),
      left_work_(formula_->left),
      right_work_(formula_->right) {}

Result<FormulaPredictor> FormulaPredictor::bind(std::shared_ptr<const BoundFormula> formula,
                                                std::vector<double> parameters,
                                                const std::vector<std::string>& names,
                                                const CellReader& cells, const std::string& file) {
  FormulaPredictor out(std::move(formula), std::move(parameters), cells);
  out.file_ = file;
  out.table_names_ = names;
  std::vector<std::string> absent;
  for (const ColumnUse& use : out.formula_->formula.columns) {
    const auto found = std::find(names.begin(), names.end(), use.name);
    if (found != names.end()) {
      out.positions_.emplace_back(static_cast<std::size_t>(found - names.begin()));
      continue;
    }
    out.positions_.emplace_back(std::nullopt);
    const bool new_name = std::find(absent.begin(), absent.end(), use.name) == absent.end();
    if (use.on_right && new_name) absent.push_back(use.name);
  }
  if (!absent.empty()) return fail(absent_columns(absent, names, file));
  return out;
}

Result<bool> FormulaPredictor::read(const TableRecord& record, bool left) {
  const Formula& formula = formula_->formula;
  bool complete = true;
  for (std::size_t c = 0; c < formula.columns.size(); ++c) {
    const ColumnUse& use = formula.columns[c];
    if (left ? !use.on_left : !use.on_right) continue;
    if (!positions_[c]) return fail(absent_columns({use.name}, table_names_, file_));
    const std::size_t at = *positions_[c];
    if (!record.numbers.empty()) {
      const double value = record.numbers[at];
      if (std::isnan(value)) complete = false;
      values_[c] = use.level ? (shortest(value) == *use.level ? 1 : 0) : value;
      continue;
    }
    const std::string_view cell = record.cells[at];
    if (cells_.is_missing(cell)) {
      complete = false;
      continue;
    }
    if (use.level) {
      values_[c] = cell == *use.level ? 1 : 0;
      continue;
    }
    const ParsedNumber parsed = cells_.number(cell);
    if (parsed.status != NumberStatus::ok) {
      Error error = cells_.not_a_number(cell, parsed.status);
      if (!cells_.is_decimal_comma(cell))
        error.remedy = "correct the cell, or name the word for a missing value with --na";
      error.file = record.file != nullptr ? *record.file : std::string();
      error.line = record.line;
      error.column = use.name;
      return fail(std::move(error));
    }
    values_[c] = parsed.value;
  }
  pointers_.clear();
  for (const double& value : values_) pointers_.push_back(&value);
  return complete;
}

Result<std::optional<double>> FormulaPredictor::predict(const TableRecord& record) {
  const auto complete = read(record, false);
  if (!complete) return fail(complete.error());
  if (!*complete) return std::nullopt;
  double value = 0;
  formula_->right.evaluate(pointers_, 1, parameters_, &value, {}, right_work_);
  if (std::isfinite(value)) return value;
  return fail(not_finite(fmt::format("{} is no finite number", formula_->right_text), place_of(record),
                         why_not_finite(formula_->formula.right, values_, parameters_),
                         "correct the cell, or leave the row out"));
}

Result<std::optional<double>> FormulaPredictor::target(const TableRecord& record) {
  const auto complete = read(record, true);
  if (!complete) return fail(complete.error());
  if (!*complete) return std::nullopt;
  double value = 0;
  formula_->left.evaluate(pointers_, 1, {}, &value, {}, left_work_);
  if (std::isfinite(value)) return value;
  return fail(not_finite(fmt::format("the left side, {}, is no finite number", formula_->left_text),
                         place_of(record), why_not_finite(formula_->formula.left, values_, parameters_),
                         "correct the cell, or leave the row out"));
}

}  // namespace talweg
