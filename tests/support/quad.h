// SPDX-License-Identifier: Apache-2.0
// Quadruple precision (113 bits) for references, with the few functions that the tests need; 50 digits (MPFR)
// where TALWEG_TEST_FIFTY_DIGITS is defined, which a whole test binary has to agree on.
#pragma once

#if defined(TALWEG_TEST_FIFTY_DIGITS)
#include <mpreal.h>
#endif

#include <cmath>
#include <cstddef>
#include <vector>

#include "talweg/base/double_double.h"

namespace talweg::test {

#if defined(TALWEG_TEST_FIFTY_DIGITS)
using Quad = mpfr::mpreal;
inline const bool kFiftyDigits = [] {
  mpfr::mpreal::set_default_prec(mpfr::digits2bits(50));
  return true;
}();
#elif defined(__SIZEOF_FLOAT128__)
using Quad = __float128;
#else
using Quad = long double;
static_assert(sizeof(long double) >= 16, "the references need 113 bits");
#endif

/// Unit roundoff.
inline constexpr double kQuadUnit = 0x1p-113;

inline Quad quad(double value) {
  return static_cast<Quad>(value);
}
inline Quad quad(DoubleDouble value) {
  return static_cast<Quad>(value.high) + static_cast<Quad>(value.low);
}
inline double plain(Quad value) {
  return static_cast<double>(value);
}
#if defined(TALWEG_TEST_FIFTY_DIGITS)
using mpfr::abs;
using mpfr::sqrt;
#else
inline Quad abs(Quad value) {
  return value < 0 ? -value : value;
}

inline Quad sqrt(Quad value) {
  if (!(value > 0)) return 0;
  Quad root = std::sqrt(static_cast<long double>(value));
  for (int i = 0; i < 2; ++i) root = (root + value / root) / 2;
  return root;
}
#endif

/// |a - b| / |b|, as a double; |a| where b is zero.
inline double relative_error(Quad a, Quad b) {
  return plain(b == 0 ? abs(a) : abs((a - b) / b));
}

/// Solves A x = b for a symmetric positive definite A (n x n, row-major) by Cholesky.
inline std::vector<Quad> solve_positive(std::vector<Quad> a, std::vector<Quad> b) {
  const std::size_t n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      Quad value = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) value -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? sqrt(value) : value / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

/// The inverse of a symmetric positive definite matrix.
inline std::vector<Quad> invert_positive(const std::vector<Quad>& a, std::size_t n) {
  std::vector<Quad> out(n * n);
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<Quad> unit(n, Quad(0));
    unit[j] = 1;
    const std::vector<Quad> column = solve_positive(a, unit);
    for (std::size_t i = 0; i < n; ++i) out[i * n + j] = column[i];
  }
  return out;
}

}  // namespace talweg::test
