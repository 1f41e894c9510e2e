// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/plain_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "talweg/objective/plain_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/plain_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, kPlainPanel>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kParts = kPlainPanel / kLanes;  // vectors of a row of a panel
constexpr std::size_t kRowsAtOnce = 128;              // of three panels, which stay in the first cache

// Keeps a loaded vector in its register: GCC would load it again for each use, and loads are what this loop
// has least of.
HWY_INLINE void keep(Vector& vector) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL
  asm("" : "+x"(vector.raw));
#else
  static_cast<void>(vector);
#endif
}

// One vector of columns of a row of `width` <= kPlainPanel columns, zeros behind them.
template <bool kWhole>
HWY_INLINE Vector load_columns(const double* from, std::size_t first, std::size_t width) {
  const Tag d;
  if constexpr (kWhole) return hn::LoadU(d, from + first);
  double cells[kLanes] = {};
  for (std::size_t k = 0; k < kLanes && first + k < width; ++k) cells[k] = from[first + k];
  return hn::LoadU(d, cells);
}

// `offsets`: of the rows that take part.
template <bool kWhole>
HWY_INLINE void origin_of(const PlainInput& in, std::size_t column, std::size_t v, std::size_t width,
                          const std::uint32_t* rows, std::size_t count, double* HWY_RESTRICT origin) {
  const Tag d;
  const Vector x0 = load_columns<kWhole>(in.values + column, v, width);
  Vector shift = hn::Zero(d);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t r = rows[k];
    const Vector difference =
        hn::Sub(load_columns<kWhole>(in.values + r * in.columns + column, v, width), x0);
    shift =
        hn::Add(shift, in.weights != nullptr ? hn::Mul(hn::Set(d, in.weights[r]), difference) : difference);
  }
  const double divisor = in.weights != nullptr ? in.weight : static_cast<double>(count);
  hn::StoreU(hn::Add(x0, hn::Div(shift, hn::Set(d, divisor))), d, origin);
}

void origins(const PlainInput& in, PlainSums& out) {
  std::array<std::uint32_t, 256> rows;
  std::size_t count = 0;
  for (std::size_t r = 0; r < in.rows; ++r) {
    if (in.weights != nullptr || is_sampled(r, in.rows)) rows[count++] = static_cast<std::uint32_t>(r);
  }
  for (std::size_t column = 0; column < in.columns; column += kPlainPanel) {
    const std::size_t width = std::min(kPlainPanel, in.columns - column);
    for (std::size_t v = 0; v < kPlainPanel; v += kLanes) {
      double* const origin = &out.origin[column + v];
      if (width == kPlainPanel) {
        origin_of<true>(in, column, v, width, rows.data(), count, origin);
      } else {
        origin_of<false>(in, column, v, width, rows.data(), count, origin);
      }
    }
  }
}

// z (and w z) of one panel's columns over some rows, their sum added to the total.
template <bool kWhole, bool kWeighted>
HWY_INLINE void centre_rows(const PlainInput& in, std::size_t column, std::size_t v, std::size_t width,
                            std::size_t begin, std::size_t end, PlainSums& out) {
  const Tag d;
  const Vector origin = hn::LoadU(d, &out.origin[column + v]);
  Vector sum = hn::Zero(d);
  Vector widest = hn::LoadU(d, &out.widest[column + v]);
  double* HWY_RESTRICT to = &out.panels[column * in.rows + begin * kPlainPanel + v];
  double* HWY_RESTRICT left = kWeighted ? &out.left[column * in.rows + begin * kPlainPanel + v] : nullptr;
  const double* from = in.values + begin * in.columns + column;
  for (std::size_t r = begin; r < end; ++r, from += in.columns, to += kPlainPanel) {
    const Vector z = hn::Sub(load_columns<kWhole>(from, v, width), origin);
    hn::StoreU(z, d, to);
    widest = hn::Max(widest, hn::Abs(z));
    if constexpr (kWeighted) {
      const Vector wz = hn::Mul(hn::Set(d, in.weights[r]), z);
      hn::StoreU(wz, d, left);
      left += kPlainPanel;
      sum = hn::Add(sum, wz);
    } else {
      sum = hn::Add(sum, z);
    }
  }
  hn::StoreU(hn::Add(hn::LoadU(d, &out.total[column + v]), sum), d, &out.total[column + v]);
  hn::StoreU(widest, d, &out.widest[column + v]);
}

