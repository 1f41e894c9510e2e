// SPDX-License-Identifier: Apache-2.0
// The loops of exact_table.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

/// Doubles behind the last row of digits that may be written.
inline constexpr std::size_t kDigitSlack = 8;

struct DigitShape {
  std::size_t columns = 0;
  std::size_t digits = 0;
  std::size_t width = 0;          ///< doubles a row, at least digits * columns, a multiple of 4
  const double* magic = nullptr;  ///< per digit, the highest first: 1.5 * 2^(40 b + 52)
  double limit = 0;               ///< what the highest digit can take
};

/// The digits of rows x columns numbers, to be added to what is at `out` or set. `rest`: columns +
/// kDigitSlack doubles. False where a number is not below the limit, or has bits below the lowest digit.
bool split_digits(const double* numbers, std::size_t rows, const DigitShape& shape, bool add, double* rest,
                  double* out);
/// Row r of the digits is added to the rows into[end[r - 1]] ... into[end[r] - 1] of the sums.
void add_digits(const double* digits, std::size_t rows, std::size_t width, const std::uint32_t* into,
                const std::uint32_t* end, double* sums);

}  // namespace talweg
