// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/row_kernels.h"

#include "talweg/formula/scalar_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/formula/row_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/formula/exp_log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA

using Tag = hn::ScalableTag<double>;
using Integers = hn::RebindToSigned<Tag>;
using Vector = hn::Vec<Tag>;

HWY_INLINE Vector set(double value) {
  return hn::Set(Tag(), value);
}

// Step by step what positive_power of the reference does.
HWY_INLINE Vector positive_power(Vector x, Vector y) {
  using namespace exp_log;
  const auto tiny = hn::Lt(x, set(kLeastNormal));
  const auto bits = hn::BitCast(Integers(), hn::IfThenElse(tiny, hn::Mul(x, set(kTwo54)), x));
  const auto k = hn::ShiftRight<52>(hn::Sub(bits, hn::Set(Integers(), kSqrtHalfBits)));
  const Vector m = hn::BitCast(Tag(), hn::Sub(bits, hn::ShiftLeft<52>(k)));
  Vector exponent = hn::Sub(hn::BitCast(Tag(), hn::Add(k, hn::Set(Integers(), kRounderBits))), set(kRounder));
  exponent = hn::Sub(exponent, hn::IfThenElseZero(tiny, set(54)));
  const Vector f = hn::Sub(m, set(1));
  const Vector t = hn::Add(f, set(2));
  const Vector t_low = hn::Sub(f, hn::Sub(t, set(2)));
  const Vector s = hn::Div(f, t);
  const Vector s_low = hn::Div(hn::NegMulAdd(s, t_low, hn::NegMulAdd(s, t, f)), t);
  const Vector z = hn::Mul(s, s);
  const Vector z_low = hn::MulAdd(hn::Add(s, s), s_low, hn::MulSub(s, s, z));
  Vector q = set(kPow[0]);
  for (std::size_t i = 1; i < kPow.size(); ++i) q = hn::MulAdd(q, z, set(kPow[i]));
  const Vector w = hn::MulAdd(z, q, set(kTwoThirds));
  const Vector w_low = hn::Add(hn::MulAdd(z, q, hn::Sub(set(kTwoThirds), w)), set(kTwoThirdsLow));
  const Vector u = hn::Mul(s, z);
  const Vector u_low = hn::MulAdd(s, z_low, hn::MulAdd(s_low, z, hn::MulSub(s, z, u)));
  const Vector v = hn::Mul(u, w);
  const Vector v_low = hn::MulAdd(u, w_low, hn::MulAdd(u_low, w, hn::MulSub(u, w, v)));
  const Vector a = hn::Mul(exponent, set(kLn2High));
  const Vector b = hn::Add(s, s);
  const Vector ab = hn::Add(a, b);
  const Vector ab_t = hn::Sub(ab, a);
  const Vector ab_low = hn::Add(hn::Sub(a, hn::Sub(ab, ab_t)), hn::Sub(b, ab_t));
  const Vector abv = hn::Add(ab, v);
  const Vector abv_t = hn::Sub(abv, ab);
  const Vector abv_low = hn::Add(hn::Sub(ab, hn::Sub(abv, abv_t)), hn::Sub(v, abv_t));
  const Vector rest = hn::MulAdd(exponent, set(kLn2Low),
                                 hn::Add(hn::Add(s_low, s_low), hn::Add(v_low, hn::Add(ab_low, abv_low))));
  const Vector log = hn::Add(abv, rest);
  const Vector log_low = hn::Sub(rest, hn::Sub(log, abv));
  const Vector product = hn::Mul(y, log);
  const Vector product_low = hn::MulAdd(y, log_low, hn::MulSub(y, log, product));
  const auto within = hn::Lt(hn::Abs(product), set(kMostProduct));
  return exp_of_pair(Tag(), product, hn::IfThenElseZero(within, product_low));
}

// Bases that are not positive and finite, and exponents that are not finite, are left to the C library.
HWY_INLINE Vector pow_vector(Vector x, Vector y) {
  const Tag d;
  const Vector most = set(exp_log::kInfinity);
  const auto regular = hn::And(hn::And(hn::Gt(x, set(0)), hn::Lt(x, most)), hn::Lt(hn::Abs(y), most));
  const Vector out = positive_power(x, y);
  if (HWY_LIKELY(hn::AllTrue(d, regular))) return out;
  HWY_ALIGN double base[HWY_LANES(double)];
  HWY_ALIGN double exponent[HWY_LANES(double)];
  HWY_ALIGN double result[HWY_LANES(double)];
  hn::Store(x, d, base);
  hn::Store(y, d, exponent);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) result[i] = pow_reference(base[i], exponent[i]);
  return hn::Load(d, result);
}

