// SPDX-License-Identifier: Apache-2.0
// What LinearCost makes of its Hessian: one pass over the rows for the triangle of products.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "talweg/objective/active_rows.h"
#include "talweg/objective/damped_solve.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/linear_cost.h"
#include "talweg/objective/linear_kernel.h"
#include "talweg/objective/row_gather.h"

namespace talweg {
namespace {

std::size_t triangle_index(std::size_t i, std::size_t j) {  // j <= i
  return i * (i + 1) / 2 + j;
}

// The Hessian scaled to a unit diagonal, of the coordinates that have a curvature.
struct UnitFactor {
  std::vector<std::size_t> active;
  Eigen::VectorXd scale;  // by coordinate, the diagonal to the power of -1/2
  Eigen::LLT<Eigen::MatrixXd> factor;
  double rcond = 0;  // 0: not positive definite
};

UnitFactor unit_factor(const std::vector<double>& matrix, std::size_t p) {
  UnitFactor out;
  for (std::size_t j = 0; j < p; ++j) {
    if (matrix[j * p + j] > 0) out.active.push_back(j);
  }
  const auto n = static_cast<Eigen::Index>(out.active.size());
  const auto place = [&](Eigen::Index i) { return out.active[static_cast<std::size_t>(i)]; };
  out.scale.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) out.scale[i] = 1 / std::sqrt(matrix[place(i) * p + place(i)]);
  Eigen::MatrixXd scaled(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      scaled(i, j) = matrix[place(i) * p + place(j)] * out.scale[i] * out.scale[j];
  }
  out.factor.compute(scaled);
  if (out.factor.info() == Eigen::Success) out.rcond = out.factor.rcond();
  return out;
}

}  // namespace

std::vector<double> LinearCost::hessian(const Point& point, std::optional<double> constant) {
  // The answer's is asked for by its standard errors and by the search for separated classes.
  const bool known = !constant && !last_hessian_.values.empty() && last_hessian_.point == point.high &&
                     last_hessian_.width == settings_.loss.width;
  if (known) return last_hessian_.values;
  const Kernel kernel = kernel_of(point.high);
  const std::size_t columns = rows_.columns();
  const std::size_t inner = columns + level_count_ + 1;  // the constant last
  const std::size_t width = triangle_index(inner, 0);
  const double* const sums =
      gather_->sums(width, [&](const DenseRows::Block& block, RowGather::Scratch& scratch, double* out) {
        double* const h = scratch.curvature.data();
        if (constant) {
          std::fill_n(h, block.rows, *constant);
        } else {
          predict(block, 0, block.stride, kernel, scratch.f.data());
          evaluate_loss(settings_.loss, scratch.f.data(), block.target.data(), block.rows,
                        scratch.value.data(), scratch.slope.data(), h);
        }
        if (!block.weights.empty()) {
          for (std::size_t r = 0; r < block.rows; ++r) h[r] *= block.weights[r];
        }
        std::fill(h + block.rows, h + block.stride, 0.0);
        double* const t = scratch.slope.data();
        double* const lanes = scratch.lanes.get();
        double* const last = out + triangle_index(inner - 1, 0);
        block.with_cells([&](const auto* cells) {
          const auto project = [&](const double* u, std::size_t used, double* to) {
            std::fill_n(lanes, 8 * used, 0.0);
            project_panels(cells, block.stride / kPanelRows, columns, used, u, lanes);
            add_lanes(lanes, used, to);
          };
          for (std::size_t i = 0; i < columns; ++i) {
            for (std::size_t first = 0; first < block.stride; first += kPanelRows) {
              const auto* const z = cells + panel_place(columns, i, first);
              for (std::size_t r = 0; r < kPanelRows; ++r)
                t[first + r] = h[first + r] * static_cast<double>(z[r]);
            }
            project(t, i + 1, out + triangle_index(i, 0));
          }
          project(h, columns, last);
        });
        last[inner - 1] += Lanes::sum(block.rows, [h](std::size_t r) { return h[r]; });
        std::size_t begin = 0;
        for (std::size_t r = 0; level_count_ > 0 && r < block.level_end.size(); ++r) {
          const std::size_t end = block.level_end[r];
          for (std::size_t a = begin; a < end; ++a) {
            const std::size_t slot = level_slot(block.levels[a]);
            if (slot == level_count_) continue;
            double* const of_level = out + triangle_index(columns + slot, 0);
            for (std::size_t j = 0; j < columns; ++j) of_level[j] += h[r] * block.z(j, r);
            for (std::size_t b = begin; b < end; ++b) {
              const std::size_t other = level_slot(block.levels[b]);
              if (other <= slot && other < level_count_) of_level[columns + other] += h[r];
            }
            last[columns + slot] += h[r];
          }
          begin = end;
        }
      });
  const double factor = row_factor();
  const std::size_t p = terms_.size();
  const std::size_t constant_at = columns + level_count_;
  const auto at = [&](std::size_t a, std::size_t b) {
    return sums[triangle_index(std::max(a, b), std::min(a, b))];
  };
  // t = (a_j into place_j, b_j into the constant)
  std::vector<double> out(p * p);
  for (std::size_t i = 0; i < p; ++i) {
    const bool constant_i = place_[i] == constant_at;
    const double ai = constant_i ? 0 : inner_[i];
    const double bi = constant_i ? 1 : shift_[i];
    for (std::size_t j = 0; j <= i; ++j) {
      const bool constant_j = place_[j] == constant_at;
      const double aj = constant_j ? 0 : inner_[j];
      const double bj = constant_j ? 1 : shift_[j];
      double sum = 0;
      if (ai != 0 && aj != 0) sum += ai * aj * at(place_[i], place_[j]);
      if (ai != 0 && bj != 0) sum += ai * bj * at(place_[i], constant_at);
      if (bi != 0 && aj != 0) sum += bi * aj * at(constant_at, place_[j]);
      if (bi != 0 && bj != 0) sum += bi * bj * at(constant_at, constant_at);
      out[i * p + j] = out[j * p + i] = factor * sum;
    }
    out[i * p + i] += settings_.l2 * penalty_[i] * penalty_[i];
  }
  if (!constant) last_hessian_ = {point.high, settings_.loss.width, out};
  return out;
}

