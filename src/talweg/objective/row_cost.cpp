// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_cost.h"

#include <tbb/enumerable_thread_specific.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "talweg/objective/block_tree.h"
#include "talweg/objective/damped_solve.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/row_squares.h"

namespace talweg {

struct RowCost::Scratch {
  Scratch(const RowModel& model, std::size_t columns)
      : work(model.make_workspace()),
        cells((model.parameters() + 4) * kStoreRows),
        at(columns),
        f(cells.data() + model.parameters() * kStoreRows),
        value(f + kStoreRows),
        slope(value + kStoreRows),
        curvature(slope + kStoreRows) {
    for (std::size_t j = 0; j < model.parameters(); ++j) partials.push_back(cells.data() + j * kStoreRows);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch(Scratch&&) = default;
  Scratch& operator=(Scratch&&) = default;
  ~Scratch() = default;

  std::unique_ptr<RowModel::Workspace> work;
  std::vector<double> cells;  // the derivatives by columns, then what the pointers below tell
  std::vector<double*> partials;
  std::vector<const double*> at;
  double* f;
  double* value;
  double* slope;
  double* curvature;
};

struct RowCost::Buffers {
  Buffers(const RowModel& model, std::size_t columns)
      : threads([&model, columns] { return Scratch(model, columns); }) {}
  tbb::enumerable_thread_specific<Scratch> threads;
  std::vector<double> slots;  // what is left of each block
};

RowCost::RowCost(const RowStore& store, const RowModel& model, RowCostSettings settings)
    : store_(store),
      model_(model),
      settings_(std::move(settings)),
      weight_(store.weight().value()),
      buffers_(std::make_unique<Buffers>(model, store.columns())) {
  for (std::size_t j = 0; j < size(); ++j) {
    const bool penalised = settings_.penalised.empty() || settings_.penalised[j];
    l2_weights_.push_back(penalised ? settings_.l2 : 0);
  }
}

RowCost::~RowCost() = default;

void RowCost::model_of(std::size_t block, std::span<const double> parameters, bool partials,
                       Scratch& scratch) const {
  for (std::size_t j = 0; j < store_.columns(); ++j) scratch.at[j] = store_.column(block, j);
  model_.evaluate(scratch.at, store_.block(block).rows, parameters, scratch.f,
                  partials ? std::span<double* const>(scratch.partials) : std::span<double* const>(),
                  *scratch.work);
}

// Sums over the rows of what `leaf` makes of each block: `width` numbers.
const double* RowCost::gather(std::size_t width,
                              const std::function<void(std::size_t, Scratch&, double*)>& leaf) {
  buffers_->slots.resize(store_.blocks() * width);
  double* const slots = buffers_->slots.data();
  reduce_blocks(
      store_.numbers(), settings_.threads,
      [&](std::size_t k) { leaf(k, buffers_->threads.local(), slots + k * width); },
      [&](std::size_t into, std::size_t from) {
        for (std::size_t j = 0; j < width; ++j) slots[into * width + j] += slots[from * width + j];
      });
  return slots;
}

double RowCost::visit(const LossSettings& loss, const Point& point, std::span<double> gradient, Rows rows) {
  const std::size_t p = size();
  const bool inside = rows == Rows::inside;
  const double* const sums = gather(p + 1, [&](std::size_t k, Scratch& scratch, double* out) {
    const RowStore::Block& block = store_.block(k);
    const std::size_t n = block.rows;
    model_of(k, point.high, true, scratch);
    double* const value = scratch.value;
    double* const slope = scratch.slope;
    double* const curvature = inside ? scratch.curvature : nullptr;
    evaluate_loss(loss, scratch.f, store_.column(k, store_.columns()), n, value, slope, curvature);
    for (std::size_t r = 0; inside && r < n; ++r) {
      if (curvature[r] == 0) slope[r] = 0;
    }
    for (std::size_t r = 0; rows == Rows::dual && r < n; ++r)
      value[r] += loss.width / 2 * (slope[r] * slope[r]);
    if (!block.weights.empty()) {
      for (std::size_t r = 0; r < n; ++r) {
        value[r] *= block.weights[r];
        slope[r] *= block.weights[r];
      }
    }
    out[p] = Lanes::sum(n, [value](std::size_t r) { return value[r]; });
    for (std::size_t j = 0; j < p; ++j) {
      const double* const partial = scratch.partials[j];
      out[j] = Lanes::sum(n, [slope, partial](std::size_t r) { return slope[r] * partial[r]; });
    }
  });
  double cost = sums[p] / weight_;
  for (std::size_t j = 0; j < p; ++j) {
    gradient[j] = sums[j] / weight_;
    if (inside || l2_weights_[j] == 0) continue;
    const double b = point.high[j];
    gradient[j] += l2_weights_[j] * b;
    cost += l2_weights_[j] / 2 * (b * b);
  }
  return cost;
}

double RowCost::evaluate(const Point& point, std::span<double> gradient) {
  const bool known = last_.point == point.high && last_.width == settings_.loss.width && !last_.point.empty();
  if (!known) {
    last_.gradient.resize(size());
    last_.cost = visit(settings_.loss, point, last_.gradient, Rows::all);
    last_.point = point.high;
    last_.width = settings_.loss.width;
  }
  std::copy(last_.gradient.begin(), last_.gradient.end(), gradient.begin());
  return last_.cost;
}

std::vector<double> RowCost::hessian(const Point& point) {
  const std::size_t p = size();
  const double* const sums = gather(p * (p + 1) / 2, [&](std::size_t k, Scratch& scratch, double* out) {
    const RowStore::Block& block = store_.block(k);
    const std::size_t n = block.rows;
    model_of(k, point.high, true, scratch);
    double* const curvature = scratch.curvature;
    double* const scaled = scratch.value;
    evaluate_loss(settings_.loss, scratch.f, store_.column(k, store_.columns()), n, scratch.value,
                  scratch.slope, curvature);
    for (std::size_t r = 0; !block.weights.empty() && r < n; ++r) curvature[r] *= block.weights[r];
    for (std::size_t i = 0; i < p; ++i) {
      const double* const a = scratch.partials[i];
      for (std::size_t r = 0; r < n; ++r) scaled[r] = curvature[r] * a[r];
      for (std::size_t j = 0; j <= i; ++j) {
        const double* const b = scratch.partials[j];
        *out++ = Lanes::sum(n, [scaled, b](std::size_t r) { return scaled[r] * b[r]; });
      }
    }
  });
  std::vector<double> out(p * p);
  std::size_t at = 0;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j <= i; ++j) out[i * p + j] = out[j * p + i] = sums[at++] / weight_;
    out[i * p + i] += l2_weights_[i];
  }
  return out;
}

