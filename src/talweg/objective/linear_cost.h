// SPDX-License-Identifier: Apache-2.0
// The cost of a linear model over rows in memory, for any loss.
//
//   cost(u) = 1/W sum_r w_r loss(f_r, y_r) + l2/2 sum_j (p_j u_j)^2      (sse: without 1/W)
//   f_r     = u_0 + sum_j x_rj u_j                                       u: the user's parameters, u_0 the
//   intercept
//
// p_j = 1, or the column's standard deviation where the penalty is on the standard scale; the intercept is
// never penalised. The descent runs in coordinates t of its own:
//   scale none      u = t
//   scale standard  u_j = t_j / s_j,  u_0 = t_0 - sum_j m_j t_j / s_j    (m_j mean, s_j standard deviation;
//   without
//                   an intercept m_j = 0 and s_j the root mean square)
// The rows are centred whatever the coordinates (dense_rows.h), so that the sums of a pass lose nothing to
// large means.
// A column that is constant beside an intercept keeps its start value: its gradient is zero.
//
// A pass is a RowGather: the bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "talweg/objective/dense_rows.h"
#include "talweg/objective/kinked.h"
#include "talweg/objective/least_squares.h"
#include "talweg/objective/loss.h"

namespace talweg {

class ActiveRows;
class RowGather;

/// What a parameter multiplies: a column of the rows, a level (1 in the rows that have it), or, with neither,
/// nothing (the intercept).
struct LinearTerm {
  std::optional<std::size_t> column;
  std::optional<std::uint32_t> level;
  double mean = 0;     ///< m_j; 0 without an intercept
  double spread = 1;   ///< s_j; 0: constant
  double penalty = 1;  ///< p_j
};

struct LinearCostSettings {
  LossSettings loss;
  double l2 = 0;
  Scale scale = Scale::standard;
  unsigned threads = 0;
  bool wide = false;  ///< too many parameters for matrices of all of them: directions come from active_rows.h
};

/// What a loss makes of every row.
struct RowLosses {
  std::vector<double> value, slope, curvature;
};

class LinearCost final : public KinkedObjective {
 public:
  /// The rows are finished and standardised with the terms' means and spreads (1 for a spread of 0), and live
  /// as long as this. `terms`: one per parameter, an intercept last if there is one. `start`: user's units.
  LinearCost(const DenseRows& rows, std::vector<LinearTerm> terms, LinearCostSettings settings,
             std::span<const double> start);
  ~LinearCost() override;

  [[nodiscard]] std::size_t size() const override { return terms_.size(); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  /// -(Hessian at the point)^-1 gradient, the Hessian damped by 1e-10 of its diagonal.
  bool newton_direction(const Point& point, std::span<const double> gradient, std::span<double> out) override;
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_weights_; }

  bool support_direction(const Point& point, std::span<const double> slope,
                         std::span<const std::size_t> support, std::span<double> out) override;

  /// H d of a loss whose curvature is `curvature` in every row, the l2 penalty's part included: one pass.
  void multiply_hessian(std::span<const double> direction, double curvature, std::span<double> out);
  /// The same where row r has the curvature `curvature[r]`.
  void multiply_hessian(std::span<const double> direction, std::span<const double> curvature,
                        std::span<double> out);
  /// Z t: what coordinates t of the descent add to the prediction of every used row, in order.
  [[nodiscard]] std::vector<double> multiply_rows(std::span<const double> t);
  /// 1/W sum_r w_r u_r z_r (sse: without 1/W), z_r the row in the coordinates of the descent.
  void sum_rows(std::span<const double> u, std::span<double> out);
  /// z_r of some rows, ascending: size() numbers each. Beside an intercept without shifts(), which the
  /// intercept takes: t_0 + sum_j b_j t_j in place of t_0.
  void copy_rows(std::span<const std::size_t> rows, double* out);
  /// b_j of each coordinate.
  [[nodiscard]] std::span<const double> shifts() const { return shift_; }
  /// Values, slopes and curvatures of predictions f, neither weighted nor divided.
  [[nodiscard]] RowLosses row_losses(std::span<const double> f) const;
  /// Weight of every row over W (sse: not divided).
  [[nodiscard]] std::vector<double> row_factors() const;
  /// The targets of every row.
  [[nodiscard]] std::vector<double> targets() const;

  /// A sum of so many terms is off by at most so much of the sum of their sizes (Higham, Accuracy and
  /// Stability of Numerical Algorithms, 3.1).
  [[nodiscard]] static double accumulated_rounding(double terms);
  /// The same of a sum over the rows as it is gathered: within blocks, then over them.
  [[nodiscard]] double summed_rounding() const;
  /// What a row's prediction is summed from, for bounds on its rounding: at least the sum of the root mean
  /// squares, over the rows, of its terms and of what the constant is made of.
  [[nodiscard]] double prediction_size(const Point& point) const;

