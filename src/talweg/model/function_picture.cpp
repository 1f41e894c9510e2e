// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/function_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "talweg/formula/program.h"

namespace talweg {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Range range_of(const FunctionRun& run, std::size_t variable) {
  Range out;
  const auto add = [&](double value) {
    out.low = std::min(out.low, value);
    out.high = std::max(out.high, value);
  };
  add(run.plan.start[variable]);
  add(run.parameters[variable]);
  const double above = run.plan.start_cost + 2 * std::abs(run.plan.start_cost - run.cost);
  for (const TraceRow& row : run.trace.rows()) {
    if (row.cost <= above) add(row.parameters[variable]);
  }
  double margin = (out.high - out.low) / 4;
  if (!(margin > 0)) margin = std::max(1.0, std::abs(out.low));
  return {out.low - margin, out.high + margin};
}

std::vector<double> spaced(Range range, std::size_t count) {
  std::vector<double> out(count);
  for (std::size_t k = 0; k < count; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(count - 1);
    out[k] = range.low + (range.high - range.low) * share;
  }
  return out;
}

// The variables become columns, so that a whole row of the picture is one call.
Program over_columns(const FunctionRun& run) {
  const Expression value = replace_leaves(run.plan.formula.right, [](const Expression& leaf) {
    return leaf.is(Op::parameter) ? Expression::column(leaf.index(), leaf.name()) : leaf;
  });
  return Program::compile(value, {}, run.plan.formula.parameters.size(), 0);
}

}  // namespace

CostCurve picture_curve(const FunctionRun& run) {
  constexpr std::size_t kPoints = 401;
  CostCurve out;
  out.values = spaced(range_of(run, 0), kPoints);
  out.costs.resize(kPoints);
  const Program program = over_columns(run);
  Program::Workspace work(program);
  const std::array<const double*, 1> columns = {out.values.data()};
  program.evaluate(columns, kPoints, {}, out.costs.data(), {}, work);
  return out;
}

CostContours picture_contours(const FunctionRun& run) {
  constexpr std::size_t kPoints = 61;
  CostContours out;
  out.first = spaced(range_of(run, 0), kPoints);
  out.second = spaced(range_of(run, 1), kPoints);
  out.costs.resize(kPoints * kPoints);
  const Program program = over_columns(run);
  Program::Workspace work(program);
  for (std::size_t row = 0; row < kPoints; ++row) {
    const std::vector<double> second(kPoints, out.second[row]);
    const std::array<const double*, 2> columns = {out.first.data(), second.data()};
    program.evaluate(columns, kPoints, {}, out.costs.data() + row * kPoints, {}, work);
  }
  return out;
}

}  // namespace talweg
