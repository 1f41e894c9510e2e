// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_batches.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <type_traits>

#include "talweg/base/double_double.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/step_kernel.h"

namespace talweg {
namespace {

constexpr std::size_t kPage = std::size_t{1} << 21U;

}  // namespace

void LinearBatches::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

LinearBatches::~LinearBatches() = default;

Result<std::unique_ptr<LinearBatches>> LinearBatches::make(const DenseRows& rows,
                                                           std::vector<BatchTerm> terms,
                                                           LinearBatchesSettings settings) {
  if (rows.rows() > std::numeric_limits<std::uint32_t>::max()) return fail(too_many_rows_for_batches());
  std::unique_ptr<LinearBatches> out(new LinearBatches());
  out->terms_ = std::move(terms);
  out->settings_ = settings;
  for (std::size_t j = 0; j < out->terms_.size(); ++j) {
    const BatchTerm& term = out->terms_[j];
    if (term.level) {
      if (out->slot_of_level_.size() <= *term.level) out->slot_of_level_.resize(*term.level + 1, SIZE_MAX);
      out->slot_of_level_[*term.level] = out->slots_;
      out->place_.push_back(out->slots_++);
      out->plain_ = false;
      continue;
    }
    if (!term.column) out->constant_ = out->dense_;
    out->place_.push_back(out->dense_++);
  }
  if (settings.l2 > 0) {
    for (const BatchTerm& term : out->terms_) out->l2_.push_back(settings.l2 * (term.penalty * term.penalty));
  }
  out->take_rows(rows);
  return out;
}

// The cells of all rows, whatever their type.
template <class Cell>
void LinearBatches::take_cells(const DenseRows& rows, Cell* cells) {
  constexpr bool kFloats = std::is_same_v<Cell, float>;
  std::size_t first = 0;
  for (const DenseRows::Block& block : rows.blocks()) {
    Cell* const begin = cells + first * cells_.stride;
    std::fill_n(begin, block.rows * cells_.stride, Cell{});
    for (std::size_t j = 0; j < terms_.size(); ++j) {
      const BatchTerm& term = terms_[j];
      if (term.level || !(term.scale > 0)) continue;
      Cell* const to = begin + place_[j];
      if (!term.column) {
        for (std::size_t r = 0; r < block.rows; ++r) to[r * cells_.stride] = 1;
        continue;
      }
      block.with_cells([&](const auto* of_block) {
        for (std::size_t r = 0; r < block.rows; ++r) {
          const auto z = of_block[panel_place(block.columns, *term.column, r)];
          if constexpr (kFloats) {
            to[r * cells_.stride] = static_cast<float>(z);
          } else {
            to[r * cells_.stride] = (z - term.centre) / term.scale;
          }
        }
      });
    }
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t at = kFloats ? cells_.stride - 2 : dense_;
      std::memcpy(begin + r * cells_.stride + at, &block.target[r], sizeof(double));
    }
    first += block.rows;
  }
}