bool LinearCost::newton_direction(const Point& point, std::span<const double> gradient,
                                  std::span<double> out) {
  constexpr double kResidual = 1e-3;
  if (settings_.wide)
    return active_rows().direction(row_losses(predictions_at(point)).curvature, gradient, {}, kResidual,
                                   false, out);
  std::vector<std::size_t> all(size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return support_direction(point, gradient, all, out);
}

bool LinearCost::support_direction(const Point& point, std::span<const double> slope,
                                   std::span<const std::size_t> support, std::span<double> out) {
  return solve_damped(hessian(point), size(), slope, support, out);
}

bool LinearCost::undamped_direction(const Point& point, std::span<const double> gradient,
                                    std::span<double> out) {
  constexpr double kLeast = 1e-7;
  const UnitFactor unit = unit_factor(hessian(point), size());
  if (!(unit.rcond >= kLeast)) return false;
  const auto n = static_cast<Eigen::Index>(unit.active.size());
  const auto place = [&](Eigen::Index i) { return unit.active[static_cast<std::size_t>(i)]; };
  Eigen::VectorXd right(n);
  for (Eigen::Index i = 0; i < n; ++i) right[i] = -gradient[place(i)] * unit.scale[i];
  const Eigen::VectorXd solution = unit.factor.solve(right);
  std::fill(out.begin(), out.end(), 0.0);
  for (Eigen::Index i = 0; i < n; ++i) out[place(i)] = solution[i] * unit.scale[i];
  return solution.allFinite();
}

std::vector<std::optional<double>> LinearCost::inverse_hessian_diagonal(const Point& point) {
  const std::size_t p = size();
  std::vector<std::optional<double>> out(p);
  const UnitFactor unit = unit_factor(hessian(point), p);
  constexpr double kSingular = 1e-13;
  if (!(unit.rcond >= kSingular)) return out;
  const std::vector<std::size_t>& active = unit.active;
  const Eigen::VectorXd& scale = unit.scale;
  const auto n = static_cast<Eigen::Index>(active.size());
  const Eigen::MatrixXd inverse = unit.factor.solve(Eigen::MatrixXd::Identity(n, n));
  // Row j of the map to the user's units: u_j = t_j / s_j; the intercept takes something of all of them.
  const bool standard = settings_.scale == Scale::standard;
  std::vector<double> row(active.size());
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::size_t j = active[static_cast<std::size_t>(i)];
    const bool constant_term = !terms_[j].column && !terms_[j].level;
    std::fill(row.begin(), row.end(), 0.0);
    row[static_cast<std::size_t>(i)] = standard && !constant_term ? 1 / terms_[j].spread : 1;
    for (std::size_t k = 0; standard && constant_term && k < active.size(); ++k) {
      const LinearTerm& term = terms_[active[k]];
      if ((term.column || term.level) && term.spread > 0) row[k] = -term.mean / term.spread;
    }
    double sum = 0;
    for (Eigen::Index a = 0; a < n; ++a) {
      for (Eigen::Index b = 0; b < n; ++b) {
        sum += row[static_cast<std::size_t>(a)] * scale[a] * inverse(a, b) * scale[b] *
               row[static_cast<std::size_t>(b)];
      }
    }
    out[j] = sum;
  }
  return out;
}

std::optional<Point> LinearCost::narrowed(const Point& point, double width) {
  if (settings_.wide) return narrowed_wide(point, width);
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
  return out;
}

}  // namespace talweg