template <bool kWeighted>
void centre(const PlainInput& in, PlainSums& out) {
  std::fill(out.total.begin(), out.total.end(), 0.0);
  std::fill(out.widest.begin(), out.widest.end(), 0.0);
  out.panels.resize(out.stride * in.rows);
  if (kWeighted) out.left.resize(out.stride * in.rows);
  for (std::size_t begin = 0; begin < in.rows; begin += kPlainChunk) {
    const std::size_t end = std::min(begin + kPlainChunk, in.rows);
    for (std::size_t column = 0; column < in.columns; column += kPlainPanel) {
      const std::size_t width = std::min(kPlainPanel, in.columns - column);
      for (std::size_t v = 0; v < kPlainPanel; v += kLanes) {
        if (width == kPlainPanel) {
          centre_rows<true, kWeighted>(in, column, v, width, begin, end, out);
        } else {
          centre_rows<false, kWeighted>(in, column, v, width, begin, end, out);
        }
      }
    }
  }
}

// Sums of one panel of columns i, four of them, with kVectors vectors of columns j: from the first row of
// `left` and of each `right` on.
template <std::size_t kVectors>
HWY_INLINE void tile(const double* HWY_RESTRICT left, const double* const (&from)[3], std::size_t rows,
                     bool first, double* HWY_RESTRICT sum, std::size_t stride, std::size_t step) {
  static_assert(kVectors >= 1 && kVectors <= 3);
  const Tag d;
  const auto start = [&](std::size_t i, std::size_t v) {
    return first || v >= kVectors ? hn::Zero(d) : hn::LoadU(d, sum + i * stride + v * step);
  };
  Vector s00 = start(0, 0), s01 = start(0, 1), s02 = start(0, 2);
  Vector s10 = start(1, 0), s11 = start(1, 1), s12 = start(1, 2);
  Vector s20 = start(2, 0), s21 = start(2, 1), s22 = start(2, 2);
  Vector s30 = start(3, 0), s31 = start(3, 1), s32 = start(3, 2);
  const double* HWY_RESTRICT right0 = from[0];
  const double* HWY_RESTRICT right1 = from[1];
  const double* HWY_RESTRICT right2 = from[2];
  for (std::size_t at = 0; at < rows * kPlainPanel; at += kPlainPanel) {
    Vector b0 = hn::LoadU(d, right0 + at);
    keep(b0);
    Vector b1 = b0;
    Vector b2 = b0;
    if constexpr (kVectors > 1) {
      b1 = hn::LoadU(d, right1 + at);
      keep(b1);
    }
    if constexpr (kVectors > 2) {
      b2 = hn::LoadU(d, right2 + at);
      keep(b2);
    }
    const auto row = [&](double value, Vector& s0, Vector& s1, Vector& s2) HWY_ATTR {
      Vector a = hn::Set(d, value);
      keep(a);
      s0 = hn::MulAdd(a, b0, s0);
      if constexpr (kVectors > 1) s1 = hn::MulAdd(a, b1, s1);
      if constexpr (kVectors > 2) s2 = hn::MulAdd(a, b2, s2);
    };
    row(left[at], s00, s01, s02);
    row(left[at + 1], s10, s11, s12);
    row(left[at + 2], s20, s21, s22);
    row(left[at + 3], s30, s31, s32);
  }
  const auto store = [&](std::size_t i, Vector s0, Vector s1, Vector s2) HWY_ATTR {
    hn::StoreU(s0, d, sum + i * stride);
    if constexpr (kVectors > 1) hn::StoreU(s1, d, sum + i * stride + step);
    if constexpr (kVectors > 2) hn::StoreU(s2, d, sum + i * stride + 2 * step);
  };
  store(0, s00, s01, s02);
  store(1, s10, s11, s12);
  store(2, s20, s21, s22);
  store(3, s30, s31, s32);
}

