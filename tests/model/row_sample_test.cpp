// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_sample.h"

#include <cmath>
#include <set>

#include "support/temporary.h"
#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/model/fold_data.h"

namespace talweg {
namespace {

std::vector<RowBlock> blocks_of(std::uint64_t rows, std::size_t columns) {
  std::vector<RowBlock> out;
  for (std::uint64_t first = 0; first < rows; first += kBlockRows) {
    RowBlock block;
    block.clear(first / kBlockRows, columns);
    block.rows = static_cast<std::size_t>(std::min<std::uint64_t>(kBlockRows, rows - first));
    for (std::uint64_t r = 0; r < block.rows; ++r)
      block.values.insert(block.values.end(), columns, static_cast<double>(first + r));
    out.push_back(std::move(block));
  }
  return out;
}

TEST(RowSampler, KeepsEveryRowWhereThereIsRoom) {
  RowSampler sampler(300);
  for (const RowBlock& block : blocks_of(300, 2)) sampler.add(block);
  const auto rows = sampler.finish();
  ASSERT_EQ(rows.size(), 300U);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    EXPECT_EQ(rows[r].number, r);
    EXPECT_EQ(rows[r].values, std::vector<double>(2, static_cast<double>(r)));
  }
}

TEST(RowSampler, KeepsWhatLiesBelowTheLargestThresholdThatFits) {
  constexpr std::uint64_t kRows = 100'000;
  constexpr std::size_t kRoom = 500;
  RowSampler sampler(kRoom);
  for (const RowBlock& block : blocks_of(kRows, 1)) sampler.add(block);
  const auto rows = sampler.finish();
  EXPECT_LE(rows.size(), kRoom);
  EXPECT_GE(rows.size(), kRoom / 4);
  // By brute force: halve until it fits.
  std::uint64_t threshold = ~std::uint64_t{0};
  std::vector<std::uint64_t> expected;
  do {
    expected.clear();
    for (std::uint64_t r = 0; r < kRows; ++r) {
      if (row_hash(r) < threshold) expected.push_back(r);
    }
    threshold /= 2;
  } while (expected.size() > kRoom);
  std::vector<std::uint64_t> kept;
  double sum = 0;
  for (const SampledRow& row : rows) {
    kept.push_back(row.number);
    sum += row.values[0];
  }
  EXPECT_EQ(kept, expected);
  // The mean of a uniform sample lies within five standard deviations of the table's.
  const auto n = static_cast<double>(rows.size());
  const double deviation = static_cast<double>(kRows) / std::sqrt(12.0 * n);
  EXPECT_NEAR(sum / n, static_cast<double>(kRows) / 2, 5 * deviation);
}

TEST(RowSampler, HoldsFewWideRows) {
  RowSampler sampler(2000);
  for (const RowBlock& block : blocks_of(2000, 10'000)) sampler.add(block);
  const auto rows = sampler.finish();
  EXPECT_LE(rows.size() * 10'000, RowSampler::kMostValues);
  EXPECT_GE(rows.size(), 20U);
}

TEST(RowSampler, IsTheSameForAnyThreadsAndAnyCutIntoFiles) {
  const Temporary folder;
  const std::string header = "a,cut,y\n";
  std::string whole = header;
  std::vector<std::string> parts = {header, header, header};
  for (std::uint64_t r = 0; r < 9000; ++r) {
    const std::string line =
        shortest(random_normal(1, 0, r)) + ",c" + std::to_string(r % 5) + "," + std::to_string(r) + "\n";
    whole += line;
    parts[r < 100 ? 0 : r < 4321 ? 1 : 2] += line;
  }
  ColumnRequest columns;
  columns.target = "y";
  FoldOptions options;
  options.sample_rows = 700;
  options.threads = 1;
  const auto one = fold_table({folder.file("a.csv", whole)}, {}, columns, options);
  options.threads = 5;
  const auto cut = fold_table(
      {folder.file("1.csv", parts[0]), folder.file("2.csv", parts[1]), folder.file("3.csv", parts[2])}, {},
      columns, options);
  ASSERT_TRUE(one && cut);
  ASSERT_GT(one->sample.size(), 100U);
  ASSERT_EQ(one->sample.size(), cut->sample.size());
  for (std::size_t k = 0; k < one->sample.size(); ++k) {
    EXPECT_EQ(one->sample[k].number, cut->sample[k].number);
    EXPECT_EQ(one->sample[k].values, cut->sample[k].values);
    EXPECT_EQ(one->sample[k].levels, cut->sample[k].levels);
    // The row is the row of that number.
    EXPECT_EQ(one->sample[k].values.back(), static_cast<double>(one->sample[k].number));
  }
  options.sample_rows = 0;
  const auto none = fold_table({folder.path("a.csv")}, {}, columns, options);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->sample.empty());
}

}  // namespace
}  // namespace talweg
