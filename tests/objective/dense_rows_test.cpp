// SPDX-License-Identifier: Apache-2.0
// What rounding to floats does to cells: bounded as the header says, nothing to numbers of few digits,
// whatever the means, the order of the rows, gaps, and columns that begin late or leave the range of a float.
#include "talweg/objective/dense_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

constexpr std::uint32_t kGap = 7;

// Cells cell(r, j) of `columns` columns; `gap`: where column 0 has one.
DenseRows make(std::size_t rows, std::size_t columns, CellType type,
               const std::function<double(std::size_t, std::size_t)>& cell,
               const std::function<bool(std::size_t)>& gap = {}) {
  DenseRows out(columns, type);
  RowBlock block;
  for (std::size_t first = 0; first < rows; first += kBlockRows) {
    block.clear(first / kBlockRows, columns + 1);
    block.rows = std::min(kBlockRows, rows - first);
    for (std::size_t r = first; r < first + block.rows; ++r) {
      const bool is_gap = gap && gap(r);
      for (std::size_t j = 0; j < columns; ++j) block.values.push_back(is_gap && j == 0 ? 0 : cell(r, j));
      block.values.push_back(0);
      if (is_gap) block.levels.push_back(kGap);
      if (gap) block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
    }
    out.append(block);
  }
  out.finish();
  return out;
}

double largest_error(const DenseRows& rows, std::size_t j,
                     const std::function<double(std::size_t, std::size_t)>& cell) {
  double out = 0;
  std::size_t n = 0;
  for (const DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r, ++n)
      out = std::max(out, std::abs(rows.value(block, j, r) - cell(n, j)));
    for (std::size_t r = block.rows; r < block.stride; ++r) EXPECT_EQ(block.z(j, r), 0);
  }
  return out;
}

TEST(DenseRows, DoublesAreKeptAndStandardised) {
  const auto cell = [](std::size_t r, std::size_t j) { return 3.0 + static_cast<double>(r * (j + 1)); };
  DenseRows rows = make(1000, 2, CellType::doubles, cell);
  EXPECT_EQ(largest_error(rows, 1, cell), 0);
  rows.standardise(std::vector<double>{3, 4}, std::vector<double>{2, 5}, 2);
  EXPECT_EQ(rows.blocks()[0].z(1, 10), (cell(10, 1) - 4) / 5);
  EXPECT_NEAR(largest_error(rows, 1, cell), 0, 1e-12);
  EXPECT_EQ(rows.error(0), 0);
}

// Many columns are placed and rounded by several threads; blocks may lack rows.
TEST(DenseRows, ThreadsDoNotMatter) {
  for (const CellType type : {CellType::doubles, CellType::floats}) {
    test::Random random(32);
    constexpr std::size_t kColumns = 300;
    DenseRows one(kColumns, type);
    DenseRows several(kColumns, type);
    for (std::uint64_t number = 0; number < 4; ++number) {
      RowBlock block;
      block.clear(number, kColumns + 1);
      block.rows = 1 + random.below(kBlockRows);
      for (std::size_t k = 0; k < block.rows * block.columns; ++k)
        block.values.push_back(random.below(5) == 0 ? 0 : random.normal() * random.decade(-3, 3));
      one.append(block);
      several.append(block, 3);
      for (std::size_t r = 0; type == CellType::doubles && r < block.rows; ++r) {
        for (std::size_t j = 0; j < kColumns; ++j)
          ASSERT_EQ(several.blocks().back().z(j, r), block.values[r * block.columns + j]);
      }
    }
    one.finish();
    several.finish();
    ASSERT_EQ(one.blocks().size(), 4U);
    for (std::size_t k = 0; k < 4; ++k) {
      const DenseRows::Block& a = one.blocks()[k];
      const DenseRows::Block& b = several.blocks()[k];
      ASSERT_EQ(a.stride, b.stride);
      EXPECT_EQ(a.target, b.target);
      for (std::size_t j = 0; j < kColumns; ++j) {
        for (std::size_t r = 0; r < a.stride; ++r) ASSERT_EQ(a.z(j, r), b.z(j, r));
        for (std::size_t r = a.rows; r < a.stride; ++r) ASSERT_EQ(a.z(j, r), 0);
      }
    }
    for (std::size_t j = 0; j < kColumns; ++j) EXPECT_EQ(one.error(j), several.error(j));
  }
}

