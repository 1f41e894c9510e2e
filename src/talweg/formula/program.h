// SPDX-License-Identifier: Apache-2.0
// An expression and its partial derivatives compiled to a list of operations over blocks of rows. Common
// subexpressions are computed once; what holds no column is computed once a call, not once a row. Rows are
// evaluated independently, so the bits of a row do not depend on the block, its size or the instruction set.
// Nothing is allocated by evaluate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/formula/formula.h"

namespace talweg {

/// Rows of one call at most.
inline constexpr std::size_t kProgramRows = 1024;

class Program {
 public:
  /// Buffers of one thread; made by the program that uses it, sized once.
  class Workspace {
   public:
    explicit Workspace(const Program& program);

   private:
    friend class Program;
    std::vector<double> rows_;  // slots, high parts, then low parts
    std::vector<DoubleDouble> scalars_;
    std::vector<double*> high_;  // where the outputs go
    std::vector<double*> low_;
    std::size_t slots_ = 0;
  };

  /// `value` and any number of `partials` over `columns` columns and `parameters` parameters.
  static Program compile(const Expression& value, std::span<const Expression> partials, std::size_t columns,
                         std::size_t parameters);

  [[nodiscard]] std::size_t columns() const { return columns_; }  ///< in the order of Formula::columns
  [[nodiscard]] std::size_t parameters() const {
    return parameters_;
  }  ///< in the order of Formula::parameters
  [[nodiscard]] std::size_t partials() const { return outputs_ - 1; }
  /// Whether any output looks at column c: evaluate never reads the others, which may be null.
  [[nodiscard]] bool uses_column(std::size_t column) const { return used_[column]; }

  /// columns[c] points to `rows` contiguous doubles (rows <= kProgramRows), of column c of the formula.
  /// Writes `rows` doubles to `value` and to each of `partials` (partials() of them, or an empty span for the
  /// value alone). Not finite is not finite.
  void evaluate(std::span<const double* const> columns, std::size_t rows, std::span<const double> parameters,
                double* value, std::span<double* const> partials, Workspace& work) const;

  /// The same in double-double: high + low is the result, |low| <= ulp(high)/2. + - * / sqrt and powers with
  /// a whole number as exponent carry 106 bits; other functions are those of the high part, corrected to
  /// first order for the low part, so they are good to a double's rounding. `columns` holds doubles (the lows
  /// of columns are 0). Slower by an order of magnitude.
  void evaluate_pairs(std::span<const double* const> columns, std::size_t rows,
                      std::span<const double> parameters, double* value_high, double* value_low,
                      std::span<double* const> partials_high, std::span<double* const> partials_low,
                      Workspace& work) const;

 private:
  friend class ProgramCompiler;
  enum class Where : std::uint8_t { scalar, column, slot, output };  ///< where an operand lives
  struct Operand {
    Where where = Where::scalar;
    std::uint32_t index = 0;
  };
  struct Instruction {
    Op op = Op::number;
    std::uint8_t operands = 0;
    int exponent = 0;  ///< of a power with a whole number
    Operand out;
    Operand in[4];
  };
  struct Code {
    std::vector<Instruction> scalar;                      ///< once a call
    std::vector<Instruction> row;                         ///< over the rows
    std::vector<std::pair<std::uint32_t, Operand>> rest;  ///< outputs that no instruction writes
    std::size_t slots = 0;
  };
  struct Outputs {
    double* const* high = nullptr;
    double* const* low = nullptr;
  };
  void load_scalars(const Code& code, std::span<const double> parameters, bool pairs, Workspace& work) const;
  void run(const Code& code, std::span<const double* const> columns, std::size_t first, std::size_t count,
           const Outputs& out, Workspace& work) const;

  std::size_t columns_ = 0;
  std::size_t parameters_ = 0;
  std::size_t outputs_ = 1;
  std::size_t scalars_ = 0;
  std::vector<bool> used_;
  std::vector<DoubleDouble> constants_;  ///< the first scalars; the parameters follow, then what is computed
  Code full_;
  Code value_only_;
};

/// The right side with all its partial derivatives (in the order of the parameters), and the left side alone.
Program compile_right(const Formula& formula);
Program compile_left(const Formula& formula);

}  // namespace talweg