void LinearBatches::take_rows(const DenseRows& rows) {
  const auto count = static_cast<std::size_t>(rows.rows());
  const bool floats = rows.type() == CellType::floats;
  cells_.columns = dense_;
  cells_.stride = row_stride(dense_, floats);
  const std::size_t cell = floats ? sizeof(float) : sizeof(double);
  const std::size_t bytes =
      (std::max<std::size_t>(count * cells_.stride, 1) * cell + kPage - 1) / kPage * kPage;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kPage, bytes)));
  if (memory_ == nullptr) throw std::bad_alloc();
  // Advice only: rows are visited in any order, and large pages keep their addresses at hand.
  static_cast<void>(madvise(memory_.get(), bytes, MADV_HUGEPAGE));
  rows_ = count;
  if (floats) {
    unit_.assign(cells_.stride, 0.0);
    shift_.assign(cells_.stride, 0.0);
    for (std::size_t j = 0; j < terms_.size(); ++j) {
      const BatchTerm& term = terms_[j];
      if (term.level || !(term.scale > 0)) continue;
      unit_[place_[j]] = term.column ? rows.unit(*term.column) / term.scale : 1;
      shift_[place_[j]] = term.column ? (rows.centre(*term.column) - term.centre) / term.scale : 0;
    }
    cells_.unit = unit_.data();
    cells_.shift = shift_.data();
    auto* const cells = new (memory_.get()) float[count * cells_.stride];
    take_cells(rows, cells);
    cells_.floats = cells;
  } else {
    auto* const cells = new (memory_.get()) double[count * cells_.stride];
    take_cells(rows, cells);
    cells_.doubles = cells;
  }
  for (const DenseRows::Block& block : rows.blocks()) {
    if (rows.weighted()) {
      for (std::size_t r = 0; r < block.rows; ++r)
        weights_.push_back(block.weights.empty() ? 1 : block.weights[r]);
    }
    for (std::size_t r = 0; slots_ > 0 && r < block.rows; ++r) {
      const std::size_t begin = r == 0 || block.level_end.empty() ? 0 : block.level_end[r - 1];
      const std::size_t end = block.level_end.empty() ? 0 : block.level_end[r];
      for (std::size_t a = begin; a < end; ++a) {
        const std::uint32_t level = block.levels[a];
        if (level < slot_of_level_.size() && slot_of_level_[level] != SIZE_MAX)
          levels_.push_back(static_cast<std::uint32_t>(slot_of_level_[level]));
      }
      level_end_.push_back(levels_.size());
    }
  }
  total_ = settings_.loss.kind == CostKind::sse ? static_cast<double>(count)
                                                : static_cast<double>(count) / rows.weight().value();
  table_point_.assign(dense_, 0.0);
  table_gradient_.assign(dense_, 0.0);
  level_point_.assign(slots_, 0.0);
  level_gradient_.assign(slots_, 0.0);
}

void LinearBatches::prefetch(std::uint32_t row) const {
  fetch_row(cells_, row);
}

// slope_: of the rows of the batch, times their weights; value_, where asked for.
void LinearBatches::slopes(const Point& point, std::span<const std::uint32_t> batch, bool values) {
  const std::size_t count = batch.size();
  if (f_.size() < count) {
    for (std::vector<double>* buffer : {&f_, &y_, &value_, &slope_}) buffer->resize(count);
  }
  if (!plain_) {
    double shift = 0;
    for (std::size_t j = 0; j < terms_.size(); ++j) {
      const BatchTerm& term = terms_[j];
      if (!term.level) {
        table_point_[place_[j]] = point.high[j];
      } else {
        const double t = term.scale > 0 ? point.high[j] / term.scale : 0;
        level_point_[place_[j]] = t;
        shift -= term.centre * t;
      }
    }
    if (constant_) table_point_[*constant_] += shift;
  }
  dot_rows(cells_, batch.data(), count, plain_ ? point.high.data() : table_point_.data(), f_.data());
  for (std::size_t k = 0; k < count; ++k) y_[k] = cells_.target(batch[k]);
  if (settings_.offset != 0) {
    for (std::size_t k = 0; k < count; ++k) f_[k] += settings_.offset;
  }
  for (std::size_t k = 0; k < count && !level_end_.empty(); ++k) {
    for (std::size_t a = batch[k] == 0 ? 0 : level_end_[batch[k] - 1]; a < level_end_[batch[k]]; ++a)
      f_[k] += level_point_[levels_[a]];
  }
  evaluate_loss(settings_.loss, f_.data(), y_.data(), count, values ? value_.data() : nullptr, slope_.data(),
                nullptr);
  if (!weights_.empty()) {
    for (std::size_t k = 0; k < count; ++k) slope_[k] *= weights_[batch[k]];
  }
}

