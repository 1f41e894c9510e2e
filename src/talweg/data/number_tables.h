// SPDX-License-Identifier: Apache-2.0
// Constants of number_kernel.cpp, in another translation unit on purpose: where the compiler knows them it
// makes them anew from integers in every round of the loop, which takes as long as the work itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace talweg {

/// Thirty-two bytes, as a vector loads them.
using VectorBytes = std::array<std::uint8_t, 32>;

struct NumberTables {
  alignas(32) VectorBytes zeros;            ///< '0'
  alignas(32) VectorBytes minus;            ///< '-' ^ '0'
  alignas(32) VectorBytes nines;            ///< 9
  alignas(32) VectorBytes tens;             ///< 10, 1: tens and units
  alignas(32) VectorBytes hundreds;         ///< 16 bits: 100, 1
  alignas(32) VectorBytes myriads;          ///< 16 bits: 10,000, 1
  alignas(32) VectorBytes sign_words;       ///< 32 bits: the sign of a float
  alignas(32) VectorBytes sign_longs;       ///< 64 bits: the sign of a double
  alignas(32) VectorBytes past_8, past_16;  ///< 32 bits: 8 + 1, 16 + 1
  alignas(32) VectorBytes ones;             ///< all bits
  // Lanes of eight bytes, and of sixteen: how many bytes are there from each one to the lane's end, and one
  // more.
  alignas(32) VectorBytes to_end_8, to_end_16;
  alignas(32) VectorBytes past_end_8, past_end_16;
  alignas(32) VectorBytes last_8, last_16;  ///< all ones in the last byte of a lane
  alignas(32) VectorBytes edges_8;          ///< and in the first
  alignas(32) VectorBytes limits_16;        ///< 9, but 0 in the first byte of a lane
  alignas(32)
      std::array<VectorBytes, 2> spread_8;  ///< shuffles: the byte that is the length of each lane's field
  alignas(32) std::array<VectorBytes, 4> spread_16;
  alignas(32) std::array<float, 8> powers_8;  ///< 10^k
  alignas(32) VectorBytes magic;              ///< 64 bits: 2^52
  alignas(32) VectorBytes hundred_millions;   ///< 64 bits: 10^8
  /// Sixteen bytes without byte p, what stands before it moved up; the last one drops nothing.
  alignas(32) std::array<std::array<std::uint8_t, 16>, 17> without;
  /// What is to be divided by where the decimal mark is byte p of sixteen; the last one: where there is none.
  std::array<double, 17> power_at;
  alignas(64) std::array<double, 16> powers_of_ten;    ///< 10^k
  alignas(64) std::array<double, 16> powers_of_tenth;  ///< 1 / 10^k, rounded
  /// Thirty-two bytes from place n on: the last n of them are all ones.
  std::array<std::uint8_t, 64> zeros_then_ones;
};

extern const NumberTables kNumberTables;

}  // namespace talweg
