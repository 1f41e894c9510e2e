// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/separation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "talweg/base/error.h"
#include "talweg/base/numbers.h"

namespace talweg {
namespace {

constexpr double kBeyondCurvature = 18;
constexpr int kMostSteps = 25;
constexpr double kStepOfAnswer = 1e-2;  // a change of the predictions that tells of a finite answer
constexpr double kStepOfSeparation = 0.05;
constexpr double kZero = 1e-6;  // of the largest change: nothing

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  std::uint64_t rows = 0;
  void take(double value, std::uint64_t count = 1) {
    low = std::min(low, value);
    high = std::max(high, value);
    rows += count;
  }
};

// Of class +1, or a count above zero.
bool is_plus(const DenseRows::Block& block, std::size_t row) {
  return block.target[row] > 0;
}

bool is_count(const LinearCost& cost) {
  return cost.loss().kind == CostKind::poisson;
}

// The cells of a column, standardised where there is an intercept to move, or whether a row has a level.
// go_on() is asked after every block.
template <class Take, class GoOn>
void each_value(const LinearCost& cost, const LinearTerm& term, bool standard, const Take& take,
                const GoOn& go_on) {
  const DenseRows& rows = cost.rows();
  for (const DenseRows::Block& block : rows.blocks()) {
    if (!go_on()) return;
    if (term.column) {
      const std::size_t j = *term.column;
      block.with_cells([&](const auto* cells) {
        const double centre = standard ? 0 : rows.centre(j);
        const double unit = standard ? 1 : rows.unit(j);
        for (std::size_t r = 0; r < block.rows; ++r)
          take(centre + unit * static_cast<double>(cells[panel_place(block.columns, j, r)]),
               is_plus(block, r));
      });
      continue;
    }
    std::size_t at = 0;
    for (std::size_t r = 0; r < block.rows; ++r) {
      double has = 0;
      for (; !block.level_end.empty() && at < block.level_end[r]; ++at)
        has = block.levels[at] == *term.level ? 1 : has;
      take(has, is_plus(block, r));
    }
  }
}

std::optional<Separation> by_one_column(const LinearCost& cost, bool intercept) {
  for (std::size_t j = 0; j < cost.terms().size(); ++j) {
    const LinearTerm& term = cost.terms()[j];
    if ((!term.column && !term.level) || !(term.spread > 0)) continue;
    Range minus;
    Range plus;
    const bool counts = is_count(cost);
    // Where two rows of either class already lie the wrong way round, no further row can help. Counts above
    // zero all lie at the border, which is their value.
    const auto possible = [&] {
      if (counts && plus.rows > 0 && plus.low != plus.high) return false;
      if (minus.rows == 0 || plus.rows == 0) return true;
      if (intercept) return minus.high <= plus.low || plus.high <= minus.low;
      return (minus.high <= 0 && plus.low >= 0) || (plus.high <= 0 && minus.low >= 0);
    };
    each_value(
        cost, term, intercept, [&](double value, bool of_plus) { (of_plus ? plus : minus).take(value); },
        possible);
    if (!possible()) continue;
    const bool above = minus.high <= plus.low;
    const bool below = plus.high <= minus.low;
    // The same value everywhere, or no border where there is an intercept; without one the border is 0.
    if (std::min(minus.low, plus.low) == std::max(minus.high, plus.high)) continue;
    double border = 0;
    bool plus_above = above;
    if (intercept) {
      if (!above && !below) continue;
      border = above ? plus.low : minus.low;
      if (counts) border = plus.low;
      if (!counts && above && minus.high < plus.low) border = (minus.high + plus.low) / 2;
      if (!counts && !above && plus.high < minus.low) border = (plus.high + minus.low) / 2;
    } else {
      if (counts && plus.low != 0) continue;
      const bool up = minus.high <= 0 && plus.low >= 0;
      if (!up && !(plus.high <= 0 && minus.low >= 0)) continue;
      plus_above = up;
    }
    Separation out;
    Separation::Column column;
    column.parameter = j;
    column.above_is_plus = plus_above;
    column.border = border;
    if (term.column && intercept)
      column.border = border * cost.rows().unit(*term.column) + cost.rows().centre(*term.column);
    each_value(
        cost, term, intercept,
        [&](double value, bool) {
          (value > border ? column.above : value < border ? column.below : column.at) += 1;
        },
        [] { return true; });
    out.rows = column.above + column.below;
    out.complete = column.at == 0;
    out.column = column;
    return out;
  }
  return std::nullopt;
}

double mean_target(const DenseRows& rows) {
  double sum = 0;
  double count = 0;
  for (const DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r) sum += block.target[r];
    count += static_cast<double>(block.rows);
  }
  return sum / count;
}

