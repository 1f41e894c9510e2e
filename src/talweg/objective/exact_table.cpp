// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/exact_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "talweg/objective/exact_kernel.h"

namespace talweg {
namespace {

// Digits stay below 2^53: 2^39 times this and one block more.
constexpr std::uint32_t kMostAdded = 12'000;
static_assert(kMostAdded + ExactTable::kMostRows * ExactTable::kMostTerms < (1U << 14U));
constexpr double kLimit = 0x1p999;

std::int64_t floor_half(std::int64_t value) {
  constexpr std::int64_t kHalf = std::int64_t{1} << (ExactTable::kDigitBits - 1);
  return (value + kHalf) >> ExactTable::kDigitBits;
}

// The digits that some numbers need.
struct Needed {
  int lowest = std::numeric_limits<int>::max();
  int highest = std::numeric_limits<int>::min();

  // A finite number that is not 0.
  void take(double x) {
    int exponent = 0;
    const auto bits = static_cast<std::int64_t>(std::ldexp(std::abs(std::frexp(x, &exponent)), 53));
    int trailing = 0;
    while ((bits >> trailing & 1) == 0) ++trailing;
    // |x| < 2^exponent, a multiple of 2^last.
    const int last = exponent - 53 + trailing;
    constexpr int kBits = ExactTable::kDigitBits;
    const auto floor = [](int value) { return value >= 0 ? value / kBits : -((-value + kBits - 1) / kBits); };
    lowest = std::min(lowest, floor(last));
    highest = std::max(highest, floor(exponent));
  }
};

}  // namespace

ExactTable::ExactTable(std::size_t columns) : columns_(columns), infinite_(columns, false) {}

void ExactTable::grow(std::size_t rows) {
  if (rows <= added_.size()) return;
  added_.resize(rows, 0);
  sums_.resize(rows * width_, 0.0);
}

void ExactTable::lay_out(int lowest, std::size_t digits) {
  ExactTable before = std::move(*this);
  columns_ = before.columns_;
  lowest_ = lowest;
  digits_ = digits;
  width_ = (digits * columns_ + 3) / 4 * 4;
  added_ = std::move(before.added_);
  infinite_ = std::move(before.infinite_);
  sums_.assign(added_.size() * width_, 0.0);
  for (std::size_t k = 0; k < before.digits_; ++k) {
    const int at = before.lowest_ + static_cast<int>(k) - lowest_;
    if (at < 0 || at >= static_cast<int>(digits_)) continue;
    for (std::size_t row = 0; row < added_.size(); ++row) {
      std::copy_n(&before.sums_[before.place(row, 0, k)], columns_,
                  &sums_[place(row, 0, static_cast<std::size_t>(at))]);
    }
  }
}

void ExactTable::widen(int lowest, int highest) {
  if (digits_ > 0) {
    lowest = std::min(lowest, lowest_);
    highest = std::max(highest, this->highest());
    if (lowest == lowest_ && highest == this->highest()) return;
  }
  lay_out(lowest, static_cast<std::size_t>(highest - lowest + 1));
}

// False where there has to be a higher digit.
bool ExactTable::carry_once(std::size_t row) {
  for (std::size_t j = 0; j < columns_; ++j) {
    for (std::size_t k = 0; k < digits_; ++k) {
      double& sum = sums_[place(row, j, k)];
      const int exponent = kDigitBits * (lowest_ + static_cast<int>(k));
      const auto digit = static_cast<std::int64_t>(std::ldexp(sum, -exponent));
      const std::int64_t above = floor_half(digit);
      if (above == 0) continue;
      if (k + 1 == digits_) {
        if (highest() < kHighest) return false;
        infinite_[j] = true;
        sum = 0;
        continue;
      }
      sum = std::ldexp(static_cast<double>(digit - above * (std::int64_t{1} << kDigitBits)), exponent);
      sums_[place(row, j, k + 1)] += std::ldexp(static_cast<double>(above), exponent + kDigitBits);
    }
  }
  return true;
}

void ExactTable::carry(std::size_t row) {
  if (added_[row] == 0) return;
  while (!carry_once(row)) widen(lowest_, highest() + 1);
  added_[row] = 0;
}

void ExactTable::add(std::span<const double* const> terms, std::size_t rows, const std::uint32_t* into,
                     const std::uint32_t* end) {
  if (columns_ == 0 || rows == 0) return;
  const auto count = static_cast<std::uint32_t>(terms.size());
  for (std::size_t k = 0; k < end[rows - 1]; ++k) {
    std::uint32_t& added = added_[into[k]];
    added += count;
    if (added > kMostAdded) {
      carry(into[k]);
      added_[into[k]] += count * static_cast<std::uint32_t>(kMostRows);
    }
  }
  thread_local std::vector<double> digits;
  thread_local std::vector<double> rest;
  rest.resize(columns_ + kDigitSlack);
  std::array<const double*, kMostTerms> from{};
  std::copy(terms.begin(), terms.end(), from.begin());
  std::array<std::vector<double>, kMostTerms> cleaned;
  const auto split = [&] {
    if (digits_ == 0) return false;
    std::vector<double> magic;
    for (int digit = highest(); digit >= lowest_; --digit)
      magic.push_back(std::ldexp(1.5, kDigitBits * digit + 52));
    digits.resize(rows * width_ + kDigitSlack);
    const DigitShape shape{columns_, digits_, width_, magic.data(),
                           std::ldexp(1.0, kDigitBits * highest() + kDigitBits - 1)};
    bool fits = true;
    for (std::size_t t = 0; t < count && fits; ++t)
      fits = split_digits(from[t], rows, shape, t > 0, rest.data(), digits.data());
    return fits;
  };
  if (!split()) {
    Needed needed;
    for (std::size_t t = 0; t < count; ++t) {
      cleaned[t].assign(from[t], from[t] + rows * columns_);
      for (std::size_t i = 0; i < cleaned[t].size(); ++i) {
        double& x = cleaned[t][i];
        if (!(std::abs(x) < kLimit)) {
          infinite_[i % columns_] = true;
          x = 0;
        }
        if (x != 0) needed.take(x);
      }
      from[t] = cleaned[t].data();
    }
    if (needed.lowest > needed.highest) needed = {0, 0};
    widen(needed.lowest, needed.highest);
    split();
  }
  add_digits(digits.data(), rows, width_, into, end, sums_.data());
}

void ExactTable::add(std::uint32_t row, double value) {
  const double* const term = &value;
  const std::uint32_t end = 1;
  add({&term, 1}, 1, &row, &end);
}

void ExactTable::add(const ExactTable& other, std::span<const std::uint32_t> into) {
  for (std::size_t j = 0; j < columns_; ++j) infinite_[j] = infinite_[j] || other.infinite_[j];
  if (other.digits_ == 0) return;
  ExactTable from = other;
  for (std::size_t row = 0; row < from.rows(); ++row) from.carry(row);
  widen(from.lowest_, from.highest());
  from.widen(lowest_, highest());
  for (std::size_t row = 0; row < from.rows(); ++row) {
    const std::uint32_t to = into[row];
    for (std::size_t i = 0; i < width_; ++i) sums_[to * width_ + i] += from.sums_[row * width_ + i];
    added_[to] += 1;
    if (added_[to] <= kMostAdded) continue;
    carry(to);
    from.widen(lowest_, highest());
  }
}

DoubleDouble ExactTable::value(std::size_t row, std::size_t column) const {
  if (infinite_[column]) return std::numeric_limits<double>::infinity();
  std::array<double, static_cast<std::size_t>(kHighest - kLowest) + 2> digit{};
  std::int64_t from_below = 0;
  for (std::size_t k = 0; k < digits_; ++k) {
    const int exponent = kDigitBits * (lowest_ + static_cast<int>(k));
    const std::int64_t whole =
        static_cast<std::int64_t>(std::ldexp(sums_[place(row, column, k)], -exponent)) + from_below;
    from_below = floor_half(whole);
    digit[k] =
        std::ldexp(static_cast<double>(whole - from_below * (std::int64_t{1} << kDigitBits)), exponent);
  }
  if (from_below != 0 && highest() == kHighest) return std::numeric_limits<double>::infinity();
  digit[digits_] = std::ldexp(static_cast<double>(from_below), kDigitBits * (highest() + 1));
  DoubleDouble sum;
  for (std::size_t k = digits_ + 1; k-- > 0;) sum += digit[k];
  return sum;
}

bool ExactTable::is_zero(std::size_t row) const {
  for (std::size_t j = 0; j < columns_; ++j) {
    if (value(row, j).high != 0) return false;
  }
  return true;
}

bool ExactTable::is_finite() const {
  return std::find(infinite_.begin(), infinite_.end(), true) == infinite_.end();
}

void ExactTable::settle() {
  for (std::size_t row = 0; row < rows(); ++row) carry(row);
  const auto is_used = [&](std::size_t k) {
    for (std::size_t row = 0; row < rows(); ++row) {
      const double* const first = &sums_[place(row, 0, k)];
      if (std::any_of(first, first + columns_, [](double digit) { return digit != 0; })) return true;
    }
    return false;
  };
  std::size_t first = 0;
  std::size_t last = digits_;
  while (first < last && !is_used(first)) ++first;
  while (last > first && !is_used(last - 1)) --last;
  lay_out(first == last ? 0 : lowest_ + static_cast<int>(first), last - first);
}

std::int64_t ExactTable::digit(std::size_t row, std::size_t column, std::size_t k) const {
  return static_cast<std::int64_t>(
      std::ldexp(sums_[place(row, column, k)], -kDigitBits * (lowest_ + static_cast<int>(k))));
}

ExactTable ExactTable::with_digits(std::size_t rows, std::size_t columns, int lowest, std::size_t digits) {
  ExactTable out(columns);
  out.grow(rows);
  out.lay_out(lowest, digits);
  return out;
}

ExactTable ExactTable::of_counts(std::span<const std::uint64_t> counts) {
  ExactTable out = with_digits(counts.size(), 1, 0, 2);
  for (std::size_t row = 0; row < counts.size(); ++row) {
    const auto count = static_cast<std::int64_t>(counts[row]);
    const std::int64_t above = floor_half(count);
    out.set_digit(row, 0, 0, count - above * (std::int64_t{1} << kDigitBits));
    out.set_digit(row, 0, 1, above);
  }
  return out;
}

void ExactTable::set_digit(std::size_t row, std::size_t column, std::size_t k, std::int64_t digit) {
  sums_[place(row, column, k)] =
      std::ldexp(static_cast<double>(digit), kDigitBits * (lowest_ + static_cast<int>(k)));
}

}  // namespace talweg
