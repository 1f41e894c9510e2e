// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/folded_table.h"

#include <bit>
#include <cmath>
#include <map>

#include "support/temporary.h"
#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/model/fit.h"
#include "talweg/model/folded_choice.h"
#include "talweg/model/moments_file.h"

namespace talweg {
namespace {

// A table with weights, gaps and texts whose levels come late.
std::vector<std::string> random_rows(std::uint64_t seed, std::uint64_t count) {
  std::vector<std::string> rows;
  for (std::uint64_t r = 0; r < count; ++r) {
    const auto gap = [&](unsigned k) { return random_bits(seed, k, r) % 40 == 0; };
    const double x = 1e5 + random_normal(seed, 0, r);
    const std::string cut = r > count / 2 && random_bits(seed, 7, r) % 20 == 0
                                ? "late"
                                : "level" + std::to_string(random_bits(seed, 1, r) % 5);
    rows.push_back((gap(10) ? "" : shortest(x)) + "," + (gap(11) ? "" : cut) + "," +
                   std::to_string(random_bits(seed, 2, r) % 3) + "," + shortest(random_normal(seed, 3, r)) +
                   "," + (random_bits(seed, 4, r) % 2 == 0 ? "A" : "B") + "," +
                   shortest(2 * x + random_normal(seed, 5, r)));
  }
  return rows;
}

std::string text_of(const std::vector<std::string>& rows, std::size_t first, std::size_t end) {
  std::string text = "x,cut,w,z,grade,y\n";
  for (std::size_t r = first; r < end; ++r) text += rows[r] + "\n";
  return text;
}

ColumnRequest columns_with(MissingPolicy missing, bool weighted) {
  ColumnRequest columns;
  columns.missing = missing;
  if (weighted) columns.weights = "w";
  return columns;
}

FoldOptions threads(unsigned count) {
  FoldOptions options;
  options.threads = count;
  return options;
}

std::string bytes_without_place(FoldedTable table) {
  table.placed = false;
  return moments_bytes(table);
}

// The parts of a table cut at these rows, each told its place, put together in any order, are the whole.
TEST(FoldedTable, PartsThatKnowTheirPlaceGiveTheBitsOfTheWhole) {
  const Temporary folder;
  unsigned trial = 0;
  for (const std::uint64_t count : {700U, 2048U, 5000U}) {
    const auto rows = random_rows(count, count);
    const auto whole_path = folder.file("all.csv", text_of(rows, 0, rows.size()));
    for (const MissingPolicy missing : {MissingPolicy::drop, MissingPolicy::mean}) {
      for (const bool weighted : {false, true}) {
        const ColumnRequest columns = columns_with(missing, weighted);
        const auto whole = fold_whole_table({whole_path}, {}, columns, std::nullopt, threads(2));
        ASSERT_TRUE(whole) << whole.error().text();
        const std::string expected = bytes_without_place(*whole);
        for (int cuts = 1; cuts <= 4; ++cuts) {
          ++trial;
          std::vector<std::size_t> places = {0, rows.size()};
          for (int c = 0; c < cuts; ++c)
            places.push_back(random_bits(99, trial, static_cast<std::uint64_t>(c)) %
                             (count / kBlockRows + 1) * kBlockRows);
          std::sort(places.begin(), places.end());
          places.erase(std::unique(places.begin(), places.end()), places.end());
          std::vector<NamedTable> parts;
          for (std::size_t k = 0; k + 1 < places.size(); ++k) {
            const auto path = folder.file("part.csv", text_of(rows, places[k], places[k + 1]));
            auto part = fold_whole_table({path}, {}, columns, places[k], threads(1 + trial % 3));
            ASSERT_TRUE(part) << part.error().text();
            auto again = read_moments(moments_bytes(*part), "part");
            ASSERT_TRUE(again) << again.error().text();
            parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(trial % (k + 1)),
                         {"part", std::move(*again)});
          }
          const auto merged = merge_tables(std::move(parts));
          ASSERT_TRUE(merged) << merged.error().text();
          EXPECT_TRUE(merged->exact);
          EXPECT_TRUE(bytes_without_place(*merged) == expected) << trial;
        }
      }
    }
  }
}

TEST(FoldedTable, PartsMayBeMergedInSteps) {
  const Temporary folder;
  const auto rows = random_rows(3, 256 * 13 + 5);
  const auto columns = columns_with(MissingPolicy::mean, true);
  std::vector<FoldedTable> parts;
  for (std::size_t k = 0; k < 14; ++k) {
    const auto path = folder.file("p.csv", text_of(rows, k * 256, std::min(rows.size(), (k + 1) * 256)));
    auto part = fold_whole_table({path}, {}, columns, k * 256, threads(1));
    ASSERT_TRUE(part);
    parts.push_back(std::move(*part));
  }
  const auto join = [&](std::size_t first, std::size_t end) {
    std::vector<NamedTable> some;
    for (std::size_t k = first; k < end; ++k) some.push_back({"p", parts[k]});
    auto merged = merge_tables(std::move(some));
    EXPECT_TRUE(merged.has_value());
    return *merged;
  };
  const std::string expected = moments_bytes(join(0, 14));
  for (std::size_t a = 1; a < 13; ++a) {
    for (std::size_t b = a + 1; b < 14; b += 3) {
      std::vector<NamedTable> three;
      three.push_back({"c", join(b, 14)});
      three.push_back({"a", join(0, a)});
      three.push_back({"b", join(a, b)});
      const auto merged = merge_tables(std::move(three));
      ASSERT_TRUE(merged);
      ASSERT_EQ(moments_bytes(*merged), expected) << a << ' ' << b;
    }
  }
}

TEST(FoldedTable, PartsWithoutAPlaceAgreeToRounding) {
  const Temporary folder;
  const auto rows = random_rows(5, 3000);
  const auto columns = columns_with(MissingPolicy::mean, true);
  const auto whole = fold_whole_table({folder.file("all.csv", text_of(rows, 0, 3000))}, {}, columns,
                                      std::nullopt, threads(1));
  std::vector<NamedTable> parts;
  for (const auto& [first, end] : {std::pair<std::size_t, std::size_t>{0, 700}, {700, 1111}, {1111, 3000}}) {
    auto part = fold_whole_table({folder.file("p.csv", text_of(rows, first, end))}, {}, columns, std::nullopt,
                                 threads(1));
    ASSERT_TRUE(part);
    parts.push_back({"p", std::move(*part)});
  }
  const auto merged = merge_tables(std::move(parts));
  ASSERT_TRUE(whole && merged);
  EXPECT_FALSE(merged->exact);
  FitRequest request;
  request.columns.target = "z";
  const auto a = choose_columns(*whole, request, "a");
  const auto b = choose_columns(*merged, request, "b");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->audit.rows, b->audit.rows);
  EXPECT_EQ(b->warnings.size(), 1U);
  const std::size_t p = a->folded.columns;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double scale = std::sqrt(a->folded.products[packed_index(i, i)].high *
                                     a->folded.products[packed_index(j, j)].high);
      const DoubleDouble difference =
          a->folded.products[packed_index(i, j)] - b->folded.products[packed_index(i, j)];
      EXPECT_LE(std::abs(difference.high), 1e-13 * scale);
    }
  }
}