// Signs of the classes in the order of the predictions; of a count above zero 0: its prediction has to stay.
std::vector<double> signs_of(const LinearCost& cost) {
  const double plus = is_count(cost) ? 0 : 1;
  std::vector<double> out;
  out.reserve(cost.rows().rows());
  for (const DenseRows::Block& block : cost.rows().blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r) out.push_back(is_plus(block, r) ? plus : -1);
  }
  return out;
}

// What a step of the parameters does to the margins, if it does harm to none.
std::optional<Separation> judge(std::span<const double> before, std::span<const double> after,
                                std::span<const double> signs) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (std::size_t r = 0; r < signs.size(); ++r) {
    const double change = after[r] - before[r];
    const double gain = signs[r] == 0 ? -std::abs(change) : signs[r] * change;
    low = std::min(low, gain);
    high = std::max(high, gain);
  }
  if (high < kStepOfSeparation || low < -kZero * high) return std::nullopt;
  Separation out;
  for (std::size_t r = 0; r < signs.size(); ++r)
    out.rows += signs[r] * (after[r] - before[r]) > kZero * high ? 1 : 0;
  out.complete = out.rows == signs.size();
  return out;
}

// Whether one Newton step from `at` proves that no direction tells classes apart (separation.h).
bool has_answer(LinearCost& cost, const Point& at, std::span<const double> signs) {
  constexpr double kMostGain = 0.9;  // below 1: for rounding
  std::vector<double> gradient(cost.size());
  std::vector<double> step(cost.size());
  cost.evaluate(at, gradient);
  if (!cost.undamped_direction(at, gradient, step)) return false;
  const std::vector<double> change = cost.multiply_rows(step);
  bool out = true;
  for (std::size_t r = 0; r < signs.size(); ++r) out = out && signs[r] * change[r] < kMostGain;
  return out;
}

// Newton's steps from `point`, each of them judged.
std::optional<Separation> follow_newton(LinearCost& cost, Point point, std::span<const double> signs) {
  std::vector<double> before = cost.predictions_at(point);
  std::vector<double> gradient(cost.size());
  std::vector<double> direction(cost.size());
  std::vector<double> trial(cost.size());
  double lowest = cost.evaluate(point, gradient);
  for (int step = 0; step < kMostSteps; ++step) {
    if (!cost.newton_direction(point, gradient, direction)) return std::nullopt;
    // Far from the end a whole step may lead uphill.
    double length = 1;
    Point next = point;
    double value = 0;
    for (int halved = 0; halved < 10; ++halved, length /= 2) {
      next = point;
      next.move(direction, length);
      value = cost.evaluate(next, trial);
      if (value <= lowest) break;
    }
    if (!(value <= lowest)) return std::nullopt;
    std::vector<double> after = cost.predictions_at(next);
    double largest = 0;
    for (std::size_t r = 0; r < after.size(); ++r)
      largest = std::max(largest, std::abs(after[r] - before[r]));
    if (!std::isfinite(largest) || largest < kStepOfAnswer) return std::nullopt;
    if (auto found = judge(before, after, signs)) {
      const std::vector<double> from = cost.to_user(point);
      found->direction = cost.to_user(next);
      for (std::size_t j = 0; j < from.size(); ++j) found->direction[j] -= from[j];
      return found;
    }
    point = std::move(next);
    before = std::move(after);
    gradient = trial;
    lowest = value;
  }
  return std::nullopt;
}

