// SPDX-License-Identifier: Apache-2.0
// Small tables, their moments by the code under test, and least squares on their rows in quadruple precision.
#pragma once

#include <algorithm>
#include <vector>

#include "support/quad.h"
#include "support/random.h"
#include "talweg/objective/least_squares.h"

namespace talweg::test {

/// Rows of features and, last, the target.
struct Table {
  std::size_t rows = 0;
  std::size_t features = 0;
  std::vector<double> values = {};   // rows x (features + 1)
  std::vector<double> weights = {};  // empty: all 1

  [[nodiscard]] std::size_t columns() const { return features + 1; }
  [[nodiscard]] double at(std::size_t row, std::size_t column) const {
    return values[row * columns() + column];
  }
  double& at(std::size_t row, std::size_t column) { return values[row * columns() + column]; }
  [[nodiscard]] double target(std::size_t row) const { return at(row, features); }
  [[nodiscard]] double weight(std::size_t row) const { return weights.empty() ? 1 : weights[row]; }
};

inline Table empty_table(std::size_t rows, std::size_t features) {
  return {rows, features, std::vector<double>(rows * (features + 1)), {}};
}

inline RowBlock block_of(const Table& table, std::size_t begin, std::size_t end) {
  RowBlock block;
  block.clear(begin / kBlockRows, table.columns());
  block.rows = end - begin;
  const auto p = static_cast<std::ptrdiff_t>(table.columns());
  block.values.assign(table.values.begin() + static_cast<std::ptrdiff_t>(begin) * p,
                      table.values.begin() + static_cast<std::ptrdiff_t>(end) * p);
  if (!table.weights.empty()) {
    block.weights.assign(table.weights.begin() + static_cast<std::ptrdiff_t>(begin),
                         table.weights.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return block;
}

inline FoldedRows fold(const Table& table) {
  FoldTree tree;
  for (std::size_t begin = 0; begin < table.rows; begin += kBlockRows) {
    tree.add(begin / kBlockRows,
             fold_block(block_of(table, begin, std::min(table.rows, begin + kBlockRows))));
  }
  return tree.finish();
}

inline Moments moments_of(const Table& table) {
  std::vector<MomentColumn> columns;
  for (std::size_t j = 0; j < table.columns(); ++j) columns.push_back({j, std::nullopt});
  return assemble(fold(table), columns);
}

inline LeastSquares least_squares(const Table& table, const LeastSquaresSettings& settings,
                                  const std::vector<double>& start) {
  return {moments_of(table), settings, start};
}

/// Weight, means and centred products of the rows, in two passes.
struct QuadMoments {
  Quad weight = 0;
  std::vector<Quad> mean;
  std::vector<Quad> products;  // size x size

  [[nodiscard]] std::size_t size() const { return mean.size(); }
  [[nodiscard]] Quad product(std::size_t i, std::size_t j) const { return products[i * size() + j]; }
  [[nodiscard]] Quad spread(std::size_t j) const { return sqrt(product(j, j) / weight); }
};

/// `columns`: each with `weights.size()` numbers.
inline QuadMoments quad_moments(const std::vector<std::vector<Quad>>& columns,
                                const std::vector<double>& weights) {
  QuadMoments out;
  const std::size_t p = columns.size();
  for (const double w : weights) out.weight += quad(w);
  for (std::size_t j = 0; j < p; ++j) {
    Quad sum = 0;
    for (std::size_t r = 0; r < weights.size(); ++r) sum += quad(weights[r]) * columns[j][r];
    out.mean.push_back(sum / out.weight);
  }
  out.products.assign(p * p, Quad(0));
  std::vector<Quad> centred(p);
  for (std::size_t r = 0; r < weights.size(); ++r) {
    for (std::size_t j = 0; j < p; ++j) centred[j] = columns[j][r] - out.mean[j];
    for (std::size_t i = 0; i < p; ++i) {
      const Quad weighted = quad(weights[r]) * centred[i];
      for (std::size_t j = 0; j <= i; ++j) out.products[i * p + j] += weighted * centred[j];
    }
  }
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = i + 1; j < p; ++j) out.products[i * p + j] = out.products[j * p + i];
  }
  return out;
}

inline QuadMoments quad_moments(const Table& table) {
  std::vector<std::vector<Quad>> columns(table.columns());
  std::vector<double> weights(table.rows);
  for (std::size_t r = 0; r < table.rows; ++r) {
    weights[r] = table.weight(r);
    for (std::size_t j = 0; j < table.columns(); ++j) columns[j].push_back(quad(table.at(r, j)));
  }
  return quad_moments(columns, weights);
}

/// The cost of the header of least_squares.h, row by row, in the user's parameters (features..., intercept).
class RowCost {
 public:
  RowCost(const Table& table, const LeastSquaresSettings& settings)
      : table_(table), settings_(settings), moments_(quad_moments(table)) {
    factor_ = settings.cost == CostKind::mse        ? Quad(2)
              : settings.cost == CostKind::half_mse ? Quad(1)
                                                    : 2 * moments_.weight;
  }

  [[nodiscard]] const QuadMoments& moments() const { return moments_; }
  [[nodiscard]] Quad factor() const { return factor_; }
  [[nodiscard]] std::size_t size() const { return table_.features + (settings_.intercept ? 1 : 0); }

  [[nodiscard]] Quad predict(std::size_t row, const std::vector<Quad>& parameters) const {
    Quad sum = settings_.intercept ? parameters[table_.features] : Quad(0);
    for (std::size_t j = 0; j < table_.features; ++j) sum += parameters[j] * quad(table_.at(row, j));
    return sum;
  }

