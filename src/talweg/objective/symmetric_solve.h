// SPDX-License-Identifier: Apache-2.0
// Products and Cholesky factor of symmetric matrices of some thousand rows, tile by tile on several threads.
// Every tile is computed as a whole by one thread, so the bits do not depend on the number of threads.
#pragma once

#include <Eigen/Core>

namespace talweg {

/// The lower triangle of a'a, columns x columns; what is above it is not to be used.
Eigen::MatrixXd gram_of_columns(const Eigen::MatrixXd& a, unsigned threads);
/// The lower triangle of a a'.
Eigen::MatrixXd gram_of_rows(const Eigen::MatrixXd& a, unsigned threads);
/// The lower triangle becomes L of L L'; false where the matrix is not positive definite.
bool factor_in_place(Eigen::MatrixXd& matrix, unsigned threads);
/// L L' x = b, in place.
void solve_in_place(const Eigen::MatrixXd& factor, Eigen::Ref<Eigen::MatrixXd> b);

}  // namespace talweg