// Whatever the target and the choice of features, moments give the model file of the data.
TEST(FoldedTable, AnyTargetAndFeaturesAsFromTheData) {
  const Temporary folder;
  const auto rows = random_rows(8, 1500);
  const auto path = folder.file("all.csv", text_of(rows, 0, rows.size()));
  const auto table =
      fold_whole_table({path}, {}, columns_with(MissingPolicy::mean, true), std::nullopt, threads(2));
  ASSERT_TRUE(table) << table.error().text();
  for (const std::string target : {"y", "z"}) {
    for (const std::vector<std::string>& features :
         {std::vector<std::string>{}, {"x"}, {"grade", "x", "cut"}, {"x", "grade"}}) {
      FitRequest request;
      request.paths = {path};
      request.columns = columns_with(MissingPolicy::mean, true);
      request.columns.target = target;
      if (!features.empty()) request.columns.features = features;
      const auto direct = fit(request);
      auto data = choose_columns(*table, request, "m");
      ASSERT_TRUE(direct && data);
      const auto folded = fit_folded(std::move(*data), request);
      ASSERT_TRUE(folded) << folded.error().text();
      EXPECT_EQ(direct->fingerprint, folded->fingerprint);
      EXPECT_EQ(direct->parameters, folded->parameters);
      EXPECT_EQ(direct->exact_parameters, folded->exact_parameters);
      EXPECT_EQ(direct->epochs, folded->epochs);
    }
  }
}

