// SPDX-License-Identifier: Apache-2.0
// Every iterate of the folded descent against a run that visits every row in every epoch, in extended
// precision.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "support/table.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/rates.h"
#include "talweg/objective/curvature.h"

namespace talweg {
namespace {

using test::Quad;
using test::Table;

using Real = long double;
constexpr double kTolerance = 1e-12;
constexpr std::uint64_t kEpochs = 1000;

// Descent on rows z = (x - o) / t with mean squared error; reports features..., intercept in the user's
// units.
class RowByRow {
 public:
  RowByRow(const Table& table, Scale scale, const MethodSettings& settings)
      : rows_(table.rows), d_(table.features), settings_(settings), origin_(d_, 0), unit_(d_, 1) {
    if (scale == Scale::standard) {
      const test::QuadMoments moments = test::quad_moments(table);
      for (std::size_t j = 0; j < d_; ++j) {
        origin_[j] = moments.mean[j];
        unit_[j] = moments.spread(j);
      }
    }
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t j = 0; j < d_; ++j) {
        z_.push_back(static_cast<Real>((test::quad(table.at(r, j)) - origin_[j]) / unit_[j]));
      }
      y_.push_back(table.target(r));
      w_.push_back(table.weight(r));
      weight_ += w_.back();
    }
    at_.assign(d_ + 1, 0);
    velocity_.assign(d_ + 1, 0);
  }

  void epoch() {
    const Real rate = *settings_.learning_rate;
    const Real b = settings_.optimizer == Optimizer::gd ? Real(0) : Real(settings_.momentum);
    std::vector<Real> where = at_;
    if (settings_.optimizer == Optimizer::nesterov) {
      for (std::size_t j = 0; j <= d_; ++j) where[j] += b * velocity_[j];
    }
    std::vector<Real> gradient(d_ + 1, 0);
    for (std::size_t r = 0; r < rows_; ++r) {
      Real residual = where[d_] - y_[r];
      for (std::size_t j = 0; j < d_; ++j) residual += where[j] * z_[r * d_ + j];
      residual *= 2 * w_[r] / weight_;
      for (std::size_t j = 0; j < d_; ++j) gradient[j] += residual * z_[r * d_ + j];
      gradient[d_] += residual;
    }
    for (std::size_t j = 0; j <= d_; ++j) {
      velocity_[j] = b * velocity_[j] - rate * gradient[j];
      at_[j] += velocity_[j];
    }
  }

  [[nodiscard]] std::vector<Real> user() const {
    std::vector<Real> out(d_ + 1);
    Quad intercept = at_[d_];
    for (std::size_t j = 0; j < d_; ++j) {
      out[j] = static_cast<Real>(at_[j] / unit_[j]);
      intercept -= at_[j] / unit_[j] * origin_[j];
    }
    out[d_] = static_cast<Real>(intercept);
    return out;
  }

 private:
  std::size_t rows_, d_;
  MethodSettings settings_;
  std::vector<Quad> origin_, unit_;
  std::vector<Real> z_, y_, w_, at_, velocity_;
  Real weight_ = 0;
};

struct Worst {
  double coefficient = 0;
  double intercept = 0;
};

Worst compare(const Table& table, Scale scale, Optimizer optimizer, double share) {
  const std::size_t d = table.features;
  LeastSquares cost =
      test::least_squares(table, {true, CostKind::mse, scale, 0, false}, std::vector<double>(d + 1, 0.0));
  const Curvature found = curvature(cost.hessian(), cost.start_gradient());
  DescentSettings settings;
  settings.method.optimizer = optimizer;
  settings.method.learning_rate =
      share * largest_stable_rate(optimizer, found.largest(), settings.method.momentum);
  settings.epochs = kEpochs;
  const test::QuadMoments moments = test::quad_moments(table);
  RowByRow reference(table, scale, settings.method);
  Worst worst;
  Real largest = 0;
  settings.observer = [&](const EpochRecord& record) {
    if (record.epoch > 0) reference.epoch();
    const std::vector<double> user = cost.to_user(*record.point);
    const std::vector<Real> exact = reference.user();
    Real size = 0;
    Real mean_size = std::abs(exact[d]);
    Real difference = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const Real spread = static_cast<Real>(moments.spread(j));
      size = std::max(size, std::abs(exact[j]) * spread);
      mean_size = std::max(mean_size, std::abs(exact[j] * static_cast<Real>(moments.mean[j])));
      difference = std::max(difference, std::abs(user[j] - exact[j]) * spread);
    }
    // The heavy ball near its limit swings through zero: there the largest so far is the measure.
    largest = std::max(largest, size);
    if (optimizer == Optimizer::momentum) size = largest;
    if (record.epoch > 0) {
      worst.coefficient = std::max(worst.coefficient, static_cast<double>(difference / size));
      worst.intercept =
          std::max(worst.intercept, static_cast<double>(std::abs(user[d] - exact[d]) / mean_size));
    }
    return false;
  };
  const DescentResult result = minimise(cost, cost.start(), settings);
  EXPECT_EQ(result.epochs, kEpochs);
  return worst;
}

struct Problem {
  std::string name;
  Table table;
};

std::vector<Problem> problems() {
  test::Random random(91);
  std::vector<Problem> out;
  out.push_back({"unit columns", test::random_table(random, {100, 3, 0.4, 0.5, false}, {0.5, -1, 0})});
  out.push_back({"weighted", test::random_table(random, {100, 3, 0.4, 0.5, true}, {0.5, -1, 0})});
  out.push_back(
      {"mixed scales", test::random_table(random, {100, 3, 0.4, 0.5, false}, {0, 2, -300}, {1e-3, 1, 1e3})});
  out.push_back(
      {"means of a million", test::random_table(random, {100, 3, 0.4, 0.5, false}, {1e6, -2e6, 1e6})});
  Table shifted = test::random_table(random, {100, 3, 0.4, 0.5, false}, {1e6, -2e6, 1e6});
  for (std::size_t r = 0; r < shifted.rows; ++r) shifted.at(r, 3) += 1e6;
  out.push_back({"means of a million, the target's too", shifted});
  return out;
}

TEST(Iterates, EqualARunOverTheRows) {
  Worst worst;
  for (const Problem& problem : problems()) {
    for (const Scale scale : {Scale::none, Scale::standard}) {
      for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
        for (const double share : {0.1, 0.5, 0.9, 0.999}) {
          const Worst found = compare(problem.table, scale, optimizer, share);
          EXPECT_LE(found.coefficient, kTolerance) << problem.name << ", scale " << static_cast<int>(scale)
                                                   << ", " << optimizer_name(optimizer) << " " << share;
          EXPECT_LE(found.intercept, kTolerance) << problem.name << ", scale " << static_cast<int>(scale)
                                                 << ", " << optimizer_name(optimizer) << " " << share;
          worst.coefficient = std::max(worst.coefficient, found.coefficient);
          worst.intercept = std::max(worst.intercept, found.intercept);
        }
      }
    }
  }
  RecordProperty("worst_coefficient", std::to_string(worst.coefficient * 1e15) + "e-15");
  RecordProperty("worst_intercept", std::to_string(worst.intercept * 1e15) + "e-15");
}

}  // namespace
}  // namespace talweg
