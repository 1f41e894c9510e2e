// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/trace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace talweg {
namespace {

std::vector<double> parameters_at(std::uint64_t epoch, std::size_t count) {
  return std::vector<double>(count, static_cast<double>(epoch));
}

Trace traced(std::uint64_t epochs, std::size_t parameters) {
  Trace trace;
  for (std::uint64_t k = 0; k <= epochs; ++k) {
    trace.add(k, static_cast<double>(k), 0.5, k == 0 ? std::nullopt : std::optional<double>(0.1),
              parameters_at(k, parameters));
  }
  return trace;
}

void expect_sound(const Trace& trace, std::uint64_t epochs, std::size_t parameters) {
  const std::vector<TraceRow> rows = trace.rows();
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.front().epoch, 0U);
  EXPECT_FALSE(rows.front().learning_rate.has_value());
  EXPECT_EQ(rows.back().epoch, epochs);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].cost, static_cast<double>(rows[i].epoch));
    ASSERT_EQ(rows[i].parameters, parameters_at(rows[i].epoch, parameters));
    if (i + 1 < rows.size()) {
      ASSERT_EQ(rows[i].epoch, i * trace.stride());
      ASSERT_LT(rows[i].epoch, rows[i + 1].epoch);
    }
  }
  // The kept numbers stay below the bound (64 records and the last one at least), and thinning is not
  // overdone.
  const std::size_t most = std::max<std::size_t>(64, Trace::kMostNumbers / (parameters + 4));
  EXPECT_LE(rows.size(), most + 1);
  EXPECT_TRUE(trace.stride() == 1 || rows.size() >= most / 2);
}

TEST(Trace, KeepsEverythingWhileItFits) {
  const Trace trace = traced(1000, 3);
  EXPECT_EQ(trace.stride(), 1U);
  EXPECT_EQ(trace.rows().size(), 1001U);
  expect_sound(trace, 1000, 3);
}

TEST(Trace, ThinsByPowersOfTwo) {
  for (const std::size_t parameters :
       {std::size_t{0}, std::size_t{2}, std::size_t{1000}, std::size_t{100'000}}) {
    for (const std::uint64_t epochs : {63U, 64U, 65U, 127U, 128U, 129U, 1000U}) {
      expect_sound(traced(epochs, parameters), epochs, parameters);
    }
  }
  const Trace longer = traced(1'000'001, 2);
  EXPECT_EQ(longer.stride(), 8U);
  expect_sound(longer, 1'000'001, 2);
}

TEST(Trace, OfNothingAndOfTheStartAlone) {
  EXPECT_TRUE(Trace().rows().empty());
  EXPECT_EQ(traced(0, 2).rows().size(), 1U);
}

}  // namespace
}  // namespace talweg
