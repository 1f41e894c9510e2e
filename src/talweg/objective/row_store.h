// SPDX-License-Identifier: Apache-2.0
// Rows in memory, for costs that cannot be folded: visited again in every epoch. Blocks of kStoreRows rows,
// cut by global row number; inside a block every column is contiguous (8 bytes a cell, nothing is kept of
// columns not in use). The target and, where there are any, the weights lie beside the columns. Sparse
// columns and columns of floats would be other kinds of block behind the same accessors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "talweg/base/double_double.h"

namespace talweg {

/// Rows of a block of the store: a power of two, and a multiple of the rows in which they are read.
inline constexpr std::size_t kStoreRows = 1024;

class RowStore {
 public:
  struct Block {
    std::uint64_t number =
        0;  ///< holds rows with global numbers [number * kStoreRows, (number + 1) * kStoreRows)
    std::size_t rows = 0;  ///< used rows, 1 to kStoreRows
    std::vector<double>
        cells;  ///< column after column, each `rows` long once the store is finished; the target last
    std::vector<double> weights;  ///< empty: all are 1
  };

  explicit RowStore(std::size_t columns) : columns_(columns) {}

  /// Appends rows of block `number`, which is the last one's or a later one; at most kStoreRows in all.
  /// `columns` holds the columns, then the target; `weights` is empty where every weight is 1.
  void append(std::uint64_t number, std::span<const double* const> columns, std::size_t rows,
              std::span<const double> weights);
  /// Gives back memory that the last block does not need. To be called once, after the last rows.
  void finish();

  /// Every target y becomes change(y).
  template <class Change>
  void change_target(const Change& change) {
    for (Block& block : blocks_) {
      for (std::size_t r = 0; r < block.rows; ++r) {
        double& y = block.cells[columns_ * block.rows + r];
        y = change(y);
      }
    }
  }

  /// The rows that are chosen, one flag a row, finished.
  [[nodiscard]] RowStore select(const std::vector<bool>& chosen) const;

  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
  [[nodiscard]] const Block& block(std::size_t k) const { return blocks_[k]; }
  /// Column `j` of block `k`; j == columns() is the target.
  [[nodiscard]] const double* column(std::size_t k, std::size_t j) const {
    return blocks_[k].cells.data() + j * blocks_[k].rows;
  }
  /// Block numbers, ascending: the leaves of the reduction tree.
  [[nodiscard]] const std::vector<std::uint64_t>& numbers() const { return numbers_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// Sum of the weights, exact beyond a double.
  [[nodiscard]] DoubleDouble weight() const { return weight_; }
  [[nodiscard]] bool weighted() const { return weighted_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  void close_last();

  std::size_t columns_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::uint64_t> numbers_;
  std::vector<double> open_;  // the last block while it grows: columns of kStoreRows
  std::uint64_t rows_ = 0;
  DoubleDouble weight_;
  bool weighted_ = false;
};

}  // namespace talweg
