// SPDX-License-Identifier: Apache-2.0
// Squared error of any model over rows in memory.
//
//   F     sum_r w_r (f(x_r, b) - y_r)^2  +  l2/(2c) sum_j p_j b_j^2      p_j = 0 for a parameter that is not
//   penalised cost  c F        c = 1/W (mse), 1/(2W) (half-mse), 1 (sse); so the penalty is l2/2 sum b_j^2
//   whatever the cost
//
// Every evaluation is one fused pass: a block of rows is read once, its predictions, derivatives, residuals
// and products are made in a thread's own buffers, and what remains of the block is one number for the cost
// and one for each parameter (or a triangle). These are gathered in the aligned tree over block numbers: the
// bits do not depend on the number of threads.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "talweg/objective/least_squares.h"
#include "talweg/objective/residuals.h"
#include "talweg/objective/row_model.h"
#include "talweg/objective/row_store.h"

namespace talweg {

struct RowSquaresSettings {
  CostKind cost = CostKind::mse;
  double l2 = 0;
  std::vector<bool> penalised;  ///< one per parameter; empty: all of them
  unsigned threads = 0;         ///< 0: one a core
};

/// Where the first result that is not finite stands.
struct NotFinite {
  std::size_t block = 0;  ///< index into the store
  std::size_t row = 0;    ///< inside the block
  std::optional<std::size_t>
      partial;  ///< the parameter whose derivative it is; absent: the prediction itself
};

class RowSquares final : public ResidualObjective {
 public:
  /// The store is finished, has rows, and lives as long as this; so does the model, which has the store's
  /// columns.
  RowSquares(const RowStore& store, const RowModel& model, RowSquaresSettings settings);
  ~RowSquares() override;

  [[nodiscard]] std::size_t size() const override { return model_.parameters(); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_weights_; }
  bool linearise(const Point& point, Linearised& out) override;
  [[nodiscard]] double cost_factor() const override { return factor_; }

  /// Predictions and derivatives at `parameters`, row after row in order; absent where all are finite.
  [[nodiscard]] std::optional<NotFinite> first_not_finite(std::span<const double> parameters) const;
  /// sum_r w_r (f - y)^2 / W, without the penalty.
  [[nodiscard]] double mean_squared_error(std::span<const double> parameters);
  /// Cost of the best constant prediction, the target's mean, without the penalty.
  [[nodiscard]] double constant_cost() const { return factor_ * scatter_; }
  /// sum_r w_r (y - mean)^2 / W.
  [[nodiscard]] double total_mean_square() const { return scatter_ / weight_; }
  [[nodiscard]] std::uint64_t rows() const { return store_.rows(); }
  [[nodiscard]] double weight() const { return weight_; }

 private:
  // What was found at a point: methods and models ask again at the start, at the end, and after a refused
  // step.
  struct Visit {
    std::vector<double> parameters;
    Linearised found;
    bool finite = false;
  };
  [[nodiscard]] const Visit* remembered(std::span<const double> parameters) const;
  bool visit(const Point& point, Linearised& out);

  struct Buffers;  // of all threads
  struct Scratch;  // of one
  double residuals_of(std::size_t block, std::span<const double> parameters, bool partials,
                      Scratch& scratch) const;
  void measure_target();
  [[nodiscard]] bool is_penalised(std::size_t j) const {
    return settings_.penalised.empty() || settings_.penalised[j];
  }

  const RowStore& store_;
  const RowModel& model_;
  RowSquaresSettings settings_;
  double weight_ = 0;
  double factor_ = 1;
  double penalty_ = 0;  // l2/(2c)
  std::vector<double> l2_weights_;
  double scatter_ = 0;  // sum w (y - mean)^2
  std::unique_ptr<Buffers> buffers_;
  std::array<Visit, 2> visits_;  // the later first
};

}  // namespace talweg
