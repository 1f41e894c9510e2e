// SPDX-License-Identifier: Apache-2.0
// The cost of any loss of any model over rows in memory.
//
//   cost(b) = 1/W sum_r w_r loss(f(x_r, b), y_r) + l2/2 sum_j p_j b_j^2     p_j = 0 for a parameter that is
//                                                                           not penalised
//   gradient_j = 1/W sum_r w_r loss'(f_r) df_r/db_j + l2 p_j b_j
//   H_jk       = 1/W sum_r w_r loss''(f_r) df_r/db_j df_r/db_k + l2 p_j     (Gauss-Newton: without the second
//                                                                           derivatives of f)
// For a model that is affine in its parameters H is the Hessian, and the cost is convex. H is never negative,
// so that Newton's step with it goes downhill (Schraudolph, "Fast curvature matrix-vector products for
// second-order gradient descent", Neural Computation 14, 2002).
//
// Every evaluation is one fused pass over blocks, gathered in the aligned tree over block numbers: the bits
// do not depend on the number of threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "talweg/objective/kinked.h"
#include "talweg/objective/loss.h"
#include "talweg/objective/row_model.h"
#include "talweg/objective/row_store.h"

namespace talweg {

struct RowCostSettings {
  LossSettings loss;
  double l2 = 0;
  std::vector<bool> penalised;  ///< one per parameter; empty: all of them
  bool affine = false;          ///< the model is affine in its parameters
  unsigned threads = 0;         ///< 0: one a core
};

struct NotFinite;

class RowCost final : public KinkedObjective {
 public:
  /// The store is finished, has rows, and lives as long as this; so does the model, which has the store's
  /// columns. Targets are in the loss's domain.
  RowCost(const RowStore& store, const RowModel& model, RowCostSettings settings);
  ~RowCost() override;

  [[nodiscard]] std::size_t size() const override { return model_.parameters(); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  /// -H^-1 gradient, H damped by 1e-10 of its diagonal.
  bool newton_direction(const Point& point, std::span<const double> gradient, std::span<double> out) override;
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_weights_; }

  void set_width(double width) override { settings_.loss.width = width; }
  [[nodiscard]] double dual_value(const Point& point) override;
  [[nodiscard]] double sharp_cost(const Point& point) override;
  [[nodiscard]] std::optional<Point> narrowed(const Point& point, double width) override;

  /// H at a point, row-major.
  [[nodiscard]] std::vector<double> hessian(const Point& point);
  /// (H^-1)_jj; absent where H is singular.
  [[nodiscard]] std::vector<std::optional<double>> inverse_hessian_diagonal(const Point& point);
  /// Predictions f of every row, in order.
  [[nodiscard]] std::vector<double> predictions(std::span<const double> parameters) const;
  /// Where the first prediction or derivative that is not finite stands; absent where all are finite.
  [[nodiscard]] std::optional<NotFinite> first_not_finite(std::span<const double> parameters) const;
  [[nodiscard]] double weight() const { return weight_; }
  [[nodiscard]] std::uint64_t rows() const { return store_.rows(); }

 private:
  struct Scratch;
  struct Buffers;
  // Value and gradient; inside: the gradient of the rows within the smoothing alone, without penalty; dual:
  // the dual value.
  enum class Rows { all, inside, dual };
  double visit(const LossSettings& loss, const Point& point, std::span<double> gradient, Rows rows);
  void model_of(std::size_t block, std::span<const double> parameters, bool partials, Scratch& scratch) const;
  const double* gather(std::size_t width, const std::function<void(std::size_t, Scratch&, double*)>& leaf);

  const RowStore& store_;
  const RowModel& model_;
  RowCostSettings settings_;
  double weight_ = 0;
  std::vector<double> l2_weights_;
  std::unique_ptr<Buffers> buffers_;
  struct {
    std::vector<double> point, gradient;
    double cost = 0;
    double width = 0;
  } last_;  // of evaluate
};

}  // namespace talweg
