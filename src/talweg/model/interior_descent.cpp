// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/interior_descent.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>

#include "talweg/base/dot.h"
#include "talweg/objective/row_system.h"

namespace talweg {
namespace {

constexpr double kStay = 0.995;      // of the way to where a variable would become zero
constexpr double kBeyond = 1e-4;     // of the tolerance: worth some more epochs, which fall fast there
constexpr double kGain = 0.3;        // an epoch that lowers the gap less is the last
constexpr double kStalled = 0.9;     // of the estimate: rounding leaves no more
constexpr double kFitted = 1e-13;    // of the cost at the start: as good as none
constexpr double kProve = 100;       // an estimate of so many tolerances is worth a proof
constexpr double kPredictor = 1e-3;  // residuals of the equations
constexpr double kCorrector = 1e-6;
constexpr double kFeasible = 1e-8;
constexpr double kLeastStep = 1e-6;
constexpr double kLastProof = 0.1;  // of the seconds of a run that has none left

class Interior {
 public:
  Interior(LinearCost& cost, const Point& start, const DescentSettings& settings, double width)
      : cost_(cost),
        settings_(settings),
        system_(cost),
        factors_(cost.row_factors()),
        range_(dual_range(cost.loss())),
        hinge_(cost.loss().kind == CostKind::hinge),
        penalised_(
            std::any_of(cost.l2_weights().begin(), cost.l2_weights().end(), [](double q) { return q > 0; })),
        target_(cost.targets()),
        n_(factors_.size()),
        size_(cost.size()),
        x_(start),
        began_(std::chrono::steady_clock::now()) {
    for (auto* v : {&p_, &q_, &s_, &t_, &a_, &u_, &theta_, &dp_, &dq_, &da_, &xi_}) v->resize(n_);
    gradient_.resize(size_);
    slopes_.resize(size_);
    step_.resize(size_);
    begin(width);
  }

  KinkDescent run() {
    out_.result.start_cost = cost_now_;
    best_cost_ = cost_now_;
    best_ = x_;
    if (observe(std::nullopt)) return end(Reason::callback, 0, most_epochs());
    double last_gap = std::numeric_limits<double>::infinity();
    double last_mean = last_gap;
    const double limit = settings_.tolerance.value_or(0);
    while (true) {
      if (epoch_ >= settings_.epochs) return end(Reason::epochs, most_epochs(), most_epochs());
      if (!take_step()) {
        if (stopped()) return end(Reason::interrupted, static_cast<double>(epoch_), most_epochs());
        if (late()) return end(Reason::seconds, seconds(), *settings_.max_seconds);
        break;
      }
      ++epoch_;
      if (observe(length_)) return end(Reason::callback, static_cast<double>(epoch_), most_epochs());
      const double mean = mean_gap();
      const double none = kFitted * out_.result.start_cost;
      if (mean <= kProve * std::max(limit, 1e-12) * std::abs(cost_now_) || cost_now_ <= kProve * none) {
        prove([this] { return stopped() || late(); });
        const double gap = best_cost_ - proven_;
        const double cost = std::abs(best_cost_);
        // A proof may be off by much more than the descent: it goes on while the estimate says so.
        const bool as_near = mean <= limit * cost || mean > kStalled * last_mean || cost <= none;
        if (gap <= kBeyond * limit * cost || (gap <= limit * cost && gap > kGain * last_gap) ||
            (gap <= std::max(2 * rounding_, none) && as_near))
          return end(Reason::tolerance, 0, limit);
        last_gap = gap;
        last_mean = mean;
      }
      if (stopped()) return end(Reason::interrupted, static_cast<double>(epoch_), most_epochs());
      if (late()) return end(Reason::seconds, seconds(), *settings_.max_seconds);
    }
    return end(Reason::rounding, 0, limit);
  }

