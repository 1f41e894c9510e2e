// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/exact_kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/exact_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<double, 4>;

bool split_target(const double* HWY_RESTRICT numbers, std::size_t rows, const DigitShape& shape, bool add,
                  double* HWY_RESTRICT rest, double* HWY_RESTRICT out) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t columns = shape.columns;
  const auto limit = hn::Set(d, shape.limit);
  const auto zero = hn::Zero(d);
  auto fits = hn::Eq(zero, zero);
  for (std::size_t r = 0; r < rows; ++r) {
    const double* const from = numbers + r * columns;
    double* const to = out + r * shape.width;
    // A masked load may touch what lies behind the numbers.
    for (std::size_t j = columns - columns % lanes; j < columns + lanes; ++j)
      rest[j] = j < columns ? from[j] : 0;
    for (std::size_t j = 0; j < columns; j += lanes) {
      const auto x = hn::LoadU(d, j + lanes <= columns ? from + j : rest + j);
      fits = hn::And(fits, hn::Lt(hn::Abs(x), limit));
      hn::StoreU(x, d, rest + j);
    }
    // What is stored behind a digit's last column are zeros, and of the next digit, which comes later.
    if (!add) std::fill(to + shape.digits * columns, to + shape.width, 0.0);
    for (std::size_t k = 0; k < shape.digits; ++k) {
      const auto magic = hn::Set(d, shape.magic[k]);
      double* const digit = to + k * columns;
      for (std::size_t j = 0; j < columns; j += lanes) {
        const auto x = hn::LoadU(d, rest + j);
        const auto part = hn::Sub(hn::Add(x, magic), magic);
        hn::StoreU(hn::Sub(x, part), d, rest + j);
        hn::StoreU(add ? hn::Add(hn::LoadU(d, digit + j), part) : part, d, digit + j);
      }
    }
    for (std::size_t j = 0; j < columns; j += lanes)
      fits = hn::And(fits, hn::Eq(hn::LoadU(d, rest + j), zero));
  }
  return hn::AllTrue(d, fits);
}

void add_target(const double* HWY_RESTRICT digits, std::size_t rows, std::size_t width,
                const std::uint32_t* HWY_RESTRICT into, const std::uint32_t* HWY_RESTRICT end,
                double* HWY_RESTRICT sums) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t k = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const double* const from = digits + r * width;
    for (; k < end[r]; ++k) {
      double* const to = sums + into[k] * width;
      for (std::size_t i = 0; i < width; i += lanes)
        hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::LoadU(d, from + i)), d, to + i);
    }
  }
}

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(split_target);
HWY_EXPORT(add_target);

bool split_digits(const double* numbers, std::size_t rows, const DigitShape& shape, bool add, double* rest,
                  double* out) {
  return HWY_DYNAMIC_DISPATCH(split_target)(numbers, rows, shape, add, rest, out);
}

void add_digits(const double* digits, std::size_t rows, std::size_t width, const std::uint32_t* into,
                const std::uint32_t* end, double* sums) {
  HWY_DYNAMIC_DISPATCH(add_target)(digits, rows, width, into, end, sums);
}

}  // namespace talweg
#endif
