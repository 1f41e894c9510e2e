// SPDX-License-Identifier: Apache-2.0
// Exact sums of doubles, a table of them: what is added may come in any order, on any thread, and the sums
// are the same to the last bit.
//
// A sum is kept as a number in base 2^40, S = sum_b D_b 2^(40 b), a digit D_b a whole number of at most 53
// bits in a double. The digits of x are split off from above,
//   d_b = (r + M_b) - M_b,  r <- r - d_b,   M_b = 1.5 * 2^(40 b + 52),   |d_b| <= 2^39 * 2^(40 b),
// which rounds r to a multiple of 2^(40 b) (Malcolm, "On accurate floating-point summation", CACM 14(11),
// 1971; Demmel, Nguyen, "Fast reproducible floating-point summation", ARITH 21, 2013), and added to those of
// the sum, each without rounding; before a digit outgrows its double it is carried. The table has as many
// digits as its numbers need: numbers of one size and their 53 bits take two or three.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "talweg/base/double_double.h"

namespace talweg {

class ExactTable {
 public:
  static constexpr int kDigitBits = 40;
  /// Digits of finite doubles that can be added: 2^(40 b) for b in [kLowest, kHighest].
  static constexpr int kLowest = -27;
  static constexpr int kHighest = 24;

  explicit ExactTable(std::size_t columns = 0);

  [[nodiscard]] std::size_t rows() const { return added_.size(); }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  /// More rows, of zeros.
  void grow(std::size_t rows);
  /// Row r of each of `terms` (rows x columns numbers) is added to the rows into[end[r - 1]] ... into[end[r]
  /// - 1] of the table. Numbers of 2^999 and more, or not finite, make the sums of their column infinite. At
  /// most kMostRows rows and kMostTerms terms at once.
  void add(std::span<const double* const> terms, std::size_t rows, const std::uint32_t* into,
           const std::uint32_t* end);
  static constexpr std::size_t kMostRows = 256;
  static constexpr std::size_t kMostTerms = 4;
  /// Adds row k of `other` to row into[k].
  void add(const ExactTable& other, std::span<const std::uint32_t> into);
  /// One number.
  void add(std::uint32_t row, double value);

  /// One column of whole numbers below 2^63.
  static ExactTable of_counts(std::span<const std::uint64_t> counts);

  /// Of all digits, the highest first, in double-double: exactly where 106 bits hold it.
  [[nodiscard]] DoubleDouble value(std::size_t row, std::size_t column) const;
  [[nodiscard]] bool is_zero(std::size_t row) const;
  [[nodiscard]] bool is_finite() const;

  // ---- the digits themselves, for files
  /// The one way to write the sums: digits in [-2^39, 2^39), no more of them than needed.
  void settle();
  [[nodiscard]] int lowest() const { return lowest_; }
  [[nodiscard]] std::size_t digits() const { return digits_; }
  /// Digit k of a settled table, of weight 2^(40 (lowest() + k)).
  [[nodiscard]] std::int64_t digit(std::size_t row, std::size_t column, std::size_t k) const;
  /// A table of zeros with room for such digits, and one of them set, in [-2^39, 2^39).
  static ExactTable with_digits(std::size_t rows, std::size_t columns, int lowest, std::size_t digits);
  void set_digit(std::size_t row, std::size_t column, std::size_t k, std::int64_t digit);

 private:
  [[nodiscard]] int highest() const { return lowest_ + static_cast<int>(digits_) - 1; }
  [[nodiscard]] std::size_t place(std::size_t row, std::size_t column, std::size_t k) const {
    return row * width_ + (digits_ - 1 - k) * columns_ + column;
  }
  void widen(int lowest, int highest);
  void lay_out(int lowest, std::size_t digits);
  void carry(std::size_t row);
  bool carry_once(std::size_t row);

  std::size_t columns_;
  int lowest_ = 0;
  std::size_t digits_ = 0;
  std::size_t width_ = 0;             // doubles a row, a multiple of 4
  std::vector<double> sums_;          // rows x (digits, the highest first) x columns
  std::vector<std::uint32_t> added_;  // per row: its digits are at most one more times 2^39; 0: settled
  std::vector<bool> infinite_;        // per column
};

}  // namespace talweg
