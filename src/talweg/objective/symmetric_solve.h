// SPDX-License-Identifier: Apache-2.0
// Products and Cholesky factor of symmetric matrices of some thousand rows, tile by tile on several threads
// (tile_kernel.h). Every tile is computed as a whole by one thread, so the bits do not depend on the number
// of threads.
#pragma once

#include <hwy/aligned_allocator.h>

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <span>

namespace talweg {

/// `depth` vectors of `width` numbers, in strips of columns as the kernel takes them; the last strip is
/// filled up with zeros.
class Strips {
 public:
  Strips(std::size_t depth, std::size_t width);
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t count() const;
  /// Fewer vectors than there is room for.
  void set_depth(std::size_t depth) { depth_ = depth; }
  /// Strip k from vector `first` on.
  [[nodiscard]] const double* strip(std::size_t k, std::size_t first = 0) const;
  /// Vector k becomes `factor` times `values` (width numbers).
  void set(std::size_t k, const double* values, double factor);

 private:
  std::size_t room_, depth_, width_;
  hwy::AlignedFreeUniquePtr<double[]> cells_;
};

/// The lower triangle of `matrix` (width x width) takes the sum of v v' over all vectors; what is above it is
/// not to be used.
void add_gram(const Strips& vectors, Eigen::Ref<Eigen::MatrixXd> matrix, unsigned threads);
/// The lower triangle of a'a, columns x columns; what is above it is not to be used.
Eigen::MatrixXd gram_of_columns(const Eigen::MatrixXd& a, unsigned threads);
/// The lower triangle of a a'.
Eigen::MatrixXd gram_of_rows(const Eigen::MatrixXd& a, unsigned threads);
/// Adds `penalty` to the diagonal and then `damping` of each of its entries to itself; one that is not above
/// that share of the largest grows by the largest, so that a column of nothing has a pivot. Returns the
/// largest.
double damp_diagonal(Eigen::MatrixXd& matrix, std::span<const double> penalty, double damping);
/// The lower triangle becomes L of L L'; false where the matrix is not positive definite or not finite, and
/// where `give_up`, asked from time to time, said so.
bool factor_in_place(Eigen::MatrixXd& matrix, unsigned threads, const std::function<bool()>& give_up = {});
/// L L' x = b, in place.
void solve_in_place(const Eigen::MatrixXd& factor, Eigen::Ref<Eigen::MatrixXd> b);

}  // namespace talweg
