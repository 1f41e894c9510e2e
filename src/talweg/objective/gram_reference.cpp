// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/double_double.h"
#include "talweg/objective/gram_kernel.h"

namespace talweg {

void gram_reference(const GramInput& in, double* sum, double* error) {
  for (std::size_t i = 0; i < in.columns; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double s = 0;
      double e = 0;
      for (std::size_t r = 0; r < in.rows; ++r) {
        const std::size_t at_i = r * in.stride + i;
        const std::size_t at_j = r * in.stride + j;
        const DoubleDouble product = two_product(in.a_high[at_i], in.b_high[at_j]);
        double rest = product.low;
        if (in.a_low != nullptr) rest += in.a_high[at_i] * in.b_low[at_j] + in.a_low[at_i] * in.b_high[at_j];
        const DoubleDouble total = two_sum(s, product.high);
        s = total.high;
        e += total.low + rest;
      }
      sum[i * in.stride + j] = s;
      error[i * in.stride + j] = e;
    }
  }
}

DoubleDouble dot_reference(const double* a_high, const double* a_low, const double* b_high,
                           const double* b_low, std::size_t length) {
  DoubleDouble out;
  for (std::size_t lane = 0; lane < kGramPadding; ++lane) {
    double s = 0;
    double e = 0;
    for (std::size_t k = lane; k < length; k += kGramPadding) {
      const DoubleDouble product = two_product(a_high[k], b_high[k]);
      const double rest = product.low + (a_high[k] * b_low[k] + a_low[k] * b_high[k]);
      const DoubleDouble total = two_sum(s, product.high);
      s = total.high;
      e += total.low + rest;
    }
    out += two_sum(s, e);
  }
  return out;
}

}  // namespace talweg
