// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/moments.h"

#include <gtest/gtest.h>

#include "support/table.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;

// Rows with two dense columns (the first with gaps, indicator 7) and indicators 2, 3 (levels of one text
// column) and 40, which first comes late; the full columns, as if every cell had been written out.
struct Sample {
  std::vector<RowBlock> blocks;
  std::vector<double> weights;
  std::vector<double> first, second;
  std::vector<bool> gap;
  std::vector<std::vector<Quad>> indicator = std::vector<std::vector<Quad>>(4);  // 2, 3, 40, 7
};

constexpr std::uint32_t kGap = 7;

Sample sample(std::uint64_t seed, std::size_t rows, double mean, bool weighted, double gap_share = 0.2) {
  test::Random random(seed);
  Sample out;
  for (std::size_t r = 0; r < rows; ++r) {
    if (r % kBlockRows == 0) {
      out.blocks.emplace_back();
      out.blocks.back().clear(r / kBlockRows, 2);
    }
    RowBlock& block = out.blocks.back();
    const double w = weighted ? random.uniform(0.1, 3) : 1;
    const double second = mean + random.normal();
    const double first = 2 * mean + 0.5 * second + random.normal();
    const bool gap = random.uniform() < gap_share;
    block.values.push_back(gap ? 0 : first);
    block.values.push_back(second);
    if (weighted) block.weights.push_back(w);
    const std::size_t level = random.below(3);
    const bool late = r > rows / 2 && random.below(5) == 0;
    if (level == 1) block.levels.push_back(2);
    if (level == 2) block.levels.push_back(3);
    if (gap) block.levels.push_back(kGap);
    if (late) block.levels.push_back(40);
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
    ++block.rows;
    out.weights.push_back(w);
    out.first.push_back(first);
    out.second.push_back(second);
    out.gap.push_back(gap);
    out.indicator[0].push_back(level == 1 ? 1 : 0);
    out.indicator[1].push_back(level == 2 ? 1 : 0);
    out.indicator[2].push_back(late ? 1 : 0);
    out.indicator[3].push_back(gap ? 1 : 0);
  }
  return out;
}

FoldedRows fold(const Sample& sample) {
  FoldTree tree;
  for (const RowBlock& block : sample.blocks) tree.add(block.number, fold_block(block));
  return tree.finish();
}

Quad mean_of_present_cells(const Sample& s) {
  Quad sum = 0;
  Quad weight = 0;
  for (std::size_t r = 0; r < s.weights.size(); ++r) {
    if (s.gap[r]) continue;
    sum += quad(s.weights[r]) * quad(s.first[r]);
    weight += quad(s.weights[r]);
  }
  return sum / weight;
}

std::vector<std::vector<Quad>> full_columns(const Sample& s) {
  std::vector<std::vector<Quad>> columns(2);
  const Quad filling = mean_of_present_cells(s);
  for (std::size_t r = 0; r < s.weights.size(); ++r) {
    columns[0].push_back(s.gap[r] ? filling : quad(s.first[r]));
    columns[1].push_back(quad(s.second[r]));
  }
  for (const auto& indicator : s.indicator) columns.push_back(indicator);
  return columns;
}

const std::vector<MomentColumn> kColumns = {{0, kGap}, {1, {}}, {{}, 2}, {{}, 3}, {{}, 40}, {{}, kGap}};

double worst_product(const Moments& moments, const test::QuadMoments& exact) {
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const Quad size = exact.weight * exact.spread(i) * exact.spread(j);
      worst = std::max(worst, plain(test::abs(quad(moments.product(i, j)) - exact.product(i, j)) / size));
    }
  }
  return worst;
}

TEST(Assemble, IndicatorsAndFilledGapsEqualWrittenOutColumns) {
  for (const bool weighted : {false, true}) {
    for (const std::size_t rows : {std::size_t{40}, std::size_t{256}, std::size_t{2500}}) {
      const Sample s = sample(rows, rows, 1, weighted);
      const Moments moments = assemble(fold(s), kColumns);
      const test::QuadMoments exact = test::quad_moments(full_columns(s), s.weights);
      EXPECT_LE(worst_product(moments, exact), 1e-26) << rows << " " << weighted;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        EXPECT_LE(test::relative_error(quad(moments.mean[i]), exact.mean[i]), 1e-28) << i;
      }
    }
  }
}

