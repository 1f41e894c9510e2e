// SPDX-License-Identifier: Apache-2.0
// Gradients of batches against the cost over all rows: the batch of all rows has its gradient, the mean over
// the batches of an epoch is its gradient, reduced ones differ from plain ones by what the anchor says; with
// levels, weights, gaps in the row numbers and a penalty, in both coordinates.
#include "talweg/objective/linear_batches.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/linear_rows.h"

namespace talweg {
namespace {

struct Model {
  test::LinearSample sample;
  test::LinearRows rows;
  LinearCostSettings settings;
  std::unique_ptr<LinearCost> cost;
  std::unique_ptr<LinearBatches> batches;
  Point point;
};

std::vector<BatchTerm> batch_terms(const std::vector<LinearTerm>& terms, Scale scale) {
  std::vector<BatchTerm> out;
  for (const LinearTerm& term : terms) {
    BatchTerm batch{term.column, term.level, 0, 1, 0};
    const bool constant = !term.column && !term.level;
    if (!constant && scale == Scale::standard) {
      batch.centre = term.mean;
      batch.scale = term.spread;
    }
    if (!constant) batch.penalty = term.penalty / batch.scale;
    out.push_back(batch);
  }
  return out;
}

Model make_model(test::Random& random, CostKind kind, Scale scale, bool intercept,
                 CellType type = CellType::doubles) {
  Model out;
  const LossSettings loss{kind, 0.7, 0.3, has_kink(kind) ? 0.5 : 0};
  const bool weighted = random.coin();
  out.sample = test::make_sample(random, 700, 3, loss, weighted);
  out.rows = test::make_rows(out.sample, intercept, type);
  for (LinearTerm& term : out.rows.terms) term.penalty = random.coin() ? 1 : term.spread;
  out.settings = {loss, 0.01, scale, 2};
  std::vector<double> u;
  for (const LinearTerm& term : out.rows.terms)
    u.push_back(0.2 * random.normal() / std::max(term.spread, 1.0) / (1 + std::abs(term.mean)));
  // The rows are standardised by now: the batches want them as they were read.
  DenseRows raw(3, type);
  for (const RowBlock& block : out.sample.blocks) raw.append(block);
  raw.finish();
  out.cost = std::make_unique<LinearCost>(out.rows.rows, out.rows.terms, out.settings, u);
  auto batches = LinearBatches::make(raw, batch_terms(out.rows.terms, scale), {loss, out.settings.l2, 0});
  EXPECT_TRUE(batches.has_value());
  out.batches = std::move(*batches);
  out.point = out.cost->to_descent(u);
  return out;
}

double largest(const std::vector<double>& values) {
  double out = 0;
  for (const double v : values) out = std::max(out, std::abs(v));
  return out;
}

void compare_with_rows(CellType type) {
  test::Random random(77);
  for (const std::string_view name : cost_names()) {
    for (const Scale scale : {Scale::none, Scale::standard}) {
      for (const bool intercept : {true, false}) {
        if (!intercept && scale == Scale::standard) continue;  // centred levels need a constant term
        SCOPED_TRACE(name);
        Model model = make_model(random, *cost_from_name(name), scale, intercept, type);
        LinearBatches& batches = *model.batches;
        const std::size_t p = batches.size();
        std::vector<double> expected(p), gradient(p), mean(p, 0.0);
        const double cost = model.cost->evaluate(model.point, expected);
        const double size = 1 + largest(expected);
        std::vector<std::uint32_t> all(batches.rows());
        std::iota(all.begin(), all.end(), 0U);
        batches.gradient(model.point, all, gradient);
        for (std::size_t j = 0; j < p; ++j) EXPECT_NEAR(gradient[j], expected[j], 1e-11 * size) << j;

        const std::uint32_t length = 70;
        ASSERT_EQ(batches.rows() % length, 0U);
        for (std::uint32_t first = 0; first < batches.rows(); first += length) {
          batches.gradient(model.point, std::span(all).subspan(first, length), gradient);
          for (std::size_t j = 0; j < p; ++j) mean[j] += gradient[j] * length / batches.rows();
        }
        for (std::size_t j = 0; j < p; ++j) EXPECT_NEAR(mean[j], expected[j], 1e-11 * size) << j;

        const BatchCost::Anchor anchor = batches.set_anchor(model.point);
        EXPECT_NEAR(anchor.cost, cost, 1e-12 * (1 + std::abs(cost)));
        double square = 0;
        for (const double g : expected) square += g * g;
        EXPECT_NEAR(anchor.slope, std::sqrt(square), 1e-11 * size);
        batches.reduced_gradient(model.point, std::span(all).first(3), gradient);
        for (std::size_t j = 0; j < p; ++j) EXPECT_NEAR(gradient[j], expected[j], 1e-11 * size) << j;

        // Elsewhere: plain there - plain here + the gradient here (the penalty's part is that of there).
        Point there = model.point;
        for (double& t : there.high) t *= 1.1;
        std::vector<double> plain_there(p), plain_here(p);
        const auto some = std::span(all).subspan(11, 5);
        batches.reduced_gradient(there, some, gradient);
        batches.gradient(there, some, plain_there);
        batches.gradient(model.point, some, plain_here);
        for (std::size_t j = 0; j < p; ++j) {
          const double wanted = plain_there[j] - plain_here[j] + expected[j];
          EXPECT_NEAR(gradient[j], wanted, 1e-10 * (size + largest(plain_there))) << j;
        }

        Point moved = model.point;
        batches.descend(moved, some, 1e-3);
        for (std::size_t j = 0; j < p; ++j)
          EXPECT_NEAR(moved.high[j], model.point.high[j] - 1e-3 * plain_here[j],
                      1e-12 * (size + largest(plain_here)));

        Point one = model.point;
        Point each = model.point;
        const auto rows = std::span(all).subspan(5, 40);
        for (std::size_t k = 0; k < rows.size(); ++k) batches.descend(one, rows.subspan(k, 1), 1e-3);
        batches.descend_each(each, rows, 1e-3);
        EXPECT_EQ(each.high, one.high);
      }
    }
  }
}

TEST(LinearBatches, GradientsAreThoseOfTheRows) {
  compare_with_rows(CellType::doubles);
}

TEST(LinearBatches, GradientsAreThoseOfTheRowsKeptAsFloats) {
  compare_with_rows(CellType::floats);
}

}  // namespace
}  // namespace talweg
