// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/plain_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "talweg/objective/plain_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/plain_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, kPlainPadding>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
// Columns travel in panels of this many. With 32 registers eight by three vectors of sums stay in them.
constexpr std::size_t kPanel = kLanes > 4 ? kLanes : 4;
constexpr std::size_t kParts = kPanel / kLanes;  // vectors of a row of a panel
constexpr std::size_t kRowsAtOnce = 128;         // of three panels, which stay in the first cache

// Keeps a loaded vector in its register: GCC would load it again for each use, and loads are what this loop
// has least of.
HWY_INLINE void keep(Vector& vector) {
#if HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL && HWY_TARGET <= HWY_AVX3
  asm("" : "+v"(vector.raw));
#elif HWY_ARCH_X86 && HWY_COMPILER_GCC_ACTUAL
  asm("" : "+x"(vector.raw));
#else
  static_cast<void>(vector);
#endif
}

// Up to four vectors of columns side by side, for sums that do not wait for each other: kVectors of them,
// with kShort fewer columns than lanes in the last one.
template <std::size_t kVectors, bool kShort>
class Strip {
 public:
  static constexpr std::size_t kWidth = kVectors * kLanes;

  HWY_INLINE Strip(const PlainInput& in, std::size_t column)
      : in_(in), column_(column), width_(std::min(kWidth, in.columns - column)) {
    const std::size_t cells = in.rows * in.columns;
    const std::size_t wanted = column + kWidth;
    rows_in_block_ = cells < wanted ? 0 : (cells - wanted) / in.columns + 1;
  }
  // The strip's cells of row r, and what else there is up to kWidth: of the block, and behind its end zeros.
  HWY_INLINE const double* row(std::size_t r) {
    const double* const from = in_.values + r * in_.columns + column_;
    if (!kShort || r < rows_in_block_) return from;
    std::fill(std::copy_n(from, width_, cells_), cells_ + kWidth, 0.0);
    return cells_;
  }
  // Vector v of them, zeros behind the strip's columns.
  HWY_INLINE Vector load(const double* cells, std::size_t v) const {
    const Tag d;
    const Vector x = hn::LoadU(d, cells + v * kLanes);
    if (!kShort || v + 1 < kVectors) return x;
    return hn::IfThenElseZero(hn::FirstN(d, width_ - v * kLanes), x);
  }

 private:
  const PlainInput& in_;
  std::size_t column_;
  std::size_t width_;          // columns
  std::size_t rows_in_block_;  // rows before this one have kWidth cells
  double cells_[kWidth];
};

// visit(number of vectors, whether the last is short, first column) for the strips of all columns; the first
// two as constants.
template <class Visit>
HWY_INLINE void each_strip(std::size_t columns, const Visit& visit) {
  using std::false_type;
  using std::integral_constant;
  using std::true_type;
  std::size_t column = 0;
  for (; column + 4 * kLanes <= columns; column += 4 * kLanes)
    visit(integral_constant<std::size_t, 4>(), false_type(), column);
  const std::size_t rest = columns - column;
  const bool is_short = rest % kLanes != 0;
  const auto call = [&](auto vectors) HWY_ATTR {
    is_short ? visit(vectors, true_type(), column) : visit(vectors, false_type(), column);
  };
  switch ((rest + kLanes - 1) / kLanes) {
    case 0:
      return;
    case 1:
      return call(integral_constant<std::size_t, 1>());
    case 2:
      return call(integral_constant<std::size_t, 2>());
    case 3:
      return call(integral_constant<std::size_t, 3>());
    default:
      return call(integral_constant<std::size_t, 4>());
  }
}

