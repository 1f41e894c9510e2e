// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/triangle.h"

#include <algorithm>
#include <cmath>

#include "talweg/objective/lanes.h"

namespace talweg {
namespace {

// One reflection that takes (head, tail) to (norm, 0), H = I - 2 v v' / v'v: v has `lead` first and the tail
// as it is; `factor` = 2 / v'v.
struct Reflection {
  double lead = 0;
  double norm = 0;
  double factor = 0;
};

Reflection reflect(double head, double tail_squares) {
  Reflection out;
  if (tail_squares == 0) {
    out.norm = head;
    return out;
  }
  const double length = std::sqrt(head * head + tail_squares);
  out.norm = head > 0 ? -length : length;
  out.lead = head - out.norm;  // of one sign: nothing cancels
  out.factor = 2 / (out.lead * out.lead + tail_squares);
  return out;
}

// Compiled once for the instruction set of the build and once for wider vectors; Lanes fixes the order of the
// sums, so the bits are the same.
[[gnu::always_inline]] inline void triangularise_body(double* cells, std::size_t stride, std::size_t rows,
                                                      std::size_t n, std::span<double> triangle) {
  for (std::size_t k = 0; k < n; ++k) {
    if (k < rows) {
      double* const v = cells + k * stride + k + 1;
      const std::size_t tail = rows - k - 1;
      const double squares = Lanes::sum(
          tail, [v](std::size_t i) __attribute__((always_inline)) { return v[i] * v[i]; });
      const Reflection h = reflect(v[-1], squares);
      v[-1] = h.norm;
      for (std::size_t j = k + 1; h.factor != 0 && j < n; ++j) {
        double* const c = cells + j * stride + k + 1;
        const double along =
            h.factor * (h.lead * c[-1] + Lanes::sum(
                                             tail, [ v, c ](std::size_t i) __attribute__((always_inline)) {
                                               return v[i] * c[i];
                                             }));
        c[-1] -= along * h.lead;
        for (std::size_t i = 0; i < tail; ++i) c[i] -= along * v[i];
      }
    }
    double* const out = triangle.data() + triangle_column(k);
    for (std::size_t i = 0; i <= k; ++i) out[i] = i < rows ? cells[k * stride + i] : 0;
  }
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void triangularise_wide(double* cells, std::size_t stride, std::size_t rows,
                                                std::size_t n, std::span<double> triangle) {
  triangularise_body(cells, stride, rows, n, triangle);
}
#endif

}  // namespace

void triangularise_plain(double* cells, std::size_t stride, std::size_t rows, std::size_t n,
                         std::span<double> triangle) {
  triangularise_body(cells, stride, rows, n, triangle);
}

void triangularise(double* cells, std::size_t stride, std::size_t rows, std::size_t n,
                   std::span<double> triangle) {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  if (wide) return triangularise_wide(cells, stride, rows, n, triangle);
#endif
  triangularise_plain(cells, stride, rows, n, triangle);
}

void merge_triangles(std::span<double> into, std::span<double> from, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    double& head = into[triangle_column(k) + k];
    const double* const v = from.data() + triangle_column(k);
    double squares = 0;
    for (std::size_t i = 0; i <= k; ++i) squares += v[i] * v[i];
    const Reflection h = reflect(head, squares);
    head = h.norm;
    for (std::size_t j = k + 1; h.factor != 0 && j < n; ++j) {
      double& first = into[triangle_column(j) + k];
      double* const c = from.data() + triangle_column(j);
      double along = h.lead * first;
      for (std::size_t i = 0; i <= k; ++i) along += v[i] * c[i];
      along *= h.factor;
      first -= along * h.lead;
      for (std::size_t i = 0; i <= k; ++i) c[i] -= along * v[i];
    }
  }
}

bool solve_upper(std::span<const double> triangle, std::size_t n, std::span<const double> b,
                 std::span<double> x) {
  std::copy_n(b.begin(), n, x.begin());
  for (std::size_t j = n; j-- > 0;) {
    const double* const column = triangle.data() + triangle_column(j);
    if (column[j] == 0) return false;
    x[j] /= column[j];
    for (std::size_t i = 0; i < j; ++i) x[i] -= x[j] * column[i];
  }
  return true;
}

bool solve_transposed(std::span<const double> triangle, std::size_t n, std::span<const double> b,
                      std::span<double> x) {
  for (std::size_t j = 0; j < n; ++j) {
    const double* const column = triangle.data() + triangle_column(j);
    if (column[j] == 0) return false;
    double sum = b[j];
    for (std::size_t i = 0; i < j; ++i) sum -= column[i] * x[i];
    x[j] = sum / column[j];
  }
  return true;
}

void multiply_upper(std::span<const double> triangle, std::size_t n, std::span<const double> x,
                    std::span<double> out) {
  std::fill_n(out.begin(), n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    const double* const column = triangle.data() + triangle_column(j);
    for (std::size_t i = 0; i <= j; ++i) out[i] += column[i] * x[j];
  }
}

void multiply_transposed(std::span<const double> triangle, std::size_t n, std::span<const double> x,
                         std::span<double> out) {
  for (std::size_t j = 0; j < n; ++j) {
    const double* const column = triangle.data() + triangle_column(j);
    double sum = 0;
    for (std::size_t i = 0; i <= j; ++i) sum += column[i] * x[i];
    out[j] = sum;
  }
}

double column_norm(std::span<const double> triangle, std::size_t j) {
  const double* const column = triangle.data() + triangle_column(j);
  double largest = 0;
  for (std::size_t i = 0; i <= j; ++i) largest = std::max(largest, std::abs(column[i]));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (std::size_t i = 0; i <= j; ++i) sum += (column[i] / largest) * (column[i] / largest);
  return largest * std::sqrt(sum);
}

std::vector<double> inverse_gram_diagonal(std::span<const double> triangle, std::size_t n) {
  std::vector<double> out(n);
  std::vector<double> unit(n);
  std::vector<double> x(n);
  for (std::size_t j = 0; j < n; ++j) {
    // Row j of R^-1 is R'^-1 e_j, transposed.
    std::fill(unit.begin(), unit.end(), 0.0);
    unit[j] = 1;
    if (!solve_transposed(triangle, n, unit, x)) return {};
    out[j] = 0;
    for (std::size_t i = j; i < n; ++i) out[j] += x[i] * x[i];
  }
  return out;
}

}  // namespace talweg
