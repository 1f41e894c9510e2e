// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_cost.h"

#include <hwy/aligned_allocator.h>
#include <tbb/enumerable_thread_specific.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <bit>
#include <cmath>
#include <new>
#include <numeric>

#include "talweg/objective/block_tree.h"
#include "talweg/objective/damped_solve.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/linear_kernel.h"

namespace talweg {
namespace {

constexpr std::size_t kMostGroups = 64;
// Rows are worked on in runs of whole panels of about so many bytes: predictions, the loss, what the slopes
// make of the columns. Meanwhile the next run comes from memory.
constexpr std::size_t kRunBytes = std::size_t{1} << 16U;
constexpr std::size_t kLineBytes = 64;

// Lines of the next run that are asked for during each of the three, for every column of a panel: found by
// measurement. Exponentials leave the memory idle where there are few columns.
struct Shares {
  std::size_t predict, loss, project;
};

Shares shares_of(CostKind kind, std::size_t columns, CellType type) {
  constexpr std::size_t kFew = 40;
  constexpr std::size_t kMany = 100;
  const bool slow = kind == CostKind::logistic || kind == CostKind::poisson;
  if (slow && columns < kFew) return {0, 1, 1};
  return columns >= kMany && type == CellType::doubles ? Shares{2, 0, 2} : Shares{1, 0, 1};
}

// evaluate(row, rows) for the rows [first, end), piece by piece, `lines` lines of memory asked for in every
// panel of them.
template <class Evaluate>
void fetch_with_loss(const char* from, std::size_t lines, std::size_t first, std::size_t end,
                     const Evaluate& evaluate) {
  if (lines == 0) return evaluate(first, end - first);
  constexpr std::size_t kPanels = 2;
  for (std::size_t r = first; r < end; r += kPanels * kPanelRows) {
    const std::size_t rows = std::min(kPanels * kPanelRows, end - r);
    for (std::size_t line = 0; line < lines * rows / kPanelRows; ++line, from += kLineBytes)
      __builtin_prefetch(from);
    evaluate(r, rows);
  }
}

std::size_t triangle_index(std::size_t i, std::size_t j) {  // j <= i
  return i * (i + 1) / 2 + j;
}

}  // namespace

struct LinearCost::Scratch {
  Scratch(std::size_t rows, std::size_t columns)
      : f(rows),
        value(rows),
        slope(rows),
        curvature(rows),
        lanes(hwy::AllocateAligned<double>(8 * std::max<std::size_t>(columns, 1))) {
    if (lanes == nullptr) throw std::bad_alloc();
  }
  std::vector<double> f, value, slope, curvature;
  hwy::AlignedFreeUniquePtr<double[]> lanes;  // eight a column
};

struct LinearCost::Buffers {
  Buffers(std::size_t rows, std::size_t columns)
      : threads([rows, columns] { return Scratch(rows, columns); }) {}
  tbb::enumerable_thread_specific<Scratch> threads;
  std::vector<double> slots;                 // what is left of each group
  std::vector<std::uint64_t> group_numbers;  // leaves of the tree
  std::vector<std::size_t> group_end;        // index behind the last block of a group
};

LinearCost::LinearCost(const DenseRows& rows, std::vector<LinearTerm> terms, LinearCostSettings settings,
                       std::span<const double> start)
    : rows_(rows),
      terms_(std::move(terms)),
      settings_(settings),
      weight_(rows.weight().value()),
      start_(start.begin(), start.end()),
      buffers_(std::make_unique<Buffers>(rows.block_rows(), rows.columns())) {
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
  // Groups of blocks: nodes of one level of the tree, at most kMostGroups of them.
  const std::vector<std::uint64_t>& numbers = rows_.numbers();
  unsigned level = 0;
  while (!numbers.empty() && (numbers.back() >> level) - (numbers.front() >> level) >= kMostGroups) ++level;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const std::uint64_t group = numbers[k] >> level;
    if (buffers_->group_numbers.empty() || buffers_->group_numbers.back() != group) {
      buffers_->group_numbers.push_back(group);
      buffers_->group_end.push_back(k);
    }
    buffers_->group_end.back() = k + 1;
  }
}

