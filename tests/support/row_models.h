// SPDX-License-Identifier: Apache-2.0
// Models over rows from plain functions of one row, and stores of made-up rows.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "support/random.h"
#include "talweg/objective/row_model.h"
#include "talweg/objective/row_store.h"

namespace talweg::test {

/// value and partials of one row.
class RowFunction final : public RowModel {
 public:
  using Body = std::function<double(const double* x, std::span<const double> b, double* partials)>;
  RowFunction(std::size_t columns, std::size_t parameters, Body body)
      : columns_(columns), parameters_(parameters), body_(std::move(body)) {}
  [[nodiscard]] std::size_t columns() const override { return columns_; }
  [[nodiscard]] std::size_t parameters() const override { return parameters_; }
  [[nodiscard]] std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<Workspace>();
  }
  void evaluate(std::span<const double* const> columns, std::size_t rows, std::span<const double> parameters,
                double* value, std::span<double* const> partials, Workspace&) const override {
    std::vector<double> x(columns_);
    std::vector<double> d(parameters_);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < columns_; ++j) x[j] = columns[j][r];
      value[r] = body_(x.data(), parameters, d.data());
      for (std::size_t j = 0; j < partials.size(); ++j) partials[j][r] = d[j];
    }
  }

 private:
  std::size_t columns_;
  std::size_t parameters_;
  Body body_;
};

/// a * exp(-b x) + c
inline RowFunction decay() {
  return {1, 3, [](const double* x, std::span<const double> b, double* d) {
            const double e = std::exp(-b[1] * x[0]);
            d[0] = e;
            d[1] = -b[0] * x[0] * e;
            d[2] = 1;
            return b[0] * e + b[2];
          }};
}

/// b0 + sum_j b_j x_j
inline RowFunction plane(std::size_t columns) {
  return {columns, columns + 1, [columns](const double* x, std::span<const double> b, double* d) {
            double sum = b[0];
            d[0] = 1;
            for (std::size_t j = 0; j < columns; ++j) {
              sum += b[j + 1] * x[j];
              d[j + 1] = x[j];
            }
            return sum;
          }};
}

struct MadeRow {
  std::uint64_t number = 0;   // global
  std::vector<double> cells;  // columns, then the target
  double weight = 1;
};

/// Rows of one or more blocks, appended in pieces of up to 256 as a reader would.
inline RowStore store_of(const std::vector<MadeRow>& rows, bool weighted = false) {
  const std::size_t width = rows.front().cells.size();
  RowStore store(width - 1);
  std::size_t begin = 0;
  while (begin < rows.size()) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].number / 256 == rows[begin].number / 256) ++end;
    std::vector<std::vector<double>> columns(width);
    std::vector<const double*> at;
    std::vector<double> weights;
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t j = 0; j < width; ++j) columns[j].push_back(rows[r].cells[j]);
      if (weighted) weights.push_back(rows[r].weight);
    }
    for (const auto& column : columns) at.push_back(column.data());
    store.append(rows[begin].number / kStoreRows, at, end - begin, weights);
    begin = end;
  }
  store.finish();
  return store;
}

/// y = 2 exp(-0.7 x) + 0.5 + noise, x in (0, 5); about a fifth of the row numbers is left out.
inline std::vector<MadeRow> decaying_rows(std::size_t count, std::uint64_t seed, double noise) {
  Random random(seed);
  std::vector<MadeRow> rows;
  for (std::uint64_t number = 0; rows.size() < count; ++number) {
    if (random.below(5) == 0) continue;
    const double x = random.uniform(0, 5);
    rows.push_back(
        {number, {x, 2 * std::exp(-0.7 * x) + 0.5 + noise * random.normal()}, random.uniform(0.5, 3)});
  }
  return rows;
}

}  // namespace talweg::test