  [[nodiscard]] Point to_descent(std::span<const double> user) const;
  [[nodiscard]] std::vector<double> to_user(const Point& point) const;
  /// The Hessian at a point in the coordinates of the descent, row-major; with `curvature` given, of a loss
  /// of that constant curvature.
  [[nodiscard]] std::vector<double> hessian(const Point& point, std::optional<double> curvature = {});
  /// -(Hessian at the point)^-1 gradient without damping; false where the Hessian, scaled to a unit diagonal,
  /// has a reciprocal condition below 1e-7, so that rounding could count. Of the coordinates with a
  /// curvature.
  bool undamped_direction(const Point& point, std::span<const double> gradient, std::span<double> out);
  /// (Hessian^-1)_jj in the user's units; absent where the Hessian is singular.
  [[nodiscard]] std::vector<std::optional<double>> inverse_hessian_diagonal(const Point& point);

  /// du_j/dt_j p_j: what a penalty on |p_j u_j| weighs in the coordinates of the descent; 0 for the intercept
  /// and for constant columns.
  [[nodiscard]] const std::vector<double>& penalty_units() const { return penalty_; }

  /// Predictions f of every used row, in order, at parameters in the user's units.
  [[nodiscard]] std::vector<double> predictions(std::span<const double> user);
  /// The same at a point of the descent.
  [[nodiscard]] std::vector<double> predictions_at(const Point& point);
  void set_width(double width) override { settings_.loss.width = width; }
  [[nodiscard]] double dual_value(const Point& point) override;
  [[nodiscard]] double sharp_cost(const Point& point) override;
  [[nodiscard]] std::optional<Point> narrowed(const Point& point, double width) override;
  [[nodiscard]] std::optional<LowerBound> lower_bound(const Point& point) override;
  [[nodiscard]] std::optional<Point> interpolated(const Point& point) override;
  /// Of a loss with a kink: the bound that dual variables a_r in dual_range() stand for. Without a penalty it
  /// holds where sum_r w_r a_r z_r (hinge: y_r a_r) is zero; what it is off by that at `point`, which stands
  /// for the lowest point, is in `rounding`.
  [[nodiscard]] LowerBound kink_bound(std::span<const double> dual, const Point& point);
  [[nodiscard]] const LossSettings& loss() const { return settings_.loss; }
  [[nodiscard]] double weight() const { return weight_; }
  [[nodiscard]] bool has_intercept() const { return intercept_; }
  [[nodiscard]] unsigned threads() const { return settings_.threads; }
  [[nodiscard]] Scale scale() const { return settings_.scale; }
  [[nodiscard]] const DenseRows& rows() const { return rows_; }
  [[nodiscard]] const std::vector<LinearTerm>& terms() const { return terms_; }
  /// Visits of the rows so far.
  [[nodiscard]] std::uint64_t passes() const;

 private:
  // Parameters as the rows take them: of the columns, of the levels (a last one for levels without a
  // parameter), and the constant.
  struct Kernel {
    std::vector<double> columns;
    std::vector<double> levels;
    double constant = 0;
  };
  [[nodiscard]] Kernel kernel_of(std::span<const double> t) const;
  void predict(const DenseRows::Block& block, std::size_t first, std::size_t count, const Kernel& kernel,
               double* f, const void* ahead = nullptr) const;
  // Value and gradient of the cost; inside: the gradient of the rows within the smoothing alone, without
  // penalty; dual: the dual value.
  // direction: H d, the point is d, row r of curvature per_row[r], or of a constant one where that is empty;
  // given: the slopes are per_row, and neither loss nor penalty have a part.
  enum class Rows { all, inside, dual, direction, given };
  double visit(const LossSettings& loss, const Point& point, std::span<double> gradient, Rows rows,
               double constant_curvature = 0, std::span<const double> per_row = {});
  [[nodiscard]] std::vector<double> predictions_of(const Kernel& kernel);
  void subtract_conjugate(std::span<const double> u, LowerBound& out);
  [[nodiscard]] std::optional<Point> narrowed_wide(const Point& point, double width);
  ActiveRows& active_rows();
  [[nodiscard]] double row_factor() const { return settings_.loss.kind == CostKind::sse ? 1 : 1 / weight_; }
  [[nodiscard]] std::size_t level_slot(std::uint32_t level) const {
    return level < slot_of_level_.size() ? slot_of_level_[level] : level_count_;
  }

  const DenseRows& rows_;
  std::vector<LinearTerm> terms_;
  LinearCostSettings settings_;
  bool intercept_ = false;
  double weight_ = 0;
  double offset_ = 0;               // what constant columns add, fixed
  std::vector<double> start_;       // user's units
  std::vector<double> inner_;       // a_j: kernel = a_j t_j
  std::vector<double> shift_;       // b_j: the constant is t_0 + sum b_j t_j
  std::vector<double> penalty_;     // q_j: l2/2 sum (q_j t_j)^2
  std::vector<double> l2_weights_;  // l2 q_j^2
  std::vector<std::size_t> place_;  // of a term: its column, or columns + its level's slot, or the last
  std::vector<std::size_t> slot_of_level_;
  std::size_t level_count_ = 0;
  struct {
    std::vector<double> point, gradient;
    double cost = 0;
    double width = 0;
  } last_;  // of evaluate
  struct {
    std::vector<double> point;
    double width = 0;
    std::vector<double> values;
  } last_hessian_;
  std::vector<std::size_t> first_;  // row of every block
  std::unique_ptr<RowGather> gather_;
  std::unique_ptr<ActiveRows> active_;  // of a wide table, once it is asked for
};

}  // namespace talweg
