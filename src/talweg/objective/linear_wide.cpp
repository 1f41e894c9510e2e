// SPDX-License-Identifier: Apache-2.0
// What LinearCost does for tables with too many parameters for a Hessian as a matrix: the passes that
// active_rows.h takes, steps between widths, and a bound from the slopes alone.
#include <algorithm>
#include <cmath>
#include <limits>

#include "talweg/objective/active_rows.h"
#include "talweg/objective/linear_cost.h"
#include "talweg/objective/row_gather.h"

namespace talweg {

void LinearCost::multiply_hessian(std::span<const double> direction, std::span<const double> curvature,
                                  std::span<double> out) {
  visit(settings_.loss, Point(std::vector<double>(direction.begin(), direction.end())), out, Rows::direction,
        0, curvature);
}

void LinearCost::sum_rows(std::span<const double> u, std::span<double> out) {
  visit(settings_.loss, Point(std::vector<double>(size(), 0.0)), out, Rows::given, 0, u);
}

std::vector<double> LinearCost::multiply_rows(std::span<const double> t) {
  Kernel kernel = kernel_of(t);
  kernel.constant -= offset_;
  return predictions_of(kernel);
}

void LinearCost::copy_rows(std::span<const std::size_t> rows, double* out) {
  const std::size_t p = size();
  std::vector<std::size_t> term_of_slot(level_count_);
  for (std::size_t j = 0; j < p; ++j) {
    if (terms_[j].level) term_of_slot[place_[j] - rows_.columns()] = j;
  }
  if (rows.empty()) return;
  const auto block_of = [&](std::size_t row) {
    return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), row) - first_.begin()) - 1;
  };
  const auto copy = [&](std::size_t k, const DenseRows::Block& block, RowGather::Scratch&) {
    const std::size_t first = first_[k];
    const auto begin = std::lower_bound(rows.begin(), rows.end(), first);
    const auto end = std::lower_bound(begin, rows.end(), first + block.rows);
    for (auto at = begin; at != end;) {  // panel by panel
      const std::size_t panel = (*at - first) / kPanelRows;
      const auto until = std::lower_bound(at, end, first + (panel + 1) * kPanelRows);
      double* const to = out + static_cast<std::size_t>(at - rows.begin()) * p;
      for (std::size_t j = 0; j < p; ++j) {
        const bool constant_term = !terms_[j].column && !terms_[j].level;
        const double shift = constant_term ? 1 : intercept_ ? 0 : shift_[j];
        double* cell = to + j;
        for (auto row = at; row != until; ++row, cell += p)
          *cell = shift + (terms_[j].column ? inner_[j] * block.z(place_[j], *row - first) : 0);
      }
      double* cells = to;
      for (auto row = at; row != until && level_count_ > 0 && !block.level_end.empty(); ++row, cells += p) {
        const std::size_t r = *row - first;
        for (std::size_t a = r == 0 ? 0 : block.level_end[r - 1]; a < block.level_end[r]; ++a) {
          const std::size_t slot = level_slot(block.levels[a]);
          if (slot < level_count_) cells[term_of_slot[slot]] += inner_[term_of_slot[slot]];
        }
      }
      at = until;
    }
  };
  gather_->each_of(block_of(rows.front()), block_of(rows.back()) + 1, copy);
}

RowLosses LinearCost::row_losses(std::span<const double> f) const {
  RowLosses out{std::vector<double>(f.size()), std::vector<double>(f.size()), std::vector<double>(f.size())};
  for (std::size_t k = 0; k < rows_.blocks().size(); ++k) {
    const DenseRows::Block& block = rows_.blocks()[k];
    const std::size_t at = first_[k];
    evaluate_loss(settings_.loss, f.data() + at, block.target.data(), block.rows, out.value.data() + at,
                  out.slope.data() + at, out.curvature.data() + at);
  }
  return out;
}

std::vector<double> LinearCost::row_factors() const {
  std::vector<double> out;
  out.reserve(rows_.rows());
  for (const DenseRows::Block& block : rows_.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r)
      out.push_back(row_factor() * (block.weights.empty() ? 1 : block.weights[r]));
  }
  return out;
}