  [[nodiscard]] Quad mean_square(const std::vector<Quad>& parameters) const {
    Quad sum = 0;
    for (std::size_t r = 0; r < table_.rows; ++r) {
      const Quad residual = quad(table_.target(r)) - predict(r, parameters);
      sum += quad(table_.weight(r)) * residual * residual;
    }
    return sum / moments_.weight;
  }

  [[nodiscard]] Quad penalty_unit(std::size_t j) const {
    return settings_.penalty_on_standard_scale ? moments_.spread(j) : Quad(1);
  }

  [[nodiscard]] Quad cost(const std::vector<Quad>& parameters) const {
    Quad penalty = 0;
    for (std::size_t j = 0; j < table_.features; ++j) {
      const Quad p = parameters[j] * penalty_unit(j);
      penalty += p * p;
    }
    return factor_ / 2 * mean_square(parameters) + quad(settings_.l2) / 2 * penalty;
  }

  /// In the user's parameters.
  [[nodiscard]] std::vector<Quad> gradient(const std::vector<Quad>& parameters) const {
    std::vector<Quad> out(size(), Quad(0));
    for (std::size_t r = 0; r < table_.rows; ++r) {
      const Quad residual = quad(table_.weight(r)) * (predict(r, parameters) - quad(table_.target(r)));
      for (std::size_t j = 0; j < table_.features; ++j) out[j] += residual * quad(table_.at(r, j));
      if (settings_.intercept) out[table_.features] += residual;
    }
    for (Quad& g : out) g *= factor_ / moments_.weight;
    for (std::size_t j = 0; j < table_.features; ++j) {
      out[j] += quad(settings_.l2) * parameters[j] * penalty_unit(j) * penalty_unit(j);
    }
    return out;
  }

  /// The minimiser, from the normal equations (about the means where there is an intercept).
  [[nodiscard]] std::vector<Quad> optimum() const {
    const std::size_t d = table_.features;
    const std::vector<Quad> matrix = normal_matrix();
    std::vector<Quad> right(d);
    for (std::size_t i = 0; i < d; ++i) right[i] = second(i, d);
    std::vector<Quad> out = solve_positive(matrix, right);
    if (settings_.intercept) {
      Quad intercept = moments_.mean[d];
      for (std::size_t j = 0; j < d; ++j) intercept -= moments_.mean[j] * out[j];
      out.push_back(intercept);
    }
    return out;
  }

  /// cost(parameters) - cost(optimum), as a sum of squares.
  [[nodiscard]] Quad gap(const std::vector<Quad>& parameters, const std::vector<Quad>& lowest_at) const {
    std::vector<Quad> difference(size());
    for (std::size_t j = 0; j < size(); ++j) difference[j] = parameters[j] - lowest_at[j];
    Quad sum = 0;
    for (std::size_t r = 0; r < table_.rows; ++r) {
      const Quad step = predict(r, difference);
      sum += quad(table_.weight(r)) * step * step;
    }
    Quad penalty = 0;
    for (std::size_t j = 0; j < table_.features; ++j) {
      penalty += difference[j] * penalty_unit(j) * difference[j] * penalty_unit(j);
    }
    return factor_ / 2 * sum / moments_.weight + quad(settings_.l2) / 2 * penalty;
  }

  /// A of the header, for scale none: d x d.
  [[nodiscard]] std::vector<Quad> normal_matrix() const {
    const std::size_t d = table_.features;
    std::vector<Quad> matrix(d * d);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) matrix[i * d + j] = second(i, j);
      matrix[i * d + i] += quad(settings_.l2) / factor_ * penalty_unit(i) * penalty_unit(i);
    }
    return matrix;
  }

  [[nodiscard]] Quad second(std::size_t i, std::size_t j) const {
    const Quad centred = moments_.product(i, j) / moments_.weight;
    return settings_.intercept ? centred : centred + moments_.mean[i] * moments_.mean[j];
  }

 private:
  const Table& table_;
  LeastSquaresSettings settings_;
  QuadMoments moments_;
  Quad factor_ = 2;
};

inline std::vector<Quad> quads(const std::vector<double>& values) {
  std::vector<Quad> out;
  for (const double value : values) out.push_back(quad(value));
  return out;
}

/// A regression with columns of the given means and spreads; `near` mixes each column with the one before it
/// (0 independent, towards 1 collinear); noise of size `noise` on a target of size about 1.
struct TableShape {
  std::size_t rows = 100;
  std::size_t features = 3;
  double near = 0;
  double noise = 0.5;
  bool weighted = false;
};

inline Table random_table(Random& random, const TableShape& shape, const std::vector<double>& means = {},
                          const std::vector<double>& spreads = {}) {
  Table table = empty_table(shape.rows, shape.features);
  std::vector<double> truth(shape.features);
  for (double& w : truth) w = random.normal();
  std::vector<double> z(shape.features);
  for (std::size_t r = 0; r < shape.rows; ++r) {
    double y = 1;
    for (std::size_t j = 0; j < shape.features; ++j) {
      z[j] = random.normal();
      if (j > 0) z[j] = shape.near * z[j - 1] + (1 - shape.near) * z[j];
      y += truth[j] * z[j];
      table.at(r, j) = (means.empty() ? 0.0 : means[j]) + (spreads.empty() ? 1.0 : spreads[j]) * z[j];
    }
    table.at(r, shape.features) = y + shape.noise * random.normal();
  }
  if (shape.weighted) {
    for (std::size_t r = 0; r < shape.rows; ++r) table.weights.push_back(random.uniform(0.1, 3));
  }
  return table;
}

}  // namespace talweg::test
