// SPDX-License-Identifier: Apache-2.0
// The inner loops of a batch: rows of a table in row-major order, named by their index.
//   dot_rows   f_k = sum_j x_kj t_j        eight lanes (column j in lane j mod 8), added as in lanes.h
//   add_rows   g_j += sum_k a_k x_kj       fused multiply-adds in the order of k
// Rows are `stride` apart, stride a multiple of eight; what stands behind the last column is finite and not
// used, t and g end with it. All instruction sets and the plain reference give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

/// f: count numbers.
void dot_rows(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
              std::size_t count, const double* t, double* f);
/// g: columns numbers, added to.
void add_rows(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
              std::size_t count, const double* a, double* g);

/// The same in plain C++ with std::fma.
void dot_rows_reference(const double* cells, std::size_t stride, std::size_t columns,
                        const std::uint32_t* index, std::size_t count, const double* t, double* f);
void add_rows_reference(const double* cells, std::size_t stride, std::size_t columns,
                        const std::uint32_t* index, std::size_t count, const double* a, double* g);

}  // namespace talweg
