// SPDX-License-Identifier: Apache-2.0
// The fold: rows -> moments. For squared error the data enter the cost only through the number of rows, the
// column means and the centred products; one pass folds any number of rows into them.
//
//   W = sum_r w_r          m_j = sum_r w_r x_rj / W          C_ij = sum_r w_r (x_ri - m_i)(x_rj - m_j)
//
// Everything is kept in double-double (about 31 digits), so neither large means nor near-collinear columns
// cost digits: a block is centred on its own first row, exactly; blocks are merged in pairs by
//   delta = m_b - m_a,  m = m_a + delta W_b/W,  C = C_a + C_b + (W_a W_b / W) delta delta'
// (Chan, Golub, LeVeque, "Algorithms for computing the sample variance", The American Statistician 37(3),
// 1983). Blocks are cut by global row number and merged in the aligned binary tree over block numbers: node
// (l, k) covers the blocks [k 2^l, (k+1) 2^l), an absent block is neutral. So the bits depend on the rows and
// their order alone.
//
// Indicators (the levels of text columns, the gaps of numeric ones) are not folded as columns of zeros and
// ones: an indicator carries its weight, the sums of the dense columns over its rows, and its weight together
// with other indicators; what has not been seen has been zero so far, so a level may appear in any row.
// `assemble` turns them into centred columns: C_lj = T_lj - W_l m_j, C_lk = W_lk - W_l W_k / W.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/base/uninitialised.h"
#include "talweg/data/row_block.h"

namespace talweg {

/// Index of (i, j), j <= i, in a lower triangle packed by rows.
inline std::size_t packed_index(std::size_t i, std::size_t j) {
  return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
}

/// Worst-case error of a centred product of two dense columns without gaps, against sqrt(C_ii C_jj): the sums
/// of errors of a block run in plain double over at most kBlockRows rows (256^2 u^2), about the block's first
/// row (at most 2 * 256 times C_jj).
inline constexpr double kProductError = 1e-24;
/// The same for blocks folded by splitting: at most 2 kBlockRows roundings (2^-53) of terms whose sizes add
/// up to at most 2^(1 - kSplitBits) max|z_i| sum|z_j| <= 2^(1 - kSplitBits) 16 sqrt(C_ii C_jj). In practice
/// 1e-22.
inline constexpr double kSplitError = 1e-18;
/// The same for nodes of blocks folded in plain double: 7.7e-14 of a block (plain_kernel.h), and three
/// roundings (2^-53) of sums of the size of sqrt(C_ii C_jj) for each of the merges up to kPlainNodeRows.
inline constexpr double kPlainNodeError = 8e-14;
/// Nodes of at most so many rows are merged in plain double where both halves were folded so.
inline constexpr std::size_t kPlainNodeRows = 16 * kBlockRows;
/// The same for everything else with plain blocks in it. Their means are off by at most 42 u of their
/// spreads, and so are the differences of means by which nodes are merged: with L <= 55 levels of the tree
/// and sum over nodes of (W_a W_b / W) delta_j^2 <= C_jj, by 2 sqrt(2 L) 42 u sqrt(C_ii C_jj) <= 1e-13.
inline constexpr double kPlainError = 2e-13;

/// What the error of products with such a bound is in practice, with a margin of a hundred: what is smaller
/// than that share of a column's square may be rounding.
inline double usual_error(double bound) {
  return bound > 1e3 * kSplitError ? 1e-14 : bound > 1e3 * kProductError ? 1e-20 : 1e-28;
}

/// How rows beyond the first ones are folded: in plain double, or to 75 bits at three times the price.
enum class BulkArithmetic { plain, split };

/// What decides how a block is folded, beside its number.
struct FoldArithmetic {
  FoldArithmetic(BulkArithmetic of_bulk = BulkArithmetic::split, std::size_t columns_of_table = 0)
      : bulk(of_bulk), table_columns(columns_of_table) {}

  BulkArithmetic bulk;
  /// All columns of the table, used or not, so that a choice of them is folded as it is among all; 0: those
  /// of the block.
  std::size_t table_columns;
};

/// Whether a block is folded in full double-double; the others in the arithmetic of the bulk. The first rows
/// of a table, as many as take 1e7 products: all of a small one, where every digit may count and time does
/// not.
bool folds_exactly(std::uint64_t block_number, std::size_t table_columns);

/// What some rows have been folded into.
struct FoldedRows {
  std::uint64_t rows = 0;
  std::size_t columns = 0;       ///< dense columns
  double error = kProductError;  ///< bound on the errors of the products, against sqrt(C_ii C_jj)
  DoubleDouble weight;
  std::vector<DoubleDouble> mean;          ///< columns
  std::vector<DoubleDouble> products;      ///< packed lower triangle, centred
  UninitialisedVector<double> plain;       ///< inside the fold alone: `products` that have no low parts
  bool marginal = false;                   ///< `products` are those of each column with itself, one a column
  std::vector<double> widest;              ///< at most the largest difference of two values; 0: all are equal
  std::vector<std::uint32_t> levels;       ///< indicators seen, ascending
  std::vector<DoubleDouble> level_weight;  ///< one per indicator
  std::vector<DoubleDouble> level_sums;    ///< indicators x columns: sum of w x, not centred
  std::vector<std::uint64_t> pairs;        ///< (a << 32 | b), a < b, both seen in one row, ascending
  std::vector<DoubleDouble> pair_weight;   ///< one per pair

