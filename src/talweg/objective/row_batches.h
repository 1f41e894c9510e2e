// SPDX-License-Identifier: Apache-2.0
// Batches of the rows of any model (row_model.h), for any loss. The rows are kept a second time, row after
// row, so that a row is one run of memory wherever it lies:
//   out_j = c/B sum_{r in batch} w_r loss'(f(x_r, b), y_r) df_r/db_j + l2_j b_j     c = n/W, n rows of weight
//   sse: c = n                                                                      W
// The rows of a batch are gathered in columns, in their order, and the model sees them as one block: the bits
// do not depend on the number of threads. With an anchor there are n numbers a parameter beside the rows.
#pragma once

#include <memory>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/objective/batch_cost.h"
#include "talweg/objective/loss.h"
#include "talweg/objective/row_model.h"
#include "talweg/objective/row_store.h"

namespace talweg {

class RowBatches final : public BatchCost {
 public:
  /// `store`: finished, with the model's columns; not needed afterwards. The model lives as long as this.
  /// `l2`: l2_j of the header, empty for none. Errors: 2^32 rows or more.
  static Result<std::unique_ptr<RowBatches>> make(const RowStore& store, const RowModel& model,
                                                  const LossSettings& loss, std::vector<double> l2);

  [[nodiscard]] std::size_t size() const override { return partials_.size(); }
  [[nodiscard]] std::uint32_t rows() const override { return rows_; }
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_; }
  void set_width(double width) override { loss_.width = width; }
  void gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) override;
  Anchor set_anchor(const Point& point) override;
  void reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                        std::span<double> out) override;
  void descend(Point& point, std::span<const std::uint32_t> batch, double rate) override;
  void prefetch(std::uint32_t row) const override;

 private:
  RowBatches(const RowModel& model, const LossSettings& loss, std::vector<double> l2);
  void take_rows(const RowStore& store);
  void visit(const Point& point, std::span<const std::uint32_t> rows, double* value);
  void add(const Point& point, std::span<const std::uint32_t> batch, bool reduced, std::span<double> out);

  const RowModel& model_;
  LossSettings loss_;
  std::vector<double> l2_;
  double total_ = 0;  // c of the header
  std::uint32_t rows_ = 0;
  std::size_t stride_ = 0;  // of a row: the columns, the target and, where there are any, the weight
  std::vector<double> cells_;
  bool weighted_ = false;
  std::unique_ptr<RowModel::Workspace> work_;
  std::vector<double> buffers_;  // the columns, y, weight, f, slope and the derivatives of at most kStoreRows
  std::vector<double*> columns_;
  std::vector<const double*> at_;
  double* f_ = nullptr;
  double* slope_ = nullptr;
  std::vector<double*> partials_;
  std::vector<double> gradient_;         // of descend
  std::vector<double> anchor_rows_;      // w_r loss'(f_r, y_r) df_r/db_j, row after row
  std::vector<double> anchor_gradient_;  // of the loss alone
};

}  // namespace talweg
