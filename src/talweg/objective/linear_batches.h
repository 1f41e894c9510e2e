// SPDX-License-Identifier: Apache-2.0
// Batches of a linear model's rows, for any loss. The rows are kept a second time, row after row and in the
// coordinates of the descent, so that a row is one run of memory wherever it lies:
//   f_r  = offset + sum_j x_rj t_j,   x_rj = (cell - centre_j) / scale_j       1 for a term with no column
//   out  = c/B sum_{r in batch} w_r loss'(f_r, y_r) x_r + l2 q_j^2 t_j         c = n/W, n rows of weight W;
//   sse: n
// A level is a number a row, here too; what its centre takes off every row goes through the constant term.
// Where the table's cells are floats, so are these: the very floats of the table, and the loops go from them
// to x_rj (row_kernel.h), so that steps and cost are of the same rows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/objective/batch_cost.h"
#include "talweg/objective/dense_rows.h"
#include "talweg/objective/loss.h"
#include "talweg/objective/row_kernel.h"

namespace talweg {

/// What a coordinate of the descent multiplies. The constant term has neither column nor level.
struct BatchTerm {
  std::optional<std::size_t> column;
  std::optional<std::uint32_t> level;
  double centre = 0;
  double scale = 1;    ///< > 0; 0: the coordinate never moves and adds nothing
  double penalty = 0;  ///< q_j
};

struct LinearBatchesSettings {
  LossSettings loss;
  double l2 = 0;
  double offset = 0;
};

class LinearBatches final : public BatchCost {
 public:
  /// `rows`: finished, gaps filled, doubles as they are in the table; not needed afterwards. A centred
  /// level needs a constant term. Errors: 2^32 rows or more.
  static Result<std::unique_ptr<LinearBatches>> make(const DenseRows& rows, std::vector<BatchTerm> terms,
                                                     LinearBatchesSettings settings);
  ~LinearBatches() override;

  [[nodiscard]] std::size_t size() const override { return terms_.size(); }
  [[nodiscard]] std::uint32_t rows() const override { return static_cast<std::uint32_t>(rows_); }
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_; }
  /// What parameters that do not move add to every prediction.
  void set_offset(double offset) { settings_.offset = offset; }
  void set_width(double width) override { settings_.loss.width = width; }
  void gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) override;
  Anchor set_anchor(const Point& point) override;
  void reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                        std::span<double> out) override;
  void descend(Point& point, std::span<const std::uint32_t> batch, double rate) override;
  void descend_each(Point& point, std::span<const std::uint32_t> rows, double rate) override;
  void prefetch(std::uint32_t row) const override;

 private:
  LinearBatches() = default;
  void take_rows(const DenseRows& rows);
  template <class Cell>
  void take_cells(const DenseRows& rows, Cell* cells);
  void slopes(const Point& point, std::span<const std::uint32_t> batch, bool values);
  void project(std::span<const std::uint32_t> batch, double factor, std::span<double> out);

  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::vector<BatchTerm> terms_;
  LinearBatchesSettings settings_;
  std::size_t dense_ = 0;           // columns of the table
  bool plain_ = true;               // the table's columns are the terms, in order
  std::vector<std::size_t> place_;  // of a term: its column in the table, or its level's slot
  std::optional<std::size_t> constant_;
  std::vector<std::size_t> slot_of_level_;
  std::size_t slots_ = 0;
  std::unique_ptr<std::byte, Free> memory_;
  RowCells cells_;
  std::vector<double> unit_, shift_;  // of floats
  std::size_t rows_ = 0;
  std::vector<double> weights_;                       // empty: all are 1
  std::vector<std::uint64_t> level_end_;              // per row; empty where no row has any
  std::vector<std::uint32_t> levels_;                 // slots
  std::vector<double> l2_;                            // l2 q_j^2; empty without a penalty
  double total_ = 0;                                  // c of the header
  std::vector<double> table_point_, table_gradient_;  // dense_
  std::vector<double> level_point_, level_gradient_;
  std::vector<double> f_, y_, value_, slope_, pull_;
  std::vector<double> anchor_slopes_;
  std::vector<double> anchor_gradient_;  // of the loss alone
};

}  // namespace talweg
