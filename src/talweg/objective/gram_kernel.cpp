// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/gram_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/gram_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA

template <bool kLow>
void gram_columns(const GramInput& in, double* HWY_RESTRICT sum, double* HWY_RESTRICT error) {
  // At most kGramPadding lanes, so that a vector never runs past the padding.
  const hn::CappedTag<double, kGramPadding> d;
  using Vector = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < in.columns; ++i) {
    for (std::size_t j = 0; j <= i; j += lanes) {
      Vector s = hn::Zero(d);
      Vector e = hn::Zero(d);
      for (std::size_t r = 0; r < in.rows; ++r) {
        const std::size_t row = r * in.stride;
        const Vector a = hn::Set(d, in.a_high[row + i]);
        const Vector b = hn::LoadU(d, in.b_high + row + j);
        const Vector product = hn::Mul(a, b);
        Vector rest = hn::MulSub(a, b, product);
        if constexpr (kLow) {
          const Vector a_low = hn::Set(d, in.a_low[row + i]);
          const Vector b_low = hn::LoadU(d, in.b_low + row + j);
          rest = hn::Add(rest, hn::Add(hn::Mul(a, b_low), hn::Mul(a_low, b)));
        }
        const Vector total = hn::Add(s, product);
        const Vector t = hn::Sub(total, s);
        const Vector lost = hn::Add(hn::Sub(s, hn::Sub(total, t)), hn::Sub(product, t));
        s = total;
        e = hn::Add(e, hn::Add(lost, rest));
      }
      hn::StoreU(s, d, sum + i * in.stride + j);
      hn::StoreU(e, d, error + i * in.stride + j);
    }
  }
}

void gram_target(const GramInput& in, double* HWY_RESTRICT sum, double* HWY_RESTRICT error) {
  if (in.a_low == nullptr) {
    gram_columns<false>(in, sum, error);
  } else {
    gram_columns<true>(in, sum, error);
  }
}

// The eight sums, kGramPadding / lanes vectors of them, as they stand in memory.
void dot_target(const double* HWY_RESTRICT a_high, const double* HWY_RESTRICT a_low,
                const double* HWY_RESTRICT b_high, const double* HWY_RESTRICT b_low, std::size_t length,
                double* HWY_RESTRICT sum, double* HWY_RESTRICT error) {
  const hn::CappedTag<double, kGramPadding> d;
  using Vector = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t first = 0; first < kGramPadding; first += lanes) {
    Vector s = hn::Zero(d);
    Vector e = hn::Zero(d);
    for (std::size_t k = first; k < length; k += kGramPadding) {
      const Vector a = hn::LoadU(d, a_high + k);
      const Vector b = hn::LoadU(d, b_high + k);
      const Vector product = hn::Mul(a, b);
      const Vector cross = hn::Add(hn::Mul(a, hn::LoadU(d, b_low + k)), hn::Mul(hn::LoadU(d, a_low + k), b));
      const Vector rest = hn::Add(hn::MulSub(a, b, product), cross);
      const Vector total = hn::Add(s, product);
      const Vector t = hn::Sub(total, s);
      const Vector lost = hn::Add(hn::Sub(s, hn::Sub(total, t)), hn::Sub(product, t));
      s = total;
      e = hn::Add(e, hn::Add(lost, rest));
    }
    hn::StoreU(s, d, sum + first);
    hn::StoreU(e, d, error + first);
  }
}

#else

void dot_target(const double* a_high, const double* a_low, const double* b_high, const double* b_low,
                std::size_t length, double* sum, double* error) {
  const DoubleDouble whole = dot_reference(a_high, a_low, b_high, b_low, length);
  for (std::size_t lane = 0; lane < kGramPadding; ++lane) sum[lane] = error[lane] = 0;
  sum[0] = whole.high;
  error[0] = whole.low;
}

void gram_target(const GramInput& in, double* sum, double* error) {
  gram_reference(in, sum, error);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(gram_target);

HWY_EXPORT(dot_target);

DoubleDouble dot(const double* a_high, const double* a_low, const double* b_high, const double* b_low,
                 std::size_t length) {
  double sum[kGramPadding];
  double error[kGramPadding];
  HWY_DYNAMIC_DISPATCH(dot_target)(a_high, a_low, b_high, b_low, length, sum, error);
  DoubleDouble out;
  for (std::size_t lane = 0; lane < kGramPadding; ++lane) out += two_sum(sum[lane], error[lane]);
  return out;
}

void gram(const GramInput& input, double* sum, double* error) {
  HWY_DYNAMIC_DISPATCH(gram_target)(input, sum, error);
}

}  // namespace talweg
#endif
