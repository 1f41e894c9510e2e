// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/symmetric_solve.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

#include "talweg/objective/block_tree.h"
#include "talweg/objective/tile_kernel.h"

namespace talweg {
namespace {

using Eigen::Index;

constexpr Index kStrip = kStripWidth;
constexpr Index kTile = 8 * kStrip;
constexpr std::size_t kDepth = 256;  // of vectors at once: a tile of them stays in the second cache

struct Tile {
  Index row, rows, column, columns;
};

// The tiles of the lower triangle of rows and columns [begin, size).
std::vector<Tile> lower_tiles(Index begin, Index size) {
  std::vector<Tile> out;
  for (Index row = begin; row < size; row += kTile) {
    for (Index column = begin; column <= row; column += kTile)
      out.push_back({row, std::min(kTile, size - row), column, std::min(kTile, size - column)});
  }
  return out;
}

void each(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  reduce_blocks(numbers, threads, work, [](std::size_t, std::size_t) {});
}

// The tile takes plus or minus what the vectors from `vector` on make, whose column 0 stands for the matrix'
// row and column `first`.
template <bool kPlus>
void take_products(const Strips& strips, std::size_t vector, std::size_t depth, Index first, const Tile& tile,
                   Eigen::Ref<Eigen::MatrixXd> matrix) {
  std::array<double, kStripWidth * kStripWidth> sums;
  for (Index column = tile.column; column < tile.column + tile.columns; column += kStrip) {
    const double* const b = strips.strip(static_cast<std::size_t>((column - first) / kStrip), vector);
    const Index columns = std::min(kStrip, tile.column + tile.columns - column);
    for (Index row = tile.row; row < tile.row + tile.rows; row += kStrip) {
      if (row + kStrip <= column) continue;
      const double* const a = strips.strip(static_cast<std::size_t>((row - first) / kStrip), vector);
      const Index rows = std::min(kStrip, tile.row + tile.rows - row);
      multiply_strips(a, b, depth, sums.data());
      for (Index j = 0; j < columns; ++j) {
        double* const to = &matrix(row, column + j);
        const double* const from = sums.data() + j * kStrip;
        for (Index i = 0; i < rows; ++i) to[i] = kPlus ? to[i] + from[i] : to[i] - from[i];
      }
    }
  }
}

}  // namespace

Strips::Strips(std::size_t depth, std::size_t width)
    : room_(depth),
      depth_(depth),
      width_(width),
      cells_(hwy::AllocateAligned<double>(std::max<std::size_t>(count() * depth * kStripWidth, 1))) {
  if (cells_ == nullptr) throw std::bad_alloc();
  std::fill_n(cells_.get(), count() * depth * kStripWidth, 0.0);
}

std::size_t Strips::count() const {
  return (width_ + kStripWidth - 1) / kStripWidth;
}

const double* Strips::strip(std::size_t k, std::size_t first) const {
  return cells_.get() + (k * room_ + first) * kStripWidth;
}

void Strips::set(std::size_t k, const double* values, double factor) {
  double* to = cells_.get() + k * kStripWidth;
  std::size_t j = 0;
  for (; j + kStripWidth <= width_; j += kStripWidth, to += room_ * kStripWidth) {
    for (std::size_t i = 0; i < kStripWidth; ++i) to[i] = factor * values[j + i];
  }
  for (std::size_t i = 0; j + i < width_; ++i) to[i] = factor * values[j + i];
}

void add_gram(const Strips& vectors, Eigen::Ref<Eigen::MatrixXd> matrix, unsigned threads) {
  const std::vector<Tile> tiles = lower_tiles(0, static_cast<Index>(vectors.width()));
  each(tiles.size(), threads, [&](std::size_t k) {
    for (std::size_t first = 0; first < vectors.depth(); first += kDepth) {
      const std::size_t depth = std::min(kDepth, vectors.depth() - first);
      take_products<true>(vectors, first, depth, 0, tiles[k], matrix);
    }
  });
}

Eigen::MatrixXd gram_of_columns(const Eigen::MatrixXd& a, unsigned threads) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(a.cols(), a.cols());
  const auto width = static_cast<std::size_t>(a.cols());
  Strips strips(kDepth, width);
  constexpr Index kAtOnce = kDepth;
  for (Index first = 0; first < a.rows(); first += kAtOnce) {
    const Index depth = std::min(kAtOnce, a.rows() - first);
    const Eigen::MatrixXd turned = a.middleRows(first, depth).transpose();
    strips.set_depth(static_cast<std::size_t>(depth));
    for (Index k = 0; k < depth; ++k) strips.set(static_cast<std::size_t>(k), &turned(0, k), 1);
    add_gram(strips, out, threads);
  }
  return out;
}

Eigen::MatrixXd gram_of_rows(const Eigen::MatrixXd& a, unsigned threads) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(a.rows(), a.rows());
  Strips strips(kDepth, static_cast<std::size_t>(a.rows()));
  constexpr Index kAtOnce = kDepth;
  for (Index first = 0; first < a.cols(); first += kAtOnce) {
    const Index depth = std::min(kAtOnce, a.cols() - first);
    strips.set_depth(static_cast<std::size_t>(depth));
    for (Index k = 0; k < depth; ++k) strips.set(static_cast<std::size_t>(k), &a(0, first + k), 1);
    add_gram(strips, out, threads);
  }
  return out;
}

// Right-looking: a tile on the diagonal, the column of tiles below it, then what it takes off the rest.
bool factor_in_place(Eigen::MatrixXd& matrix, unsigned threads, const std::function<bool()>& give_up) {
  const Index size = matrix.rows();
  for (Index first = 0; first < size; first += kTile) {
    if (give_up && give_up()) return false;
    const Index width = std::min(kTile, size - first);
    const Index next = first + width;
    auto corner = matrix.block(first, first, width, width);
    const Eigen::LLT<Eigen::MatrixXd> llt(corner);
    if (llt.info() != Eigen::Success) return false;
    corner = llt.matrixL();
    if (!corner.diagonal().allFinite()) return false;  // no pivot of what is not a number is below zero
    if (next == size) break;
    const std::vector<Tile> rest = lower_tiles(next, size);
    std::vector<Index> below;
    for (Index row = next; row < size; row += kTile) below.push_back(row);
    each(below.size(), threads, [&](std::size_t k) {
      auto tile = matrix.block(below[k], first, std::min(kTile, size - below[k]), width);
      corner.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(tile);
    });
    Strips strips(static_cast<std::size_t>(width), static_cast<std::size_t>(size - next));
    for (Index k = 0; k < width; ++k) strips.set(static_cast<std::size_t>(k), &matrix(next, first + k), 1);
    each(rest.size(), threads,
         [&](std::size_t k) { take_products<false>(strips, 0, strips.depth(), next, rest[k], matrix); });
  }
  return true;
}

double damp_diagonal(Eigen::MatrixXd& matrix, std::span<const double> penalty, double damping) {
  auto diagonal = matrix.diagonal();
  double largest = 0;
  for (Index j = 0; j < diagonal.size(); ++j) {
    diagonal[j] += penalty[static_cast<std::size_t>(j)];
    largest = std::max(largest, diagonal[j]);
  }
  for (double& own : diagonal) own += own > damping * largest ? damping * own : largest;
  return largest;
}

// Eigen passes a reference that can be written through by value.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void solve_in_place(const Eigen::MatrixXd& factor, Eigen::Ref<Eigen::MatrixXd> b) {
  factor.triangularView<Eigen::Lower>().solveInPlace(b);
  factor.triangularView<Eigen::Lower>().transpose().solveInPlace(b);
}

}  // namespace talweg
