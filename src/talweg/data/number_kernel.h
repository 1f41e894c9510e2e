// SPDX-License-Identifier: Apache-2.0
// The plain decimals of one row, converted with vectors of bytes: sixteen characters at a time lose their
// decimal mark by a shuffle, and three multiply-adds of neighbours make two numbers of eight digits (W. Mula,
// "SIMD-ized conversion of decimal numbers", 2014). What is answered, and with which bits, is what
// parse_short_decimal answers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

/// Where a number stands in a row, and where it goes.
struct NumberField {
  std::uint32_t column = 0;  ///< of the table
  std::uint32_t index = 0;   ///< of the dense columns
};

struct NumberRow {
  const char* text = nullptr;           ///< kShortDecimalHeadroom readable bytes before it
  std::size_t begin = 0;                ///< of the row in the text
  const std::uint32_t* ends = nullptr;  ///< ends[c]: end of column c in the text
  char decimal = '.';
};

/// Reads fields[first ..count) until one is out of the ordinary; returns its place, or count. values[index]
/// gets the significand and powers[index] the power of ten that it is to be divided by.
std::size_t parse_numbers(const NumberRow& row, const NumberField* fields, std::size_t first,
                          std::size_t count, double* values, double* powers);

/// The same in plain C++.
std::size_t parse_numbers_reference(const NumberRow& row, const NumberField* fields, std::size_t first,
                                    std::size_t count, double* values, double* powers);

}  // namespace talweg
