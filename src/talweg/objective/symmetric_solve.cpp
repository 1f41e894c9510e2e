// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/symmetric_solve.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "talweg/objective/block_tree.h"

namespace talweg {
namespace {

using Eigen::Index;

constexpr Index kTile = 192;

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

}  // namespace

Eigen::MatrixXd gram_of_columns(const Eigen::MatrixXd& a, unsigned threads) {
  Eigen::MatrixXd out(a.cols(), a.cols());
  const std::vector<Tile> tiles = lower_tiles(0, a.cols());
  each(tiles.size(), threads, [&](std::size_t k) {
    const Tile& t = tiles[k];
    out.block(t.row, t.column, t.rows, t.columns).noalias() =
        a.middleCols(t.row, t.rows).transpose() * a.middleCols(t.column, t.columns);
  });
  return out;
}

Eigen::MatrixXd gram_of_rows(const Eigen::MatrixXd& a, unsigned threads) {
  Eigen::MatrixXd out(a.rows(), a.rows());
  const std::vector<Tile> tiles = lower_tiles(0, a.rows());
  each(tiles.size(), threads, [&](std::size_t k) {
    const Tile& t = tiles[k];
    out.block(t.row, t.column, t.rows, t.columns).noalias() =
        a.middleRows(t.row, t.rows) * a.middleRows(t.column, t.columns).transpose();
  });
  return out;
}

// Right-looking: a tile on the diagonal, the column of tiles below it, then what it takes off the rest.
bool factor_in_place(Eigen::MatrixXd& matrix, unsigned threads) {
  const Index size = matrix.rows();
  for (Index first = 0; first < size; first += kTile) {
    const Index width = std::min(kTile, size - first);
    const Index next = first + width;
    auto corner = matrix.block(first, first, width, width);
    const Eigen::LLT<Eigen::MatrixXd> llt(corner);
    if (llt.info() != Eigen::Success) return false;
    corner = llt.matrixL();
    const std::vector<Tile> rest = lower_tiles(next, size);
    std::vector<Index> below;
    for (Index row = next; row < size; row += kTile) below.push_back(row);
    each(below.size(), threads, [&](std::size_t k) {
      auto tile = matrix.block(below[k], first, std::min(kTile, size - below[k]), width);
      corner.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(tile);
    });
    each(rest.size(), threads, [&](std::size_t k) {
      const Tile& t = rest[k];
      matrix.block(t.row, t.column, t.rows, t.columns).noalias() -=
          matrix.block(t.row, first, t.rows, width) *
          matrix.block(t.column, first, t.columns, width).transpose();
    });
  }
  return true;
}

void solve_in_place(const Eigen::MatrixXd& factor, Eigen::Ref<Eigen::MatrixXd> b) {
  factor.triangularView<Eigen::Lower>().solveInPlace(b);
  factor.triangularView<Eigen::Lower>().transpose().solveInPlace(b);
}

}  // namespace talweg
