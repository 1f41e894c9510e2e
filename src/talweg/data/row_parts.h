// SPDX-License-Identifier: Apache-2.0
// Which rows are held out. A row belongs to a part by the number of its record in the table alone,
//   u = random_uniform(seed, kPartStream, record)         (base/random.h, counter-based)
//   folds K       part floor(K u), one of 0 ... K-1
//   a share s     part 1 (held out) where u < s, else part 0
// so neither the other rows, nor options that leave rows out, nor files, nor threads move it. Weights do not
// enter: a row of weight 3 is one row.
#pragma once

#include <cstdint>
#include <functional>

#include "talweg/data/row_block.h"

namespace talweg {

struct RowParts {
  std::uint64_t seed = 1;
  std::uint32_t folds = 0;  ///< 0: two parts by `share`
  double share = 0;         ///< in (0, 1)

  [[nodiscard]] std::uint32_t count() const { return folds > 0 ? folds : 2; }
  /// Of the record with that 0-based number.
  [[nodiscard]] std::uint32_t of(std::uint64_t record) const;
};

/// The rows of one part, or of all others.
struct RowSelection {
  RowParts parts;
  std::uint32_t part = 0;
  bool others = false;  ///< all rows but the part's
  bool all = true;      ///< every row

  [[nodiscard]] bool holds(std::uint64_t record) const { return all || (parts.of(record) == part) != others; }
};

/// The rows of a block of a table (RowBlock::offsets is filled) whose records are chosen, in order, under the
/// same block number.
RowBlock select_rows(const RowBlock& block, const std::function<bool(std::uint64_t record)>& chosen);

}  // namespace talweg
