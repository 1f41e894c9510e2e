// SPDX-License-Identifier: Apache-2.0
// The inner loops of a batch: rows of a table in row-major order, named by their index.
//   dot_rows   f_k = sum_j x_kj t_j        eight lanes (column j in lane j mod 8), added as in lanes.h
//   add_rows   g_j += sum_k a_k x_kj       fused multiply-adds in the order of k
// Cells are doubles, or floats z that become doubles as they are loaded, x_j = unit_j z + shift_j by one
// fused multiply-add; from there on the arithmetic is the same. All instruction sets and the plain reference
// give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace talweg {

/// Rows of cells with their targets. A row is `stride` cells long, a multiple of eight; `columns` of them are
/// used, and what stands behind the last one is not. Of doubles the target is the cell behind the last
/// column, of floats a double in place of the last two cells.
struct RowCells {
  const double* doubles = nullptr;
  const float* floats = nullptr;  ///< instead of doubles
  const double* unit = nullptr;   ///< of floats: stride numbers, as shift
  const double* shift = nullptr;
  std::size_t stride = 0;
  std::size_t columns = 0;

  [[nodiscard]] double target(std::size_t row) const {
    if (floats == nullptr) return doubles[row * stride + columns];
    double out = 0;
    std::memcpy(&out, floats + (row + 1) * stride - 2, sizeof(out));
    return out;
  }
};

/// The stride of rows of so many columns.
constexpr std::size_t row_stride(std::size_t columns, bool floats) {
  return (columns + (floats ? 2 : 1) + 7) / 8 * 8;
}

/// Asks for a row from memory, as far as it is worth while.
[[gnu::always_inline]] inline void fetch_row(const RowCells& cells, std::size_t row) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMost = 512;
  const bool doubles = cells.floats == nullptr;
  const std::size_t cell = doubles ? sizeof(double) : sizeof(float);
  const auto* const first =
      doubles ? reinterpret_cast<const char*>(cells.doubles) : reinterpret_cast<const char*>(cells.floats);
  const std::size_t size = cells.stride * cell;
  const char* const bytes = first + row * size;
  for (std::size_t at = 0; at < (size < kMost ? size : kMost); at += kLine) __builtin_prefetch(bytes + at);
  // To GCC a function of prefetches alone has no effect, and calls of it are left out; this is one.
  asm volatile("");
}

/// f: count numbers. t: columns numbers.
void dot_rows(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
              double* f);
/// g: columns numbers, added to.
void add_rows(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
              double* g);

/// The same in plain C++ with std::fma.
void dot_rows_reference(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
                        double* f);
void add_rows_reference(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
                        double* g);

}  // namespace talweg
