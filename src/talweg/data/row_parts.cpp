// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_parts.h"

#include <algorithm>

#include "talweg/base/random.h"

namespace talweg {
namespace {

constexpr std::uint64_t kPartStream = 0x726f7770617274ULL;  // no other use of a seed draws from it

}  // namespace

std::uint32_t RowParts::of(std::uint64_t record) const {
  const double u = random_uniform(seed, kPartStream, record);
  if (folds == 0) return u < share ? 1 : 0;
  return std::min(static_cast<std::uint32_t>(u * folds), folds - 1);
}

RowBlock select_rows(const RowBlock& block, const std::function<bool(std::uint64_t record)>& chosen) {
  RowBlock out;
  out.clear(block.number, block.columns);
  std::vector<double> values;
  for (std::size_t r = 0; r < block.rows; ++r) {
    if (!chosen(block.number * kBlockRows + block.offsets[r])) continue;
    const std::size_t begin = r * block.columns;
    const std::size_t end = begin + block.columns;
    values.insert(values.end(), block.values.begin() + begin, block.values.begin() + end);
    for (std::size_t k = begin; k < end && !block.values_low.empty(); ++k)
      out.values_low.push_back(block.values_low[k]);
    if (!block.weights.empty()) out.weights.push_back(block.weights[r]);
    for (std::size_t a = r == 0 || block.level_end.empty() ? 0 : block.level_end[r - 1];
         !block.level_end.empty() && a < block.level_end[r]; ++a)
      out.levels.push_back(block.levels[a]);
    out.level_end.push_back(static_cast<std::uint32_t>(out.levels.size()));
    out.offsets.push_back(block.offsets[r]);
    ++out.rows;
  }
  out.values = BlockValues(std::move(values));
  if (out.levels.empty()) out.level_end.clear();
  return out;
}

}  // namespace talweg
