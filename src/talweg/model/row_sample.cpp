// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_sample.h"

#include <algorithm>

namespace talweg {

std::uint64_t row_hash(std::uint64_t number) {
  std::uint64_t z = (number + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

void RowSampler::halve() {
  threshold_ /= 2;
  std::erase_if(rows_, [this](const SampledRow& row) { return row_hash(row.number) >= threshold_; });
}

void RowSampler::add(const RowBlock& block) {
  const std::size_t room = std::clamp<std::size_t>(kMostValues / std::max<std::size_t>(1, block.columns), 32,
                                                   std::max<std::size_t>(32, most_rows_));
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::uint64_t number = block.number * kBlockRows + r;
    if (row_hash(number) >= threshold_) continue;
    while (rows_.size() >= room) halve();
    if (row_hash(number) >= threshold_) continue;
    SampledRow row;
    row.number = number;
    row.record = block.number * kBlockRows + (block.offsets.empty() ? r : block.offsets[r]);
    if (!block.weights.empty()) row.weight = block.weights[r];
    const auto values = block.values.begin() + static_cast<std::ptrdiff_t>(r * block.columns);
    row.values.assign(values, values + static_cast<std::ptrdiff_t>(block.columns));
    if (!block.level_end.empty()) {
      const std::uint32_t begin = r == 0 ? 0 : block.level_end[r - 1];
      row.levels.assign(block.levels.begin() + begin, block.levels.begin() + block.level_end[r]);
    }
    rows_.push_back(std::move(row));
  }
}

}  // namespace talweg