// The lower triangle of two panels that stand on the diagonal: twelve sums again.
HWY_INLINE void diagonal_pair(const double* HWY_RESTRICT left0, const double* HWY_RESTRICT left1,
                              const double* HWY_RESTRICT right0, const double* HWY_RESTRICT right1,
                              std::size_t rows, bool first, double* HWY_RESTRICT sum, std::size_t stride) {
  const Tag d;
  double* HWY_RESTRICT const below = sum + kPlainPanel * stride;
  const auto start = [&](const double* from) { return first ? hn::Zero(d) : hn::LoadU(d, from); };
  Vector s0 = start(sum), s1 = start(sum + stride), s2 = start(sum + 2 * stride),
         s3 = start(sum + 3 * stride);
  Vector t0 = start(below), t1 = start(below + stride), t2 = start(below + 2 * stride),
         t3 = start(below + 3 * stride);
  Vector w0 = start(below + kPlainPanel), w1 = start(below + stride + kPlainPanel),
         w2 = start(below + 2 * stride + kPlainPanel), w3 = start(below + 3 * stride + kPlainPanel);
  for (std::size_t at = 0; at < rows * kPlainPanel; at += kPlainPanel) {
    Vector b0 = hn::LoadU(d, right0 + at);
    Vector b1 = hn::LoadU(d, right1 + at);
    keep(b0);
    keep(b1);
    s0 = hn::MulAdd(hn::Set(d, left0[at]), b0, s0);
    s1 = hn::MulAdd(hn::Set(d, left0[at + 1]), b0, s1);
    s2 = hn::MulAdd(hn::Set(d, left0[at + 2]), b0, s2);
    s3 = hn::MulAdd(hn::Set(d, left0[at + 3]), b0, s3);
    const auto row = [&](double value, Vector& t, Vector& w) HWY_ATTR {
      Vector a = hn::Set(d, value);
      keep(a);
      t = hn::MulAdd(a, b0, t);
      w = hn::MulAdd(a, b1, w);
    };
    row(left1[at], t0, w0);
    row(left1[at + 1], t1, w1);
    row(left1[at + 2], t2, w2);
    row(left1[at + 3], t3, w3);
  }
  hn::StoreU(s0, d, sum);
  hn::StoreU(s1, d, sum + stride);
  hn::StoreU(s2, d, sum + 2 * stride);
  hn::StoreU(s3, d, sum + 3 * stride);
  hn::StoreU(t0, d, below);
  hn::StoreU(t1, d, below + stride);
  hn::StoreU(t2, d, below + 2 * stride);
  hn::StoreU(t3, d, below + 3 * stride);
  hn::StoreU(w0, d, below + kPlainPanel);
  hn::StoreU(w1, d, below + stride + kPlainPanel);
  hn::StoreU(w2, d, below + 2 * stride + kPlainPanel);
  hn::StoreU(w3, d, below + 3 * stride + kPlainPanel);
}

void products(const PlainInput& in, PlainSums& out) {
  const std::size_t n = in.rows;
  const std::size_t stride = out.stride;
  const std::size_t panels = stride / kPlainPanel;
  const double* const right = out.panels.data();
  const double* const left = in.weights != nullptr ? out.left.data() : right;
  const auto at = [&](std::size_t panel, std::size_t row) { return (panel * n + row) * kPlainPanel; };
  for (std::size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const std::size_t rows = std::min(kRowsAtOnce, n - begin);
    const bool first = begin == 0;
    for (std::size_t q = 0; q < panels; q += 3) {
      const std::size_t wide = std::min<std::size_t>(3, panels - q);
      double* const corner = &out.sum[q * kPlainPanel * stride + q * kPlainPanel];
      for (std::size_t v = 0; v < kPlainPanel; v += kLanes) {
        const double* from[3];
        for (std::size_t k = 0; k < 3; ++k) from[k] = right + at(q + std::min(k, wide - 1), begin) + v;
        if (kParts == 1 && wide > 1) {
          diagonal_pair(left + at(q, begin), left + at(q + 1, begin), from[0], from[1], rows, first, corner,
                        stride);
        } else {
          tile<1>(left + at(q, begin), from, rows, first, corner + v, stride, kPlainPanel);
          if (wide > 1) {
            tile<2>(left + at(q + 1, begin), from, rows, first, corner + kPlainPanel * stride + v, stride,
                    kPlainPanel);
          }
        }
        for (std::size_t p = q + 2; p < panels; ++p) {
          tile<3>(left + at(p, begin), from, rows, first, corner + (p - q) * kPlainPanel * stride + v, stride,
                  kPlainPanel);
        }
      }
    }
  }
}

