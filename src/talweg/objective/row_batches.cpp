// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_batches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "talweg/objective/lanes.h"

namespace talweg {

Result<std::unique_ptr<RowBatches>> RowBatches::make(const RowStore& store, const RowModel& model,
                                                     const LossSettings& loss, std::vector<double> l2) {
  if (store.rows() > std::numeric_limits<std::uint32_t>::max()) return fail(too_many_rows_for_batches());
  std::unique_ptr<RowBatches> out(new RowBatches(model, loss, std::move(l2)));
  out->take_rows(store);
  return out;
}

RowBatches::RowBatches(const RowModel& model, const LossSettings& loss, std::vector<double> l2)
    : model_(model), loss_(loss), l2_(std::move(l2)), work_(model.make_workspace()) {
  if (std::all_of(l2_.begin(), l2_.end(), [](double weight) { return weight == 0; })) l2_.clear();
}

void RowBatches::take_rows(const RowStore& store) {
  rows_ = static_cast<std::uint32_t>(store.rows());
  weighted_ = store.weighted();
  stride_ = store.columns() + (weighted_ ? 2 : 1);
  cells_.resize(std::size_t{rows_} * stride_);
  double* to = cells_.data();
  for (std::size_t k = 0; k < store.blocks(); ++k) {
    const RowStore::Block& block = store.block(k);
    for (std::size_t r = 0; r < block.rows; ++r) {
      for (std::size_t j = 0; j <= store.columns(); ++j) *to++ = store.column(k, j)[r];
      if (weighted_) *to++ = block.weights.empty() ? 1 : block.weights[r];
    }
  }
  const auto count = static_cast<double>(rows_);
  total_ = loss_.kind == CostKind::sse ? count : count / store.weight().value();
  const std::size_t p = model_.parameters();
  const std::size_t width = std::min<std::size_t>(kStoreRows, rows_);
  buffers_.resize((stride_ + 2 + p) * width);
  double* at = buffers_.data();
  const auto next = [&] { return std::exchange(at, at + width); };
  for (std::size_t j = 0; j < stride_; ++j) columns_.push_back(next());
  at_.assign(columns_.begin(), columns_.begin() + static_cast<std::ptrdiff_t>(store.columns()));
  f_ = next();
  slope_ = next();
  for (std::size_t j = 0; j < p; ++j) partials_.push_back(next());
  gradient_.resize(p);
}

void RowBatches::prefetch(std::uint32_t row) const {
  constexpr std::size_t kLine = 8;  // doubles
  constexpr std::size_t kMost = 64;
  const double* const from = cells_.data() + row * stride_;
  for (std::size_t j = 0; j < std::min(stride_, kMost); j += kLine) __builtin_prefetch(from + j);
}

// slope_ (times the weights) and partials_ of at most kStoreRows rows; their losses unless `value` is null.
void RowBatches::visit(const Point& point, std::span<const std::uint32_t> rows, double* value) {
  const std::size_t n = rows.size();
  for (std::size_t r = 0; r < n; ++r) {
    const double* const from = cells_.data() + rows[r] * stride_;
    for (std::size_t j = 0; j < stride_; ++j) columns_[j][r] = from[j];
  }
  model_.evaluate(at_, n, point.high, f_, partials_, *work_);
  evaluate_loss(loss_, f_, columns_[at_.size()], n, value, slope_, nullptr);
  if (!weighted_) return;
  const double* const weight = columns_.back();
  for (std::size_t r = 0; r < n; ++r) {
    slope_[r] *= weight[r];
    if (value != nullptr) value[r] *= weight[r];
  }
}

// c/B times the batch's sum, less what the anchor's slopes make of the same rows.
void RowBatches::add(const Point& point, std::span<const std::uint32_t> batch, bool reduced,
                     std::span<double> out) {
  const std::size_t p = size();
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t first = 0; first < batch.size(); first += kStoreRows) {
    const auto rows = batch.subspan(first, std::min(kStoreRows, batch.size() - first));
    visit(point, rows, nullptr);
    for (std::size_t j = 0; j < p; ++j) {
      const double* const partial = partials_[j];
      out[j] += reduced ? Lanes::sum(rows.size(),
                                     [&](std::size_t r) {
                                       return slope_[r] * partial[r] - anchor_rows_[rows[r] * p + j];
                                     })
                        : Lanes::sum(rows.size(), [&](std::size_t r) { return slope_[r] * partial[r]; });
    }
  }
  const double factor = total_ / static_cast<double>(batch.size());
  for (double& g : out) g *= factor;
  for (std::size_t j = 0; j < l2_.size(); ++j) out[j] += l2_[j] * point.high[j];
}

void RowBatches::gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) {
  add(point, batch, false, out);
}

void RowBatches::descend(Point& point, std::span<const std::uint32_t> batch, double rate) {
  add(point, batch, false, gradient_);
  move_plainly(point, gradient_, -rate);
}

BatchCost::Anchor RowBatches::set_anchor(const Point& point) {
  const std::size_t p = size();
  anchor_rows_.resize(std::size_t{rows_} * p);
  anchor_gradient_.assign(p, 0.0);
  std::vector<double> value(std::min<std::size_t>(kStoreRows, rows_));
  std::vector<std::uint32_t> run;
  double sum = 0;
  for (std::uint32_t first = 0; first < rows_; first += static_cast<std::uint32_t>(run.size())) {
    run.resize(std::min<std::size_t>(kStoreRows, rows_ - first));
    std::iota(run.begin(), run.end(), first);
    visit(point, run, value.data());
    sum += Lanes::sum(run.size(), [&](std::size_t r) { return value[r]; });
    for (std::size_t j = 0; j < p; ++j) {
      const double* const partial = partials_[j];
      double* const kept = anchor_rows_.data() + first * p + j;
      for (std::size_t r = 0; r < run.size(); ++r) kept[r * p] = slope_[r] * partial[r];
      anchor_gradient_[j] += Lanes::sum(run.size(), [&](std::size_t r) { return kept[r * p]; });
    }
  }
  const double factor = total_ / static_cast<double>(rows_);
  Anchor out;
  out.cost = sum * factor;
  double square = 0;
  for (std::size_t j = 0; j < p; ++j) {
    anchor_gradient_[j] *= factor;
    const double pull = l2_.empty() ? 0 : l2_[j] * point.high[j];
    const double g = anchor_gradient_[j] + pull;
    out.cost += pull * point.high[j] / 2;
    square += g * g;
  }
  out.slope = std::sqrt(square);
  return out;
}

void RowBatches::reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                                  std::span<double> out) {
  add(point, batch, true, out);
  for (std::size_t j = 0; j < size(); ++j) out[j] += anchor_gradient_[j];
}

}  // namespace talweg
