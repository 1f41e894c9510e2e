// SPDX-License-Identifier: Apache-2.0
// One operation over a run of rows: the inner loops of Program. Each is compiled for every instruction set
// that has fused multiply-add and chosen once at run time; where there is none the plain reference runs. All
// give the same bits.
//
// exp: x = k ln2 + r, |r| <= ln2/2, e^r by its Taylor polynomial of degree 13; below 1 ulp.
// Polynomials are summed in pairs and pairs of pairs (Estrin): a third of the latency of one chain.
// log: x = 2^k m, m in [sqrt(1/2), sqrt(2)), log m = 2 atanh(s), s = (m-1)/(m+1), by its series to s^21;
// below 1 ulp.
// pow: of a positive base e^(y log x), the logarithm and the product as pairs; below 1.25 ulp. Other bases by
// the C library. power_log takes (u^v, log u): their product, and 0 where the power is 0. The other functions
// are those of the C library, row by row.
#pragma once

#include <cstddef>

#include "talweg/formula/expression.h"

namespace talweg {

/// A row operand (`high` points to its values), or one number for all rows (`high` is null). `low` likewise,
/// for pairs.
struct RowOperand {
  const double* high = nullptr;
  const double* low = nullptr;
  double scalar_high = 0;
  double scalar_low = 0;
};

struct RowTask {
  Op op = Op::number;
  int exponent = 0;  ///< of power where it is a whole number other than 0; 0: a general power
  const RowOperand* in = nullptr;
  double* high = nullptr;
  double* low = nullptr;  ///< of pairs; null: plain doubles
  std::size_t rows = 0;
};

/// `out` may be one of the operands.
void run_rows(const RowTask& task);

/// The same in plain C++ with std::fma.
void run_rows_reference(const RowTask& task);

/// The exp and log of the kernels, one at a time.
double exp_reference(double x);
double log_reference(double x);
double pow_reference(double x, double y);

}  // namespace talweg