// The same of a table so large that most of it is folded in the arithmetic of the bulk.
TEST(FoldedTable, AnyFeaturesOfALargeTableAsFromTheData) {
  const Temporary folder;
  constexpr std::size_t kColumns = 60;
  constexpr std::uint64_t kRows = 12000;
  std::string text = "y";
  for (std::size_t j = 1; j < kColumns; ++j) text += ",x" + std::to_string(j);
  text += "\n";
  for (std::uint64_t r = 0; r < kRows; ++r) {
    double y = 0;
    std::string cells;
    for (std::size_t j = 1; j < kColumns; ++j) {
      const double x = static_cast<double>(j) + random_normal(9, j, r);
      y += x;
      cells += "," + shortest(x);
    }
    text += shortest(y + random_normal(9, 0, r)) + cells + "\n";
  }
  ASSERT_FALSE(folds_exactly(kRows / kBlockRows / 2, kColumns));
  const auto path = folder.file("all.csv", text);
  const auto table = fold_whole_table({path}, {}, {}, std::nullopt, threads(2));
  ASSERT_TRUE(table) << table.error().text();
  EXPECT_EQ(table->error(), kPlainError);
  for (const std::string target : {"y", "x9"}) {
    for (const std::vector<std::string>& features :
         {std::vector<std::string>{}, {"x1"}, {"x30", "x2", "x41"}, {"x7", "x59", "x8"}}) {
      FitRequest request;
      request.paths = {path};
      request.columns.target = target;
      if (!features.empty()) request.columns.features = features;
      const auto direct = fit(request);
      auto data = choose_columns(*table, request, "m");
      ASSERT_TRUE(direct && data);
      const auto folded = fit_folded(std::move(*data), request);
      ASSERT_TRUE(folded) << folded.error().text();
      EXPECT_EQ(direct->fingerprint, folded->fingerprint);
      EXPECT_EQ(direct->parameters, folded->parameters);
      EXPECT_EQ(direct->exact_parameters, folded->exact_parameters);
      EXPECT_EQ(direct->epochs, folded->epochs);
    }
  }
}

TEST(FoldedTable, FirstRowsAreMultiplesOfTheBlockLength) {
  EXPECT_TRUE(check_first_row(0));
  EXPECT_TRUE(check_first_row(512));
  for (const std::uint64_t wrong : {1ULL, 255ULL, 257ULL, 1000ULL, ~0ULL, ~0ULL - 255}) {
    const auto checked = check_first_row(wrong);
    ASSERT_FALSE(checked) << wrong;
    EXPECT_EQ(checked.error().kind, ErrorKind::usage);
  }
}

TEST(GapSets, AreTheSameInAnyOrder) {
  std::vector<std::vector<std::size_t>> rows;
  for (std::uint64_t r = 0; r < 6000; ++r) {
    std::vector<std::size_t> set;
    for (std::size_t j = 0; j < 12; ++j) {
      if (random_bits(1, j, r) % 3 == 0) set.push_back(j);
    }
    if (!set.empty()) rows.push_back(set);
  }
  for (const std::size_t kept : {500U, 5000U}) {
    GapSets forward, backward, halves, other;
    for (std::size_t r = 0; r < kept; ++r) {
      forward.add(rows[r], 1);
      backward.add(rows[kept - 1 - r], 1);
      (r % 2 == 0 ? halves : other).add(rows[r], 1);
    }
    halves.add(other);
    std::uint64_t sum = forward.other;
    for (const auto& [set, count] : forward.sets) sum += count;
    EXPECT_EQ(sum, kept);
    EXPECT_EQ(forward.other > 0, kept > 1000);
    for (const GapSets* same : {&backward, &halves}) {
      EXPECT_EQ(same->sets, forward.sets);
      EXPECT_EQ(same->other, forward.other);
    }
  }
}

}  // namespace
}  // namespace talweg
