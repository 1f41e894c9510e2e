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

// One vector of columns of a row: all of it, or the first `count` of them and zeros behind. `behind`: the
// block goes on behind those, as it does in all rows but the last ones.
enum class Cells { full, behind, none_behind };
template <Cells kCells>
HWY_INLINE Vector load_columns(const double* from, std::size_t count) {
  const Tag d;
  if constexpr (kCells == Cells::full) return hn::LoadU(d, from);
  if constexpr (kCells == Cells::behind) return hn::IfThenElseZero(hn::FirstN(d, count), hn::LoadU(d, from));
  double cells[kLanes] = {};
  for (std::size_t k = 0; k < count; ++k) cells[k] = from[k];
  return hn::LoadU(d, cells);
}

// A vector of columns of the block.
struct Strip {
  const PlainInput& in;
  std::size_t column = 0;
  std::size_t count = 0;  // of columns, at most kLanes

  [[nodiscard]] bool is_full() const { return count == kLanes; }
  // Rows before this one have kLanes cells from `column` on.
  [[nodiscard]] std::size_t rows_with_cells_behind() const {
    const std::size_t cells = in.rows * in.columns;
    return cells < column + kLanes ? 0 : (cells - column - kLanes) / in.columns + 1;
  }
};

// `rows`: those that take part, ascending.
template <Cells kCells>
HWY_INLINE Vector shift_of(const Strip& strip, const std::uint32_t* rows, std::size_t begin, std::size_t end,
                           Vector x0, Vector shift) {
  const Tag d;
  const PlainInput& in = strip.in;
  for (std::size_t k = begin; k < end; ++k) {
    const std::size_t r = rows[k];
    const Vector x = load_columns<kCells>(in.values + r * in.columns + strip.column, strip.count);
    const Vector difference = hn::Sub(x, x0);
    shift =
        hn::Add(shift, in.weights != nullptr ? hn::Mul(hn::Set(d, in.weights[r]), difference) : difference);
  }
  return shift;
}

// The same of four full strips side by side, for sums that do not wait for each other.
HWY_INLINE void shift_of_four(const PlainInput& in, std::size_t column, const std::uint32_t* rows,
                              std::size_t count, Vector divisor, PlainSums& out) {
  const Tag d;
  const double* HWY_RESTRICT const first = in.values + column;
  const Vector x0 = hn::LoadU(d, first);
  const Vector x1 = hn::LoadU(d, first + kLanes);
  const Vector x2 = hn::LoadU(d, first + 2 * kLanes);
  const Vector x3 = hn::LoadU(d, first + 3 * kLanes);
  Vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t r = rows[k];
    const double* HWY_RESTRICT const row = first + r * in.columns;
    const Vector weight = in.weights != nullptr ? hn::Set(d, in.weights[r]) : hn::Zero(d);
    const auto take = [&](std::size_t v, Vector x, Vector& shift) HWY_ATTR {
      const Vector difference = hn::Sub(hn::LoadU(d, row + v * kLanes), x);
      shift = hn::Add(shift, in.weights != nullptr ? hn::Mul(weight, difference) : difference);
    };
    take(0, x0, s0);
    take(1, x1, s1);
    take(2, x2, s2);
    take(3, x3, s3);
  }
  const auto store = [&](std::size_t v, Vector x, Vector shift) HWY_ATTR {
    hn::StoreU(hn::Add(x, hn::Div(shift, divisor)), d, &out.origin[column + v * kLanes]);
  };
  store(0, x0, s0);
  store(1, x1, s1);
  store(2, x2, s2);
  store(3, x3, s3);
}

void origins(const PlainInput& in, PlainSums& out) {
  const Tag d;
  std::array<std::uint32_t, 256> rows;
  std::size_t count = 0;
  for (std::size_t r = 0; r < in.rows; ++r) {
    if (in.weights != nullptr || is_sampled(r, in.rows)) rows[count++] = static_cast<std::uint32_t>(r);
  }
  const Vector divisor = hn::Set(d, in.weights != nullptr ? in.weight : static_cast<double>(count));
  std::size_t column = 0;
  for (; column + 4 * kLanes <= in.columns; column += 4 * kLanes)
    shift_of_four(in, column, rows.data(), count, divisor, out);
  for (; column < in.columns; column += kLanes) {
    const Strip strip{in, column, std::min(kLanes, in.columns - column)};
    Vector x0 = hn::Zero(d);
    Vector shift = hn::Zero(d);
    if (strip.is_full()) {
      x0 = load_columns<Cells::full>(in.values + column, kLanes);
      shift = shift_of<Cells::full>(strip, rows.data(), 0, count, x0, shift);
    } else {
      x0 = load_columns<Cells::none_behind>(in.values + column, strip.count);
      const auto end = std::lower_bound(rows.begin(), rows.begin() + count, strip.rows_with_cells_behind());
      const auto middle = static_cast<std::size_t>(end - rows.begin());
      shift = shift_of<Cells::behind>(strip, rows.data(), 0, middle, x0, shift);
      shift = shift_of<Cells::none_behind>(strip, rows.data(), middle, count, x0, shift);
    }
    hn::StoreU(hn::Add(x0, hn::Div(shift, divisor)), d, &out.origin[column]);
  }
  // The padding of the last panel.
  for (std::size_t j = in.columns; j < out.stride; ++j) out.origin[j] = 0;
}