// `rows`: those that take part, ascending.
template <std::size_t kVectors, bool kShort>
HWY_INLINE void strip_origins(const PlainInput& in, std::size_t column, const std::uint32_t* rows,
                              std::size_t count, Vector divisor, PlainSums& out) {
  const Tag d;
  Strip<kVectors, kShort> strip(in, column);
  const double* const first = strip.row(0);
  const Vector x0 = strip.load(first, 0);
  const Vector x1 = kVectors > 1 ? strip.load(first, 1) : x0;
  const Vector x2 = kVectors > 2 ? strip.load(first, 2) : x0;
  const Vector x3 = kVectors > 3 ? strip.load(first, 3) : x0;
  Vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t r = rows[k];
    const double* const cells = strip.row(r);
    const Vector weight = in.weights != nullptr ? hn::Set(d, in.weights[r]) : hn::Zero(d);
    const auto take = [&](std::size_t v, Vector x, Vector& shift) HWY_ATTR {
      const Vector difference = hn::Sub(strip.load(cells, v), x);
      shift = hn::Add(shift, in.weights != nullptr ? hn::Mul(weight, difference) : difference);
    };
    take(0, x0, s0);
    if constexpr (kVectors > 1) take(1, x1, s1);
    if constexpr (kVectors > 2) take(2, x2, s2);
    if constexpr (kVectors > 3) take(3, x3, s3);
  }
  const auto store = [&](std::size_t v, Vector x, Vector shift) HWY_ATTR {
    hn::StoreU(hn::Add(x, hn::Div(shift, divisor)), d, &out.origin[column + v * kLanes]);
  };
  store(0, x0, s0);
  if constexpr (kVectors > 1) store(1, x1, s1);
  if constexpr (kVectors > 2) store(2, x2, s2);
  if constexpr (kVectors > 3) store(3, x3, s3);
}

void origins(const PlainInput& in, PlainSums& out) {
  std::array<std::uint32_t, 256> rows;
  std::size_t count = 0;
  for (std::size_t r = 0; r < in.rows; ++r) {
    if (in.weights != nullptr || is_sampled(r, in.rows)) rows[count++] = static_cast<std::uint32_t>(r);
  }
  const Vector divisor = hn::Set(Tag(), in.weights != nullptr ? in.weight : static_cast<double>(count));
  each_strip(in.columns, [&](auto vectors, auto is_short, std::size_t column) HWY_ATTR {
    strip_origins<vectors(), is_short()>(in, column, rows.data(), count, divisor, out);
  });
  // The padding of the last panel.
  for (std::size_t j = in.columns; j < out.stride; ++j) out.origin[j] = 0;
}

// z (and w z) of a strip over some rows, their sums added to the totals.
template <std::size_t kVectors, bool kShort, bool kWeighted>
HWY_INLINE void centre_strip(const PlainInput& in, std::size_t column, std::size_t begin, std::size_t end,
                             PlainSums& out) {
  const Tag d;
  Strip<kVectors, kShort> strip(in, column);
  // Where vector v lies in its panel.
  const auto place = [&](std::size_t v) {
    const std::size_t at = column + v * kLanes;
    return v < kVectors ? at / kPanel * kPanel * in.rows + begin * kPanel + at % kPanel : 0;
  };
  const std::size_t places[4] = {place(0), place(1), place(2), place(3)};
  double* HWY_RESTRICT const panels = out.panels.data();
  double* HWY_RESTRICT const left = out.left.data();
  double* const total = &out.total[column];
  double* const widest = &out.widest[column];
  const auto start = [&](const double* from, std::size_t v)
                         HWY_ATTR { return v < kVectors ? hn::LoadU(d, from + v * kLanes) : hn::Zero(d); };
  const double* const origin = &out.origin[column];
  const Vector o0 = start(origin, 0), o1 = start(origin, 1), o2 = start(origin, 2), o3 = start(origin, 3);
  Vector w0 = start(widest, 0), w1 = start(widest, 1), w2 = start(widest, 2), w3 = start(widest, 3);
  Vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::size_t behind = 0;  // the first row
  for (std::size_t r = begin; r < end; ++r, behind += kPanel) {
    const double* const cells = strip.row(r);
    const auto take = [&](std::size_t v, Vector o, Vector& sum, Vector& wide) HWY_ATTR {
      const Vector z = hn::Sub(strip.load(cells, v), o);
      hn::StoreU(z, d, panels + places[v] + behind);
      wide = hn::Max(wide, hn::Abs(z));
      if constexpr (kWeighted) {
        const Vector wz = hn::Mul(hn::Set(d, in.weights[r]), z);
        hn::StoreU(wz, d, left + places[v] + behind);
        sum = hn::Add(sum, wz);
      } else {
        sum = hn::Add(sum, z);
      }
    };
    take(0, o0, s0, w0);
    if constexpr (kVectors > 1) take(1, o1, s1, w1);
    if constexpr (kVectors > 2) take(2, o2, s2, w2);
    if constexpr (kVectors > 3) take(3, o3, s3, w3);
  }
  const auto store = [&](std::size_t v, Vector sum, Vector wide) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, total + v * kLanes), sum), d, total + v * kLanes);
    hn::StoreU(wide, d, widest + v * kLanes);
  };
  store(0, s0, w0);
  if constexpr (kVectors > 1) store(1, s1, w1);
  if constexpr (kVectors > 2) store(2, s2, w2);
  if constexpr (kVectors > 3) store(3, s3, w3);
}