 private:
  [[nodiscard]] double sign(std::size_t r) const { return hinge_ ? target_[r] : 1; }
  [[nodiscard]] double most_epochs() const { return static_cast<double>(settings_.epochs); }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  [[nodiscard]] bool stopped() const { return settings_.stop != nullptr && settings_.stop->raised(); }
  [[nodiscard]] bool late() const { return settings_.max_seconds && seconds() >= *settings_.max_seconds; }

  // Slopes where they belong for the smoothing h of the start.
  void begin(double width) {
    const double range = range_.high - range_.low;
    h_ = width * range / 2;
    const double h = h_;
    see_rows();
    for (std::size_t r = 0; r < n_; ++r) {
      const double u = u_[r];
      const double root = std::sqrt(4 * h * h + range * range * (u * u));
      const auto part = [&](double v) {  // (2 h + v + root) / (2 range) without cancelling
        return v >= -2 * h ? (2 * h + v + root) / (2 * range) : -2 * h * v / (range * (root - v - 2 * h));
      };
      p_[r] = part(range * u);
      q_[r] = part(-range * u);
      s_[r] = h / p_[r];
      t_[r] = h / q_[r];
      a_[r] = s_[r] < t_[r] ? range_.high - s_[r] : range_.low + t_[r];
    }
    see_gradient();
  }

  // Residuals and the cost of the loss itself.
  void see_rows() {
    const std::vector<double> f = cost_.predictions_at(x_);
    double sum = 0;
    for (std::size_t r = 0; r < n_; ++r) {
      u_[r] = hinge_ ? 1 - target_[r] * f[r] : target_[r] - f[r];
      sum += factors_[r] * std::max(range_.low * u_[r], range_.high * u_[r]);
    }
    const std::span<const double> weights = cost_.l2_weights();
    for (std::size_t j = 0; j < size_; ++j) sum += weights[j] / 2 * (x_.high[j] * x_.high[j]);
    cost_now_ = sum;
  }

  // D x - Z'a, the gradient at the slopes a.
  void see_gradient() {
    std::vector<double> given(n_);
    for (std::size_t r = 0; r < n_; ++r) given[r] = -sign(r) * a_[r];
    cost_.sum_rows(given, gradient_);
    const std::span<const double> weights = cost_.l2_weights();
    for (std::size_t j = 0; j < size_; ++j) gradient_[j] += weights[j] * x_.high[j];
  }

  // What p s + q t leave between the cost and its dual.
  [[nodiscard]] double mean_gap() const {
    double sum = 0;
    for (std::size_t r = 0; r < n_; ++r) sum += factors_[r] * (p_[r] * s_[r] + q_[r] * t_[r]);
    return sum;
  }

  bool observe(std::optional<double> rate) {
    norm_ = std::sqrt(dot(gradient_, gradient_));
    return settings_.observer && settings_.observer({epoch_, cost_now_, norm_, rate, &x_});
  }

  // The step towards p s = aim - second order, and the same of q t.
  bool solve(double aim, bool corrected, double residual) {
    std::vector<double> given(n_);
    for (std::size_t r = 0; r < n_; ++r) {
      const double of_p = aim + (corrected ? dp_[r] * da_[r] : 0);
      const double of_q = aim - (corrected ? dq_[r] * da_[r] : 0);
      xi_[r] = u_[r] - of_p / s_[r] + of_q / t_[r];
      given[r] = sign(r) * theta_[r] * xi_[r];
    }
    cost_.sum_rows(given, slopes_);
    for (std::size_t j = 0; j < size_; ++j) slopes_[j] -= gradient_[j];
    if (!system_.solve(
            slopes_, residual, [this] { return stopped() || late(); }, step_))
      return false;
    const std::vector<double> along = cost_.multiply_rows(step_);
    for (std::size_t r = 0; r < n_; ++r) {
      const double of_p = aim + (corrected ? dp_[r] * da_[r] : 0);
      const double of_q = aim - (corrected ? dq_[r] * da_[r] : 0);
      const double da = theta_[r] * (xi_[r] - sign(r) * along[r]);
      dp_[r] = (of_p - p_[r] * s_[r] + p_[r] * da) / s_[r];
      dq_[r] = (of_q - q_[r] * t_[r] - q_[r] * da) / t_[r];
      da_[r] = da;
    }
    return std::all_of(step_.begin(), step_.end(), [](double v) { return std::isfinite(v); });
  }

