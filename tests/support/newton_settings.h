// SPDX-License-Identifier: Apache-2.0
// Newton's method as tests of descents on a loss with a kink run it.
#pragma once

#include "talweg/descent/minimiser.h"

namespace talweg::test {

inline DescentSettings newton_settings(double tolerance) {
  DescentSettings settings;
  settings.method.optimizer = Optimizer::newton;
  settings.tolerance = tolerance;
  settings.epochs = 10'000;
  return settings;
}

}  // namespace talweg::test