TEST(DenseRows, RoundingIsBoundedByTheSpreadWhateverTheMean) {
  test::Random random(31);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t count = 1 + random.below(4000);
    const double mean = random.coin() ? 0 : random.normal() * random.decade(-200, 100);
    const double scale = std::max(random.decade(-200, 100), std::abs(mean) * 1e-6);
    const double trend = random.coin() ? 0 : 1 / static_cast<double>(count);
    std::vector<double> x;
    long double sum = 0;
    for (std::size_t r = 0; r < count; ++r) {
      x.push_back(mean + scale * (random.normal() + 10 * trend * static_cast<double>(r)));
      sum += x.back();
    }
    long double square = 0;
    const long double m = sum / static_cast<long double>(count);
    for (const double v : x) square += (v - m) * (v - m);
    const auto spread = static_cast<double>(std::sqrt(square / static_cast<long double>(count)));
    const auto cell = [&](std::size_t r, std::size_t) { return x[r]; };
    const DenseRows rows = make(count, 1, CellType::floats, cell);
    const double centre = rows.centre(0);
    const double first = static_cast<double>(std::min(count, rows.block_rows()));
    // c is rounded to an eighth of a unit.
    EXPECT_LE(std::abs(centre - static_cast<double>(m)),
              spread * std::sqrt(static_cast<double>(count) / first) * 1.001 + rows.unit(0) / 16);
    double bound = 0;
    for (const double v : x) bound = std::max(bound, 0x1p-24 * std::abs(v - centre));
    const double error = largest_error(rows, 0, cell);
    EXPECT_LE(error, bound * 1.001 + 4e-16 * std::abs(mean));
    EXPECT_NEAR(error, rows.error(0), 1e-3 * bound + 4e-16 * std::abs(mean));
    EXPECT_LE(error, 1e-5 * spread);
  }
}

TEST(DenseRows, NumbersOfFewDigitsAreNotRounded) {
  test::Random random(32);
  std::vector<double> cells;
  for (int r = 0; r < 3000; ++r) {
    cells.push_back(random.coin() ? 1 : 0);
    cells.push_back(1e6 + static_cast<double>(random.below(1000)));
    cells.push_back(0.25 * static_cast<double>(random.below(100'000)) - 5000);
    cells.push_back(42);
    cells.push_back(0);
  }
  const auto cell = [&](std::size_t r, std::size_t j) { return cells[r * 5 + j]; };
  const DenseRows rows = make(3000, 5, CellType::floats, cell);
  for (std::size_t j = 0; j < 5; ++j) {
    EXPECT_EQ(largest_error(rows, j, cell), 0) << j;
    EXPECT_EQ(rows.error(j), 0) << j;
  }
}

TEST(DenseRows, GapsDoNotMoveTheCentre) {
  test::Random random(33);
  std::vector<double> x;
  std::vector<bool> gaps;
  for (int r = 0; r < 5000; ++r) {
    x.push_back(1e9 + random.normal());
    gaps.push_back(r < 2500 || random.coin());  // the first blocks have nothing else
  }
  const auto cell = [&](std::size_t r, std::size_t) { return gaps[r] ? 1e9 : x[r]; };
  DenseRows rows = make(
      5000, 1, CellType::floats, [&](std::size_t r, std::size_t) { return x[r]; },
      [&](std::size_t r) { return gaps[r]; });
  rows.fill(0, kGap, 1e9);
  EXPECT_NEAR(rows.centre(0), 1e9, 1);
  EXPECT_LE(largest_error(rows, 0, cell), 4e-7);
  EXPECT_LE(rows.error(0), 4e-7);
  // Zeros that are no gaps count.
  rows.fill(0, kGap + 1, 1e9);
  EXPECT_EQ(rows.blocks()[0].z(0, 0), (1e9 - rows.centre(0)) / rows.unit(0));
}

TEST(DenseRows, AColumnThatBeginsLate) {
  const auto cell = [](std::size_t r, std::size_t) {
    return r < 3000 ? 0.0 : 1e3 + 0.001 * static_cast<double>(r % 100);
  };
  const DenseRows rows = make(6000, 1, CellType::floats, cell);
  EXPECT_LE(largest_error(rows, 0, cell), 1e-7);
}

TEST(DenseRows, CellsBeyondAFloat) {
  for (const double far : {1e60, -1e140, 1e37}) {
    const auto cell = [far](std::size_t r, std::size_t) {
      return r == 4000 ? far : 1e-30 * static_cast<double>(r % 10);
    };
    const DenseRows rows = make(6000, 1, CellType::floats, cell);
    EXPECT_LE(largest_error(rows, 0, cell), 0x1p-24 * std::abs(far));
    EXPECT_GE(rows.error(0) * 1.001, largest_error(rows, 0, cell));
    EXPECT_TRUE(std::isfinite(rows.blocks().back().z(0, 0)));
  }
}

}  // namespace
}  // namespace talweg
