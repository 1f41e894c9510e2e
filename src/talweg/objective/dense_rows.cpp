// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/dense_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "talweg/objective/block_tree.h"

namespace talweg {
namespace {

constexpr std::size_t kPadding = 8;
constexpr std::size_t kSlabBytes = std::size_t{1} << 24U;
constexpr std::size_t kPage = std::size_t{1} << 21U;

std::size_t padded(std::size_t rows) {
  return (rows + kPadding - 1) / kPadding * kPadding;
}

struct Free {
  void operator()(double* memory) const { std::free(memory); }
};

}  // namespace

// Cells of many blocks in few large pieces of memory, on large pages where the system grants them.
struct DenseRows::Memory {
  std::vector<std::unique_ptr<double, Free>> slabs;
  double* next = nullptr;
  std::size_t left = 0;  // doubles

  double* take(std::size_t count) {
    count = padded(count);
    if (count > left) {
      const std::size_t bytes = (std::max(count * sizeof(double), kSlabBytes) + kPage - 1) / kPage * kPage;
      auto* const slab = static_cast<double*>(std::aligned_alloc(kPage, bytes));
      if (slab == nullptr) throw std::bad_alloc();
      slabs.emplace_back(slab);
      // Advice only: without large pages everything works as well.
      static_cast<void>(madvise(slab, bytes, MADV_HUGEPAGE));
      next = slab;
      left = bytes / sizeof(double);
    }
    double* const out = next;
    next += count;
    left -= count;
    return out;
  }
};

std::size_t dense_block_rows(std::size_t columns) {
  constexpr std::size_t kCacheCells = std::size_t{1} << 15U;  // 256 KiB
  std::size_t rows = 4 * kBlockRows;
  while (rows > kBlockRows && rows * columns > kCacheCells) rows /= 2;
  return rows;
}

DenseRows::DenseRows(std::size_t columns)
    : columns_(columns), block_rows_(dense_block_rows(columns)), memory_(std::make_unique<Memory>()) {}
DenseRows::~DenseRows() = default;
DenseRows::DenseRows(DenseRows&&) noexcept = default;
DenseRows& DenseRows::operator=(DenseRows&&) noexcept = default;

void DenseRows::open(std::uint64_t number) {
  close();
  Block block;
  block.number = number;
  blocks_.push_back(std::move(block));
  numbers_.push_back(number);
  open_.resize(columns_ * block_rows_);
}

void DenseRows::close() {
  if (blocks_.empty() || blocks_.back().cells != nullptr) return;
  Block& block = blocks_.back();
  block.stride = padded(block.rows);
  block.target.resize(block.stride);
  const bool weighted =
      std::any_of(block.weights.begin(), block.weights.end(), [](double w) { return w != 1; });
  if (weighted) {
    block.weights.resize(block.stride);
    weighted_ = true;
  } else {
    block.weights.clear();
  }
  block.cells = memory_->take(std::max<std::size_t>(columns_, 1) * block.stride);
  for (std::size_t j = 0; j < columns_; ++j) {
    double* const to = block.cells + j * block.stride;
    std::copy_n(open_.data() + j * block_rows_, block.rows, to);
    std::fill(to + block.rows, to + block.stride, 0.0);
  }
}

void DenseRows::append(const RowBlock& block) {
  if (block.rows == 0) return;
  const std::uint64_t number = block.number * kBlockRows / block_rows_;
  if (blocks_.empty() || blocks_.back().number != number) open(number);
  Block& to = blocks_.back();
  for (std::size_t j = 0; j < columns_; ++j) {
    double* const column = open_.data() + j * block_rows_ + to.rows;
    for (std::size_t r = 0; r < block.rows; ++r) column[r] = block.values[r * block.columns + j];
  }
  for (std::size_t r = 0; r < block.rows; ++r)
    to.target.push_back(block.values[r * block.columns + columns_]);
  // A block has weights as soon as one of its parts has.
  if (!block.weights.empty() || !to.weights.empty()) {
    to.weights.resize(to.rows, 1.0);
    if (block.weights.empty()) {
      to.weights.resize(to.rows + block.rows, 1.0);
    } else {
      to.weights.insert(to.weights.end(), block.weights.begin(), block.weights.end());
    }
  }
  if (!block.levels.empty() || !to.levels.empty()) {
    to.level_end.resize(to.rows, static_cast<std::uint32_t>(0));
    const auto base = static_cast<std::uint32_t>(to.levels.size());
    to.levels.insert(to.levels.end(), block.levels.begin(), block.levels.end());
    for (std::size_t r = 0; r < block.rows; ++r)
      to.level_end.push_back(base + (block.level_end.empty() ? 0 : block.level_end[r]));
  }
  for (std::size_t r = 0; r < block.rows; ++r) weight_ += block.weights.empty() ? 1 : block.weights[r];
  to.rows += block.rows;
  rows_ += block.rows;
}

void DenseRows::finish() {
  close();
  open_ = {};
}

void DenseRows::fill(std::size_t j, std::uint32_t gap, double value) {
  for (Block& block : blocks_) {
    std::size_t at = 0;
    for (std::size_t r = 0; r < block.level_end.size(); ++r) {
      for (; at < block.level_end[r]; ++at) {
        if (block.levels[at] == gap) block.cells[j * block.stride + r] = value;
      }
    }
  }
}

void DenseRows::standardise(std::span<const double> centre, std::span<const double> scale, unsigned threads) {
  reduce_blocks(
      numbers_, threads,
      [&](std::size_t k) {
        Block& block = blocks_[k];
        for (std::size_t j = 0; j < columns_; ++j) {
          double* const column = block.cells + j * block.stride;
          const double c = centre[j];
          const double s = scale[j];
          for (std::size_t r = 0; r < block.rows; ++r) column[r] = (column[r] - c) / s;
        }
      },
      [](std::size_t, std::size_t) {});
}

}  // namespace talweg