// The best constant, or zeros.
Point constant_start(const LinearCost& cost, bool intercept) {
  Point out(std::vector<double>(cost.size(), 0.0));
  if (intercept && is_count(cost)) out.high.back() = std::log(mean_target(cost.rows()));
  return out;
}

}  // namespace

std::optional<Separation> find_separation(LinearCost& cost, const Point& at, std::span<const double> f,
                                          bool intercept) {
  const std::vector<double> signs = signs_of(cost);
  // Counts are judged beside their mean, the scale of the gradients that end the descent.
  const double usual = is_count(cost) ? std::log(mean_target(cost.rows())) : 0;
  double widest = 0;
  for (std::size_t r = 0; r < signs.size(); ++r) widest = std::max(widest, signs[r] * (f[r] - usual));
  if (widest < kSuspiciousMargin) return std::nullopt;
  if (auto found = by_one_column(cost, intercept)) return found;
  // The parameters may be such a direction themselves, far enough for the curvature to vanish.
  bool all = !is_count(cost);
  for (std::size_t r = 0; r < signs.size(); ++r) all = all && signs[r] * f[r] > 0;
  if (all) return Separation{true, signs.size(), std::nullopt, cost.to_user(at)};

  if (has_answer(cost, at, signs)) return std::nullopt;
  if (auto found = follow_newton(cost, at, signs)) return found;
  // So far out that the curvature is below the damping: from the other end.
  if (widest < kBeyondCurvature) return std::nullopt;
  return follow_newton(cost, constant_start(cost, intercept), signs);
}

namespace {

std::string class_text(const Plan& plan, bool plus) {
  if (plan.classes.empty()) return "0";  // counts
  const std::string& label = plan.classes[plus ? 1 : 0];
  return plan.labels_are_levels ? in_quotes(label) : label;
}

std::string rows_are(std::uint64_t rows, const std::string& which, const std::string& label) {
  return fmt::format("{} {} with {} {} {}", rows == 1 ? "the one" : fmt::format("all {}", grouped(rows)),
                     rows == 1 ? "row" : "rows", which, rows == 1 ? "is" : "are", label);
}

std::string column_text(const Separation::Column& column, const Plan& plan) {
  const Parameter& parameter = plan.parameters[column.parameter];
  const std::string name = in_quotes(parameter.name);
  const std::string above = class_text(plan, column.above_is_plus);
  const std::string below = class_text(plan, !column.above_is_plus);
  if (parameter.level) {
    // A level is there or not; the border lies at one of the two, or between them.
    if (column.at == 0) {
      return fmt::format("{} and {}", rows_are(column.above, name, above),
                         rows_are(column.below, "out it", below));
    }
    return column.above > 0 ? rows_are(column.above, name, above)
                            : rows_are(column.below, "out " + name, below);
  }
  const std::string border = short_text(column.border);
  std::string out;
  if (column.above > 0) out = rows_are(column.above, fmt::format("{} above {}", name, border), above);
  if (column.below > 0) {
    if (!out.empty()) out += " and ";
    out += rows_are(column.below, fmt::format("{} below {}", name, border), below);
  }
  return out;
}

// The largest parts of the direction, each with its column's spread.
std::string direction_text(const Separation& found, const Plan& plan, const LinearCost& cost) {
  constexpr std::size_t kShown = 4;
  std::vector<std::size_t> order;
  for (std::size_t j = 0; j < plan.parameters.size(); ++j) {
    if (!plan.parameters[j].intercept && cost.terms()[j].spread > 0) order.push_back(j);
  }
  const auto part = [&](std::size_t j) { return std::abs(found.direction[j]) * cost.terms()[j].spread; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return part(a) > part(b); });
  const double largest = std::abs(found.direction[order[0]]);
  const double widest = part(order[0]);
  // A plus reads better in front.
  const auto shown_end = order.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, order.size()));
  const auto plus = std::find_if(order.begin(), shown_end, [&](std::size_t j) {
    return found.direction[j] > 0 && part(j) > kZero * widest;
  });
  if (plus != shown_end) std::rotate(order.begin(), plus, plus + 1);
  std::string out;
  std::size_t shown = 0;
  for (const std::size_t j : order) {
    if (shown == kShown || part(j) <= kZero * widest) break;
    const double value = found.direction[j] / largest;
    const std::string size = short_text(std::abs(value), 3);
    out += shown == 0 ? (value < 0 ? "-" : "") : (value < 0 ? " - " : " + ");
    out += fmt::format("{}{}", size == "1" ? "" : size + " ", in_quotes(plan.parameters[j].name));
    ++shown;
  }
  const auto more = static_cast<std::size_t>(
      std::count_if(order.begin(), order.end(), [&](std::size_t j) { return part(j) > kZero * widest; }));
  if (more > shown) out += fmt::format(" and {} more", more - shown);
  return out;
}