// Zeros in the panels' columns behind the last strip: with short vectors there may be some.
void clear_padding(const PlainInput& in, PlainSums& out, AlignedVector<double>& panels) {
  const std::size_t used = (in.columns + kLanes - 1) / kLanes * kLanes;
  for (std::size_t column = used; column < out.stride; ++column) {
    double* const cells = &panels[column / kPanel * kPanel * in.rows + column % kPanel];
    for (std::size_t r = 0; r < in.rows; ++r) cells[r * kPanel] = 0;
  }
}

template <bool kWeighted>
void centre(const PlainInput& in, PlainSums& out) {
  std::fill(out.total.begin(), out.total.end(), 0.0);
  std::fill(out.widest.begin(), out.widest.end(), 0.0);
  if (out.panels.size() < out.stride * in.rows) out.panels.resize(out.stride * in.rows);
  if (kWeighted && out.left.size() < out.stride * in.rows) out.left.resize(out.stride * in.rows);
  for (std::size_t begin = 0; begin < in.rows; begin += kPlainChunk) {
    const std::size_t end = std::min(begin + kPlainChunk, in.rows);
    each_strip(in.columns, [&](auto vectors, auto is_short, std::size_t column) HWY_ATTR {
      centre_strip<vectors(), is_short(), kWeighted>(in, column, begin, end, out);
    });
  }
  clear_padding(in, out, out.panels);
  if (kWeighted) clear_padding(in, out, out.left);
}

// The sums of one column i with up to three vectors of columns j.
template <std::size_t kVectors>
struct RowSums {
  Vector s0, s1, s2;

  HWY_INLINE void start(bool first, const double* HWY_RESTRICT sum, std::size_t step) {
    const Tag d;
    s0 = first ? hn::Zero(d) : hn::LoadU(d, sum);
    s1 = first || kVectors < 2 ? hn::Zero(d) : hn::LoadU(d, sum + step);
    s2 = first || kVectors < 3 ? hn::Zero(d) : hn::LoadU(d, sum + 2 * step);
  }
  HWY_INLINE void add(double value, Vector b0, Vector b1, Vector b2) {
    Vector a = hn::Set(Tag(), value);
    keep(a);
    s0 = hn::MulAdd(a, b0, s0);
    if constexpr (kVectors > 1) s1 = hn::MulAdd(a, b1, s1);
    if constexpr (kVectors > 2) s2 = hn::MulAdd(a, b2, s2);
  }
  HWY_INLINE void store(double* HWY_RESTRICT sum, std::size_t step) const {
    const Tag d;
    hn::StoreU(s0, d, sum);
    if constexpr (kVectors > 1) hn::StoreU(s1, d, sum + step);
    if constexpr (kVectors > 2) hn::StoreU(s2, d, sum + 2 * step);
  }
};