  /// C_jj.
  [[nodiscard]] const DoubleDouble& square(std::size_t j) const {
    return products[marginal ? j : packed_index(j, j)];
  }
};

/// Folds one block. In the bulk, blocks whose cells have low parts are split always; columns of which plain
/// double would lose more than it may are folded in double-double and rounded.
FoldedRows fold_block(const RowBlock& block, FoldArithmetic arithmetic = {});

/// The same without products of two columns (FoldedRows::marginal), in O(rows x columns), and without
/// indicators: means and squares about the block's first row, sums of up to kBlockRows rounded terms kept
/// exactly.
FoldedRows fold_marginals(const RowBlock& block);

/// The fold of the rows of `left` followed by those of `right`; both are marginal or neither is.
FoldedRows merge(FoldedRows left, const FoldedRows& right);

/// The fold of one complete aligned node of the tree; `block` is the number of any block inside it.
struct FoldedPart {
  std::uint64_t block = 0;
  FoldedRows folded;
};

/// Folds blocks, without their indicators, and merges them as far as they allow: nodes of the aligned tree
/// whose blocks all lie in [first_block, end_block). `blocks`, ascending, has those of that range that hold
/// rows. To be added to a FoldTree in this order.
std::vector<FoldedPart> fold_blocks(std::span<const RowBlock> blocks, std::uint64_t first_block,
                                    std::uint64_t end_block, FoldArithmetic arithmetic = {});

/// Gathers folded blocks, given in ascending order of block number, in the aligned tree. Memory: one
/// FoldedRows for each level of the tree that is under way.
class FoldTree {
 public:
  /// Of a part of a table: blocks before `first_block` are somebody else's, and no node that reaches there is
  /// taken for complete.
  explicit FoldTree(std::uint64_t first_block = 0) : first_block_(first_block) {}
  void add(std::uint64_t block_number, FoldedRows folded) { add({block_number, std::move(folded)}); }
  void add(FoldedPart part);
  /// The fold of everything added; the tree is empty afterwards.
  FoldedRows finish();
  /// The folds of the complete nodes inside [first_block, end_block), as few as there are, in order. Added to
  /// the tree of the part before, they go on as if the table had been read in one piece. The tree is empty
  /// afterwards.
  std::vector<FoldedPart> take_parts(std::uint64_t end_block);

 private:
  void merge_top();
  std::uint64_t first_block_ = 0;
  std::vector<FoldedPart> stack_;
};

/// Moments of a chosen list of columns.
struct Moments {
  std::uint64_t rows = 0;
  double error = kProductError;  ///< bound on the errors of the products, against sqrt(C_ii C_jj)
  DoubleDouble weight;
  std::vector<DoubleDouble> mean;
  std::vector<DoubleDouble> products;  ///< packed lower triangle, centred sums
  bool marginal = false;               ///< of marginal folds: products(j, j) alone, one a column

  [[nodiscard]] std::size_t size() const { return mean.size(); }
  [[nodiscard]] const DoubleDouble& product(std::size_t i, std::size_t j) const {
    return products[marginal ? i : packed_index(i, j)];
  }
  /// Population standard deviation sqrt(C_jj / W), divisor W.
  [[nodiscard]] double spread(std::size_t j) const;
  /// Whether the column has one single value, exactly.
  [[nodiscard]] bool is_constant(std::size_t j) const { return !(product(j, j).high > 0); }
};

/// One column of assembled moments: a dense column, whose gaps (the rows of indicator `gap`) hold the mean
/// over the other rows, or an indicator.
struct MomentColumn {
  std::optional<std::size_t> dense;
  std::optional<std::uint32_t>
      level;  ///< the indicator itself, where `dense` is absent; else the gaps to fill
};

/// Picks and centres columns. An indicator that no row has is a constant zero column.
Moments assemble(const FoldedRows& folded, const std::vector<MomentColumn>& columns);

/// The mean over the rows that have the cell of dense column `j`, whose gaps indicator `gap` marks; absent if
/// no row has it.
std::optional<double> mean_of_present(const FoldedRows& folded, std::size_t j, std::uint32_t gap);

}  // namespace talweg
