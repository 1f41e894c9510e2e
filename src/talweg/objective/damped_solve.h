// SPDX-License-Identifier: Apache-2.0
// A direction from a Hessian that may be singular.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace talweg {

/// -(matrix among `support`)^-1 slope into `out`, zero elsewhere: the p x p matrix scaled to a unit diagonal
/// and damped by 1e-10 of it. False where the matrix holds nothing, or is not positive definite.
bool solve_damped(const std::vector<double>& matrix, std::size_t p, std::span<const double> slope,
                  std::span<const std::size_t> support, std::span<double> out);

/// The same among all of them.
bool solve_damped(const std::vector<double>& matrix, std::size_t p, std::span<const double> slope,
                  std::span<double> out);

}  // namespace talweg
