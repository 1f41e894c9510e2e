// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fold_data.h"

#include <cmath>
#include <limits>

#include "support/temporary.h"
#include "talweg/base/numbers.h"
#include "talweg/base/random.h"

namespace talweg {
namespace {

bool same_bits(const FoldedRows& a, const FoldedRows& b) {
  return a.rows == b.rows && a.weight == b.weight && a.mean == b.mean && a.products == b.products &&
         a.levels == b.levels && a.level_weight == b.level_weight && a.level_sums == b.level_sums &&
         a.pairs == b.pairs && a.pair_weight == b.pair_weight;
}

TEST(FoldData, SameBitsForAnyNumberOfThreads) {
  const Temporary folder;
  std::string text = "a,cut,b,w,y\n";
  for (std::uint64_t r = 0; r < 20000; ++r) {
    const double a = 1e6 + random_normal(1, 0, r);
    const double b = random_normal(1, 1, r) * 1e-3;
    text += shortest(a) + ",level" + std::to_string(random_bits(1, 2, r) % 40) + "," + shortest(b) + "," +
            shortest(random_uniform(1, 3, r)) + "," + shortest(a * 2 + b) + "\n";
  }
  ColumnRequest columns;
  columns.target = "y";
  columns.weights = "w";
  const auto path = folder.file("a.csv", text);
  const auto one = fold_table({path}, {}, columns, {1, nullptr, {}});
  ASSERT_TRUE(one) << one.error().text();
  for (const unsigned threads : {2U, 3U, 7U}) {
    const auto many = fold_table({path}, {}, columns, {threads, nullptr, {}});
    ASSERT_TRUE(many);
    EXPECT_TRUE(same_bits(one->folded, many->folded)) << threads;
    EXPECT_EQ(one->fingerprint, many->fingerprint);
  }
}

TEST(FoldData, ArraysFoldAsTheFileDoes) {
  const Temporary folder;
  std::vector<double> features;
  std::vector<double> target;
  std::string text = "p,q,y\n";
  for (std::uint64_t r = 0; r < 1000; ++r) {
    const double p = random_normal(2, 0, r);
    const double q = random_normal(2, 1, r);
    const double y = p - q + random_normal(2, 2, r);
    features.push_back(p);
    features.push_back(q);
    target.push_back(y);
    text += shortest(p) + "," + shortest(q) + "," + shortest(y) + "\n";
  }
  ColumnRequest columns;
  columns.target = "y";
  const auto file = fold_table({folder.file("a.csv", text)}, {}, columns, {});
  const ArrayView x{features.data(), nullptr, 1000, 2, 2, 1};
  const ArrayView y{target.data(), nullptr, 1000, 1, 1, 1};
  const auto arrays = fold_arrays(x, y, {}, {"p", "q"}, "y", {});
  ASSERT_TRUE(file && arrays);
  EXPECT_TRUE(same_bits(file->folded, arrays->folded));
  EXPECT_EQ(file->fingerprint, arrays->fingerprint);
}

TEST(FoldData, RefusesArraysThatCannotBeFitted) {
  std::vector<double> values = {1, 2, 3};
  const std::vector<double> target = {1, 2, 3};
  const ArrayView y{target.data(), nullptr, 3, 1, 1, 1};
  const auto error_of = [&](const ArrayView& x, const ArrayView& t, const ArrayView& w) {
    const auto folded = fold_arrays(x, t, w, {}, "y", {});
    return folded ? std::string() : folded.error().text();
  };
  values[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(error_of({values.data(), nullptr, 3, 1, 1, 1}, y, {}).find("row 1"), std::string::npos);
  values[1] = 2;
  EXPECT_NE(error_of({values.data(), nullptr, 2, 1, 1, 1}, y, {}).find("features have 2 rows"),
            std::string::npos);
  const std::vector<double> weights = {1, -1, 1};
  EXPECT_NE(error_of({values.data(), nullptr, 3, 1, 1, 1}, y, {weights.data(), nullptr, 3, 1, 1, 1})
                .find("weight is -1"),
            std::string::npos);
  values = {1e200, 2, -1e200};
  EXPECT_NE(error_of({values.data(), nullptr, 3, 1, 1, 1}, y, {}).find("overflows"), std::string::npos);
  EXPECT_NE(error_of({values.data(), nullptr, 0, 1, 1, 1}, {target.data(), nullptr, 0, 1, 1, 1}, {})
                .find("no rows"),
            std::string::npos);
}

}  // namespace
}  // namespace talweg
