// SPDX-License-Identifier: Apache-2.0
// A prediction as a function of a row and of parameters, evaluated for a block of rows at once: what an
// objective over rows knows of a model. Whoever brings the function (a formula, a linear model, a test)
// implements this interface.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace talweg {

class RowModel {
 public:
  /// What an evaluation needs besides its arguments; one for each thread, so that nothing is allocated for a
  /// block.
  class Workspace {
   public:
    virtual ~Workspace() = default;
  };

  virtual ~RowModel() = default;
  [[nodiscard]] virtual std::size_t columns() const = 0;
  [[nodiscard]] virtual std::size_t parameters() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Workspace> make_workspace() const = 0;

  /// Predictions of `rows` rows (at most kStoreRows) into `value` and, unless `partials` is empty, the
  /// derivative with respect to parameter j into partials[j]. columns[k] points to the rows' values of column
  /// k. Results may be non-finite. Called from several threads at once, each with a workspace of its own.
  virtual void evaluate(std::span<const double* const> columns, std::size_t rows,
                        std::span<const double> parameters, double* value, std::span<double* const> partials,
                        Workspace& work) const = 0;
};

}  // namespace talweg
