// SPDX-License-Identifier: Apache-2.0
// Descent on a smooth cost q plus sum_j l_j |t_j|. A proximal step goes downhill and then shrinks:
//   x <- S(x - rate g, rate l),   S(v, m) = sign(v) max(|v| - m, 0)
//   gd        that, at a constant rate (ISTA)
//   nesterov  from an extrapolated point, with momentum that restarts where it points uphill (FISTA: Beck and
//             Teboulle, SIAM J. Imaging Sciences 2(1), 2009; restart: O'Donoghue and Candes, Found. Comput.
//             Math. 15, 2015)
//   newton    between proximal steps, which decide what is zero, steps to the lowest point on the coordinates
//   that
//             are not, as far as no sign changes: on a quadratic cost the exact answer in finitely many
//             epochs
// Without a given rate a step is halved until the cost falls by a ten-thousandth of |step|^2/(2 rate).
#include <algorithm>
#include <cmath>

#include "talweg/descent/method.h"

namespace talweg {
namespace {

double shrunk(double value, double by) {
  return value > by ? value - by : value < -by ? value + by : 0;
}

class Proximal final : public Method {
 public:
  explicit Proximal(const MethodSettings& settings)
      : optimizer_(settings.optimizer),
        fixed_(settings.learning_rate.has_value()),
        rate_(settings.learning_rate.value_or(settings.first_rate)) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::size_t n = at.gradient.size();
    direction_.resize(n);
    found_gradient_.resize(n);
    if (optimizer_ == Optimizer::newton) {
      // A step on the support that met no sign is its lowest point: the next one has to change the support.
      if (!on_support_ || !whole_) {
        const Step step = support_step(at, objective, evaluations);
        if (!step.stuck) return step;
      }
      on_support_ = false;
      whole_ = false;
    }
    return optimizer_ == Optimizer::nesterov ? accelerated_step(at, objective, evaluations)
                                             : proximal_step(at, objective, evaluations);
  }

 private:
  // direction_ = the shrunken step from `from` with the slopes `slope`, seen from `at`.
  void shrink_step(const Iterate& at, const std::vector<double>& from, std::span<const double> slope,
                   std::span<const double> weights) {
    for (std::size_t j = 0; j < direction_.size(); ++j) {
      const double target = shrunk(from[j] - rate_ * slope[j], rate_ * weights[j]);
      direction_[j] = target == 0 ? -at.point.high[j] : target - at.point.high[j];
    }
  }

  // The cost at the point that direction_ leads to; the gradient there in found_gradient_.
  double look(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    ahead_ = at.point;
    ahead_.move_to_zeros(direction_);
    ++evaluations;
    return objective.evaluate(ahead_, found_gradient_);
  }

  [[nodiscard]] double squared_length() const {
    double sum = 0;
    for (const double d : direction_) sum += d * d;
    return sum;
  }

  Step finished(double cost, std::optional<double> rate) {
    Step step;
    step.direction = direction_;
    step.length = 1;
    step.to_zeros = true;
    step.learning_rate = rate;
    step.cost = cost;
    step.gradient = found_gradient_;
    return step;
  }

  Step proximal_step(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    constexpr int kHalvings = 60;
    for (int k = 0; k < kHalvings; ++k) {
      shrink_step(at, at.point.high, at.gradient, objective.l1_weights());
      const double length = squared_length();
      if (length == 0) break;
      const double cost = look(at, objective, evaluations);
      if (fixed_ || cost <= at.cost - 1e-4 * length / (2 * rate_)) return finished(cost, rate_);
      rate_ /= 2;
    }
    Step step;
    step.stuck = true;
    return step;
  }

  Step accelerated_step(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    const std::size_t n = direction_.size();
    if (before_.empty()) before_ = at.point.high;
    const double next = (1 + std::sqrt(1 + 4 * age_ * age_)) / 2;
    const double momentum = (age_ - 1) / next;
    Point from = at.point;
    from_step_.resize(n);
    for (std::size_t j = 0; j < n; ++j) from_step_[j] = at.point.high[j] - before_[j];
    from.move(from_step_, momentum);
    slope_.resize(n);
    objective.evaluate(from, slope_);
    ++evaluations;
    shrink_step(at, from.high, slope_, objective.l1_weights());
    double uphill = 0;
    for (std::size_t j = 0; j < n; ++j)
      uphill += (from.high[j] - at.point.high[j] - direction_[j]) * direction_[j];
    age_ = next;
    const double cost = look(at, objective, evaluations);
    const bool worse = !fixed_ && !(cost <= at.cost);
    if (uphill > 0 || worse) {
      age_ = 1;
      before_.clear();
      return proximal_step(at, objective, evaluations);
    }
    before_ = at.point.high;
    return finished(cost, rate_);
  }

  Step support_step(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    const std::span<const double> weights = objective.l1_weights();
    const std::size_t n = direction_.size();
    support_.clear();
    slope_.assign(n, 0.0);
    for (std::size_t j = 0; j < n; ++j) {
      const double t = at.point.high[j];
      if (t == 0 && weights[j] > 0) continue;
      support_.push_back(j);
      slope_[j] = at.gradient[j] + (t > 0 ? weights[j] : t < 0 ? -weights[j] : 0);
    }
    Step stuck;
    stuck.stuck = true;
    if (support_.empty() || !objective.support_direction(at.point, slope_, support_, direction_))
      return stuck;
    // As far as the first change of sign, which becomes an exact zero.
    double length = 1;
    std::size_t first = n;
    for (const std::size_t j : support_) {
      const double t = at.point.high[j];
      if (weights[j] == 0 || !(t * (t + direction_[j]) < 0)) continue;
      const double crossing = -t / direction_[j];
      if (crossing < length) {
        length = crossing;
        first = j;
      }
    }
    for (double& d : direction_) d *= length;
    if (first < n) direction_[first] = -at.point.high[first];
    constexpr int kHalvings = 30;
    for (int k = 0; k < kHalvings; ++k) {
      const double cost = look(at, objective, evaluations);
      if (cost < at.cost) {
        on_support_ = true;
        whole_ = length == 1;
        return finished(cost, length);
      }
      length /= 2;
      for (double& d : direction_) d /= 2;
    }
    return stuck;
  }

  Optimizer optimizer_;
  bool fixed_;
  double rate_;
  bool on_support_ = false;
  bool whole_ = false;
  double age_ = 1;
  std::vector<double> direction_, found_gradient_, slope_, from_step_, before_;
  std::vector<std::size_t> support_;
  Point ahead_;
};

}  // namespace

std::unique_ptr<Method> make_proximal(const MethodSettings& settings) {
  return std::make_unique<Proximal>(settings);
}

}  // namespace talweg
