// SPDX-License-Identifier: Apache-2.0
// The constants of exp and log in row_kernels.h: one set for the vectors and for the plain reference.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace talweg::exp_log {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

inline constexpr double kLog2E = 0x1.71547652b82fep+0;
// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
inline constexpr double kLn2High = 0x1.62e42feep-1;
inline constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
// Adding 1.5 * 2^52 rounds to the nearest whole number and leaves it in the low bits.
inline constexpr double kRounder = 0x1.8p52;
inline constexpr std::int64_t kRounderBits = std::bit_cast<std::int64_t>(kRounder);
// Beyond these exp is 0 or infinite.
inline constexpr double kLeastExponent = -746;
inline constexpr double kMostExponent = 710;
// 1/13!, 1/12!, ..., 1/2!
inline constexpr std::array<double, 12> kExp = {
    1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
    1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      1.0 / 2};

inline constexpr double kLeastNormal = 0x1p-1022;
inline constexpr double kTwo54 = 0x1p54;
inline constexpr std::int64_t kSqrtHalfBits = std::bit_cast<std::int64_t>(0x1.6a09e667f3bcdp-1);
// 2/21, 2/19, ..., 2/3
inline constexpr std::array<double, 10> kLog = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                                2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};

// Of pow: 2/25, 2/23, ..., 2/5, and 2/3 in two parts.
inline constexpr std::array<double, 11> kPow = {2.0 / 25, 2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15,
                                                2.0 / 13, 2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5};
inline constexpr double kTwoThirds = 2.0 / 3;
inline constexpr double kTwoThirdsLow = 0x1.5555555555555p-55;
// Beyond this product of exponent and logarithm pow is 0 or infinite.
inline constexpr double kMostProduct = 800;

}  // namespace talweg::exp_log