LinearCost::~LinearCost() = default;

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
                         const Kernel& kernel, double* f, Ahead ahead) const {
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

// leaf(block, scratch, out) adds what a block has to `width` numbers, which start at zero; the sums of all.
template <class Leaf>
const double* LinearCost::gather(std::size_t width, const Leaf& leaf) {
  ++passes_;
  const std::size_t groups = buffers_->group_numbers.size();
  buffers_->slots.assign(std::max<std::size_t>(groups, 1) * width, 0.0);
  double* const slots = buffers_->slots.data();
  reduce_blocks(
      buffers_->group_numbers, settings_.threads,
      [&](std::size_t g) {
        Scratch& scratch = buffers_->threads.local();
        for (std::size_t k = g == 0 ? 0 : buffers_->group_end[g - 1]; k < buffers_->group_end[g]; ++k)
          leaf(rows_.blocks()[k], scratch, slots + g * width);
      },
      [&](std::size_t into, std::size_t from) {
        for (std::size_t j = 0; j < width; ++j) slots[into * width + j] += slots[from * width + j];
      });
  return slots;
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

// The frozen rows' quadratic has, at the new width h', the gradient g + (h/h' - 1) v and the Hessian h/h'
// times the data's: v the slopes of the rows within the width, g the gradient of the cost at the old one.
std::optional<Point> LinearCost::narrowed(const Point& point, double width) {
  const std::size_t p = size();
  const double ratio = settings_.loss.width / width;
  std::vector<double> gradient(p);
  std::vector<double> inside(p);
  visit(settings_.loss, point, gradient, Rows::all);
  visit(settings_.loss, point, inside, Rows::inside);
  for (std::size_t j = 0; j < p; ++j) gradient[j] += (ratio - 1) * inside[j];
  std::vector<double> matrix = hessian(point);
  for (std::size_t j = 0; j < p; ++j) {
    const double penalty = settings_.l2 * penalty_[j] * penalty_[j];
    for (std::size_t k = 0; k < p; ++k)
      matrix[j * p + k] = ratio * (matrix[j * p + k] - (j == k ? penalty : 0));
    matrix[j * p + j] += penalty;
  }
  std::vector<std::size_t> all(p);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<double> step(p);
  if (!solve_damped(matrix, p, gradient, all, step)) return std::nullopt;
  Point out = point;
  out.move(step, 1);
  return out;
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
                         double constant_curvature) {
  const bool inside = rows == Rows::inside;
  const bool along = rows == Rows::direction;
  Kernel kernel = kernel_of(point.high);
  if (along) kernel.constant -= offset_;
  const std::size_t columns = rows_.columns();
  const std::size_t value_at = columns + level_count_ + 1;  // the slope's sum stands before it
  const Shares shares = shares_of(loss.kind, columns, rows_.type());
  const std::size_t cell = rows_.type() == CellType::floats ? sizeof(float) : sizeof(double);
  const std::size_t panel = kPanelRows * std::max<std::size_t>(columns, 1) * cell;
  const std::size_t run = std::max<std::size_t>(kRunBytes / panel, 1) * kPanelRows;
  const double* const sums =
      gather(value_at + 1, [&](const DenseRows::Block& block, Scratch& scratch, double* out) {
        double* const f = scratch.f.data();
        double* const value = scratch.value.data();
        double* const slope = scratch.slope.data();
        double* const curvature = inside ? scratch.curvature.data() : nullptr;
        double* const lanes = scratch.lanes.get();
        std::fill_n(lanes, 8 * columns, 0.0);
        for (std::size_t first = 0; first < block.stride; first += run) {
          const std::size_t count = std::min(run, block.stride - first);
          const std::size_t end = std::min(first + count, block.rows);
          // The next run lies behind this one, mostly in the next block, too.
          const char* const next = block.with_cells([&](const auto* cells) {
            return reinterpret_cast<const char*>(cells + (first + count) * columns);
          });
          const std::size_t lines = count / kPanelRows * columns * kLineBytes;
          predict(block, first, count, kernel, f, {next, shares.predict});
          for (std::size_t r = first; along && r < end; ++r) {
            value[r] = 0;
            slope[r] = constant_curvature * f[r];
          }
          if (!along) {
            fetch_with_loss(next + shares.predict * lines, shares.loss * columns, first, end,
                            [&](std::size_t r, std::size_t rows_of_piece) {
                              evaluate_loss(loss, f + r, block.target.data() + r, rows_of_piece, value + r,
                                            slope + r, curvature == nullptr ? nullptr : curvature + r);
                            });
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
                           lanes, {next + (shares.predict + shares.loss) * lines, shares.project});
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
    if (inside || settings_.l2 == 0 || penalty_[j] == 0) continue;
    const double scaled = penalty_[j] * point.high[j];
    cost += settings_.l2 / 2 * (scaled * scaled);
    gradient[j] += settings_.l2 * penalty_[j] * scaled;
  }
  return cost;
}

std::vector<double> LinearCost::hessian(const Point& point, std::optional<double> constant) {
  // The answer's is asked for by its standard errors and by the search for separated classes.
  const bool known = !constant && !last_hessian_.values.empty() && last_hessian_.point == point.high &&
                     last_hessian_.width == settings_.loss.width;
  if (known) return last_hessian_.values;
  const Kernel kernel = kernel_of(point.high);
  const std::size_t columns = rows_.columns();
  const std::size_t inner = columns + level_count_ + 1;  // the constant last
  const std::size_t width = triangle_index(inner, 0);
  const double* const sums = gather(width, [&](const DenseRows::Block& block, Scratch& scratch, double* out) {
    double* const h = scratch.curvature.data();
    if (constant) {
      std::fill_n(h, block.rows, *constant);
    } else {
      predict(block, 0, block.stride, kernel, scratch.f.data());
      evaluate_loss(settings_.loss, scratch.f.data(), block.target.data(), block.rows, scratch.value.data(),
                    scratch.slope.data(), h);
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
  std::vector<std::size_t> all(size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return support_direction(point, gradient, all, out);
}

bool LinearCost::support_direction(const Point& point, std::span<const double> slope,
                                   std::span<const std::size_t> support, std::span<double> out) {
  return solve_damped(hessian(point), size(), slope, support, out);
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

std::vector<std::optional<double>> LinearCost::inverse_hessian_diagonal(const Point& point) {
  const std::size_t p = size();
  std::vector<std::optional<double>> out(p);
  const std::vector<double> matrix = hessian(point);
  std::vector<std::size_t> active;
  for (std::size_t j = 0; j < p; ++j) {
    if (matrix[j * p + j] > 0) active.push_back(j);
  }
  const auto n = static_cast<Eigen::Index>(active.size());
  Eigen::MatrixXd scaled(n, n);
  Eigen::VectorXd scale(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::size_t a = active[static_cast<std::size_t>(i)];
    scale[i] = 1 / std::sqrt(matrix[a * p + a]);
  }
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      scaled(i, j) = matrix[active[static_cast<std::size_t>(i)] * p + active[static_cast<std::size_t>(j)]] *
                     scale[i] * scale[j];
    }
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(scaled);
  constexpr double kSingular = 1e-13;
  if (factor.info() != Eigen::Success || factor.rcond() < kSingular) return out;
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
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

std::vector<double> LinearCost::predictions(std::span<const double> user) {
  const Point point = to_descent(user);
  const Kernel kernel = kernel_of(point.high);
  std::vector<double> out(rows_.rows());
  std::vector<std::size_t> first;
  std::size_t rows = 0;
  for (const DenseRows::Block& block : rows_.blocks()) {
    first.push_back(rows);
    rows += block.rows;
  }
  ++passes_;
  reduce_blocks(
      rows_.numbers(), settings_.threads,
      [&](std::size_t k) {
        const DenseRows::Block& block = rows_.blocks()[k];
        double* const f = buffers_->threads.local().f.data();
        predict(block, 0, block.stride, kernel, f);
        std::copy_n(f, block.rows, out.data() + first[k]);
      },
      [](std::size_t, std::size_t) {});
  return out;
}

}  // namespace talweg
