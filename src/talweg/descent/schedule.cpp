// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/schedule.h"

#include <cmath>
#include <numbers>

#include "talweg/descent/method.h"

namespace talweg {
namespace {

constexpr std::uint64_t kStepEpochs = 10;

class Scheduled final : public Method {
 public:
  Scheduled(std::unique_ptr<Method> inner, const Schedule& schedule)
      : inner_(std::move(inner)), schedule_(schedule) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    Step step = inner_->propose(at, objective, evaluations);
    const double factor = schedule_.factor(at.epoch);
    step.length *= factor;
    if (step.learning_rate) *step.learning_rate *= factor;
    return step;
  }
  [[nodiscard]] bool wants_more() const override { return inner_->wants_more(); }

 private:
  std::unique_ptr<Method> inner_;
  Schedule schedule_;
};

}  // namespace

std::string_view schedule_name(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
      return "constant";
    case ScheduleKind::inverse:
      return "inverse";
    case ScheduleKind::step:
      return "step";
    case ScheduleKind::exponential:
      return "exponential";
    case ScheduleKind::cosine:
      return "cosine";
  }
  return "";
}

double usual_decay(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::inverse:
      return 1;
    case ScheduleKind::step:
      return 0.5;
    case ScheduleKind::exponential:
      return 0.1;
    default:
      return 0;
  }
}

double Schedule::factor(std::uint64_t epoch) const {
  const auto e = static_cast<double>(epoch);
  switch (kind) {
    case ScheduleKind::constant:
      return 1;
    case ScheduleKind::inverse:
      return std::pow(1 + decay * e, -power);
    case ScheduleKind::step: {
      const std::uint64_t steps = epoch / kStepEpochs;
      return std::pow(decay, static_cast<double>(steps));
    }
    case ScheduleKind::exponential:
      return std::exp(-decay * e);
    case ScheduleKind::cosine:
      return epochs == 0 ? 1 : (1 + std::cos(std::numbers::pi * e / static_cast<double>(epochs))) / 2;
  }
  return 1;
}

std::unique_ptr<Method> scheduled(std::unique_ptr<Method> inner, const Schedule& schedule) {
  if (schedule.kind == ScheduleKind::constant) return inner;
  return std::make_unique<Scheduled>(std::move(inner), schedule);
}

}  // namespace talweg
