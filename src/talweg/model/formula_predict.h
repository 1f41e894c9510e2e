// SPDX-License-Identifier: Apache-2.0
// Both sides of a formula for one record of a table at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/data/cell.h"
#include "talweg/data/table.h"
#include "talweg/model/formula_data.h"

namespace talweg {

class FormulaPredictor {
 public:
  /// A formula bound to the columns of a table by name, whatever their order. Errors: columns of the right
  /// side that are not among `names`.
  static Result<FormulaPredictor> bind(std::shared_ptr<const BoundFormula> formula,
                                       std::vector<double> parameters, const std::vector<std::string>& names,
                                       const CellReader& cells, const std::string& file);

  /// The right side, on the left side's scale. Absent where a cell is missing. Errors: a cell that is no
  /// number, a result that is not finite; with file, line and row.
  [[nodiscard]] Result<std::optional<double>> predict(const TableRecord& record);
  /// The left side. Errors: as predict; columns of the left side that the table does not have.
  [[nodiscard]] Result<std::optional<double>> target(const TableRecord& record);

 private:
  FormulaPredictor(std::shared_ptr<const BoundFormula> formula, std::vector<double> parameters,
                   CellReader cells);
  /// Reads the cells of one side; false where one is missing.
  Result<bool> read(const TableRecord& record, bool left);

  std::shared_ptr<const BoundFormula> formula_;
  std::vector<double> parameters_;
  CellReader cells_;
  std::string file_;
  std::vector<std::string> table_names_;
  std::vector<std::optional<std::size_t>> positions_;  // of the formula's columns in the table
  std::vector<double> values_;
  std::vector<const double*> pointers_;
  Program::Workspace left_work_;
  Program::Workspace right_work_;
};

}  // namespace talweg
