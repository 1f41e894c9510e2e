// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_cost.h"

#include <algorithm>
#include <cmath>

#include "talweg/objective/active_rows.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/linear_kernel.h"
#include "talweg/objective/row_gather.h"

namespace talweg {
namespace {

// Rows are worked on in runs of whole panels of about so many bytes: predictions, the loss, what the slopes
// make of the columns. They stay in the first cache from their first use to the second, beside the lines of
// the next run, which come from memory meanwhile.
constexpr std::size_t kRunBytes = std::size_t{1} << 14U;
constexpr std::size_t kLineBytes = 64;

}  // namespace

LinearCost::LinearCost(const DenseRows& rows, std::vector<LinearTerm> terms, LinearCostSettings settings,
                       std::span<const double> start)
    : rows_(rows),
      terms_(std::move(terms)),
      settings_(settings),
      weight_(rows.weight().value()),
      start_(start.begin(), start.end()),
      gather_(std::make_unique<RowGather>(rows, settings.threads)) {
  for (const LinearTerm& term : terms_) {
    if (term.level) {
      if (slot_of_level_.size() <= *term.level) slot_of_level_.resize(*term.level + 1, SIZE_MAX);
      slot_of_level_[*term.level] = level_count_++;
    }
    intercept_ = intercept_ || (!term.column && !term.level);
  }
  for (std::size_t& slot : slot_of_level_) slot = std::min(slot, level_count_);
  const bool standard = settings_.scale == Scale::standard;
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const LinearTerm& term = terms_[j];
    const bool constant_term = !term.column && !term.level;
    double inner = 0;
    double shift = 0;
    double penalty = 0;
    if (!constant_term && term.spread > 0) {
      // f = sum_columns (unit u) z + sum_levels u + (u_0 + sum_columns centre u)
      const double to_user = standard ? 1 / term.spread : 1;
      inner = term.column ? rows_.unit(*term.column) * to_user : to_user;
      shift = term.column ? rows_.centre(*term.column) : 0;
      if (standard) shift = (shift - term.mean) * to_user;
      penalty = term.penalty * to_user;
    } else if (!constant_term) {
      offset_ += term.mean * start_[j];
    }
    inner_.push_back(inner);
    shift_.push_back(shift);
    penalty_.push_back(penalty);
    l2_weights_.push_back(settings_.l2 * penalty * penalty);
    place_.push_back(term.column  ? *term.column
                     : term.level ? rows_.columns() + slot_of_level_[*term.level]
                                  : rows_.columns() + level_count_);
  }
  std::size_t row = 0;
  for (const DenseRows::Block& block : rows_.blocks()) {
    first_.push_back(row);
    row += block.rows;
  }
}

LinearCost::~LinearCost() = default;

std::uint64_t LinearCost::passes() const {
  return gather_->passes();
}

LinearCost::Kernel LinearCost::kernel_of(std::span<const double> t) const {
  Kernel kernel;
  kernel.columns.assign(rows_.columns(), 0.0);
  kernel.levels.assign(level_count_ + 1, 0.0);
  kernel.constant = offset_;
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    if (terms_[j].column) {
      kernel.columns[place_[j]] = inner_[j] * t[j];
    } else if (terms_[j].level) {
      kernel.levels[place_[j] - rows_.columns()] = inner_[j] * t[j];
    } else {
      kernel.constant += t[j];
    }
    kernel.constant += shift_[j] * t[j];
  }
  return kernel;
}

// Predictions of the rows [first, first + count) of a block, whole panels.
void LinearCost::predict(const DenseRows::Block& block, std::size_t first, std::size_t count,
                         const Kernel& kernel, double* f, const void* ahead) const {
  block.with_cells([&](const auto* cells) {
    predict_panels(cells + first * block.columns, count / kPanelRows, block.columns, kernel.columns.data(),
                   kernel.constant, f + first, ahead);
  });
  if (level_count_ == 0 || block.level_end.empty()) return;
  std::size_t at = first == 0 ? 0 : block.level_end[first - 1];
  for (std::size_t r = first; r < std::min(first + count, block.rows); ++r) {
    for (; at < block.level_end[r]; ++at) f[r] += kernel.levels[level_slot(block.levels[at])];
  }
}