// out = factor * sum over the batch of slope_ x, without the penalty.
void LinearBatches::project(std::span<const std::uint32_t> batch, double factor, std::span<double> out) {
  const std::size_t count = batch.size();
  for (std::size_t k = 0; k < count; ++k) slope_[k] *= factor;
  const std::span<double> into = plain_ ? out : std::span<double>(table_gradient_);
  std::fill(into.begin(), into.end(), 0.0);
  add_rows(cells_, batch.data(), count, slope_.data(), into.data());
  if (plain_) return;
  std::fill(level_gradient_.begin(), level_gradient_.end(), 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) {
    sum += slope_[k];
    for (std::size_t a = batch[k] == 0 ? 0 : level_end_[batch[k] - 1]; a < level_end_[batch[k]]; ++a)
      level_gradient_[levels_[a]] += slope_[k];
  }
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const BatchTerm& term = terms_[j];
    out[j] = !term.level         ? table_gradient_[place_[j]]
             : !(term.scale > 0) ? 0
                                 : (level_gradient_[place_[j]] - term.centre * sum) / term.scale;
  }
}

void LinearBatches::gradient(const Point& point, std::span<const std::uint32_t> batch,
                             std::span<double> out) {
  slopes(point, batch, false);
  project(batch, total_ / static_cast<double>(batch.size()), out);
  for (std::size_t j = 0; j < l2_.size(); ++j) out[j] += l2_[j] * point.high[j];
}

void LinearBatches::descend(Point& point, std::span<const std::uint32_t> batch, double rate) {
  if (!plain_) return BatchCost::descend(point, batch, rate);
  slopes(point, batch, false);
  const double factor = -rate * total_ / static_cast<double>(batch.size());
  for (std::size_t k = 0; k < batch.size(); ++k) slope_[k] *= factor;
  for (std::size_t j = 0; j < l2_.size(); ++j) point.high[j] -= rate * l2_[j] * point.high[j];
  add_rows(cells_, batch.data(), batch.size(), slope_.data(), point.high.data());
}

void LinearBatches::descend_each(Point& point, std::span<const std::uint32_t> rows, double rate) {
  if (!plain_) return BatchCost::descend_each(point, rows, rate);
  StepTask task;
  task.rows = cells_;
  task.index = rows.data();
  task.count = rows.size();
  task.loss = settings_.loss;
  task.weights = weights_.empty() ? nullptr : weights_.data();
  task.offset = settings_.offset;
  task.factor = rate * total_;
  pull_.resize(l2_.size());
  for (std::size_t j = 0; j < l2_.size(); ++j) pull_[j] = rate * l2_[j];
  if (!pull_.empty()) task.pull = pull_.data();
  step_rows(task, point.high.data());
}

BatchCost::Anchor LinearBatches::set_anchor(const Point& point) {
  constexpr std::uint32_t kRun = 1024;
  anchor_slopes_.resize(rows_);
  anchor_gradient_.assign(size(), 0.0);
  std::vector<double> part(size());
  std::vector<std::uint32_t> run;
  DoubleDouble sum;
  for (std::uint32_t first = 0; first < rows(); first += static_cast<std::uint32_t>(run.size())) {
    run.resize(std::min(kRun, rows() - first));
    std::iota(run.begin(), run.end(), first);
    slopes(point, run, true);
    std::copy_n(slope_.begin(), run.size(), anchor_slopes_.begin() + first);
    sum += Lanes::sum(run.size(), [&](std::size_t k) {
      return weights_.empty() ? value_[k] : weights_[first + k] * value_[k];
    });
    project(run, total_ / static_cast<double>(rows()), part);
    for (std::size_t j = 0; j < size(); ++j) anchor_gradient_[j] += part[j];
  }
  Anchor out;
  out.cost = sum.value() * total_ / static_cast<double>(rows());
  double square = 0;
  for (std::size_t j = 0; j < size(); ++j) {
    const double pull = l2_.empty() ? 0 : l2_[j] * point.high[j];
    const double g = anchor_gradient_[j] + pull;
    out.cost += pull * point.high[j] / 2;
    square += g * g;
  }
  out.slope = std::sqrt(square);
  return out;
}

void LinearBatches::reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                                     std::span<double> out) {
  slopes(point, batch, false);
  for (std::size_t k = 0; k < batch.size(); ++k) slope_[k] -= anchor_slopes_[batch[k]];
  project(batch, total_ / static_cast<double>(batch.size()), out);
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    out[j] += anchor_gradient_[j];
  }
  for (std::size_t j = 0; j < l2_.size(); ++j) out[j] += l2_[j] * point.high[j];
}

}  // namespace talweg
