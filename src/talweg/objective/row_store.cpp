// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_store.h"

#include <algorithm>

namespace talweg {

void RowStore::append(std::uint64_t number, std::span<const double* const> columns, std::size_t rows,
                      std::span<const double> weights) {
  if (rows == 0) return;
  if (blocks_.empty() || blocks_.back().number != number) {
    close_last();
    blocks_.push_back({number, 0, {}, {}});
    numbers_.push_back(number);
    open_.resize((columns_ + 1) * kStoreRows);
  }
  Block& block = blocks_.back();
  for (std::size_t j = 0; j <= columns_; ++j) {
    std::copy(columns[j], columns[j] + rows,
              open_.begin() + static_cast<std::ptrdiff_t>(j * kStoreRows + block.rows));
  }
  if (!weights.empty() || !block.weights.empty()) {
    block.weights.resize(block.rows, 1.0);
    if (weights.empty()) {
      block.weights.resize(block.rows + rows, 1.0);
    } else {
      block.weights.insert(block.weights.end(), weights.begin(), weights.end());
    }
  }
  for (std::size_t r = 0; r < rows; ++r) weight_ += weights.empty() ? 1.0 : weights[r];
  weighted_ = weighted_ || !weights.empty();
  block.rows += rows;
  rows_ += rows;
}

void RowStore::close_last() {
  if (blocks_.empty()) return;
  Block& block = blocks_.back();
  block.cells.resize((columns_ + 1) * block.rows);
  for (std::size_t j = 0; j <= columns_; ++j) {
    const double* from = open_.data() + j * kStoreRows;
    std::copy(from, from + block.rows, block.cells.begin() + static_cast<std::ptrdiff_t>(j * block.rows));
  }
}

void RowStore::finish() {
  close_last();
  open_ = {};
}

RowStore RowStore::select(const std::vector<bool>& chosen) const {
  RowStore out(columns_);
  std::size_t row = 0;
  for (const Block& block : blocks_) {
    std::vector<std::vector<double>> columns(columns_ + 1);
    std::vector<double> weights;
    for (std::size_t r = 0; r < block.rows; ++r, ++row) {
      if (!chosen[row]) continue;
      for (std::size_t j = 0; j <= columns_; ++j) columns[j].push_back(block.cells[j * block.rows + r]);
      if (!block.weights.empty()) weights.push_back(block.weights[r]);
    }
    std::vector<const double*> at;
    for (const std::vector<double>& column : columns) at.push_back(column.data());
    out.append(block.number, at, columns.back().size(), weights);
  }
  out.finish();
  return out;
}

std::size_t RowStore::bytes() const {
  std::size_t numbers = 0;
  for (const Block& block : blocks_) numbers += block.cells.size() + block.weights.size();
  return numbers * sizeof(double);
}

}  // namespace talweg
