// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/sentences.h"

#include <fmt/format.h>

#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/model/json_text.h"

namespace talweg {
namespace {

bool is_below_limit(const Plan& plan) {
  return plan.learning_rate && plan.largest_stable_rate && *plan.learning_rate < *plan.largest_stable_rate;
}

}  // namespace

std::string optional_text(const std::optional<double>& value, int digits) {
  return value ? short_text(*value, digits) : "-";
}

std::string plural(std::uint64_t count, const char* one) {
  return fmt::format("{} {}{}", grouped(count), one, count == 1 ? "" : "s");
}

std::string rows_text(const IngestAudit& audit, const Plan& plan) {
  std::string out = fmt::format("{}, {} -> {}", plural(audit.rows, "row"),
                                plural(plan.parameters.size(), "parameter"), printable(plan.target));
  if (audit.rows_rejected > 0)
    out += fmt::format("; {} bad and left out", plural(audit.rows_rejected, "row"));
  if (audit.rows_missing > 0)
    out += fmt::format("; {} left out for a missing cell", plural(audit.rows_missing, "row"));
  if (audit.rows_weightless > 0)
    out += fmt::format("; {} left out for weight 0", plural(audit.rows_weightless, "row"));
  return out;
}

std::string method_text(const Plan& plan) {
  std::string out(plan.l1 > 0 ? "proximal " : "");
  out += optimizer_name(plan.optimizer);
  if (plan.preconditioned) out += " in the coordinates of the Cholesky factor";
  if (plan.optimizer == Optimizer::momentum || plan.optimizer == Optimizer::nesterov) {
    out += fmt::format(", momentum {}", shortest(plan.momentum));
  }
  if (plan.batch_size) {
    out += fmt::format(", a step after every {}{}",
                       *plan.batch_size == 1 ? std::string("row") : grouped(*plan.batch_size) + " rows",
                       plan.shuffle ? ", shuffled" : ", in their order");
  }
  if (!plan.learning_rate && plan.batch_size) {
    const bool by_distance = plan.optimizer == Optimizer::gd && !has_kink(plan.cost);
    out += fmt::format(", learning rate found on the way ({}, variance reduced)",
                       by_distance ? "distance over gradients" : "from the costs");
  } else if (plan.learning_rate) {
    const char* chosen =
        plan.loss ? "1 / the steepest curvature that the loss can have" : "the best constant one";
    out += fmt::format(
        ", learning rate {} ({})",
        plan.learning_rate_chosen ? short_text(*plan.learning_rate) : shortest(*plan.learning_rate),
        plan.learning_rate_chosen ? chosen : "given");
    if (plan.schedule.kind != ScheduleKind::constant)
      out += fmt::format(", schedule {}", schedule_name(plan.schedule.kind));
  } else if (plan.l1 > 0) {
    out += ", step lengths found on the way";
  } else if (has_fixed_rate(plan.optimizer) && (plan.over_rows || is_adaptive(plan.optimizer))) {
    out += ", learning rate found on the way";
  } else if (!plan.over_rows || (plan.optimizer == Optimizer::cg && is_squared(plan.cost) && plan.loss)) {
    out += ", exact step along each direction";
  } else {
    out += plan.optimizer == Optimizer::lm ? " (Levenberg-Marquardt), steps bounded by a trust region"
                                           : ", step lengths by a line search";
  }
  out += fmt::format(", scale {}{}", scale_name(plan.scale), plan.scale_chosen ? " (chosen)" : "");
  if (plan.optimizer_chosen) out += fmt::format("; {} because {}", optimizer_name(plan.optimizer), plan.why);
  return out;
}

std::string forecast_line(const Plan& plan) {
  if (plan.batch_size) return "none: batches see a part of the cost at a time";
  if (!plan.over_rows && plan.schedule.kind != ScheduleKind::constant)
    return "none: the learning rate changes on the way";
  if (plan.over_rows && plan.loss && is_squared(plan.cost))
    return "none: the eigenvalues of so many columns are not computed";
  if (plan.over_rows) return "none: the cost is not quadratic in the parameters";
  if (!plan.forecast.epochs && !plan.preconditioned &&
      (is_adaptive(plan.optimizer) || plan.optimizer == Optimizer::lbfgs)) {
    return fmt::format("none for {}", optimizer_name(plan.optimizer));
  }
  if (plan.l1 > 0) return "none: an l1 penalty has kinks";
  const std::string to = fmt::format(" to tolerance {}", shortest(plan.tolerance.value_or(1e-12)));
  if (!plan.forecast.epochs && plan.hidden_curvature) {
    return "none: the flattest direction is lost in the rounding of the eigenvalues";
  }
  if (!plan.forecast.epochs && is_below_limit(plan)) return "more epochs than can be counted" + to;
  if (!plan.forecast.epochs) return "the descent will not converge at this learning rate";
  std::string epochs = plural(*plan.forecast.epochs, "epoch");
  switch (plan.forecast.quality) {
    case ForecastQuality::exact:
      return epochs + to;
    case ForecastQuality::approximate:
      return "approximately " + epochs + to + " (rounding decides the last ones)";
    case ForecastQuality::upper_bound:
      return "at most " + epochs + to + " (an upper bound)";
    case ForecastQuality::about:
      return "about " + epochs + to;
  }
  return epochs;
}

namespace {

// Of a loss that is never below zero, which rounding alone keeps from it.
bool fits_all_rows(const Fit& fit) {
  return fit.plan.loss && has_kink(fit.plan.cost) && fit.l2 == 0 &&
         fit.cost <= 1e-12 * std::abs(fit.plan.start_cost);
}

}  // namespace

std::string ending_text(const Fit& fit) {
  const Termination& end = fit.termination;
  std::string epochs = plural(fit.epochs, "epoch");
  switch (end.reason) {
    case Reason::tolerance:
      if (fit.plan.l1 > 0 && (!fit.plan.over_rows || (fit.plan.loss && is_squared(fit.plan.cost)))) {
        return fmt::format("converged in {}: the duality gap is {} of the cost, the limit {}", epochs,
                           short_text(end.measured, 3), short_text(end.limit, 3));
      }
      if (fit.plan.loss && has_kink(fit.plan.cost)) {
        return fmt::format("converged in {}: the gap is {} of the cost, the limit {}", epochs,
                           short_text(end.measured, 3), short_text(end.limit, 3));
      }
      if (fit.plan.over_rows) {
        return fmt::format("converged in {}: gradient norm {}, the limit {}", epochs,
                           short_text(end.measured, 3), short_text(end.limit, 3));
      }
      return fmt::format("converged in {}: cost - lowest cost is {}, the limit {}", epochs,
                         short_text(end.measured, 3), short_text(end.limit, 3));
    case Reason::rounding:
      if (fits_all_rows(fit))
        return fmt::format("converged in {}: all rows are fitted, the cost is as good as zero", epochs);
      if (end.limit == 0 || fit.plan.over_rows)
        return fmt::format("stopped after {}: no step lowers the cost any more", epochs);
      return fmt::format(
          "converged in {} to the last digit: what is left ({}) is lost in the rounding of the parameters",
          epochs, short_text(end.measured, 3));
    case Reason::epochs:
      if (fit.plan.tolerance) {
        return fmt::format("stopped after {} by --epochs, before the tolerance {} was reached", epochs,
                           shortest(*fit.plan.tolerance));
      }
      return fmt::format("ran {}, as asked", epochs);
    case Reason::seconds:
      return fmt::format("stopped after {} by --max-seconds", epochs);
    case Reason::interrupted:
      // A stop within an epoch after batches gives that epoch up.
      return end.measured > static_cast<double>(fit.epochs)
                 ? fmt::format("interrupted in epoch {}, which is given up: this is the end of epoch {}",
                               grouped(fit.epochs + 1), grouped(fit.epochs))
                 : fmt::format("interrupted after {}", epochs);
    case Reason::early_stopping:
      return fmt::format(
          "stopped after {}: the rows held out had no lower cost for {} epochs; these are the "
          "parameters of epoch {}, which had the lowest",
          epochs, shortest(end.measured), grouped(fit.best_epoch));
    case Reason::callback:
      return fmt::format("stopped after {} by the caller", epochs);
    case Reason::diverged:
    case Reason::non_finite:
      return fit.post_mortem;
  }
  return epochs;
}

std::string certificate_text(const Fit& fit) {
  if (fit.plan.loss && fit.certificate.cost_gap_bound) {
    const std::string gap = short_text(*fit.certificate.cost_gap_bound, 3);
    return fit.certificate.is_estimate
               ? fmt::format("the cost is within {} of the lowest cost (smoothing gap)", gap)
               : fmt::format("the cost is proven within {} of the lowest cost", gap);
  }
  if (fit.plan.loss) return is_squared(fit.plan.cost) ? "none (see the warnings)" : "none (see the note)";
  if (fit.plan.over_rows) {
    return fmt::format("none (see the note); relative offset {}", optional_text(fit.relative_offset, 3));
  }
  if (!fit.certificate.cost_gap_bound) return "none (see the warnings)";
  std::string out = fmt::format("the cost is proven within {} of the lowest cost{}",
                                short_text(*fit.certificate.cost_gap_bound, 3),
                                fit.exact_parameters.empty() ? "" : " " + short_text(fit.exact_cost));
  if (fit.certificate.parameter_distance_bound) {
    out += fmt::format(", every parameter within {} standard errors of the optimum",
                       short_text(*fit.certificate.parameter_distance_bound, 3));
  }
  return out;
}

std::string next_text(const Fit& fit, const std::string& model_path) {
  if (fit.diverged() && !fit.plan.learning_rate) return "run again with the remedy above";
  if (!std::isfinite(fit.cost)) return "run again with a --start nearer to zero";
  if (fit.diverged()) return "run again with the rate advised above, or without --learning-rate";
  if (model_path.empty())
    return "add -o model.json to keep the model, then: talweg predict model.json NEW.csv";
  const bool plain =
      model_path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+") ==
      std::string::npos;
  return fmt::format("talweg predict {} NEW.csv",
                     plain ? model_path : in_quotes(model_path, model_path.size()));
}

}  // namespace talweg
