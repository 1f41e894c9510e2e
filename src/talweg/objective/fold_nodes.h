// SPDX-License-Identifier: Apache-2.0
// Nodes of the fold's tree while they are worked on. Those folded in plain double have no low parts: their
// products travel as single doubles (FoldedRows::plain), in memory that goes round, until a node leaves the
// fold.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "talweg/base/uninitialised.h"
#include "talweg/objective/moments.h"

namespace talweg {

/// Buffers of products that come back; may be used on several threads.
class ProductsPool {
 public:
  /// `size` doubles, of which nothing is promised.
  UninitialisedVector<double> take(std::size_t size);
  void give_back(UninitialisedVector<double> buffer);

 private:
  std::mutex mutex_;
  std::vector<UninitialisedVector<double>> idle_;
};

/// fold_block without the indicators, the products left as they are.
FoldedRows fold_node(const RowBlock& block, FoldArithmetic arithmetic, ProductsPool& pool);

/// merge; both sides may have their products either way.
FoldedRows merge_nodes(FoldedRows left, FoldedRows right, ProductsPool& pool);

/// Products with low parts again.
void widen(FoldedRows& node, ProductsPool& pool);

}  // namespace talweg
