// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/first_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/double_double.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/formula_loss.h"

namespace talweg {
namespace {

Result<std::vector<double>> start_of(const FitRequest& request, const BoundFormula& bound) {
  const std::vector<std::string>& names = bound.formula.parameters;
  const bool ones = request.start == StartKind::ones || (request.start != StartKind::zeros && !bound.affine);
  std::vector<double> out(names.size(), ones ? 1.0 : 0.0);
  for (const auto& [name, value] : request.start_values) {
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      const auto near = nearest_names(name, names);
      return fail(
          ErrorKind::data,
          fmt::format("--start names {}, which is no parameter of the formula", in_quotes(name)),
          near.empty() ? "it has " + name_list(names) : "did you mean " + name_list(near, "or") + "?");
    }
    if (!std::isfinite(value))
      return fail(ErrorKind::usage, fmt::format("--start {}={} is not finite", name, value), "give a number");
    out[static_cast<std::size_t>(place - names.begin())] = value;
  }
  return out;
}

double factor(LossKind cost, bool derived, double rows) {
  switch (cost) {
    case LossKind::mse:
      return (derived ? 2 : 1) / rows;
    case LossKind::half_mse:
      return 1 / (derived ? rows : 2 * rows);
    case LossKind::sse:
      return derived ? 2 : 1;
    default:
      return 1 / rows;  // of squared-hinge, too: its slope has the 2
  }
}

struct Sums {
  DoubleDouble squares;
  std::vector<DoubleDouble> products;
};

// One visit of the rows; `see` is given each row's columns, target, prediction and partial derivatives.
class Visit {
 public:
  Visit(const FormulaData& data, const FitRequest& request)
      : data_(data),
        request_(request),
        bound_(*data.formula),
        loss_{request.cost, request.huber_delta, request.quantile, 0} {}

  template <class See>
  Result<Sums> rows(std::span<const double> parameters, See see) const {
    const RowStore& store = *data_.store;
    Program::Workspace work(bound_.right);
    const std::size_t count = parameters.size();
    std::vector<double> value(kStoreRows);
    std::vector<std::vector<double>> partials(count, std::vector<double>(kStoreRows));
    std::vector<double*> out;
    out.reserve(count);
    for (auto& partial : partials) out.push_back(partial.data());
    Sums sums{{}, std::vector<DoubleDouble>(count)};
    std::uint64_t seen = 0;
    for (std::size_t k = 0; k < store.blocks(); ++k) {
      const std::size_t rows = store.block(k).rows;
      std::vector<const double*> columns(bound_.formula.columns.size(), nullptr);
      for (std::size_t j = 0; j < data_.stored.size(); ++j) columns[data_.stored[j]] = store.column(k, j);
      bound_.right.evaluate(columns, rows, parameters, value.data(), out, work);
      const double* const target = store.column(k, store.columns());
      for (std::size_t r = 0; r < rows; ++r, ++seen) {
        std::vector<double> row(columns.size(), 0.0);
        for (std::size_t c = 0; c < columns.size(); ++c) row[c] = columns[c] != nullptr ? columns[c][r] : 0;
        std::vector<double> slopes(count);
        bool finite = std::isfinite(value[r]);
        for (std::size_t p = 0; p < count; ++p) finite = std::isfinite(slopes[p] = partials[p][r]) && finite;
        if (!finite) return fail(bad_row(row, parameters, seen));
        double slope = value[r] - target[r];
        double loss = slope * slope;
        if (is_squared(loss_.kind)) {
          sums.squares += two_product(slope, slope);
        } else {
          evaluate_loss(loss_, &value[r], target + r, 1, &loss, &slope, nullptr);
          sums.squares += loss;
        }
        for (std::size_t p = 0; p < count; ++p) sums.products[p] += two_product(slope, slopes[p]);
        see(row, target[r], value[r], slope, loss, slopes);
      }
    }
    return sums;
  }

 private:
  [[nodiscard]] Error bad_row(const std::vector<double>& row, std::span<const double> parameters,
                              std::uint64_t seen) const {
    std::string why = why_not_finite(bound_.formula.right, row, parameters);
    for (const Expression& partial : partial_derivatives(bound_.formula)) {
      if (why.empty()) why = why_not_finite(partial, row, parameters);
    }
    return not_finite("the formula or its slope is no finite number at the start",
                      find_record(request_, data_.records.at(seen)), why,
                      "give another --start, or correct the row");
  }
  const FormulaData& data_;
  const FitRequest& request_;
  const BoundFormula& bound_;
  LossSettings loss_;
};

}  // namespace

Result<FirstStep> first_step(const FitRequest& request, LossKind cost) {
  FoldOptions options;
  options.keep_rows = true;
  options.stop = request.stop;
  auto data = read_formula_data(request, options);
  if (!data) return fail(data.error());
  if (auto taken = take_loss_targets(*data, request); !taken) return fail(taken.error());
  const BoundFormula& bound = *data->formula;
  const Formula& formula = bound.formula;
  auto start = start_of(request, bound);
  if (!start) return fail(start.error());

  FirstStep out;
  out.formula = formula;
  out.rows = data->store->rows();
  out.start = *start;
  const Expression residual = Expression::binary(Op::subtract, formula.right, formula.left);
  for (const std::size_t c : data->stored)
    out.header.push_back(Expression::column(c, formula.columns[c].text()));
  out.header.push_back(formula.left);
  const std::vector<Expression> features = partial_derivatives(formula);
  const bool shown = out.rows <= kStepRows;
  const Visit visit(*data, request);
  const auto note = [&](const std::vector<double>& row, double target, double value, double rest, double loss,
                        const std::vector<double>& slopes) {
    if (!shown) return;
    std::vector<double> line;
    for (const std::size_t c : data->stored) line.push_back(row[c]);
    line.insert(line.end(), {target, value, rest, loss});
    for (std::size_t p = 0; p < slopes.size(); ++p) {
      if (!features[p].is_number(1)) line.push_back(rest * slopes[p]);
    }
    out.table.push_back(std::move(line));
  };
  const auto sums = visit.rows(*start, note);
  if (!sums) return fail(sums.error());
  const auto rows = static_cast<double>(out.rows);
  out.sum_squares = sums->squares.value();
  out.cost = factor(cost, false, rows) * out.sum_squares;
  for (const DoubleDouble& sum : sums->products) {
    out.sums.push_back(sum.value());
    out.gradient.push_back(factor(cost, true, rows) * sum.value());
  }
  out.rate = request.learning_rate;
  if (!out.rate) return out;
  for (std::size_t p = 0; p < start->size(); ++p)
    out.next.push_back((*start)[p] - *out.rate * out.gradient[p]);
  const auto after = visit.rows(out.next, [](const auto&, double, double, double, double, const auto&) {});
  out.next_cost =
      after ? factor(cost, false, rows) * after->squares.value() : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace talweg
