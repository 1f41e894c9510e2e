// SPDX-License-Identifier: Apache-2.0
// The constants of logistic_kernel.h: one set for the vectors and for the plain reference.
#pragma once

#include "talweg/formula/exp_log.h"

namespace talweg::logistic_constants {

// Below this e^x is no normal number, and taken for 0.
inline constexpr double kLeast = -708;
// (e^r - 1 - r)/r^2 in powers of r, |r| <= ln(2)/2, and (atanh(s)/s - 1)/s^2 in powers of s^2, s <= 1/3: the
// polynomials whose largest error beside e^r and atanh(s)/s is least (E. Remez' exchange), 4e-18 and 2e-18.
inline constexpr double kExp[10] = {0x1.000000000000bp-1,  0x1.5555555555561p-3,  0x1.55555555503dep-5,
                                    0x1.111111110d7b9p-7,  0x1.6c16c18501b4ep-10, 0x1.a01a01ba74424p-13,
                                    0x1.a019980fee818p-16, 0x1.71dde0a204a31p-19, 0x1.28af15f5b4a09p-22,
                                    0x1.af845a30b9a6ep-26};
inline constexpr double kAtanh[10] = {0x1.555555555553fp-2, 0x1.999999999f12ep-3, 0x1.249249211e87ap-3,
                                      0x1.c71c73debf080p-4, 0x1.745cbb91ce79cp-4, 0x1.3b1d492c012b5p-4,
                                      0x1.106eaa43d29dcp-4, 0x1.ef72ff35f197ap-5, 0x1.574f74988ed16p-5,
                                      0x1.5b0ee89fcd194p-4};

}  // namespace talweg::logistic_constants
