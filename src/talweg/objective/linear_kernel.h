// SPDX-License-Identifier: Apache-2.0
// The inner loops of a linear model over a block of rows, at the speed of memory: predictions and what the
// slopes of the loss make of the columns.
//   predict      f_r = c + sum_j z_rj k_j          fused multiply-adds in the order of j
//   project      g_j = sum_r z_rj u_r              eight lanes (row r in lane r mod 8), added as in lanes.h
// Columns are contiguous, `stride` apart, stride a multiple of eight; rows up to stride are visited (u must
// be zero behind the last one). Cells are doubles, or floats that become doubles as they are loaded: the
// arithmetic is the same. All instruction sets and the plain reference give the same bits.
#pragma once

#include <cstddef>

namespace talweg {

/// f: stride numbers.
void predict_block(const double* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f);
void predict_block(const float* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f);
/// g: columns numbers, overwritten. `ahead`: cells that are wanted next, or null; a quarter as many as are
/// visited are asked for from memory meanwhile.
void project_block(const double* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                   const double* ahead = nullptr);
void project_block(const float* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                   const float* ahead = nullptr);

/// The same in plain C++ with std::fma.
template <class Cell>
void predict_block_reference(const Cell* cells, std::size_t stride, std::size_t columns, const double* k,
                             double c, double* f);
template <class Cell>
void project_block_reference(const Cell* cells, std::size_t stride, std::size_t columns, const double* u,
                             double* g);

}  // namespace talweg
