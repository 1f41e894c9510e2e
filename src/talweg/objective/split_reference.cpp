// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "talweg/objective/split_kernel.h"
#include "talweg/objective/split_layout.h"

namespace talweg {

void split_gram_reference(const SplitInput& in, SplitSums& out) {
  prepare(in, out);
  const std::size_t n = in.rows;
  // Split values of all columns, row after row.
  std::vector<double> h(n * out.stride), l(n * out.stride), z(n * out.stride), ah(n * out.stride),
      al(n * out.stride);
  for (std::size_t j = 0; j < in.columns; ++j) {
    const auto x = [&](std::size_t r) { return in.values[r * in.columns + j]; };
    double shift = 0;
    for (std::size_t r = 0; r < n; ++r) {
      const double difference = x(r) - x(0);
      shift += difference;
      out.widest[j] = std::max(out.widest[j], std::abs(difference));
      if (in.values_low != nullptr) {
        const double low = in.values_low[r * in.columns + j] - in.values_low[j];
        out.widest[j] = std::max(out.widest[j], std::abs(low));
      }
    }
    out.origin[j] = x(0) + shift / static_cast<double>(n);
    std::vector<DoubleDouble> cells(n);
    double largest = 0;
    double largest_left = 0;
    std::vector<DoubleDouble> lefts(n);
    for (std::size_t r = 0; r < n; ++r) {
      cells[r] = two_difference(x(r), out.origin[j]);
      if (in.values_low != nullptr) {
        const DoubleDouble s = two_sum(cells[r].high, in.values_low[r * in.columns + j]);
        cells[r] = fast_two_sum(s.high, s.low + cells[r].low);
      }
      largest = std::max(largest, std::abs(cells[r].high));
      lefts[r] = cells[r];
      if (in.weights != nullptr) {
        const double product = in.weights[r] * cells[r].high;
        lefts[r] = {product, std::fma(in.weights[r], cells[r].high, -product) + in.weights[r] * cells[r].low};
      }
      largest_left = std::max(largest_left, std::abs(lefts[r].high));
    }
    const double grid = split_constant(largest);
    const double grid_left = split_constant(largest_left);
    for (std::size_t r = 0; r < n; ++r) {
      const std::size_t at = r * out.stride + j;
      z[at] = cells[r].high;
      h[at] = (z[at] + grid) - grid;
      l[at] = (z[at] - h[at]) + cells[r].low;
      ah[at] = (lefts[r].high + grid_left) - grid_left;
      al[at] = (lefts[r].high - ah[at]) + lefts[r].low;
      out.total_high[j] += ah[at];
      out.total_low[j] += al[at];
    }
  }
  for (std::size_t i = 0; i < in.columns; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      double error = 0;
      double other = 0;
      for (std::size_t r = 0; r < n; ++r) {
        const std::size_t at_i = r * out.stride + i;
        const std::size_t at_j = r * out.stride + j;
        sum = std::fma(ah[at_i], h[at_j], sum);
        error = std::fma(ah[at_i], l[at_j], error);
        other = std::fma(al[at_i], z[at_j], other);
      }
      out.sum[i * out.stride + j] = sum;
      out.error[i * out.stride + j] = error + other;
    }
  }
}

}  // namespace talweg
