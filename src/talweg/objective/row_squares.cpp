// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_squares.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>

#include "talweg/objective/block_tree.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/triangle.h"

namespace talweg {

struct RowSquares::Scratch {
  Scratch(const RowModel& model, std::size_t columns)
      : work(model.make_workspace()), cells((model.parameters() + 1) * kStoreRows), at(columns) {
    for (std::size_t j = 0; j < model.parameters(); ++j) partials.push_back(cells.data() + j * kStoreRows);
  }
  double* residual() { return cells.data() + partials.size() * kStoreRows; }

  std::unique_ptr<RowModel::Workspace> work;
  std::vector<double> cells;  // the columns of J, then r: a kStoreRows x (p + 1) matrix by columns
  std::vector<double*> partials;
  std::vector<const double*> at;
};

struct RowSquares::Buffers {
  Buffers(const RowModel& model, std::size_t columns)
      : threads([&model, columns] { return Scratch(model, columns); }) {}
  tbb::enumerable_thread_specific<Scratch> threads;
  std::vector<double> slots;  // what is left of each block
};

RowSquares::RowSquares(const RowStore& store, const RowModel& model, RowSquaresSettings settings)
    : store_(store),
      model_(model),
      settings_(std::move(settings)),
      weight_(store.weight().value()),
      buffers_(std::make_unique<Buffers>(model, store.columns())) {
  factor_ = settings_.cost == CostKind::mse        ? 1 / weight_
            : settings_.cost == CostKind::half_mse ? 0.5 / weight_
                                                   : 1;
  penalty_ = settings_.l2 / (2 * factor_);
  for (std::size_t j = 0; j < size(); ++j) l2_weights_.push_back(is_penalised(j) ? settings_.l2 : 0);
  measure_target();
}

RowSquares::~RowSquares() = default;

void RowSquares::measure_target() {
  DoubleDouble sum;
  const auto each = [this](auto&& take) {
    for (std::size_t k = 0; k < store_.blocks(); ++k) {
      const RowStore::Block& block = store_.block(k);
      const double* const y = store_.column(k, store_.columns());
      for (std::size_t r = 0; r < block.rows; ++r) take(y[r], block.weights.empty() ? 1.0 : block.weights[r]);
    }
  };
  each([&](double y, double w) { sum += two_product(w, y); });
  const DoubleDouble mean = sum / store_.weight();
  DoubleDouble scatter;
  each([&](double y, double w) {
    const DoubleDouble d = DoubleDouble(y) - mean;
    scatter += DoubleDouble(w) * (d * d);
  });
  scatter_ = scatter.value();
}

// f - y into scratch.residual(), the derivatives into its columns. Sum of the weighted squares of |f| + |y|.
double RowSquares::residuals_of(std::size_t block, std::span<const double> parameters, bool partials,
                                Scratch& scratch) const {
  const RowStore::Block& rows = store_.block(block);
  for (std::size_t j = 0; j < store_.columns(); ++j) scratch.at[j] = store_.column(block, j);
  double* const r = scratch.residual();
  model_.evaluate(scratch.at, rows.rows, parameters, r,
                  partials ? std::span<double* const>(scratch.partials) : std::span<double* const>(),
                  *scratch.work);
  const double* const y = store_.column(block, store_.columns());
  double values = 0;
  if (rows.weights.empty()) {
    values = Lanes::sum(rows.rows, [r, y](std::size_t i) {
      const double size = std::abs(r[i]) + std::abs(y[i]);
      return size * size;
    });
  } else {
    const double* const w = rows.weights.data();
    values = Lanes::sum(rows.rows, [r, y, w](std::size_t i) {
      const double size = std::abs(r[i]) + std::abs(y[i]);
      return w[i] * (size * size);
    });
  }
  for (std::size_t i = 0; i < rows.rows; ++i) r[i] -= y[i];
  return values;
}

const RowSquares::Visit* RowSquares::remembered(std::span<const double> parameters) const {
  for (const Visit& visit : visits_) {
    if (!visit.parameters.empty() &&
        std::equal(visit.parameters.begin(), visit.parameters.end(), parameters.begin()))
      return &visit;
  }
  return nullptr;
}

bool RowSquares::linearise(const Point& point, Linearised& out) {
  const Visit* known = remembered(point.high);
  if (known == nullptr) {
    std::swap(visits_[0], visits_[1]);
    visits_[0].parameters = point.high;
    visits_[0].finite = visit(point, visits_[0].found);
    known = &visits_[0];
  }
  out = known->found;
  return known->finite;
}

double RowSquares::evaluate(const Point& point, std::span<double> gradient) {
  const std::size_t p = size();
  if (const Visit* known = remembered(point.high); known != nullptr && known->finite) {
    multiply_transposed(known->found.triangle, p, known->found.q, gradient);
    for (double& g : gradient) g *= 2 * factor_;
    return factor_ * known->found.squares;
  }
  const std::size_t width = p + 1;
  buffers_->slots.resize(store_.blocks() * width);
  double* const slots = buffers_->slots.data();
  reduce_blocks(
      store_.numbers(), settings_.threads,
      [&](std::size_t k) {
        Scratch& scratch = buffers_->threads.local();
        residuals_of(k, point.high, true, scratch);
        const std::size_t rows = store_.block(k).rows;
        double* const r = scratch.residual();
        double* const out = slots + k * width;
        if (store_.block(k).weights.empty()) {
          out[p] = Lanes::sum(rows, [r](std::size_t i) { return r[i] * r[i]; });
        } else {
          const double* const w = store_.block(k).weights.data();
          out[p] = Lanes::sum(rows, [r, w](std::size_t i) { return w[i] * (r[i] * r[i]); });
          for (std::size_t i = 0; i < rows; ++i) r[i] *= w[i];
        }
        for (std::size_t j = 0; j < p; ++j) {
          const double* const partial = scratch.partials[j];
          out[j] = Lanes::sum(rows, [r, partial](std::size_t i) { return r[i] * partial[i]; });
        }
      },
      [&](std::size_t into, std::size_t from) {
        for (std::size_t j = 0; j < width; ++j) slots[into * width + j] += slots[from * width + j];
      });
  double squares = slots[p];
  for (std::size_t j = 0; j < p; ++j) {
    gradient[j] = slots[j];
    if (penalty_ == 0 || !is_penalised(j)) continue;
    const double b = point.high[j];
    gradient[j] += penalty_ * b;
    squares += penalty_ * (b * b);
  }
  for (std::size_t j = 0; j < p; ++j) gradient[j] *= 2 * factor_;
  return factor_ * squares;
}

bool RowSquares::visit(const Point& point, Linearised& out) {
  const std::size_t p = size();
  const std::size_t triangle = triangle_size(p + 1);
  const std::size_t width = triangle + 2;  // the triangle, F, |f| + |y|
  buffers_->slots.resize((store_.blocks() + 1) * width);
  double* const slots = buffers_->slots.data();
  reduce_blocks(
      store_.numbers(), settings_.threads,
      [&](std::size_t k) {
        Scratch& scratch = buffers_->threads.local();
        double* const out_k = slots + k * width;
        out_k[triangle + 1] = residuals_of(k, point.high, true, scratch);
        const std::size_t rows = store_.block(k).rows;
        double* const r = scratch.residual();
        if (!store_.block(k).weights.empty()) {
          for (std::size_t i = 0; i < rows; ++i) {
            const double root = std::sqrt(store_.block(k).weights[i]);
            for (std::size_t j = 0; j <= p; ++j) scratch.cells[j * kStoreRows + i] *= root;
          }
        }
        out_k[triangle] = Lanes::sum(rows, [r](std::size_t i) { return r[i] * r[i]; });
        triangularise(scratch.cells.data(), kStoreRows, rows, p + 1, {out_k, triangle});
      },
      [&](std::size_t into, std::size_t from) {
        merge_triangles({slots + into * width, triangle}, {slots + from * width, triangle}, p + 1);
        slots[into * width + triangle] += slots[from * width + triangle];
        slots[into * width + triangle + 1] += slots[from * width + triangle + 1];
      });
  double squares = slots[triangle];
  if (penalty_ > 0) {
    // Rows root * e_j with the residual root * b_j: a triangle already, but for the last column.
    double* const extra = slots + store_.blocks() * width;
    const double root = std::sqrt(penalty_);
    std::fill_n(extra, triangle, 0.0);
    for (std::size_t j = 0; j < p; ++j) {
      if (!is_penalised(j)) continue;
      extra[triangle_column(j) + j] = root;
      extra[triangle_column(p) + j] = root * point.high[j];
      squares += penalty_ * (point.high[j] * point.high[j]);
    }
    merge_triangles({slots, triangle}, {extra, triangle}, p + 1);
  }
  out.size = p;
  out.triangle.assign(slots, slots + triangle_column(p));
  out.q.assign(slots + triangle_column(p), slots + triangle_column(p) + p);
  out.squares = squares;
  out.values = std::sqrt(slots[triangle + 1]);
  const auto finite = [](double v) { return std::isfinite(v); };
  return std::isfinite(squares) && std::all_of(out.triangle.begin(), out.triangle.end(), finite) &&
         std::all_of(out.q.begin(), out.q.end(), finite);
}

std::optional<NotFinite> RowSquares::first_not_finite(std::span<const double> parameters) const {
  Scratch scratch(model_, store_.columns());
  for (std::size_t k = 0; k < store_.blocks(); ++k) {
    residuals_of(k, parameters, true, scratch);
    for (std::size_t r = 0; r < store_.block(k).rows; ++r) {
      if (!std::isfinite(scratch.residual()[r])) return NotFinite{k, r, std::nullopt};
      for (std::size_t j = 0; j < scratch.partials.size(); ++j) {
        if (!std::isfinite(scratch.partials[j][r])) return NotFinite{k, r, j};
      }
    }
  }
  return std::nullopt;
}

double RowSquares::mean_squared_error(std::span<const double> parameters) {
  if (const Visit* known = remembered(parameters); known != nullptr && known->finite && penalty_ == 0)
    return known->found.squares / weight_;
  std::vector<double> sums(store_.blocks());
  reduce_blocks(
      store_.numbers(), settings_.threads,
      [&](std::size_t k) {
        Scratch& scratch = buffers_->threads.local();
        residuals_of(k, parameters, false, scratch);
        const double* const r = scratch.residual();
        const std::vector<double>& w = store_.block(k).weights;
        sums[k] = Lanes::sum(store_.block(k).rows,
                             [r, &w](std::size_t i) { return (w.empty() ? 1 : w[i]) * (r[i] * r[i]); });
      },
      [&](std::size_t into, std::size_t from) { sums[into] += sums[from]; });
  return sums.empty() ? 0 : sums[0] / weight_;
}

}  // namespace talweg
