// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/split_kernel.h"

#include <algorithm>
#include <cmath>

#include "talweg/objective/split_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/split_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, kPanel>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kRowsAtOnce = 64;          // rows of all panels that stay in the second cache
constexpr std::size_t kRowDoubles = 3 * kPanel;  // of a row of a panel: h, l, z

struct Pair {
  Vector high;
  Vector low;
};

HWY_INLINE Pair two_sum(Vector a, Vector b) {
  const Vector s = hn::Add(a, b);
  const Vector t = hn::Sub(s, a);
  return {s, hn::Add(hn::Sub(a, hn::Sub(s, t)), hn::Sub(b, t))};
}

HWY_INLINE Pair fast_two_sum(Vector a, Vector b) {
  const Vector s = hn::Add(a, b);
  return {s, hn::Sub(b, hn::Sub(s, a))};
}

// As operator+ and operator* of double_double.h.
HWY_INLINE Pair add(Pair a, Pair b) {
  const Pair s = two_sum(a.high, b.high);
  const Pair t = two_sum(a.low, b.low);
  const Pair v = fast_two_sum(s.high, hn::Add(s.low, t.high));
  return fast_two_sum(v.high, hn::Add(t.low, v.low));
}

HWY_INLINE Pair multiply(Pair a, Pair b) {
  const Vector p = hn::Mul(a.high, b.high);
  const Vector e = hn::MulSub(a.high, b.high, p);
  const Vector cross = hn::MulAdd(a.low, b.high, hn::MulAdd(a.high, b.low, hn::Mul(a.low, b.low)));
  return fast_two_sum(p, hn::Add(e, cross));
}

// One panel: its columns' origins, splits and totals.
void split_panel(const SplitInput& in, std::size_t panel, SplitSums& out) {
  const Tag d;
  const std::size_t n = in.rows;
  const std::size_t first = panel * kPanel;
  const std::size_t width = std::min(kPanel, in.columns - first);
  double* HWY_RESTRICT const cells = out.cells.data();  // high parts, then low parts
  double* HWY_RESTRICT const lows = cells + n * kPanel;
  const auto gather = [&](const double* from, double* HWY_RESTRICT to) {
    if (width == kPanel) {
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t v = 0; v < kPanel; v += kLanes) {
          hn::StoreU(hn::LoadU(d, from + r * in.columns + first + v), d, to + r * kPanel + v);
        }
      }
    } else {
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t j = 0; j < kPanel; ++j)
          to[r * kPanel + j] = j < width ? from[r * in.columns + first + j] : 0;
      }
    }
  };
  gather(in.values, cells);
  if (in.values_low != nullptr) gather(in.values_low, lows);
  double* const panels = out.panels.data() + panel * n * kRowDoubles;
  double* const left = in.weights != nullptr ? out.left.data() + panel * n * 2 * kPanel : nullptr;
  for (std::size_t v = 0; v < kPanel; v += kLanes) {
    const Vector x0 = hn::LoadU(d, cells + v);
    Vector shift = hn::Zero(d);
    Vector widest = hn::Zero(d);
    for (std::size_t r = 0; r < n; ++r) {
      const Vector difference = hn::Sub(hn::LoadU(d, cells + r * kPanel + v), x0);
      shift = hn::Add(shift, difference);
      widest = hn::Max(widest, hn::Abs(difference));
    }
    if (in.values_low != nullptr) {
      const Vector low0 = hn::LoadU(d, lows + v);
      for (std::size_t r = 0; r < n; ++r) {
        widest = hn::Max(widest, hn::Abs(hn::Sub(hn::LoadU(d, lows + r * kPanel + v), low0)));
      }
    }
    const Vector origin = hn::Add(x0, hn::Div(shift, hn::Set(d, static_cast<double>(n))));
    hn::StoreU(origin, d, out.origin.data() + first + v);
    hn::StoreU(widest, d, out.widest.data() + first + v);
    const Vector minus = hn::Neg(origin);
    Vector largest = hn::Zero(d);
    Vector largest_left = hn::Zero(d);
    for (std::size_t r = 0; r < n; ++r) {
      Pair z = two_sum(hn::LoadU(d, cells + r * kPanel + v), minus);
      if (in.values_low != nullptr) {
        const Pair s = two_sum(z.high, hn::LoadU(d, lows + r * kPanel + v));
        z = fast_two_sum(s.high, hn::Add(s.low, z.low));
      }
      hn::StoreU(z.high, d, cells + r * kPanel + v);
      hn::StoreU(z.low, d, lows + r * kPanel + v);
      largest = hn::Max(largest, hn::Abs(z.high));
      if (in.weights != nullptr)
        largest_left = hn::Max(largest_left, hn::Abs(hn::Mul(hn::Set(d, in.weights[r]), z.high)));
    }
    double constants[kLanes];
    const auto constant_of = [&](Vector largest_of) {
      hn::StoreU(largest_of, d, constants);
      for (double& c : constants) c = split_constant(c);
      return hn::LoadU(d, constants);
    };
    const Vector grid = constant_of(largest);
    const Vector grid_left = in.weights != nullptr ? constant_of(largest_left) : grid;
    Vector total_high = hn::Zero(d);
    Vector total_low = hn::Zero(d);
    for (std::size_t r = 0; r < n; ++r) {
      const Vector z = hn::LoadU(d, cells + r * kPanel + v);
      const Vector z_low = hn::LoadU(d, lows + r * kPanel + v);
      const Vector h = hn::Sub(hn::Add(z, grid), grid);
      const Vector l = hn::Add(hn::Sub(z, h), z_low);
      double* const row = panels + r * kRowDoubles + v;
      hn::StoreU(h, d, row);
      hn::StoreU(l, d, row + kPanel);
      hn::StoreU(z, d, row + 2 * kPanel);
      Vector left_h = h;
      Vector left_l = l;
      if (in.weights != nullptr) {
        const Vector w = hn::Set(d, in.weights[r]);
        const Vector product = hn::Mul(w, z);
        const Vector rest = hn::Add(hn::MulSub(w, z, product), hn::Mul(w, z_low));
        left_h = hn::Sub(hn::Add(product, grid_left), grid_left);
        left_l = hn::Add(hn::Sub(product, left_h), rest);
        hn::StoreU(left_h, d, left + r * 2 * kPanel + v);
        hn::StoreU(left_l, d, left + r * 2 * kPanel + kPanel + v);
      }
      total_high = hn::Add(total_high, left_h);
      total_low = hn::Add(total_low, left_l);
    }
    hn::StoreU(total_high, d, out.total_high.data() + first + v);
    hn::StoreU(total_low, d, out.total_low.data() + first + v);
  }
}