std::vector<double> LinearCost::targets() const {
  std::vector<double> out;
  out.reserve(rows_.rows());
  for (const DenseRows::Block& block : rows_.blocks())
    out.insert(out.end(), block.target.begin(),
               block.target.begin() + static_cast<std::ptrdiff_t>(block.rows));
  return out;
}

// The rows within the width are to lose what their slopes stand for.
std::optional<Point> LinearCost::narrowed_wide(const Point& point, double width) {
  const double ratio = settings_.loss.width / width;
  std::vector<double> gradient(size());
  visit(settings_.loss, point, gradient, Rows::all);
  RowLosses rows = row_losses(predictions_at(point));
  for (std::size_t r = 0; r < rows.slope.size(); ++r) {
    const double c = rows.curvature[r];
    rows.slope[r] = c > 0 ? (1 - 1 / ratio) * (rows.slope[r] / c) : 0;
    rows.curvature[r] = ratio * c;
  }
  std::vector<double> step(size());
  if (!active_rows().direction(rows.curvature, gradient, rows.slope, 0, true, step)) return std::nullopt;
  Point out = point;
  out.move(step, 1);
  return out;
}

// With slopes s_r = loss'(f_r) times c_r in [0, 1], and l* the conjugate of a row's loss, the cost is at
// least
//   -1/W sum_r w_r l*(c_r s_r) - sum_j v_j^2 / (2 l2 q_j^2),   v = 1/W sum_r w_r c_r s_r z_r
// if v_0 of the intercept is zero (Fenchel's dual), and -l*(c s) >= c (l(f) - f s) + (1 - c) lowest l, since
// l* is convex and -l*(0) the lowest value of l. c_r is 1, or, of the slopes of the sign that outweighs the
// other, what makes v_0 zero. Smoothed over h a loss has l(f) + h/2 s^2 in place of l(f), and the bound is
// that of the loss itself.
std::optional<LowerBound> LinearCost::lower_bound(const Point& point) {
  const bool few = rows_.rows() <= size();
  const bool penalised = settings_.l2 > 0;
  if (penalised ? !settings_.wide && has_kink(settings_.loss.kind) : !settings_.wide || !few)
    return std::nullopt;
  const LossSettings& loss = settings_.loss;
  const std::vector<double> f = predictions_at(point);
  const RowLosses at = row_losses(f);
  const std::vector<double> factors = row_factors();
  const std::vector<double> y = targets();
  const std::size_t n = f.size();
  const auto lowest = [&](std::size_t r) {  // of a row's loss
    return loss.kind == CostKind::poisson && y[r] > 0 ? y[r] - y[r] * std::log(y[r]) : 0.0;
  };
  double up = 0;
  double down = 0;
  for (std::size_t r = 0; r < n; ++r) (at.slope[r] > 0 ? up : down) += factors[r] * std::abs(at.slope[r]);
  // Without a penalty every v_j has to be zero, which the slope zero is.
  double of_up = penalised ? 1 : 0;
  double of_down = of_up;
  if (penalised && intercept_) {
    of_up = up > down ? down / up : 1;
    of_down = down > up ? up / down : 1;
  }
  DoubleDouble value;
  double size = 0;
  std::vector<double> u(n);
  for (std::size_t r = 0; r < n; ++r) {
    const double s = at.slope[r];
    const double c = s > 0 ? of_up : of_down;
    u[r] = c * s;
    const double own = at.value[r] + loss.width / 2 * (s * s) - f[r] * s;
    value += two_product(factors[r], c * own + (1 - c) * lowest(r));
    size += factors[r] * (std::abs(at.value[r]) + 2 * std::abs(f[r] * s));
  }
  LowerBound out;
  out.from_slopes = penalised;
  out.value = value.value();
  out.rounding =
      2 * summed_rounding() * size +
      2 * (up + down) * accumulated_rounding(static_cast<double>(this->size() + 8)) * prediction_size(point);
  if (penalised) subtract_conjugate(u, out);
  return out;
}