double LinearCost::evaluate(const Point& point, std::span<double> gradient) {
  // The start is asked for by the plan, by the stopping rule and by the descent.
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

double LinearCost::dual_value(const Point& point) {
  std::vector<double> gradient(size());
  return visit(settings_.loss, point, gradient, Rows::dual);
}

double LinearCost::sharp_cost(const Point& point) {
  LossSettings sharp = settings_.loss;
  sharp.width = 0;
  std::vector<double> gradient(size());
  return visit(sharp, point, gradient, Rows::all);
}

void LinearCost::multiply_hessian(std::span<const double> direction, double curvature,
                                  std::span<double> out) {
  visit(settings_.loss, Point(std::vector<double>(direction.begin(), direction.end())), out, Rows::direction,
        curvature);
}

double LinearCost::prediction_size(const Point& point) const {
  const Kernel kernel = kernel_of(point.high);
  double size = std::abs(kernel.constant) + std::abs(offset_);
  for (const double weight : kernel.levels) size += std::abs(weight);
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const LinearTerm& term = terms_[j];
    const bool constant_term = !term.column && !term.level;
    size += std::abs((constant_term ? 1 : shift_[j]) * point.high[j]);
    if (!(term.spread > 0) || constant_term) continue;
    if (term.column) {
      const std::size_t c = *term.column;
      // Doubles are standardised.
      const double of_cells = rows_.type() == CellType::doubles
                                  ? 1
                                  : (term.spread + std::abs(term.mean - rows_.centre(c))) / rows_.unit(c);
      size += std::abs(kernel.columns[c]) * of_cells;
    }
    // What the way to the user's intercept rounds.
    if (settings_.scale == Scale::standard) size += std::abs(term.mean / term.spread * point.high[j]);
  }
  return size;
}

