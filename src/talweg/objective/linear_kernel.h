// SPDX-License-Identifier: Apache-2.0
// The inner loops of a linear model over panels of rows, at the speed of memory: predictions and what the
// slopes of the loss make of the columns.
//   predict      f_r = c + sum_j z_rj k_j          fused multiply-adds in the order of j
//   project      g_j = sum_r z_rj u_r              eight lanes (row r in lane r mod 8), added as in lanes.h
// A panel is kPanelRows rows of all columns, column after column, so that a pass is one stream through
// memory: the cell of row r and column j of a block of panels is at panel_place(columns, j, r). What a pass
// over a panel needs of its rows stays in registers, and a panel is in the nearest caches for its second use.
// Cells are doubles, or floats that become doubles as they are loaded: the arithmetic is the same. All
// instruction sets and the plain reference give the same bits.
#pragma once

#include <cstddef>

namespace talweg {

inline constexpr std::size_t kPanelRows = 32;

constexpr std::size_t panel_place(std::size_t columns, std::size_t j, std::size_t r) {
  return (r - r % kPanelRows) * columns + j * kPanelRows + r % kPanelRows;
}

// `ahead`: memory that will be wanted next; for every column of a panel a line of 64 bytes of it is asked for
// meanwhile, in order.

/// f: panels * kPanelRows numbers.
void predict_panels(const double* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                    double* f, const void* ahead = nullptr);
void predict_panels(const float* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                    double* f, const void* ahead = nullptr);
/// Of the first `used` columns; lanes: used x 8 numbers, added to. u: panels * kPanelRows numbers.
void project_panels(const double* cells, std::size_t panels, std::size_t columns, std::size_t used,
                    const double* u, double* lanes, const void* ahead = nullptr);
void project_panels(const float* cells, std::size_t panels, std::size_t columns, std::size_t used,
                    const double* u, double* lanes, const void* ahead = nullptr);
/// The sums of the lanes of each column, added to g.
void add_lanes(const double* lanes, std::size_t columns, double* g);

/// The same in plain C++ with std::fma.
template <class Cell>
void predict_panels_reference(const Cell* cells, std::size_t panels, std::size_t columns, const double* k,
                              double c, double* f);
template <class Cell>
void project_panels_reference(const Cell* cells, std::size_t panels, std::size_t columns, std::size_t used,
                              const double* u, double* lanes);

}  // namespace talweg