// Keeps a loaded vector in its register: GCC would load it again for each use, and loads are what this loop
// has least of.
HWY_INLINE void keep(Vector& vector) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL
  asm("" : "+x"(vector.raw));
#else
  static_cast<void>(vector);
#endif
}

// Adds rows to the sums of kTile columns i against one vector of columns j: twelve sums, each with one fused
// multiply-add a row, from three vectors and eight broadcasts. `left`: h of the first i in the first of these
// rows; l stands kPanel further.
constexpr std::size_t kTile = 4;
HWY_INLINE void tile(const double* HWY_RESTRICT left, std::size_t left_row, const double* HWY_RESTRICT right,
                     std::size_t rows, std::size_t stride, double* HWY_RESTRICT sum,
                     double* HWY_RESTRICT error, double* HWY_RESTRICT other) {
  const Tag d;
  Vector s[kTile];
  Vector e[kTile];
  Vector o[kTile];
  for (std::size_t i = 0; i < kTile; ++i) {
    s[i] = hn::LoadU(d, sum + i * stride);
    e[i] = hn::LoadU(d, error + i * stride);
    o[i] = hn::LoadU(d, other + i * stride);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    Vector h = hn::LoadU(d, right);
    Vector l = hn::LoadU(d, right + kPanel);
    Vector z = hn::LoadU(d, right + 2 * kPanel);
    keep(h);
    keep(l);
    keep(z);
    for (std::size_t i = 0; i < kTile; ++i) {
      Vector left_h = hn::Set(d, left[i]);
      keep(left_h);
      s[i] = hn::MulAdd(left_h, h, s[i]);
      e[i] = hn::MulAdd(left_h, l, e[i]);
      o[i] = hn::MulAdd(hn::Set(d, left[kPanel + i]), z, o[i]);
    }
    left += left_row;
    right += kRowDoubles;
  }
  for (std::size_t i = 0; i < kTile; ++i) {
    hn::StoreU(s[i], d, sum + i * stride);
    hn::StoreU(e[i], d, error + i * stride);
    hn::StoreU(o[i], d, other + i * stride);
  }
}

void split_gram_target(const SplitInput& in, SplitSums& out) {
  const Tag d;
  const std::size_t n = in.rows;
  const std::size_t panels = out.stride / kPanel;
  const bool weighted = in.weights != nullptr;
  out.cells.assign(2 * n * kPanel, 0.0);
  out.panels.resize(panels * n * kRowDoubles);
  out.left.resize(weighted ? panels * n * 2 * kPanel : 0);
  for (std::size_t p = 0; p < panels; ++p) split_panel(in, p, out);
  const std::size_t left_row = weighted ? 2 * kPanel : kRowDoubles;
  const double* const left = weighted ? out.left.data() : out.panels.data();
  for (std::size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const std::size_t rows = std::min(kRowsAtOnce, n - begin);
    for (std::size_t q = 0; q < panels; ++q) {
      const double* const right = out.panels.data() + (q * n + begin) * kRowDoubles;
      for (std::size_t p = q; p < panels; ++p) {
        const double* const from = left + (p * n + begin) * left_row;
        const std::size_t width = std::min(kPanel, in.columns - p * kPanel);
        for (std::size_t i = 0; i < width; i += kTile) {
          for (std::size_t v = 0; v < kPanel; v += kLanes) {
            const std::size_t at = (p * kPanel + i) * out.stride + q * kPanel + v;
            tile(from + i, left_row, right + v, rows, out.stride, &out.sum[at], &out.error[at],
                 &out.other[at]);
          }
        }
      }
    }
  }
  for (std::size_t at = 0; at < out.error.size(); at += kLanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, &out.error[at]), hn::LoadU(d, &out.other[at])), d, &out.error[at]);
  }
}