// Sums of the first kRows columns i of a panel with kVectors vectors of columns j: from the first row of
// `left` and of each `right` on. Not inlined: the caller's numbers would take registers from the sums.
template <std::size_t kVectors, std::size_t kRows>
HWY_NOINLINE void tile(const double* HWY_RESTRICT left, const double* const (&from)[3], std::size_t rows,
                       bool first, double* HWY_RESTRICT sum, std::size_t stride, std::size_t step) {
  static_assert(kVectors >= 1 && kVectors <= 3 && kRows >= 1 && kRows <= kPanel && kPanel <= 8);
  const Tag d;
  RowSums<kVectors> r0, r1, r2, r3, r4, r5, r6, r7;  // the first kRows of them
  const auto each_row = [&](auto&& visit) HWY_ATTR {
    visit(0, r0);
    if constexpr (kRows > 1) visit(1, r1);
    if constexpr (kRows > 2) visit(2, r2);
    if constexpr (kRows > 3) visit(3, r3);
    if constexpr (kRows > 4) visit(4, r4);
    if constexpr (kRows > 5) visit(5, r5);
    if constexpr (kRows > 6) visit(6, r6);
    if constexpr (kRows > 7) visit(7, r7);
  };
  each_row([&](std::size_t i, RowSums<kVectors>& row) HWY_ATTR { row.start(first, sum + i * stride, step); });
  const double* HWY_RESTRICT right0 = from[0];
  const double* HWY_RESTRICT right1 = from[1];
  const double* HWY_RESTRICT right2 = from[2];
  for (std::size_t at = 0; at < rows * kPanel; at += kPanel) {
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
    each_row([&](std::size_t i, RowSums<kVectors>& row) HWY_ATTR { row.add(left[at + i], b0, b1, b2); });
  }
  each_row([&](std::size_t i, RowSums<kVectors>& row) HWY_ATTR { row.store(sum + i * stride, step); });
}

// The same of the first `columns` of them, rounded up to the next even number; those behind them are zeros.
template <std::size_t kVectors>
HWY_INLINE void tile_of(std::size_t columns, const double* HWY_RESTRICT left, const double* const (&from)[3],
                        std::size_t rows, bool first, double* HWY_RESTRICT sum, std::size_t stride,
                        std::size_t step) {
  if (columns <= 2) return tile<kVectors, 2>(left, from, rows, first, sum, stride, step);
  if constexpr (kPanel == 8) {
    if (columns <= 4) return tile<kVectors, 4>(left, from, rows, first, sum, stride, step);
    if (columns <= 6) return tile<kVectors, 6>(left, from, rows, first, sum, stride, step);
  }
  tile<kVectors, kPanel>(left, from, rows, first, sum, stride, step);
}