// z (and w z) of some columns over some rows, their sum added to the total.
template <Cells kCells, bool kWeighted>
HWY_INLINE void centre_rows(const Strip& strip, std::size_t begin, std::size_t end, Vector& sum,
                            Vector& widest, PlainSums& out) {
  const Tag d;
  const PlainInput& in = strip.in;
  const std::size_t column = strip.column;
  const Vector origin = hn::LoadU(d, &out.origin[column]);
  const std::size_t at = column / kPanel * kPanel * in.rows + begin * kPanel + column % kPanel;
  double* HWY_RESTRICT to = &out.panels[at];
  double* HWY_RESTRICT left = kWeighted ? &out.left[at] : nullptr;
  const double* from = in.values + begin * in.columns + column;
  for (std::size_t r = begin; r < end; ++r, from += in.columns, to += kPanel) {
    const Vector z = hn::Sub(load_columns<kCells>(from, strip.count), origin);
    hn::StoreU(z, d, to);
    widest = hn::Max(widest, hn::Abs(z));
    if constexpr (kWeighted) {
      const Vector wz = hn::Mul(hn::Set(d, in.weights[r]), z);
      hn::StoreU(wz, d, left);
      left += kPanel;
      sum = hn::Add(sum, wz);
    } else {
      sum = hn::Add(sum, z);
    }
  }
}

// The same of four full strips side by side, for sums that do not wait for each other.
template <bool kWeighted>
HWY_INLINE void centre_four(const PlainInput& in, std::size_t column, std::size_t begin, std::size_t end,
                            PlainSums& out) {
  const Tag d;
  // Where the vector of a column lies in its panel.
  const auto place = [&](std::size_t v) {
    const std::size_t at = column + v * kLanes;
    return at / kPanel * kPanel * in.rows + begin * kPanel + at % kPanel;
  };
  const std::size_t places[4] = {place(0), place(1), place(2), place(3)};
  double* HWY_RESTRICT const panels = out.panels.data();
  double* HWY_RESTRICT const left = out.left.data();
  const double* const origin = &out.origin[column];
  double* const total = &out.total[column];
  double* const widest = &out.widest[column];
  const Vector o0 = hn::LoadU(d, origin);
  const Vector o1 = hn::LoadU(d, origin + kLanes);
  const Vector o2 = hn::LoadU(d, origin + 2 * kLanes);
  const Vector o3 = hn::LoadU(d, origin + 3 * kLanes);
  Vector w0 = hn::LoadU(d, widest);
  Vector w1 = hn::LoadU(d, widest + kLanes);
  Vector w2 = hn::LoadU(d, widest + 2 * kLanes);
  Vector w3 = hn::LoadU(d, widest + 3 * kLanes);
  Vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  const double* HWY_RESTRICT from = in.values + begin * in.columns + column;
  std::size_t behind = 0;  // the first row
  for (std::size_t r = begin; r < end; ++r, from += in.columns, behind += kPanel) {
    const auto take = [&](std::size_t v, Vector o, Vector& sum, Vector& wide) HWY_ATTR {
      const Vector z = hn::Sub(hn::LoadU(d, from + v * kLanes), o);
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
    take(1, o1, s1, w1);
    take(2, o2, s2, w2);
    take(3, o3, s3, w3);
  }
  const auto store = [&](std::size_t v, Vector sum, Vector wide) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(d, total + v * kLanes), sum), d, total + v * kLanes);
    hn::StoreU(wide, d, widest + v * kLanes);
  };
  store(0, s0, w0);
  store(1, s1, w1);
  store(2, s2, w2);
  store(3, s3, w3);
}

template <bool kWeighted>
void centre(const PlainInput& in, PlainSums& out) {
  const Tag d;
  std::fill(out.total.begin(), out.total.end(), 0.0);
  std::fill(out.widest.begin(), out.widest.end(), 0.0);
  if (out.panels.size() < out.stride * in.rows) out.panels.resize(out.stride * in.rows);
  if (kWeighted && out.left.size() < out.stride * in.rows) out.left.resize(out.stride * in.rows);
  for (std::size_t begin = 0; begin < in.rows; begin += kPlainChunk) {
    const std::size_t end = std::min(begin + kPlainChunk, in.rows);
    std::size_t column = 0;
    for (; column + 4 * kLanes <= in.columns; column += 4 * kLanes)
      centre_four<kWeighted>(in, column, begin, end, out);
    for (; column < out.stride; column += kLanes) {
      const Strip strip{in, column, column < in.columns ? std::min(kLanes, in.columns - column) : 0};
      Vector sum = hn::Zero(d);
      Vector widest = hn::LoadU(d, &out.widest[column]);
      if (strip.is_full()) {
        centre_rows<Cells::full, kWeighted>(strip, begin, end, sum, widest, out);
      } else {
        const std::size_t middle = std::clamp(strip.rows_with_cells_behind(), begin, end);
        centre_rows<Cells::behind, kWeighted>(strip, begin, middle, sum, widest, out);
        centre_rows<Cells::none_behind, kWeighted>(strip, middle, end, sum, widest, out);
      }
      hn::StoreU(hn::Add(hn::LoadU(d, &out.total[column]), sum), d, &out.total[column]);
      hn::StoreU(widest, d, &out.widest[column]);
    }
  }
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