double LinearCost::visit(const LossSettings& loss, const Point& point, std::span<double> gradient, Rows rows,
                         double constant_curvature, std::span<const double> per_row) {
  const bool inside = rows == Rows::inside;
  const bool given = rows == Rows::given;
  const bool along = rows == Rows::direction || given;
  Kernel kernel = kernel_of(point.high);
  if (along) kernel.constant -= offset_;
  const std::size_t columns = rows_.columns();
  const std::size_t value_at = columns + level_count_ + 1;  // the slope's sum stands before it
  const std::size_t cell = rows_.type() == CellType::floats ? sizeof(float) : sizeof(double);
  const std::size_t panel = kPanelRows * std::max<std::size_t>(columns, 1) * cell;
  const std::size_t run = std::max<std::size_t>(kRunBytes / panel, 1) * kPanelRows;
  const double* const sums = gather_->sums(
      value_at + 1, [&](const DenseRows::Block& block, RowGather::Scratch& scratch, double* out) {
        const auto number = static_cast<std::size_t>(&block - rows_.blocks().data());
        const double* const own = per_row.empty() ? nullptr : per_row.data() + first_[number];
        double* const f = scratch.f.data();
        double* const value = scratch.value.data();
        double* const slope = scratch.slope.data();
        double* const curvature = inside ? scratch.curvature.data() : nullptr;
        double* const lanes = scratch.lanes.get();
        std::fill_n(lanes, 8 * columns, 0.0);
        for (std::size_t first = 0; first < block.stride; first += run) {
          const std::size_t count = std::min(run, block.stride - first);
          const std::size_t end = std::min(first + count, block.rows);
          // The next run lies behind this one, mostly in the next block, too: each of the two uses of the
          // cells asks for a part of it, and the loss between them for some.
          const char* const next = block.with_cells([&](const auto* cells) {
            return reinterpret_cast<const char*>(cells + (first + count) * columns);
          });
          const void* ahead = next + count / kPanelRows * columns * kLineBytes;
          if (!given) predict(block, first, count, kernel, f, next);
          if (along) {
            for (std::size_t r = first; r < end; ++r) {
              value[r] = 0;
              slope[r] = given ? own[r] : (own != nullptr ? own[r] : constant_curvature) * f[r];
            }
          } else {
            ahead = evaluate_loss(loss, f + first, block.target.data() + first, end - first, value + first,
                                  slope + first, curvature == nullptr ? nullptr : curvature + first, ahead);
          }
          for (std::size_t r = first; inside && r < end; ++r) {
            if (curvature[r] == 0) slope[r] = 0;
          }
          for (std::size_t r = first; rows == Rows::dual && r < end; ++r)
            value[r] += loss.width / 2 * (slope[r] * slope[r]);
          for (std::size_t r = first; !block.weights.empty() && r < end; ++r) {
            value[r] *= block.weights[r];
            slope[r] *= block.weights[r];
          }
          std::fill(slope + end, slope + first + count, 0.0);
          block.with_cells([&](const auto* cells) {
            project_panels(cells + first * columns, count / kPanelRows, columns, columns, slope + first,
                           lanes, ahead);
          });
        }
        add_lanes(lanes, columns, out);
        std::size_t at = 0;
        for (std::size_t r = 0; level_count_ > 0 && r < block.level_end.size(); ++r) {
          for (; at < block.level_end[r]; ++at) {
            const std::size_t slot = level_slot(block.levels[at]);
            if (slot < level_count_) out[columns + slot] += slope[r];
          }
        }
        out[value_at - 1] += Lanes::sum(block.rows, [slope](std::size_t r) { return slope[r]; });
        out[value_at] += Lanes::sum(block.rows, [value](std::size_t r) { return value[r]; });
      });
  const double factor = row_factor();
  double cost = factor * sums[value_at];
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const bool constant_term = !terms_[j].column && !terms_[j].level;
    gradient[j] = factor * (constant_term ? sums[value_at - 1]
                                          : inner_[j] * sums[place_[j]] + shift_[j] * sums[value_at - 1]);
    if (inside || given || settings_.l2 == 0 || penalty_[j] == 0) continue;
    const double scaled = penalty_[j] * point.high[j];
    cost += settings_.l2 / 2 * (scaled * scaled);
    gradient[j] += settings_.l2 * penalty_[j] * scaled;
  }
  return cost;
}

Point LinearCost::to_descent(std::span<const double> user) const {
  Point out(std::vector<double>(user.begin(), user.end()));
  if (settings_.scale == Scale::none) return out;
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const LinearTerm& term = terms_[j];
    if ((!term.column && !term.level) || !(term.spread > 0)) continue;
    out.high[j] = user[j] * term.spread;
    if (intercept_) out.high.back() += term.mean * user[j];
  }
  return out;
}

std::vector<double> LinearCost::to_user(const Point& point) const {
  std::vector<double> out = point.high;
  if (settings_.scale == Scale::none) return out;
  DoubleDouble constant(point.high.empty() ? 0 : point.high.back());
  for (std::size_t j = 0; j < terms_.size(); ++j) {
    const LinearTerm& term = terms_[j];
    if ((!term.column && !term.level) || !(term.spread > 0)) continue;
    out[j] = point.high[j] / term.spread;
    constant += -two_product(term.mean, out[j]);
  }
  if (intercept_) out.back() = constant.value();
  return out;
}

std::vector<double> LinearCost::predictions(std::span<const double> user) {
  return predictions_at(to_descent(user));
}

std::vector<double> LinearCost::predictions_at(const Point& point) {
  return predictions_of(kernel_of(point.high));
}

std::vector<double> LinearCost::predictions_of(const Kernel& kernel) {
  std::vector<double> out(rows_.rows());
  gather_->each([&](std::size_t k, const DenseRows::Block& block, RowGather::Scratch& scratch) {
    predict(block, 0, block.stride, kernel, scratch.f.data());
    std::copy_n(scratch.f.data(), block.rows, out.data() + first_[k]);
  });
  return out;
}

}  // namespace talweg