// The lower triangle of two panels of four that stand on the diagonal: twelve sums again.
HWY_INLINE void diagonal_pair(const double* HWY_RESTRICT left0, const double* HWY_RESTRICT left1,
                              const double* HWY_RESTRICT right0, const double* HWY_RESTRICT right1,
                              std::size_t rows, bool first, double* HWY_RESTRICT sum, std::size_t stride) {
  const Tag d;
  double* HWY_RESTRICT const below = sum + kPanel * stride;
  const auto start = [&](const double* from) { return first ? hn::Zero(d) : hn::LoadU(d, from); };
  Vector s0 = start(sum), s1 = start(sum + stride), s2 = start(sum + 2 * stride),
         s3 = start(sum + 3 * stride);
  Vector t0 = start(below), t1 = start(below + stride), t2 = start(below + 2 * stride),
         t3 = start(below + 3 * stride);
  Vector w0 = start(below + kPanel), w1 = start(below + stride + kPanel),
         w2 = start(below + 2 * stride + kPanel), w3 = start(below + 3 * stride + kPanel);
  for (std::size_t at = 0; at < rows * kPanel; at += kPanel) {
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
  hn::StoreU(w0, d, below + kPanel);
  hn::StoreU(w1, d, below + stride + kPanel);
  hn::StoreU(w2, d, below + 2 * stride + kPanel);
  hn::StoreU(w3, d, below + 3 * stride + kPanel);
}

void products(const PlainInput& in, PlainSums& out) {
  const std::size_t n = in.rows;
  const std::size_t stride = out.stride;
  const std::size_t panels = (in.columns + kPanel - 1) / kPanel;
  const double* const right = out.panels.data();
  const double* const left = in.weights != nullptr ? out.left.data() : right;
  const auto at = [&](std::size_t panel, std::size_t row) { return (panel * n + row) * kPanel; };
  const auto columns_of = [&](std::size_t panel) { return std::min(kPanel, in.columns - panel * kPanel); };
  for (std::size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const std::size_t rows = std::min(kRowsAtOnce, n - begin);
    const bool first = begin == 0;
    for (std::size_t q = 0; q < panels; q += 3) {
      const std::size_t wide = std::min<std::size_t>(3, panels - q);
      double* const corner = &out.sum[q * kPanel * stride + q * kPanel];
      for (std::size_t v = 0; v < kPanel; v += kLanes) {
        const double* from[3];
        for (std::size_t k = 0; k < 3; ++k) from[k] = right + at(q + std::min(k, wide - 1), begin) + v;
        if (kLanes == 4 && wide > 1) {
          diagonal_pair(left + at(q, begin), left + at(q + 1, begin), from[0], from[1], rows, first, corner,
                        stride);
        } else {
          tile_of<1>(columns_of(q), left + at(q, begin), from, rows, first, corner + v, stride, kPanel);
          if (wide > 1) {
            tile_of<2>(columns_of(q + 1), left + at(q + 1, begin), from, rows, first,
                       corner + kPanel * stride + v, stride, kPanel);
          }
        }
        for (std::size_t p = q + 2; p < panels; ++p) {
          tile_of<3>(columns_of(p), left + at(p, begin), from, rows, first,
                     corner + (p - q) * kPanel * stride + v, stride, kPanel);
        }
      }
    }
  }
}

void plain_gram_target(const PlainInput& in, PlainSums& out) {
  origins(in, out);
  for (int attempt = 0; attempt < 2; ++attempt) {
    in.weights != nullptr ? centre<true>(in, out) : centre<false>(in, out);
    products(in, out);
    find_poor(in, out);
    if (out.poor.empty() || attempt == 1) return;
    move_origins(in, out);
  }
}

void plain_centre_target(const double* HWY_RESTRICT sum, double minus_mean, const double* HWY_RESTRICT total,
                         std::size_t count, double* HWY_RESTRICT out) {
  const Tag d;
  const Vector m = hn::Set(d, minus_mean);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes)
    hn::StoreU(hn::MulAdd(m, hn::LoadU(d, total + j), hn::LoadU(d, sum + j)), d, out + j);
  for (; j < count; ++j) out[j] = std::fma(minus_mean, total[j], sum[j]);
}

void plain_merge_target(double* HWY_RESTRICT left, const double* HWY_RESTRICT right, double scaled,
                        const double* HWY_RESTRICT delta, std::size_t count) {
  const Tag d;
  const Vector s = hn::Set(d, scaled);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    const Vector both = hn::Add(hn::LoadU(d, left + j), hn::LoadU(d, right + j));
    hn::StoreU(hn::MulAdd(s, hn::LoadU(d, delta + j), both), d, left + j);
  }
  for (; j < count; ++j) left[j] = std::fma(scaled, delta[j], left[j] + right[j]);
}

#else

void plain_gram_target(const PlainInput& in, PlainSums& out) {
  plain_gram_reference(in, out);
}

void plain_centre_target(const double* sum, double minus_mean, const double* total, std::size_t count,
                         double* out) {
  for (std::size_t j = 0; j < count; ++j) out[j] = std::fma(minus_mean, total[j], sum[j]);
}

void plain_merge_target(double* left, const double* right, double scaled, const double* delta,
                        std::size_t count) {
  for (std::size_t j = 0; j < count; ++j) left[j] = std::fma(scaled, delta[j], left[j] + right[j]);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(plain_gram_target);
HWY_EXPORT(plain_centre_target);
HWY_EXPORT(plain_merge_target);

void plain_gram(const PlainInput& input, PlainSums& sums) {
  prepare(input, sums);
  HWY_DYNAMIC_DISPATCH(plain_gram_target)(input, sums);
}

void plain_centre(const double* sum, double minus_mean, const double* total, std::size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(plain_centre_target)(sum, minus_mean, total, count, out);
}

void plain_merge(double* left, const double* right, double scaled, const double* delta, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(plain_merge_target)(left, right, scaled, delta, count);
}

}  // namespace talweg
#endif