bool plain_gram_target(const PlainInput& in, PlainSums& out) {
  origins(in, out);
  for (int attempt = 0;; ++attempt) {
    in.weights != nullptr ? centre<true>(in, out) : centre<false>(in, out);
    products(in, out);
    if (well_centred(in, out)) return true;
    if (attempt == 1) return false;
    for (std::size_t j = 0; j < in.columns; ++j) out.origin[j] += out.total[j] / in.weight;
  }
}

void plain_centre_target(const double* HWY_RESTRICT sum, double minus_mean, const double* HWY_RESTRICT total,
                         std::size_t count, DoubleDouble* HWY_RESTRICT out) {
  const Tag d;
  const Vector m = hn::Set(d, minus_mean);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    const Vector value = hn::MulAdd(m, hn::LoadU(d, total + j), hn::LoadU(d, sum + j));
    hn::StoreInterleaved2(value, hn::Zero(d), d, reinterpret_cast<double*>(out + j));
  }
  for (; j < count; ++j) out[j] = DoubleDouble(std::fma(minus_mean, total[j], sum[j]), 0.0);
}

void plain_merge_target(DoubleDouble* HWY_RESTRICT left, const DoubleDouble* HWY_RESTRICT right,
                        double scaled, const DoubleDouble* HWY_RESTRICT delta, std::size_t count) {
  // High and low parts alike, as they stand in memory: the low ones are zeros and stay it.
  const Tag d;
  const Vector s = hn::Set(d, scaled);
  double* HWY_RESTRICT const into = reinterpret_cast<double*>(left);
  const double* HWY_RESTRICT const from = reinterpret_cast<const double*>(right);
  const double* HWY_RESTRICT const by = reinterpret_cast<const double*>(delta);
  std::size_t j = 0;
  for (; j + kLanes <= 2 * count; j += kLanes) {
    const Vector both = hn::Add(hn::LoadU(d, into + j), hn::LoadU(d, from + j));
    hn::StoreU(hn::MulAdd(s, hn::LoadU(d, by + j), both), d, into + j);
  }
  for (; j < 2 * count; ++j) into[j] = std::fma(scaled, by[j], into[j] + from[j]);
}

#else

bool plain_gram_target(const PlainInput& in, PlainSums& out) {
  return plain_gram_reference(in, out);
}

void plain_centre_target(const double* sum, double minus_mean, const double* total, std::size_t count,
                         DoubleDouble* out) {
  for (std::size_t j = 0; j < count; ++j) out[j] = DoubleDouble(std::fma(minus_mean, total[j], sum[j]), 0.0);
}

void plain_merge_target(DoubleDouble* left, const DoubleDouble* right, double scaled,
                        const DoubleDouble* delta, std::size_t count) {
  for (std::size_t j = 0; j < count; ++j)
    left[j] = DoubleDouble(std::fma(scaled, delta[j].high, left[j].high + right[j].high), 0.0);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(plain_gram_target);
HWY_EXPORT(plain_centre_target);
HWY_EXPORT(plain_merge_target);

bool plain_gram(const PlainInput& input, PlainSums& sums) {
  prepare(input, sums);
  return HWY_DYNAMIC_DISPATCH(plain_gram_target)(input, sums);
}

void plain_centre(const double* sum, double minus_mean, const double* total, std::size_t count,
                  DoubleDouble* out) {
  HWY_DYNAMIC_DISPATCH(plain_centre_target)(sum, minus_mean, total, count, out);
}

void plain_merge(DoubleDouble* left, const DoubleDouble* right, double scaled, const DoubleDouble* delta,
                 std::size_t count) {
  HWY_DYNAMIC_DISPATCH(plain_merge_target)(left, right, scaled, delta, count);
}

}  // namespace talweg
#endif
