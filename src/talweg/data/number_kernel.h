// SPDX-License-Identifier: Apache-2.0
// Plain decimals, eight fields at a time: the characters before each field's end are loaded into a lane of a
// vector of bytes, what does not belong to the field is masked, the decimal mark is moved out, and three
// multiply-adds of neighbours make numbers of eight digits (W. Mula, "SIMD-ized conversion of decimal
// numbers", 2014). Significand and power of ten are exact doubles, so their quotient is correctly rounded (W.
// Clinger, "How to read floating point numbers accurately", 1990). Vectors of 64 bytes have an arrangement of
// their own (number_lanes-inl.h). What is answered, and with which bits, is
// what parse_plain_decimal answers, on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

/// Fields of a text of less than 2^31 bytes: field k is text[before[k] + 1 .. ends[k]), where before[k] + 1
/// wraps around for a field at the very start. kPlainDecimalHeadroom bytes before `text` must be readable.
struct NumberFields {
  const char* text = nullptr;
  const std::uint32_t* before = nullptr;
  const std::uint32_t* ends = nullptr;
  char decimal = '.';
};

/// Reads fields first .. count until one is out of the ordinary; returns its place, or count. values[k] is
/// field k; -0 is read as 0.
std::size_t parse_numbers(const NumberFields& fields, std::size_t first, std::size_t count, double* values);

/// The same one field after another, in plain C++.
std::size_t parse_numbers_reference(const NumberFields& fields, std::size_t first, std::size_t count,
                                    double* values);

}  // namespace talweg
