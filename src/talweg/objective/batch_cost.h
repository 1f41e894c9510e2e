// SPDX-License-Identifier: Apache-2.0
// What stochastic descent sees of a cost that is a mean (or a sum) over rows: gradients of batches of rows,
// named by index. No data, no columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "talweg/base/error.h"
#include "talweg/objective/objective.h"

namespace talweg {

class BatchCost {
 public:
  virtual ~BatchCost() = default;

  /// Parameters, in the coordinates of the Objective that goes with it.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// Rows, with indices 0 ... rows()-1.
  [[nodiscard]] virtual std::uint32_t rows() const = 0;

  /// Gradient of the mean loss over the batch (times the number of rows for a cost that is a sum) plus the
  /// penalty's. Over all batches of one length its mean is the gradient of the cost. Non-finite results are
  /// allowed.
  virtual void gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) = 0;

  /// l2_j of a penalty 1/2 sum l2_j t_j^2 that the gradients hold; empty: none.
  [[nodiscard]] virtual std::span<const double> l2_weights() const { return {}; }

  /// Of a loss with a kink: the width of its smoothing from now on; 0: the loss itself.
  virtual void set_width(double width) { (void)width; }

  struct Anchor {
    double cost = 0;
    double slope = 0;  ///< length of the gradient
  };
  /// Visits all rows and remembers their slopes at `point`, and the gradient there.
  virtual Anchor set_anchor(const Point& point) = 0;
  /// gradient(point) - gradient(anchor) over the batch + the anchor's gradient over all rows: the same mean
  /// over batches, with a variance that vanishes as both come near the optimum (SVRG: Johnson and Zhang,
  /// "Accelerating stochastic gradient descent using predictive variance reduction", NeurIPS 2013).
  virtual void reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                                std::span<double> out) = 0;

  /// point.high -= rate * gradient(point), up to rounding.
  virtual void descend(Point& point, std::span<const std::uint32_t> batch, double rate);

  /// descend() after each of the rows in turn.
  virtual void descend_each(Point& point, std::span<const std::uint32_t> rows, double rate);

  /// Says that a row will be asked for soon.
  virtual void prefetch(std::uint32_t row) const { (void)row; }
};

/// The error of a table whose rows have no 32-bit numbers.
Error too_many_rows_for_batches();

/// point.high += length * direction. Steps after batches are many and noisy: a plain double holds all that
/// they can tell.
void move_plainly(Point& point, std::span<const double> direction, double length);

}  // namespace talweg
