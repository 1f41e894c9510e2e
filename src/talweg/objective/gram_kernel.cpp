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

#else

void gram_target(const GramInput& in, double* sum, double* error) { gram_reference(in, sum, error); }

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(gram_target);

void gram(const GramInput& input, double* sum, double* error) { HWY_DYNAMIC_DISPATCH(gram_target)(input, sum, error); }

}  // namespace talweg
#endif
