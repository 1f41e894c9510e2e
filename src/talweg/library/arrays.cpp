// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "talweg/talweg.h"

namespace talweg {
namespace {

template <class Number>
ArrayView view(std::span<const Number> data, std::size_t rows, std::size_t columns, Layout layout) {
  ArrayView out;
  if constexpr (std::is_same_v<Number, double>) {
    out.doubles = data.data();
  } else {
    out.floats = data.data();
  }
  out.rows = rows;
  out.columns = columns;
  const bool by_row = layout == Layout::row_major;
  out.row_stride = by_row ? static_cast<std::ptrdiff_t>(columns) : 1;
  out.column_stride = by_row ? 1 : static_cast<std::ptrdiff_t>(rows);
  if (columns != 0 && data.size() / columns < rows) {  // it would be read past its end
    out.doubles = nullptr;
    out.floats = nullptr;
  }
  return out;
}

}  // namespace

ArrayView array_view(std::span<const double> data, std::size_t rows, std::size_t columns, Layout layout) {
  return view(data, rows, columns, layout);
}
ArrayView array_view(std::span<const float> data, std::size_t rows, std::size_t columns, Layout layout) {
  return view(data, rows, columns, layout);
}
ArrayView array_view(std::span<const double> column) {
  return view(column, column.size(), 1, Layout::row_major);
}
ArrayView array_view(std::span<const float> column) {
  return view(column, column.size(), 1, Layout::row_major);
}

Result<Fit> fit(const Arrays& arrays, const FitRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  FoldOptions options;
  options.threads = request.threads;
  options.stop = request.stop;
  auto data =
      fold_arrays(arrays.features, arrays.target, arrays.weights, arrays.names, arrays.target_name, options);
  if (!data) return fail(data.error());
  if (is_squared(request.cost)) {
    auto problem = make_problem(std::move(*data), request);
    if (!problem) return fail(problem.error());
    if (!problem->plan.few_digits) return fit_problem(std::move(*problem), request);
    options.bulk = BulkArithmetic::split;
    data = fold_arrays(arrays.features, arrays.target, arrays.weights, arrays.names, arrays.target_name,
                       options);
    if (!data) return fail(data.error());
  }
  return fit_folded(std::move(*data), request);
}

Result<std::vector<double>> predict(const Model& model, const ArrayView& features) {
  for (const FeatureSummary& feature : model.features) {
    if (feature.kind == ColumnKind::text) {
      return fail(ErrorKind::usage,
                  fmt::format("column {} of the model is text, which an array of numbers cannot hold",
                              in_quotes(feature.name)),
                  "predict from a table (PredictRequest)");
    }
  }
  if (features.columns != model.features.size()) {
    return fail(
        ErrorKind::usage,
        fmt::format("the array has {} columns, the model {}", features.columns, model.features.size()),
        "give the columns in the order of the fit");
  }
  if (auto checked = check_view(features, "features"); !checked) return fail(checked.error());
  std::vector<double> out(features.rows);
  for (std::size_t r = 0; r < features.rows; ++r) {
    double sum = 0;
    for (std::size_t j = 0; j < model.parameters.size(); ++j) {
      if (model.parameters[j].intercept) sum += model.values[j];
    }
    std::size_t column = 0;
    for (std::size_t j = 0; j < model.parameters.size(); ++j) {
      if (!model.parameters[j].intercept) sum += model.values[j] * features.at(r, column++);
    }
    out[r] = sum;
  }
  return out;
}

}  // namespace talweg
