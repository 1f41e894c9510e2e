// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_gather.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <new>

#include "talweg/objective/block_tree.h"

namespace talweg {
namespace {

constexpr std::size_t kMostGroups = 64;

}  // namespace

RowGather::Scratch::Scratch(std::size_t block_rows, std::size_t columns)
    : f(block_rows),
      value(block_rows),
      slope(block_rows),
      curvature(block_rows),
      lanes(hwy::AllocateAligned<double>(8 * std::max<std::size_t>(columns, 1))) {
  if (lanes == nullptr) throw std::bad_alloc();
}

struct RowGather::Threads {
  explicit Threads(const DenseRows& rows)
      : local([&rows] { return Scratch(rows.block_rows(), rows.columns()); }) {}
  tbb::enumerable_thread_specific<Scratch> local;
};

RowGather::RowGather(const DenseRows& rows, unsigned threads)
    : rows_(rows), threads_(threads), scratch_(std::make_unique<Threads>(rows)) {
  // Groups are the nodes of one level of the tree.
  const std::vector<std::uint64_t>& numbers = rows_.numbers();
  unsigned level = 0;
  while (!numbers.empty() && (numbers.back() >> level) - (numbers.front() >> level) >= kMostGroups) ++level;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const std::uint64_t group = numbers[k] >> level;
    if (group_numbers_.empty() || group_numbers_.back() != group) {
      group_numbers_.push_back(group);
      group_end_.push_back(k);
    }
    group_end_.back() = k + 1;
  }
}

RowGather::~RowGather() = default;

const double* RowGather::sums(std::size_t width,
                              const std::function<void(const DenseRows::Block&, Scratch&, double*)>& leaf) {
  ++passes_;
  const std::size_t groups = group_numbers_.size();
  slots_.assign(std::max<std::size_t>(groups, 1) * width, 0.0);
  double* const slots = slots_.data();
  reduce_blocks(
      group_numbers_, threads_,
      [&](std::size_t g) {
        Scratch& scratch = scratch_->local.local();
        for (std::size_t k = g == 0 ? 0 : group_end_[g - 1]; k < group_end_[g]; ++k)
          leaf(rows_.blocks()[k], scratch, slots + g * width);
      },
      [&](std::size_t into, std::size_t from) {
        for (std::size_t j = 0; j < width; ++j) slots[into * width + j] += slots[from * width + j];
      });
  return slots;
}

void RowGather::each(const std::function<void(std::size_t, const DenseRows::Block&, Scratch&)>& leaf) {
  each_of(0, rows_.blocks().size(), leaf);
}

void RowGather::each_of(std::size_t begin, std::size_t end,
                        const std::function<void(std::size_t, const DenseRows::Block&, Scratch&)>& leaf) {
  if (begin == 0) ++passes_;
  reduce_blocks(
      std::span(rows_.numbers()).subspan(begin, end - begin), threads_,
      [&](std::size_t k) { leaf(begin + k, rows_.blocks()[begin + k], scratch_->local.local()); },
      [](std::size_t, std::size_t) {});
}

}  // namespace talweg