bool RowCost::newton_direction(const Point& point, std::span<const double> gradient, std::span<double> out) {
  return solve_damped(hessian(point), size(), gradient, out);
}

std::vector<std::optional<double>> RowCost::inverse_hessian_diagonal(const Point& point) {
  const auto p = static_cast<Eigen::Index>(size());
  const std::vector<double> matrix = hessian(point);
  std::vector<std::optional<double>> out(size());
  Eigen::VectorXd scale(p);
  for (Eigen::Index j = 0; j < p; ++j) {
    const double own = matrix[static_cast<std::size_t>(j * p + j)];
    if (!(own > 0) || !std::isfinite(own)) return out;
    scale[j] = 1 / std::sqrt(own);
  }
  const Eigen::MatrixXd scaled =
      scale.asDiagonal() * Eigen::Map<const Eigen::MatrixXd>(matrix.data(), p, p) * scale.asDiagonal();
  const Eigen::LDLT<Eigen::MatrixXd> factor(scaled);
  constexpr double kSingular = 1e-12;
  if (factor.info() != Eigen::Success || !(factor.vectorD().minCoeff() > kSingular)) return out;
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(p, p));
  for (Eigen::Index j = 0; j < p; ++j) out[static_cast<std::size_t>(j)] = inverse(j, j) * scale[j] * scale[j];
  return out;
}

double RowCost::dual_value(const Point& point) {
  if (!settings_.affine) return -std::numeric_limits<double>::infinity();
  std::vector<double> gradient(size());
  return visit(settings_.loss, point, gradient, Rows::dual);
}

double RowCost::sharp_cost(const Point& point) {
  LossSettings sharp = settings_.loss;
  sharp.width = 0;
  std::vector<double> gradient(size());
  return visit(sharp, point, gradient, Rows::all);
}

// As LinearCost::narrowed; where the model is not affine the step is one of Gauss-Newton, and has to prove
// itself.
std::optional<Point> RowCost::narrowed(const Point& point, double width) {
  const std::size_t p = size();
  std::vector<double> gradient(p);
  std::vector<double> inside(p);
  visit(settings_.loss, point, gradient, Rows::all);
  visit(settings_.loss, point, inside, Rows::inside);
  std::vector<double> matrix = hessian(point);
  freeze_rows(settings_.loss.width / width, inside, l2_weights_, gradient, matrix);
  std::vector<double> step(p);
  if (!solve_damped(matrix, p, gradient, step)) return std::nullopt;
  Point out = point;
  out.move(step, 1);
  if (!settings_.affine && !(sharp_cost(out) <= sharp_cost(point))) return std::nullopt;
  return out;
}

std::vector<double> RowCost::predictions(std::span<const double> parameters) const {
  std::vector<double> out(store_.rows());
  std::vector<std::size_t> first;
  std::size_t rows = 0;
  for (std::size_t k = 0; k < store_.blocks(); ++k) {
    first.push_back(rows);
    rows += store_.block(k).rows;
  }
  reduce_blocks(
      store_.numbers(), settings_.threads,
      [&](std::size_t k) {
        Scratch& scratch = buffers_->threads.local();
        model_of(k, parameters, false, scratch);
        std::copy_n(scratch.f, store_.block(k).rows, out.data() + first[k]);
      },
      [](std::size_t, std::size_t) {});
  return out;
}

std::optional<NotFinite> RowCost::first_not_finite(std::span<const double> parameters) const {
  Scratch scratch(model_, store_.columns());
  for (std::size_t k = 0; k < store_.blocks(); ++k) {
    model_of(k, parameters, true, scratch);
    for (std::size_t r = 0; r < store_.block(k).rows; ++r) {
      if (!std::isfinite(scratch.f[r])) return NotFinite{k, r, std::nullopt};
      for (std::size_t j = 0; j < scratch.partials.size(); ++j) {
        if (!std::isfinite(scratch.partials[j][r])) return NotFinite{k, r, j};
      }
    }
  }
  return std::nullopt;
}

}  // namespace talweg