HWY_INLINE Pair load_pairs(const DoubleDouble* from) {
  const Tag d;
  Pair out;
  hn::LoadInterleaved2(d, reinterpret_cast<const double*>(from), out.high, out.low);
  return out;
}

HWY_INLINE void store_pairs(Pair pair, DoubleDouble* to) {
  hn::StoreInterleaved2(pair.high, pair.low, Tag(), reinterpret_cast<double*>(to));
}

// Runs `body(j, out)` for whole vectors, the last one through a copy.
template <class Body>
HWY_INLINE void over_row(std::size_t count, DoubleDouble* out, Body&& body) {
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) store_pairs(body(j, false), out + j);
  if (j == count) return;
  DoubleDouble rest[kLanes];
  store_pairs(body(j, true), rest);
  std::copy(rest, rest + (count - j), out + j);
}

template <class Value>
HWY_INLINE void copy_rest(const Value* from, std::size_t count, Value (&to)[kLanes]) {
  std::fill(to, to + kLanes, Value(0.0));
  std::copy(from, from + count, to);
}

void centre_target(const double* sum, const double* error, DoubleDouble mean, const DoubleDouble* total,
                   std::size_t count, DoubleDouble* out) {
  const Tag d;
  // Minus the mean: a - b is a + (-b).
  const Pair m = {hn::Set(d, -mean.high), hn::Set(d, -mean.low)};
  over_row(count, out, [&](std::size_t j, bool last) {
    if (!last)
      return add(two_sum(hn::LoadU(d, sum + j), hn::LoadU(d, error + j)), multiply(m, load_pairs(total + j)));
    double s[kLanes];
    double e[kLanes];
    DoubleDouble t[kLanes];
    copy_rest(sum + j, count - j, s);
    copy_rest(error + j, count - j, e);
    copy_rest(total + j, count - j, t);
    return add(two_sum(hn::LoadU(d, s), hn::LoadU(d, e)), multiply(m, load_pairs(t)));
  });
}

void merge_target(DoubleDouble* left, const DoubleDouble* right, DoubleDouble scaled,
                  const DoubleDouble* delta, std::size_t count) {
  const Tag d;
  const Pair s = {hn::Set(d, scaled.high), hn::Set(d, scaled.low)};
  over_row(count, left, [&](std::size_t j, bool last) {
    if (!last)
      return add(add(load_pairs(left + j), load_pairs(right + j)), multiply(s, load_pairs(delta + j)));
    DoubleDouble a[kLanes];
    DoubleDouble b[kLanes];
    DoubleDouble t[kLanes];
    copy_rest(left + j, count - j, a);
    copy_rest(right + j, count - j, b);
    copy_rest(delta + j, count - j, t);
    return add(add(load_pairs(a), load_pairs(b)), multiply(s, load_pairs(t)));
  });
}

#else

void split_gram_target(const SplitInput& in, SplitSums& out) {
  split_gram_reference(in, out);
}

void centre_target(const double* sum, const double* error, DoubleDouble mean, const DoubleDouble* total,
                   std::size_t count, DoubleDouble* out) {
  const DoubleDouble minus = -mean;
  for (std::size_t j = 0; j < count; ++j) out[j] = talweg::two_sum(sum[j], error[j]) + minus * total[j];
}

void merge_target(DoubleDouble* left, const DoubleDouble* right, DoubleDouble scaled,
                  const DoubleDouble* delta, std::size_t count) {
  for (std::size_t j = 0; j < count; ++j) left[j] = (left[j] + right[j]) + scaled * delta[j];
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(split_gram_target);
HWY_EXPORT(centre_target);
HWY_EXPORT(merge_target);

void split_gram(const SplitInput& input, SplitSums& sums) {
  prepare(input, sums);
  HWY_DYNAMIC_DISPATCH(split_gram_target)(input, sums);
}

void centre_products(const double* sum, const double* error, DoubleDouble mean, const DoubleDouble* total,
                     std::size_t count, DoubleDouble* out) {
  HWY_DYNAMIC_DISPATCH(centre_target)(sum, error, mean, total, count, out);
}

void merge_products(DoubleDouble* left, const DoubleDouble* right, DoubleDouble scaled,
                    const DoubleDouble* delta, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(merge_target)(left, right, scaled, delta, count);
}

}  // namespace talweg
#endif