// Loads are always of whole vectors where rows are left, else of what is there.
template <class Function>
HWY_INLINE void each(std::size_t rows, Function function) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t r = 0;
  for (; r + lanes <= rows; r += lanes) function(r, lanes);
  if (r < rows) function(r, rows - r);
}

HWY_INLINE Vector load(const double* from, std::size_t count) {
  const Tag d;
  if (HWY_LIKELY(count == hn::Lanes(d))) return hn::LoadU(d, from);
  HWY_ALIGN double buffer[HWY_LANES(double)] = {};
  for (std::size_t i = 0; i < count; ++i) buffer[i] = from[i];
  return hn::Load(d, buffer);
}

HWY_INLINE void store(Vector value, double* to, std::size_t count) {
  const Tag d;
  if (HWY_LIKELY(count == hn::Lanes(d))) {
    hn::StoreU(value, d, to);
    return;
  }
  HWY_ALIGN double buffer[HWY_LANES(double)];
  hn::Store(value, d, buffer);
  for (std::size_t i = 0; i < count; ++i) to[i] = buffer[i];
}

template <class Function>
HWY_INLINE void unary(const RowTask& task, Function function) {
  const double* in = task.in[0].high;
  each(task.rows,
       [&](std::size_t r, std::size_t count) { store(function(load(in + r, count)), task.high + r, count); });
}

template <class Function>
HWY_INLINE void binary(const RowTask& task, Function function) {
  const RowOperand& a = task.in[0];
  const RowOperand& b = task.in[1];
  if (a.high == nullptr) {
    const Vector left = set(a.scalar_high);
    each(task.rows, [&](std::size_t r, std::size_t count) {
      store(function(left, load(b.high + r, count)), task.high + r, count);
    });
  } else if (b.high == nullptr) {
    const Vector right = set(b.scalar_high);
    each(task.rows, [&](std::size_t r, std::size_t count) {
      store(function(load(a.high + r, count), right), task.high + r, count);
    });
  } else {
    each(task.rows, [&](std::size_t r, std::size_t count) {
      store(function(load(a.high + r, count), load(b.high + r, count)), task.high + r, count);
    });
  }
}

HWY_INLINE Vector whole_power_vector(Vector x, int n) {
  Vector out = set(1);
  Vector square = x;
  for (unsigned rest = static_cast<unsigned>(n < 0 ? -n : n); rest != 0; rest >>= 1U) {
    if ((rest & 1U) != 0) out = hn::Mul(out, square);
    if (rest > 1) square = hn::Mul(square, square);
  }
  return n < 0 ? hn::Div(set(1), out) : out;
}

void run_target(const RowTask& task) {
  if (task.low != nullptr) return run_rows_reference(task);
  switch (task.op) {
    case Op::negate:
      return unary(task, [](Vector x) { return hn::Neg(x); });
    case Op::abs:
      return unary(task, [](Vector x) { return hn::Abs(x); });
    case Op::sqrt:
      return unary(task, [](Vector x) { return hn::Sqrt(x); });
    case Op::exp:
      return unary(task, [](Vector x) { return exp_vector(Tag(), x); });
    case Op::log:
      return unary(task, [](Vector x) { return log_vector(Tag(), x); });
    case Op::add:
      return binary(task, [](Vector a, Vector b) { return hn::Add(a, b); });
    case Op::subtract:
      return binary(task, [](Vector a, Vector b) { return hn::Sub(a, b); });
    case Op::multiply:
      return binary(task, [](Vector a, Vector b) { return hn::Mul(a, b); });
    case Op::divide:
      return binary(task, [](Vector a, Vector b) { return hn::Div(a, b); });
    case Op::power:
      if (task.exponent == 2) return unary(task, [](Vector x) { return hn::Mul(x, x); });
      if (task.exponent != 0) {
        const int n = task.exponent;
        return unary(task, [n](Vector x) { return whole_power_vector(x, n); });
      }
      return binary(task, [](Vector x, Vector y) { return pow_vector(x, y); });
    case Op::power_log:
      return binary(task, [](Vector power, Vector log) {
        return hn::IfThenZeroElse(hn::Eq(power, set(0)), hn::Mul(power, log));
      });
    default:
      return run_rows_reference(task);
  }
}

#else

void run_target(const RowTask& task) {
  run_rows_reference(task);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(run_target);

void run_rows(const RowTask& task) {
  HWY_DYNAMIC_DISPATCH(run_target)(task);
}

}  // namespace talweg
#endif