// The same of slopes that are not those at any point: row r has the dual variable a_r of its kink, the slope
// s_r = -a_r (hinge: -y_r a_r) and -l*(s_r) = a_r y_r (hinge: a_r). Without a penalty v x is what the bound
// lacks at the lowest point x, for which `point` stands.
LowerBound LinearCost::kink_bound(std::span<const double> dual, const Point& point) {
  const bool hinge = settings_.loss.kind == CostKind::hinge;
  const std::vector<double> factors = row_factors();
  const std::vector<double> y = targets();
  const std::size_t n = dual.size();
  double up = 0;
  double down = 0;
  std::vector<double> u(n);
  for (std::size_t r = 0; r < n; ++r) {
    u[r] = hinge ? -y[r] * dual[r] : -dual[r];
    (u[r] > 0 ? up : down) += factors[r] * std::abs(u[r]);
  }
  const bool balance = settings_.l2 > 0 && intercept_;
  DoubleDouble value;
  double size = 0;
  for (std::size_t r = 0; r < n; ++r) {
    const double c = !balance ? 1 : u[r] > 0 ? (up > down ? down / up : 1) : (down > up ? up / down : 1);
    u[r] *= c;
    const double own = dual[r] * (hinge ? 1 : y[r]);
    value += two_product(factors[r], c * own);
    size += factors[r] * std::abs(own);
  }
  LowerBound out;
  out.from_slopes = true;
  out.value = value.value();
  out.rounding = 2 * summed_rounding() * size;
  if (settings_.l2 > 0) {
    subtract_conjugate(u, out);
    return out;
  }
  std::vector<double> v(this->size());
  sum_rows(u, v);
  for (std::size_t j = 0; j < v.size(); ++j) out.rounding += 2 * std::abs(v[j] * point.high[j]);
  out.rounding += 2 * summed_rounding() * (up + down) * prediction_size(point);
  return out;
}

// Takes sum_j v_j^2 / (2 l2 q_j^2) off, v that of slopes u.
void LinearCost::subtract_conjugate(std::span<const double> u, LowerBound& out) {
  constexpr double kUnit = std::numeric_limits<double>::epsilon() / 2;
  const std::vector<double> factors = row_factors();
  double slope = 0;  // root mean square
  for (std::size_t r = 0; r < u.size(); ++r) slope += factors[r] * (u[r] * u[r]);
  slope = std::sqrt(slope * row_factor() * weight_);
  std::vector<double> v(this->size());
  sum_rows(u, v);
  for (std::size_t j = 0; j < v.size(); ++j) {
    const double weight = l2_weights_[j];
    if (!(weight > 0)) continue;
    out.value -= v[j] * v[j] / (2 * weight);
    const LinearTerm& term = terms_[j];
    const double column = settings_.scale == Scale::none ? std::hypot(term.spread, term.mean) : 1;
    const double error = 2 * summed_rounding() * slope * column;
    out.rounding += error * (2 * std::abs(v[j]) + error) / (2 * weight) + 8 * kUnit * (v[j] * v[j]) / weight;
  }
}

double LinearCost::accumulated_rounding(double terms) {
  constexpr double kUnit = std::numeric_limits<double>::epsilon() / 2;
  return terms * kUnit / (1 - terms * kUnit);
}

double LinearCost::summed_rounding() const {
  return accumulated_rounding(static_cast<double>(rows_.block_rows() + rows_.blocks().size() + 16));
}

// All rows are fitted where the residuals are zero, of a hinge where it bends.
std::optional<Point> LinearCost::interpolated(const Point& point) {
  if (!settings_.wide || settings_.l2 > 0 || rows_.rows() > size()) return std::nullopt;
  std::vector<double> right = targets();
  const std::vector<double> f = predictions_at(point);
  for (std::size_t r = 0; r < f.size(); ++r) right[r] -= f[r];
  const auto step = active_rows().fitting(right);
  if (!step) return std::nullopt;
  Point out = point;
  out.move(*step, 1);
  return out;
}

ActiveRows& LinearCost::active_rows() {
  if (active_ == nullptr) active_ = std::make_unique<ActiveRows>(*this);
  return *active_;
}

}  // namespace talweg
