// SPDX-License-Identifier: Apache-2.0
// Rows of a linear model in memory, for costs that do not fold. Blocks are cut by global row number; a
// block's cells are panels of rows (linear_kernel.h), the last one padded with zeros, so that a pass streams
// through memory and no kernel has a remainder. A text column is one number a row (the level), never a column
// of zeros and ones. Sparse columns would be another kind of block behind the same accessors.
//
// A cell is kept as z, the value that it stands for is
//   x = centre_j + unit_j z
// Doubles: z = x while rows are appended; after the last row `standardise` makes z = (x - centre)/scale, so
// that large means and mixed scales cost no digits in any sum over rows.
//
// Floats: half the memory and half of its traffic; every sum is of doubles all the same. A cell is rounded
// once, when its block is full, as the distance from a value amid the column: z = float((x - c)/2^e). The
// model of these rows is an exact problem of its own, in which
//   |error of a cell| <= 2^-24 |x - c|
// c is near the mean of the column's cells (those that are not 0, which may be gaps) in the first block that
// has some, and 2^e is about its largest distance from them there, so both depend on the rows alone. Let n1
// of n rows have made c: n1 (c - m)^2 <= n s^2 about a mean m and a standard deviation s, so
//   |error of a cell| <= 2^-24 (|x - m| + s sqrt(n/n1))    however large m is, and 2^-24 |x - m| and a little
// where the first rows are like the others. c is a multiple of 2^e/8: what has few binary digits beside 2^e,
// such as counts and codes, and zero beside them, is kept without any error. `standardise` leaves floats as
// they are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/data/row_block.h"
#include "talweg/objective/linear_kernel.h"

namespace talweg {

enum class CellType { doubles, floats };

class DenseRows {
 public:
  struct Block {
    std::uint64_t number = 0;  ///< holds rows with global numbers [number * block_rows(), ...)
    std::size_t rows = 0;      ///< used rows, at least 1
    std::size_t stride = 0;    ///< rows rounded up to whole panels
    std::size_t columns = 0;
    double* doubles = nullptr;             ///< z of the cells: stride x columns
    float* floats = nullptr;               ///< or these
    std::vector<double> target;            ///< stride; zero behind the rows
    std::vector<double> weights;           ///< stride, zero behind the rows; empty: all are 1
    std::vector<std::uint32_t> levels;     ///< level numbers of all rows, row after row; as in RowBlock
    std::vector<std::uint32_t> level_end;  ///< per row; empty where no row has any

    /// use(cells) with the cells of the type that is there.
    template <class Use>
    decltype(auto) with_cells(const Use& use) const {
      if (floats != nullptr) return use(static_cast<const float*>(floats));
      return use(static_cast<const double*>(doubles));
    }
    [[nodiscard]] double z(std::size_t j, std::size_t r) const {
      return with_cells(
          [&](const auto* cells) { return static_cast<double>(cells[panel_place(columns, j, r)]); });
    }
  };

  explicit DenseRows(std::size_t columns, CellType type = CellType::doubles);
  ~DenseRows();
  DenseRows(DenseRows&&) noexcept;
  DenseRows& operator=(DenseRows&&) noexcept;

  /// Appends the rows of a block as it was read: columns() dense columns, then the target. In ascending order
  /// of block number.
  void append(const RowBlock& block, unsigned threads = 1);
  /// To be called once, after the last row.
  void finish();
  /// Doubles of column j become (x - centre[j]) / scale[j], scale > 0.
  void standardise(std::span<const double> centre, std::span<const double> scale, unsigned threads);
  /// Puts `value` into every row of column `j` that has the level `gap`; before they are standardised.
  void fill(std::size_t j, std::uint32_t gap, double value);

  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] CellType type() const { return type_; }
  [[nodiscard]] double centre(std::size_t j) const { return centre_[j]; }
  [[nodiscard]] double unit(std::size_t j) const { return unit_[j]; }
  /// The value of a cell; as it was read before doubles are standardised.
  [[nodiscard]] double value(const Block& block, std::size_t j, std::size_t r) const {
    return centre_[j] + unit_[j] * block.z(j, r);
  }
  /// The largest error that rounding has made in a cell of column j; 0 for doubles.
  [[nodiscard]] double error(std::size_t j) const;
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
  // Of a column of floats.
  struct Rounding {
    bool begun = false;  // centre and unit are chosen
    bool zeros = false;  // there are cells of 0
    double error = 0;    // of the others
  };
  void open(std::uint64_t number, unsigned threads);
  void close(unsigned threads);
  void place(const RowBlock& block, std::size_t begin, std::size_t end);
  template <class Use>
  void each_open_part(std::size_t j, const Use& use) const;
  void round_column(std::size_t j);
  void begin_column(std::size_t j);
  void widen(std::size_t j, double largest);
  [[nodiscard]] float rounded(std::size_t j, double value) const;

  std::size_t columns_ = 0;
  CellType type_ = CellType::doubles;
  std::size_t block_rows_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::uint64_t> numbers_;
  std::unique_ptr<Memory> memory_;
  std::vector<double> open_;  // of floats: the last block while it grows, of block_rows()
  std::vector<double> centre_, unit_;
  std::vector<Rounding> rounding_;
  std::uint64_t rows_ = 0;
  DoubleDouble weight_;
  bool weighted_ = false;
};

/// Rows of a block for tables of so many columns: a power of two of at least kBlockRows.
std::size_t dense_block_rows(std::size_t columns);

}  // namespace talweg