  // How far p and q, s and t may go.
  [[nodiscard]] std::pair<double, double> lengths() const {
    double of_point = std::numeric_limits<double>::infinity();
    double of_slopes = of_point;
    for (std::size_t r = 0; r < n_; ++r) {
      if (dp_[r] < 0) of_point = std::min(of_point, -p_[r] / dp_[r]);
      if (dq_[r] < 0) of_point = std::min(of_point, -q_[r] / dq_[r]);
      if (da_[r] > 0) of_slopes = std::min(of_slopes, s_[r] / da_[r]);
      if (da_[r] < 0) of_slopes = std::min(of_slopes, -t_[r] / da_[r]);
    }
    if (penalised_) of_point = of_slopes = std::min(of_point, of_slopes);
    return {of_point, of_slopes};
  }

  // The first epoch: to the lowest point as the smoothing of the start sees it, and slopes for residuals of
  // that size.
  bool take_first() {
    for (std::size_t r = 0; r < n_; ++r) theta_[r] = 1 / (p_[r] / s_[r] + q_[r] / t_[r]);
    system_.set(theta_);
    if (!solve(h_, false, kPredictor)) return false;
    x_.move(step_, 1);
    see_rows();
    double sum = 0;
    double weight = 0;
    for (std::size_t r = 0; r < n_; ++r) {
      sum += factors_[r] * std::abs(u_[r]);
      weight += factors_[r];
    }
    if (sum > 0) begin(sum / weight);
    length_ = 1;
    if (cost_now_ < best_cost_) {
      best_cost_ = cost_now_;
      best_ = x_;
    }
    return true;
  }

  bool take_step() {
    if (epoch_ == 0) return take_first();
    for (std::size_t r = 0; r < n_; ++r) theta_[r] = 1 / (p_[r] / s_[r] + q_[r] / t_[r]);
    system_.set(theta_);
    double total = 0;
    for (std::size_t r = 0; r < n_; ++r) total += 2 * factors_[r];
    const double h = mean_gap() / total;
    if (!solve(0, false, kPredictor)) return false;
    auto [point, slopes] = lengths();
    point = std::min(point, 1.0);
    slopes = std::min(slopes, 1.0);
    double left = 0;
    for (std::size_t r = 0; r < n_; ++r) {
      left += factors_[r] * ((p_[r] + point * dp_[r]) * (s_[r] - slopes * da_[r]) +
                             (q_[r] + point * dq_[r]) * (t_[r] + slopes * da_[r]));
    }
    const double ratio = std::max(left / total, 0.0) / h;
    if (!solve(ratio * ratio * ratio * h, true, kCorrector)) return false;
    std::tie(point, slopes) = lengths();
    point = std::min(1.0, kStay * point);
    slopes = std::min(1.0, kStay * slopes);
    if (!(std::max(point, slopes) >= kLeastStep)) return false;
    x_.move(step_, point);
    const double range = range_.high - range_.low;
    see_rows();
    for (std::size_t r = 0; r < n_; ++r) {
      p_[r] += point * dp_[r];
      q_[r] += point * dq_[r];
      s_[r] -= slopes * da_[r];
      t_[r] += slopes * da_[r];
      // What rounding has taken from p - q = u and s + t = high - low goes to the larger one, as long as both
      // stay above zero: u may be off by more than they are.
      const double larger = p_[r] > q_[r] ? q_[r] + u_[r] : p_[r] - u_[r];
      if (larger > 0) (p_[r] > q_[r] ? p_[r] : q_[r]) = larger;
      (s_[r] > t_[r] ? s_[r] : t_[r]) = range - std::min(s_[r], t_[r]);
      a_[r] = s_[r] < t_[r] ? range_.high - s_[r] : range_.low + t_[r];
    }
    length_ = point;
    see_gradient();
    if (cost_now_ < best_cost_) {
      best_cost_ = cost_now_;
      best_ = x_;
    }
    return true;
  }

