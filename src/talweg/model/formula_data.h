// SPDX-License-Identifier: Apache-2.0
// A formula and a table -> what can be fitted: where the formula is affine in its parameters, the fold of
// what the parameters multiply; else the rows in memory, only the columns needed.
//
// Affine, left = sum_j p_j g_j(columns) + offset(columns): the columns folded are the g_j and, last, left -
// offset, each evaluated in double-double, so that powers and logarithms lose nothing on their way
// (docs/math.md). A parameter whose g is the constant 1 is the intercept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/formula/affine.h"
#include "talweg/formula/formula.h"
#include "talweg/formula/program.h"
#include "talweg/model/fold_data.h"
#include "talweg/model/request.h"
#include "talweg/objective/row_store.h"

namespace talweg {

/// A formula with its names resolved against columns, compiled.
struct BoundFormula {
  Formula formula;
  std::optional<AffineForm> affine;  ///< absent: not affine in its parameters
  std::string left_text;             ///< what is predicted
  std::string right_text;
  Program left;
  Program right;                  ///< with its partial derivatives
  std::optional<Program> linear;  ///< compile_affine, where it is affine

  /// The parameter that is the intercept of a linear model: its derivative is the constant 1.
  [[nodiscard]] std::optional<std::size_t> intercept() const;
  /// The parameters that are no intercept, in order.
  [[nodiscard]] std::vector<std::size_t> slopes() const;
};

/// Errors: those of parse_formula; a parameter that the formula does not depend on.
Result<std::shared_ptr<const BoundFormula>> bind_formula(const std::string& text,
                                                         const std::vector<std::string>& column_names);

/// Where a row stands, for messages.
struct RowPlace {
  std::string file;          ///< empty: not known
  std::uint64_t line = 0;    ///< in the file; 0: not known
  std::uint64_t record = 0;  ///< global number, 0-based
};

/// Numbers of the records behind rows kept in memory: 8 bytes for each run of consecutive ones.
class RowRecords {
 public:
  void add(std::uint64_t record);
  /// Of the n-th row kept.
  [[nodiscard]] std::uint64_t at(std::uint64_t n) const;

 private:
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t record = 0;
  };
  std::vector<Run> runs_;
  std::uint64_t count_ = 0;
};

/// Finds file and line of a record by reading the table again up to there; from standard input only the
/// number is known.
RowPlace find_record(const FitRequest& request, std::uint64_t record);

struct FormulaData {
  std::shared_ptr<const BoundFormula> formula;
  FoldedData data;                  ///< the moments where the formula is affine, else audit and names alone
  std::optional<RowStore> store;    ///< the columns that the right side uses, then the left side
  std::vector<std::size_t> stored;  ///< the formula's columns that the store holds, in order
  RowRecords records;               ///< of the store's rows
};

/// Reads the data of request.paths for request.formula; options.keep sees what is folded. Errors: those of
/// bind_formula and of reading; a text column used as a number; a level that no row has; a cell of which the
/// formula makes no finite number, with file and row.
Result<FormulaData> read_formula_data(const FitRequest& request, const FoldOptions& options);

/// "row 17: log of -3 (log(x), x = -3)", with file and line: a result that is not finite.
Error not_finite(const std::string& what, const RowPlace& place, const std::string& why,
                 const std::string& remedy);

}  // namespace talweg