// A direction in which all levels of one column move alike and the intercept against them: its reference
// level does it alone.
std::optional<std::string> reference_text(const Separation& found, const Plan& plan,
                                          const std::vector<FeatureSummary>& features,
                                          const LinearCost& cost) {
  double intercept = 0;
  double largest = 0;
  std::size_t first = 0;
  for (std::size_t j = 0; j < found.direction.size(); ++j) {
    if (plan.parameters[j].intercept) {
      intercept = found.direction[j];
    } else if (std::abs(found.direction[j]) * cost.terms()[j].spread > largest) {
      largest = std::abs(found.direction[j]) * cost.terms()[j].spread;
      first = j;
    }
  }
  const Parameter& parameter = plan.parameters[first];
  if (!parameter.level) return std::nullopt;
  const double step = found.direction[first];
  for (std::size_t j = 0; j < found.direction.size(); ++j) {
    if (plan.parameters[j].intercept || !(cost.terms()[j].spread > 0)) continue;
    const bool same = plan.parameters[j].column == parameter.column && plan.parameters[j].level.has_value();
    if (std::abs(found.direction[j] - (same ? step : 0)) * cost.terms()[j].spread > kZero * largest)
      return std::nullopt;
  }
  if (std::abs(intercept + step) > kZero * std::abs(step)) return std::nullopt;
  for (const FeatureSummary& feature : features) {
    if (feature.name != parameter.column || !feature.has_reference) continue;
    return rows_are(found.rows, in_quotes(fmt::format("{}[{}]", feature.name, feature.reference)),
                    class_text(plan, intercept > 0));
  }
  return std::nullopt;
}

}  // namespace

std::string separation_text(const Separation& found, const Plan& plan,
                            const std::vector<FeatureSummary>& features, const LinearCost& cost) {
  const bool counts = is_count(cost);
  std::string why;
  if (found.column) {
    why = column_text(*found.column, plan);
  } else if (const auto reference = reference_text(found, plan, features, cost)) {
    why = *reference;
  } else if (counts) {
    why = fmt::format("{} has one value in all rows with counts above zero and less in {} rows, all 0",
                      direction_text(found, plan, cost), grouped(found.rows));
  } else if (found.complete) {
    why = fmt::format("{} tells every row's class", direction_text(found, plan, cost));
  } else {
    why = fmt::format("{} tells the class of {} of {} rows and speaks against none",
                      direction_text(found, plan, cost), grouped(found.rows), grouped(cost.rows().rows()));
  }
  return fmt::format(
      "{}: {}, so the cost has no lowest value and falls for ever as the parameters grow; "
      "they, "
      "and their standard errors, only tell where the descent stopped. Remedy: a penalty, --l2 0.001, or "
      "leave the {} out",
      counts           ? "the counts have no finite answer"
      : found.complete ? "the classes are separable"
                       : "the classes are quasi-separable",
      why, plan.formula.empty() ? "column" : "term");
}

}  // namespace talweg
