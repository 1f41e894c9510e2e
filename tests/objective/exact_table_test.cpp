// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/exact_table.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/quad.h"
#include "support/random.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;

// Numbers row by row, each row added to some rows of a table.
struct Addends {
  std::size_t columns = 0;
  std::vector<double> numbers;
  std::vector<std::vector<std::uint32_t>> into;

  void add_to(ExactTable& table, const std::vector<std::size_t>& order, std::size_t at_once) const {
    for (std::size_t first = 0; first < order.size(); first += at_once) {
      const std::size_t last = std::min(order.size(), first + at_once);
      std::vector<double> some;
      std::vector<std::uint32_t> to;
      std::vector<std::uint32_t> end;
      for (std::size_t k = first; k < last; ++k) {
        const auto row = numbers.begin() + static_cast<std::ptrdiff_t>(order[k] * columns);
        some.insert(some.end(), row, row + static_cast<std::ptrdiff_t>(columns));
        to.insert(to.end(), into[order[k]].begin(), into[order[k]].end());
        end.push_back(static_cast<std::uint32_t>(to.size()));
      }
      const double* const term = some.data();
      table.add({&term, 1}, last - first, to.data(), end.data());
    }
  }
};

std::vector<std::size_t> shuffled(test::Random& random, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = count; k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
  return order;
}

void expect_same(ExactTable a, ExactTable b) {
  a.settle();
  b.settle();
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.columns(), b.columns());
  ASSERT_EQ(a.digits(), b.digits());
  ASSERT_EQ(a.lowest(), b.lowest());
  for (std::size_t row = 0; row < a.rows(); ++row) {
    for (std::size_t j = 0; j < a.columns(); ++j) {
      for (std::size_t k = 0; k < a.digits(); ++k) ASSERT_EQ(a.digit(row, j, k), b.digit(row, j, k));
      EXPECT_EQ(a.value(row, j), b.value(row, j));
    }
  }
}

Addends random_addends(test::Random& random, std::size_t count, std::size_t rows, double decades) {
  Addends out;
  out.columns = 1 + random.below(9);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t j = 0; j < out.columns; ++j) {
      const double x = random.normal() * random.decade(-decades, decades);
      out.numbers.push_back(random.below(10) == 0 ? 0.0 : random.below(5) == 0 ? std::round(x) : x);
    }
    out.into.emplace_back();
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (random.below(3) == 0) out.into.back().push_back(row);
    }
  }
  return out;
}

// Sums of numbers whose bits all lie within the 113 of a quadruple are exact there, too.
TEST(ExactTable, SumsAreExact) {
  test::Random random(11);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t rows = 1 + random.below(6);
    const Addends addends = random_addends(random, 1 + random.below(700), rows, 3);
    ExactTable table(addends.columns);
    table.grow(rows);
    addends.add_to(table, shuffled(random, addends.into.size()), 1 + random.below(256));
    std::vector<Quad> expected(rows * addends.columns, 0);
    for (std::size_t r = 0; r < addends.into.size(); ++r) {
      for (const std::uint32_t row : addends.into[r]) {
        for (std::size_t j = 0; j < addends.columns; ++j)
          expected[row * addends.columns + j] += quad(addends.numbers[r * addends.columns + j]);
      }
    }
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t j = 0; j < addends.columns; ++j) {
        const Quad difference = quad(table.value(row, j)) - expected[row * addends.columns + j];
        EXPECT_LE(plain(test::abs(difference)),
                  1e-31 * plain(test::abs(expected[row * addends.columns + j])));
      }
    }
  }
}

// In any order, in any pieces, put together from tables that have seen other numbers first.
TEST(ExactTable, AnyOrderAnyCutGivesTheSameDigits) {
  test::Random random(12);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t rows = 1 + random.below(5);
    const Addends addends = random_addends(random, 1 + random.below(400), rows, trial % 3 == 0 ? 150 : 8);
    ExactTable whole(addends.columns);
    whole.grow(rows);
    addends.add_to(whole, shuffled(random, addends.into.size()), 1 + random.below(256));
    ExactTable sum(addends.columns);
    sum.grow(rows);
    const std::vector<std::size_t> order = shuffled(random, addends.into.size());
    std::vector<std::uint32_t> same(rows);
    std::iota(same.begin(), same.end(), 0U);
    for (std::size_t first = 0; first < order.size();) {
      const std::size_t last = std::min(order.size(), first + 1 + random.below(200));
      ExactTable part(addends.columns);
      part.grow(rows);
      addends.add_to(part,
                     {order.begin() + static_cast<std::ptrdiff_t>(first),
                      order.begin() + static_cast<std::ptrdiff_t>(last)},
                     1 + random.below(256));
      if (random.coin()) part.settle();
      sum.add(part, same);
      first = last;
    }
    expect_same(whole, sum);
  }
}