// Indicator sums are not centred, and gaps are folded as zeros: a mean of m spreads costs m, and m^2 where it
// has gaps.
TEST(Assemble, LargeMeansCostWhatTheirSizeExplains) {
  for (const bool weighted : {false, true}) {
    for (const double mean : {1e3, 1e6, 1e9}) {
      const Sample whole = sample(5, 2500, mean, weighted, 0);
      const std::vector<MomentColumn> columns = {{0, kGap}, {1, {}}, {{}, 2}, {{}, 3}, {{}, 40}};
      auto full = full_columns(whole);
      full.pop_back();
      EXPECT_LE(worst_product(assemble(fold(whole), columns), test::quad_moments(full, whole.weights)),
                1e-30 * 30 * mean);
      const Sample gaps = sample(6, 2500, mean, weighted);
      EXPECT_LE(
          worst_product(assemble(fold(gaps), kColumns), test::quad_moments(full_columns(gaps), gaps.weights)),
          1e-30 * (1 + mean * mean) * 30);
    }
  }
}

TEST(Assemble, UnseenAndUniversalIndicatorsAreConstant) {
  Sample s = sample(9, 300, 1, true);
  for (RowBlock& block : s.blocks) {
    block.levels.assign(block.rows, 4);
    block.level_end.clear();
    for (std::uint32_t r = 0; r < block.rows; ++r) block.level_end.push_back(r + 1);
  }
  const Moments moments = assemble(fold(s), {{{}, 4}, {1, {}}, {{}, 1000}});
  EXPECT_TRUE(moments.is_constant(0));
  EXPECT_FALSE(moments.is_constant(1));
  EXPECT_TRUE(moments.is_constant(2));
  EXPECT_EQ(moments.mean[0].value(), 1);
  EXPECT_EQ(moments.mean[2].value(), 0);
  EXPECT_EQ(moments.product(1, 0).high, 0);
}

TEST(Assemble, AFilledColumnWhosePresentCellsAreEqualIsConstant) {
  for (const double value : {3.0, 0.1, 1e9 / 3, 0.0}) {
    Sample s = sample(10, 700, 1, true);
    for (RowBlock& block : s.blocks) {
      for (std::size_t r = 0; r < block.rows; ++r) {
        if (block.values[2 * r] != 0) block.values[2 * r] = value;
      }
    }
    const Moments moments = assemble(fold(s), {{0, kGap}, {1, {}}});
    EXPECT_TRUE(moments.is_constant(0)) << value;
    EXPECT_EQ(moments.mean[0].value(), value);
  }
}

TEST(Assemble, ReordersAndRepeatsColumns) {
  const Sample s = sample(11, 300, 1, false);
  const FoldedRows folded = fold(s);
  const Moments ordered = assemble(folded, kColumns);
  const std::vector<std::size_t> order = {4, 1, 0, 1};
  std::vector<MomentColumn> picked;
  for (const std::size_t i : order) picked.push_back(kColumns[i]);
  const Moments moments = assemble(folded, picked);
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_TRUE(moments.mean[i] == ordered.mean[order[i]]);
    for (std::size_t j = 0; j < order.size(); ++j) {
      EXPECT_NEAR(moments.product(i, j).value(), ordered.product(order[i], order[j]).value(), 1e-12);
    }
  }
}

TEST(MeanOfPresent, IsTheMeanOfTheOtherRows) {
  for (const double mean : {0.0, 1e9}) {
    const Sample s = sample(12, 600, mean, true);
    const auto found = mean_of_present(fold(s), 0, kGap);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, plain(mean_of_present_cells(s)));
    EXPECT_EQ(*mean_of_present(fold(s), 1, 999), fold(s).mean[1].value());
  }
  EXPECT_FALSE(mean_of_present(fold(sample(13, 600, 1, true, 1)), 0, kGap).has_value());
}

TEST(PackedIndex, IsSymmetricAndDense) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      EXPECT_EQ(packed_index(i, j), next);
      EXPECT_EQ(packed_index(j, i), next);
      ++next;
    }
  }
}

}  // namespace
}  // namespace talweg
