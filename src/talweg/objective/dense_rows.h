// SPDX-License-Identifier: Apache-2.0
// Rows of a linear model in memory, for costs that do not fold. Blocks are cut by global row number; inside a
// block every column is contiguous and padded with zeros to a multiple of eight rows, so that a pass streams
// through memory and no kernel has a remainder. A text column is one number a row (the level), never a column
// of zeros and ones. Sparse columns and columns of floats would be other kinds of block behind the same
// accessors.
//
// After the last row `standardise` replaces every cell x by (x - centre) / scale: large means and mixed
// scales then cost no digits in any sum over rows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/data/row_block.h"

namespace talweg {

class DenseRows {
 public:
  struct Block {
    std::uint64_t number = 0;              ///< holds rows with global numbers [number * block_rows(), ...)
    std::size_t rows = 0;                  ///< used rows, at least 1
    std::size_t stride = 0;                ///< rows rounded up to a multiple of eight
    double* cells = nullptr;               ///< columns() x stride
    std::vector<double> target;            ///< stride; zero behind the rows
    std::vector<double> weights;           ///< stride, zero behind the rows; empty: all are 1
    std::vector<std::uint32_t> levels;     ///< level numbers of all rows, row after row; as in RowBlock
    std::vector<std::uint32_t> level_end;  ///< per row; empty where no row has any
  };

  explicit DenseRows(std::size_t columns);
  ~DenseRows();
  DenseRows(DenseRows&&) noexcept;
  DenseRows& operator=(DenseRows&&) noexcept;

  /// Appends the rows of a block as it was read: columns() dense columns, then the target. In ascending order
  /// of block number.
  void append(const RowBlock& block);
  /// To be called once, after the last row.
  void finish();
  /// Cells of column j become (x - centre[j]) / scale[j], scale > 0.
  void standardise(std::span<const double> centre, std::span<const double> scale, unsigned threads);
  /// Puts `value` into every row of column `j` that has the level `gap`.
  void fill(std::size_t j, std::uint32_t gap, double value);

  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t block_rows() const { return block_rows_; }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] std::vector<Block>& blocks() { return blocks_; }
  /// Block numbers, ascending: the leaves of the reduction tree.
  [[nodiscard]] const std::vector<std::uint64_t>& numbers() const { return numbers_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] bool weighted() const { return weighted_; }
  /// Sum of the weights, exact beyond a double.
  [[nodiscard]] DoubleDouble weight() const { return weight_; }

 private:
  struct Memory;
  void open(std::uint64_t number);
  void close();

  std::size_t columns_ = 0;
  std::size_t block_rows_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::uint64_t> numbers_;
  std::unique_ptr<Memory> memory_;
  std::vector<double> open_;  // the last block while it grows: columns of block_rows()
  std::uint64_t rows_ = 0;
  DoubleDouble weight_;
  bool weighted_ = false;
};

/// Rows of a block for tables of so many columns: a power of two of at least kBlockRows, such that a block's
/// cells stay in a core's cache from the prediction to the gradient where that can be had.
std::size_t dense_block_rows(std::size_t columns);

}  // namespace talweg