// Every number and its negative, over the whole range of doubles, and one that remains.
TEST(ExactTable, NothingIsLostOfAnyDouble) {
  test::Random random(13);
  for (int trial = 0; trial < 40; ++trial) {
    const double remains = std::ldexp(random.normal(), -1074 + static_cast<int>(random.below(2000)));
    std::vector<double> numbers{remains};
    for (int k = 0; k < 300; ++k) {
      const double x = std::ldexp(random.uniform(), -1074 + static_cast<int>(random.below(2070)));
      numbers.push_back(x);
      numbers.push_back(-x);
    }
    ExactTable table(1);
    table.grow(1);
    for (const std::size_t k : shuffled(random, numbers.size())) table.add(0, numbers[k]);
    EXPECT_EQ(table.value(0, 0), DoubleDouble(remains)) << trial;
    table.add(0, -remains);
    EXPECT_TRUE(table.is_zero(0));
    table.settle();
    EXPECT_EQ(table.digits(), 0U);
    EXPECT_TRUE(table.is_finite());
  }
}

// More numbers of one sign than a digit can take without a carry.
TEST(ExactTable, DigitsAreCarriedInTime) {
  for (const double x : {1.0, -0x1.fffffffffffffp38, 0x1.8p39, -0.1, 0x1p-1074, 0x1.fffffffffffffp900}) {
    ExactTable table(1);
    table.grow(2);
    std::vector<double> numbers(256, x);
    std::vector<std::uint32_t> into;
    std::vector<std::uint32_t> end;
    for (int r = 0; r < 256; ++r) {
      into.insert(into.end(), {0, 1});
      end.push_back(static_cast<std::uint32_t>(into.size()));
    }
    const double* const terms[] = {numbers.data(), numbers.data(), numbers.data(), numbers.data()};
    for (int block = 0; block < 1000; ++block) table.add(terms, 256, into.data(), end.data());
    const DoubleDouble expected = DoubleDouble(1'024'000) * DoubleDouble(x);
    EXPECT_EQ(table.value(0, 0), expected) << x;
    EXPECT_EQ(table.value(1, 0), expected) << x;
  }
}

TEST(ExactTable, CountsAreWholeNumbers) {
  const std::vector<std::uint64_t> counts{
      0, 1, 0x7FFFFFFFFFULL, 0x8000000000ULL, 0xFFFFFFFFFFULL, (1ULL << 60U) + 1};
  const ExactTable table = ExactTable::of_counts(counts);
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const DoubleDouble value = table.value(k, 0);
    EXPECT_EQ(static_cast<std::uint64_t>(value.high) +
                  static_cast<std::uint64_t>(static_cast<std::int64_t>(value.low)),
              counts[k]);
  }
}

TEST(ExactTable, WhatLeavesTheRangeIsTold) {
  for (const double x : {0x1p999, -std::numeric_limits<double>::max(),
                         std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    ExactTable table(2);
    table.grow(1);
    const double row[] = {1, x};
    const double* const term = row;
    const std::uint32_t into = 0;
    const std::uint32_t end = 1;
    table.add({&term, 1}, 1, &into, &end);
    EXPECT_FALSE(table.is_finite());
    EXPECT_FALSE(is_finite(table.value(0, 1)));
    EXPECT_EQ(table.value(0, 0), DoubleDouble(1));
  }
  ExactTable sum(1);
  sum.grow(1);
  for (int k = 0; k < 100'000; ++k) sum.add(0, 0x1.8p998);
  EXPECT_FALSE(is_finite(sum.value(0, 0)));
}

TEST(ExactTable, AllInstructionSetsGiveTheSameDigits) {
  test::Random random(14);
  for (int trial = 0; trial < 20; ++trial) {
    const Addends addends = random_addends(random, 1 + random.below(300), 4, 5);
    const std::vector<std::size_t> order = shuffled(random, addends.into.size());
    std::vector<ExactTable> tables;
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      tables.emplace_back(addends.columns);
      tables.back().grow(4);
      addends.add_to(tables.back(), order, 100);
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (const ExactTable& other : tables) expect_same(tables.front(), other);
  }
}

}  // namespace
}  // namespace talweg
