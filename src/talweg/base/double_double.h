// SPDX-License-Identifier: Apache-2.0
// Double-double arithmetic: a number as an unevaluated sum high + low of two doubles, about 106 bits.
// Sources: Dekker 1971; Knuth, TAOCP 2, 4.2.2 (two_sum); Joldes, Muller, Popescu, "Tight and rigorous error
// bounds for basic building blocks of double-word arithmetic", ACM TOMS 44(2), 2017 (the algorithms named
// below). Relative errors, absent overflow and underflow: + and - 3*2^-106 (AccurateDWPlusDW), * 5*2^-106
// (DWTimesDW3), / about 10*2^-106. This file must be compiled without contraction and without fast-math.
#pragma once

#include <cmath>

namespace talweg {

struct DoubleDouble {
  double high = 0;
  double low = 0;

  constexpr DoubleDouble() = default;
  constexpr DoubleDouble(double value) : high(value) {}  // NOLINT: every double is a double-double
  constexpr DoubleDouble(double h, double l) : high(h), low(l) {}

  /// Rounded to the nearest double.
  [[nodiscard]] constexpr double value() const { return high + low; }
};

/// Bound on the relative rounding error of one operation of this header.
inline constexpr double kDoubleDoubleUnit = 1.3e-31;

/// a + b exactly as a double-double, for any a and b.
inline DoubleDouble two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}

/// a + b exactly where |a| >= |b| or a == 0.
inline DoubleDouble fast_two_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}

/// a - b exactly.
inline DoubleDouble two_difference(double a, double b) {
  return two_sum(a, -b);
}

/// a * b exactly.
inline DoubleDouble two_product(double a, double b) {
  const double p = a * b;
  return {p, std::fma(a, b, -p)};
}

inline DoubleDouble operator-(DoubleDouble a) {
  return {-a.high, -a.low};
}

inline DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble s = two_sum(a.high, b.high);
  const DoubleDouble t = two_sum(a.low, b.low);
  const DoubleDouble v = fast_two_sum(s.high, s.low + t.high);
  return fast_two_sum(v.high, t.low + v.low);
}

inline DoubleDouble operator-(DoubleDouble a, DoubleDouble b) {
  return a + (-b);
}

inline DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble p = two_product(a.high, b.high);
  const double cross = std::fma(a.low, b.high, std::fma(a.high, b.low, a.low * b.low));
  return fast_two_sum(p.high, p.low + cross);
}

inline DoubleDouble operator/(DoubleDouble a, DoubleDouble b) {
  const double first = a.high / b.high;
  const DoubleDouble rest = a - b * DoubleDouble(first);
  const double second = rest.high / b.high;
  const DoubleDouble rest2 = rest - b * DoubleDouble(second);
  return fast_two_sum(first, second) + DoubleDouble(rest2.high / b.high);
}

inline DoubleDouble& operator+=(DoubleDouble& a, DoubleDouble b) {
  return a = a + b;
}
inline DoubleDouble& operator-=(DoubleDouble& a, DoubleDouble b) {
  return a = a - b;
}
inline DoubleDouble& operator*=(DoubleDouble& a, DoubleDouble b) {
  return a = a * b;
}

inline bool operator<(DoubleDouble a, DoubleDouble b) {
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}
inline bool operator==(DoubleDouble a, DoubleDouble b) {
  return a.high == b.high && a.low == b.low;
}

inline DoubleDouble sqrt(DoubleDouble a) {
  if (!(a.high > 0)) return {std::sqrt(a.high), 0};
  const double root = std::sqrt(a.high);
  const DoubleDouble rest = a - two_product(root, root);
  return fast_two_sum(root, rest.high / (2 * root));
}

inline bool is_finite(DoubleDouble a) {
  return std::isfinite(a.high) && std::isfinite(a.low);
}

}  // namespace talweg
