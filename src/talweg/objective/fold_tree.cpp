// SPDX-License-Identifier: Apache-2.0
// Merging folds in the aligned tree.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "talweg/objective/fold_levels.h"
#include "talweg/objective/fold_nodes.h"
#include "talweg/objective/moments.h"
#include "talweg/objective/plain_kernel.h"
#include "talweg/objective/split_kernel.h"

namespace talweg {
namespace {

// Whether both are the folds of few rows in plain double: their products have no low parts, and the sum of
// these needs none.
bool merges_plainly(const FoldedRows& left, const FoldedRows& right) {
  return left.error == kPlainNodeError && right.error == kPlainNodeError &&
         left.rows + right.rows <= kPlainNodeRows;
}

// Products without their low parts, which are zeros.
void narrow(FoldedRows& node, ProductsPool& pool) {
  if (node.products.empty()) return;
  node.plain = pool.take(node.products.size());
  for (std::size_t k = 0; k < node.plain.size(); ++k) node.plain[k] = node.products[k].high;
  node.products.clear();
}

}  // namespace

UninitialisedVector<double> ProductsPool::take(std::size_t size) {
  UninitialisedVector<double> buffer;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      buffer = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  buffer.resize(size);
  return buffer;
}

void ProductsPool::give_back(UninitialisedVector<double> buffer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(buffer));
}

void widen(FoldedRows& node, ProductsPool& pool) {
  if (node.plain.empty()) return;
  node.products.clear();
  node.products.reserve(node.plain.size());
  for (const double product : node.plain) node.products.emplace_back(product, 0.0);
  pool.give_back(std::exchange(node.plain, {}));
}

FoldedRows merge_nodes(FoldedRows left, FoldedRows right, ProductsPool& pool) {
  if (right.rows == 0) return left;
  if (left.rows == 0) return right;
  const std::size_t p = left.columns;
  const DoubleDouble weight = left.weight + right.weight;
  const DoubleDouble share = right.weight / weight;
  const DoubleDouble factor = left.weight * share;
  std::vector<DoubleDouble> delta(p);
  for (std::size_t j = 0; j < p; ++j) delta[j] = right.mean[j] - left.mean[j];
  const bool plain = !left.marginal && merges_plainly(left, right);
  if (left.marginal) {
    for (std::size_t j = 0; j < p; ++j) left.products[j] += right.products[j] + factor * delta[j] * delta[j];
  } else if (plain) {
    narrow(left, pool);
    narrow(right, pool);
    std::vector<double> rounded(p);
    for (std::size_t j = 0; j < p; ++j) rounded[j] = delta[j].value();
    for (std::size_t i = 0; i < p; ++i) {
      const std::size_t row = packed_index(i, 0);
      plain_merge(&left.plain[row], &right.plain[row], (factor * delta[i]).value(), rounded.data(), i + 1);
    }
    pool.give_back(std::move(right.plain));
  } else {
    widen(left, pool);
    widen(right, pool);
    for (std::size_t i = 0; i < p; ++i) {
      const std::size_t row = packed_index(i, 0);
      merge_products(&left.products[row], &right.products[row], factor * delta[i], delta.data(), i + 1);
    }
  }
  for (std::size_t j = 0; j < p; ++j) {
    left.mean[j] += delta[j] * share;
    left.widest[j] = std::max({left.widest[j], right.widest[j], std::abs(delta[j].high)});
  }
  const double error = std::max(left.error, right.error);
  left.error = !plain && error == kPlainNodeError ? kPlainError : error;
  left.rows += right.rows;
  left.weight = weight;
  merge_levels(left, right);
  return left;
}

FoldedRows merge(FoldedRows left, const FoldedRows& right) {
  ProductsPool pool;
  FoldedRows out = merge_nodes(std::move(left), right, pool);
  widen(out, pool);
  return out;
}

namespace {

// Whether the smallest node that holds both blocks lies inside [first_block, end_block).
bool common_node_inside(std::uint64_t a, std::uint64_t b, std::uint64_t first_block,
                        std::uint64_t end_block) {
  const auto level = static_cast<unsigned>(std::bit_width(a ^ b));
  const std::uint64_t begin = level >= 64 ? 0 : a >> level << level;
  const std::uint64_t last = level >= 64 ? ~0ULL : begin + ((1ULL << level) - 1);
  return begin >= first_block && last < end_block;
}

}  // namespace

std::vector<FoldedPart> fold_blocks(std::span<const RowBlock> blocks, std::uint64_t first_block,
                                    std::uint64_t end_block, FoldArithmetic arithmetic) {
  ProductsPool pool;
  std::vector<FoldedPart> parts;
  const auto merge_last_two = [&] {
    FoldedPart right = std::move(parts.back());
    parts.pop_back();
    parts.back().folded = merge_nodes(std::move(parts.back().folded), std::move(right.folded), pool);
    parts.back().block = right.block;
  };
  // A pair is merged when what follows lies outside its node, as FoldTree does.
  const auto settle = [&](std::optional<std::uint64_t> next) {
    while (parts.size() > 1) {
      const std::uint64_t below = parts[parts.size() - 2].block;
      const std::uint64_t top = parts.back().block;
      const bool next_is_nearer = next && std::bit_width(below ^ top) >= std::bit_width(top ^ *next);
      if (next_is_nearer || !common_node_inside(below, top, first_block, end_block)) break;
      merge_last_two();
    }
  };
  for (const RowBlock& block : blocks) {
    settle(block.number);
    parts.push_back({block.number, fold_node(block, arithmetic, pool)});
  }
  settle(std::nullopt);
  for (FoldedPart& part : parts) widen(part.folded, pool);
  return parts;
}

void FoldTree::merge_top() {
  FoldedPart right = std::move(stack_.back());
  stack_.pop_back();
  ProductsPool pool;
  stack_.back().folded = merge_nodes(std::move(stack_.back().folded), std::move(right.folded), pool);
  widen(stack_.back().folded, pool);
  stack_.back().block = right.block;
}

void FoldTree::add(FoldedPart part) {
  if (!stack_.empty()) {
    // Every node that lies with the previous block on one side of the lowest common ancestor with this one is
    // complete.
    const auto ancestor = std::bit_width(stack_.back().block ^ part.block);
    while (stack_.size() > 1) {
      const FoldedPart& below = stack_[stack_.size() - 2];
      if (std::bit_width(below.block ^ stack_.back().block) >= ancestor) break;
      if (!common_node_inside(below.block, stack_.back().block, first_block_, ~0ULL)) break;
      merge_top();
    }
  }
  stack_.push_back(std::move(part));
}

std::vector<FoldedPart> FoldTree::take_parts(std::uint64_t end_block) {
  while (stack_.size() > 1) {
    const std::uint64_t below = stack_[stack_.size() - 2].block;
    if (!common_node_inside(below, stack_.back().block, first_block_, end_block)) break;
    merge_top();
  }
  return std::exchange(stack_, {});
}

FoldedRows FoldTree::finish() {
  while (stack_.size() > 1) merge_top();
  FoldedRows out = stack_.empty() ? FoldedRows{} : std::move(stack_.back().folded);
  stack_.clear();
  return out;
}

}  // namespace talweg
