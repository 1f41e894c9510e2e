// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/rates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace talweg {
namespace {

// Largest modulus of the roots of z^2 - a z + b.
double largest_root(double a, double b) {
  const double discriminant = a * a / 4 - b;
  if (discriminant < 0) return std::sqrt(b);
  return std::abs(a) / 2 + std::sqrt(discriminant);
}

}  // namespace

double largest_stable_rate(Optimizer optimizer, double largest_eigenvalue, double momentum) {
  if (!(largest_eigenvalue > 0)) return std::numeric_limits<double>::infinity();
  switch (optimizer) {
    case Optimizer::momentum:
      return 2 * (1 + momentum) / largest_eigenvalue;
    case Optimizer::nesterov:
      return (2 + 2 * momentum) / ((1 + 2 * momentum) * largest_eigenvalue);
    case Optimizer::gd:
    case Optimizer::adagrad:
    case Optimizer::rmsprop:
    case Optimizer::adam:
    case Optimizer::adamw:
    case Optimizer::cg:
    case Optimizer::lbfgs:
    case Optimizer::lm:
    case Optimizer::newton:
      break;
  }
  return 2 / largest_eigenvalue;
}

double mode_factor(Optimizer optimizer, double r, double momentum) {
  switch (optimizer) {
    case Optimizer::momentum:
      return largest_root(1 + momentum - r, momentum);
    case Optimizer::nesterov:
      return largest_root((1 - r) * (1 + momentum), (1 - r) * momentum);
    case Optimizer::gd:
    case Optimizer::adagrad:
    case Optimizer::rmsprop:
    case Optimizer::adam:
    case Optimizer::adamw:
    case Optimizer::cg:
    case Optimizer::lbfgs:
    case Optimizer::lm:
    case Optimizer::newton:
      break;
  }
  return std::abs(1 - r);
}

double best_rate(Optimizer optimizer, double largest_eigenvalue, double smallest_eigenvalue,
                 double momentum) {
  if (!(largest_eigenvalue > 0)) return 1;
  const double plain = 2 / (largest_eigenvalue + smallest_eigenvalue);
  if (optimizer != Optimizer::momentum && optimizer != Optimizer::nesterov) return plain;
  const double limit = largest_stable_rate(optimizer, largest_eigenvalue, momentum);
  const auto slowest = [&](double rate) {
    return std::max(mode_factor(optimizer, rate * smallest_eigenvalue, momentum),
                    mode_factor(optimizer, rate * largest_eigenvalue, momentum));
  };
  // The slow end's factor falls with the rate and the fast end's rises, so their maximum has one valley (flat
  // at most where both are sqrt(B)): golden section on it.
  constexpr double kGolden = 0.6180339887498949;
  double low = 0;
  double high = limit;
  double a = high - kGolden * (high - low);
  double b = low + kGolden * (high - low);
  double at_a = slowest(a);
  double at_b = slowest(b);
  for (int i = 0; i < 200 && high - low > 1e-12 * limit; ++i) {
    if (at_a <= at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - kGolden * (high - low);
      at_a = slowest(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + kGolden * (high - low);
      at_b = slowest(b);
    }
  }
  return (low + high) / 2;
}

}  // namespace talweg
