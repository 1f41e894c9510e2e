// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/batch_epoch.h"

#include <cmath>

#include "talweg/descent/auto_batches.h"

namespace talweg {
namespace {

class BatchEpochs final : public Method {
 public:
  BatchEpochs(const MethodSettings& settings, const BatchSettings& batches)
      : walk_(batches),
        cost_(*batches.cost),
        batch_(*batches.cost),
        plain_(settings.optimizer == Optimizer::gd),
        single_(batches.batch_size == 1),
        rate_(settings.learning_rate),
        schedule_(settings.schedule) {
    MethodSettings inner = settings;
    inner.batches = nullptr;
    inner.proximal = false;
    inner.restart = false;
    method_ = make_method(inner);
  }

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    inner_.epoch = at.epoch;
    inner_.point = at.point;
    inner_.gradient.resize(at.point.size());
    const std::span<const double> l1 = objective.l1_weights();
    Step out;
    if (plain_ && l1.empty()) {
      const double rate = *rate_ * schedule_.factor(at.epoch);
      bool whole = true;
      if (single_) {
        const bool logs = walk_.logs(at.epoch);
        whole = walk_.go_by_runs(at.epoch, [&](std::span<const std::uint32_t> rows) {
          if (!logs) return cost_.descend_each(inner_.point, rows, rate);
          for (std::size_t k = 0; k < rows.size(); ++k) {
            cost_.descend_each(inner_.point, rows.subspan(k, 1), rate);
            walk_.step_made(inner_.point);
          }
        });
      } else {
        whole = walk_.go(at.epoch, [&](std::span<const std::uint32_t> batch) {
          cost_.descend(inner_.point, batch, rate);
          walk_.step_made(inner_.point);
          return true;
        });
      }
      ++evaluations;
      out.given_up = !whole;
      out.point = &inner_.point;
      out.learning_rate = rate;
      return out;
    }
    const bool whole = walk_.go(at.epoch, [&](std::span<const std::uint32_t> batch) {
      batch_.take(batch, false);
      static_cast<void>(batch_.evaluate(inner_.point, inner_.gradient));
      const Step step = method_->propose(inner_, batch_, ignored_);
      move_plainly(inner_.point, step.direction, step.length);
      out.learning_rate = step.learning_rate;
      shrink(l1, step.learning_rate.value_or(0), inner_.point);
      walk_.step_made(inner_.point);
      return true;
    });
    ++evaluations;
    out.given_up = !whole;
    out.point = &inner_.point;
    return out;
  }

 private:
  BatchWalk walk_;
  BatchCost& cost_;
  OneBatch batch_;
  bool plain_;   // gd: the gradient need not be seen
  bool single_;  // a step after every row
  std::optional<double> rate_;
  Schedule schedule_;
  std::unique_ptr<Method> method_;
  Iterate inner_;
  std::uint64_t ignored_ = 0;
};

}  // namespace

void shrink(std::span<const double> l1, double rate, Point& point) {
  for (std::size_t j = 0; j < l1.size(); ++j) {
    const double by = rate * l1[j];
    const double t = point.high[j];
    if (std::abs(t) <= by) {
      point.high[j] = point.low[j] = 0;
    } else {
      point.high[j] = t > 0 ? t - by : t + by;
    }
  }
}

std::unique_ptr<Method> make_batch_epochs(const MethodSettings& settings, const BatchSettings& batches) {
  if (settings.learning_rate) return std::make_unique<BatchEpochs>(settings, batches);
  return settings.optimizer == Optimizer::gd && batches.first_width == 0
             ? make_distance_over_gradients(batches)
             : make_guarded_batches(settings, batches);
}

}  // namespace talweg
