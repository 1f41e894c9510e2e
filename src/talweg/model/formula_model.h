// SPDX-License-Identifier: Apache-2.0
// The right side of a formula as a model over stored rows.
#pragma once

#include <memory>
#include <vector>

#include "talweg/model/formula_data.h"
#include "talweg/objective/row_model.h"

namespace talweg {

class FormulaModel final : public RowModel {
 public:
  /// `stored`: the formula's columns that the store holds, in its order; all that the right side uses.
  FormulaModel(std::shared_ptr<const BoundFormula> formula, std::vector<std::size_t> stored)
      : formula_(std::move(formula)), stored_(std::move(stored)) {}

  [[nodiscard]] std::size_t columns() const override { return stored_.size(); }
  [[nodiscard]] std::size_t parameters() const override { return formula_->formula.parameters.size(); }
  [[nodiscard]] std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<Work>(formula_->right, formula_->formula.columns.size());
  }
  void evaluate(std::span<const double* const> columns, std::size_t rows, std::span<const double> parameters,
                double* value, std::span<double* const> partials, Workspace& work) const override {
    auto& own = static_cast<Work&>(work);
    for (std::size_t k = 0; k < stored_.size(); ++k) own.columns[stored_[k]] = columns[k];
    formula_->right.evaluate(own.columns, rows, parameters, value, partials, own.work);
  }

 private:
  struct Work final : Workspace {
    Work(const Program& program, std::size_t count) : work(program), columns(count, nullptr) {}
    Program::Workspace work;
    std::vector<const double*> columns;
  };
  std::shared_ptr<const BoundFormula> formula_;
  std::vector<std::size_t> stored_;
};

}  // namespace talweg