  // Without a penalty Z'a = 0 has to hold: what it lacks is taken by the rows that have room.
  void prove(const std::function<bool()>& give_up) {
    if (proven_at_ == epoch_) return;
    proven_at_ = epoch_;
    std::vector<double> dual = a_;
    if (!penalised_) {
      std::vector<double> given(n_);
      for (std::size_t r = 0; r < n_; ++r) given[r] = sign(r) * dual[r];
      cost_.sum_rows(given, slopes_);
      if (!system_.solve(slopes_, kFeasible, give_up, step_)) return;
      const std::vector<double> along = cost_.multiply_rows(step_);
      double most = 1;  // of a slope that leaves its range
      for (std::size_t r = 0; r < n_; ++r) {
        dual[r] -= sign(r) * theta_[r] * along[r];
        if (dual[r] > range_.high) most = std::min(most, range_.high / dual[r]);
        if (dual[r] < range_.low) most = range_.low < 0 ? std::min(most, range_.low / dual[r]) : 0.0;
      }
      for (double& a : dual) a *= most;
    }
    const LowerBound bound = cost_.kink_bound(dual, x_);
    if (bound.value - bound.rounding > proven_) {
      proven_ = bound.value - bound.rounding;
      rounding_ = bound.rounding;
    }
  }

  KinkDescent end(Reason reason, double measured, double limit) {
    DescentResult& result = out_.result;
    // A run that is to stop takes some part of its seconds more: what is left to its lowest cost is worth it.
    const double most = seconds() * (1 + kLastProof);
    const bool over = reason == Reason::interrupted || reason == Reason::seconds;
    if (epoch_ > 0) prove([&] { return over ? seconds() > most : stopped(); });
    if (best_cost_ < cost_now_ && reason != Reason::callback && epoch_ < settings_.epochs) {
      x_ = best_;
      see_rows();
      ++epoch_;
      observe(std::nullopt);
    }
    result.point = x_;
    result.cost = result.last_cost = cost_now_;
    result.gradient_norm = norm_;
    result.epochs = result.epoch = epoch_;
    result.evaluations = epoch_;
    result.termination = {reason, measured, limit};
    const double gap = std::max(cost_now_ - proven_, 0.0);
    if (std::isfinite(gap)) {
      out_.proven = true;
      out_.gap_bound = gap + 16 * std::numeric_limits<double>::epsilon() * std::abs(cost_now_);
      if (reason == Reason::tolerance || reason == Reason::rounding) {
        const double relative = gap / std::max(std::abs(cost_now_), std::numeric_limits<double>::min());
        result.termination = {relative <= limit ? Reason::tolerance : Reason::rounding, relative, limit};
      }
    }
    return std::move(out_);
  }

  LinearCost& cost_;
  const DescentSettings& settings_;
  RowSystem system_;
  std::vector<double> factors_;
  DualRange range_;
  bool hinge_, penalised_;
  std::vector<double> target_;
  std::size_t n_, size_;
  Point x_, best_;
  std::chrono::steady_clock::time_point began_;
  std::vector<double> p_, q_, s_, t_, a_, u_, theta_, dp_, dq_, da_, xi_;  // a row
  std::vector<double> gradient_, slopes_, step_;                           // a parameter
  double h_ = 0;
  double cost_now_ = 0, best_cost_ = 0, norm_ = 0, length_ = 0;
  double proven_ = -std::numeric_limits<double>::infinity();
  double rounding_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t proven_at_ = 0;  // 0: the start, which proves nothing
  KinkDescent out_;
};

}  // namespace

bool fits_interior_descent(std::size_t rows, std::size_t parameters) {
  return rows > parameters && parameters <= RowSystem::kMostParameters;
}

KinkDescent descend_inside(LinearCost& cost, const Point& start, const DescentSettings& settings,
                           double first_width) {
  return Interior(cost, start, settings, first_width).run();
}

}  // namespace talweg
