// SPDX-License-Identifier: Apache-2.0
// When rows stay in memory instead of being folded: squared error of a linear model with so many columns that
// folding costs more than the epochs would. Of n rows and d columns of numbers,
//
//   fold    n d^2 kFoldSeconds + d^3 kFactorSeconds    products, then factor and eigenvalues
//   epochs  kEpochs * 8 n d / kBytesPerSecond          passes over the rows
//
// with constants measured on two cores (x86-64, AVX2) and fixed here, so that the decision, and with it every
// bit of the answer, depends on the input alone, not on the machine, on threads or on how the input comes.
// The number of rows of a pipe is known at its end only, so the columns decide: a table is wide where the
// part that is the same for any number of rows takes more than kPatience seconds, and each row more than its
// epochs do. A fold gives more than epochs (closed form, standard errors, forecast, pages that replay), and
// seconds are a fair price for that.
//
// Rows are held up to kMostCells numbers (4 GiB); a longer table is folded after all, in memory that does not
// grow with its length. Columns are those in use, the target not counted; text columns count for nothing,
// since their levels are known at the end only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

inline constexpr double kFoldSeconds = 1.4e-10;  ///< a row and pair (i, j) of columns
inline constexpr double kFactorSeconds = 3e-9;   ///< times d^3
inline constexpr double kBytesPerSecond = 1e10;  ///< of an epoch over rows in memory
inline constexpr double kEpochs = 100;           ///< expected of cg at moderate condition numbers
inline constexpr double kPatience = 10;          ///< seconds
inline constexpr std::uint64_t kMostCells = std::uint64_t{1} << 29U;

constexpr double fold_seconds(double rows, double columns) {
  return rows * columns * columns * kFoldSeconds + columns * columns * columns * kFactorSeconds;
}

constexpr double epoch_seconds(double rows, double columns) {
  return kEpochs * 8 * rows * columns / kBytesPerSecond;
}

constexpr bool is_wide(std::size_t columns) {
  const auto d = static_cast<double>(columns);
  const double a_row = fold_seconds(1, d) - fold_seconds(0, d);
  return fold_seconds(0, d) > kPatience && a_row > epoch_seconds(1, d);
}

/// The most columns of a table that is folded whatever its length.
constexpr std::size_t most_folded_columns() {
  std::size_t d = 1;
  while (!is_wide(d)) ++d;
  return d - 1;
}

/// Whether so many rows of a wide table are held.
constexpr bool are_held(std::uint64_t rows, std::size_t columns, std::uint64_t most_cells = kMostCells) {
  return columns == 0 || rows <= most_cells / columns;
}

}  // namespace talweg
