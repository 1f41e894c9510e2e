// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/gram_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/quad.h"
#include "support/random.h"

namespace talweg {
namespace {

struct Data {
  std::vector<double> a_high, a_low, b_high, b_low;
  GramInput input;
};

// Values over many decades, the padding of zeros; with low parts of at most half an ulp.
Data random_data(std::uint64_t seed, std::size_t rows, std::size_t columns, bool low) {
  test::Random random(seed);
  Data data;
  const std::size_t stride = (columns + kGramPadding - 1) / kGramPadding * kGramPadding;
  for (std::vector<double>* part : {&data.a_high, &data.a_low, &data.b_high, &data.b_low}) {
    part->assign(rows * stride, 0.0);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t at = r * stride + j;
      data.a_high[at] = random.normal() * random.decade(-4, 4);
      data.b_high[at] = random.normal() * random.decade(-4, 4);
      data.a_low[at] = data.a_high[at] * random.uniform(-1, 1) * 0x1p-54;
      data.b_low[at] = data.b_high[at] * random.uniform(-1, 1) * 0x1p-54;
    }
  }
  data.input = {data.a_high.data(),
                low ? data.a_low.data() : nullptr,
                data.b_high.data(),
                low ? data.b_low.data() : nullptr,
                rows,
                columns,
                stride};
  return data;
}

struct Sums {
  std::vector<double> sum, error;
};

template <class Gram>
Sums run(const Gram& kernel, const GramInput& input) {
  Sums out{std::vector<double>(input.columns * input.stride, 777.0),
           std::vector<double>(input.columns * input.stride, 777.0)};
  kernel(input, out.sum.data(), out.error.data());
  return out;
}

void expect_same_bits(const Sums& a, const Sums& b, const GramInput& input) {
  for (std::size_t i = 0; i < input.columns; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const std::size_t at = i * input.stride + j;
      ASSERT_EQ(std::bit_cast<std::uint64_t>(a.sum[at]), std::bit_cast<std::uint64_t>(b.sum[at]))
          << i << " " << j;
      ASSERT_EQ(std::bit_cast<std::uint64_t>(a.error[at]), std::bit_cast<std::uint64_t>(b.error[at]))
          << i << " " << j;
    }
  }
}

void compare_all_shapes() {
  for (std::size_t columns = 1; columns <= 40; ++columns) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{37}}) {
      for (const bool low : {false, true}) {
        const Data data = random_data(columns * 100 + rows, rows, columns, low);
        expect_same_bits(run(gram, data.input), run(gram_reference, data.input), data.input);
      }
    }
  }
}

void compare_dots() {
  for (std::size_t rows = 1; rows <= 12; ++rows) {
    const Data data = random_data(rows, rows, 8, true);
    const std::size_t length = rows * 8;
    const auto run_dot = [&](auto kernel) {
      return kernel(data.a_high.data(), data.a_low.data(), data.b_high.data(), data.b_low.data(), length);
    };
    const DoubleDouble fast = run_dot(dot);
    const DoubleDouble plain = run_dot(dot_reference);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(fast.high), std::bit_cast<std::uint64_t>(plain.high)) << length;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(fast.low), std::bit_cast<std::uint64_t>(plain.low)) << length;
    test::Quad exact = 0;
    test::Quad magnitude = 0;
    for (std::size_t k = 0; k < length; ++k) {
      const test::Quad product = (test::quad(data.a_high[k]) + test::quad(data.a_low[k])) *
                                 (test::quad(data.b_high[k]) + test::quad(data.b_low[k]));
      exact += product;
      magnitude += test::abs(product);
    }
    const test::Quad found = test::quad(fast.high) + test::quad(fast.low);
    EXPECT_LE(test::plain(test::abs(found - exact) / magnitude), 96 * 0x1p-105);
  }
}

TEST(GramKernel, EqualsTheReferenceBitForBit) {
  compare_all_shapes();
  compare_dots();
}

TEST(GramKernel, EqualsTheReferenceOnEveryTargetOfThisMachine) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    compare_all_shapes();
    compare_dots();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// The bound of the header, rows * 2^-105 of the sum of magnitudes; the sums are far better than plain ones.
TEST(GramKernel, IsAsAccurateAsTheHeaderSays) {
  double worst = 0;
  for (const bool low : {false, true}) {
    const Data data = random_data(low ? 7 : 8, 256, 12, low);
    const GramInput& in = data.input;
    const Sums sums = run(gram, in);
    for (std::size_t i = 0; i < in.columns; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        test::Quad exact = 0;
        test::Quad magnitude = 0;
        for (std::size_t r = 0; r < in.rows; ++r) {
          test::Quad a = test::quad(in.a_high[r * in.stride + i]);
          test::Quad b = test::quad(in.b_high[r * in.stride + j]);
          if (low) a += test::quad(in.a_low[r * in.stride + i]);
          if (low) b += test::quad(in.b_low[r * in.stride + j]);
          exact += a * b;
          magnitude += test::abs(a * b);
        }
        const std::size_t at = i * in.stride + j;
        const test::Quad found = test::quad(sums.sum[at]) + test::quad(sums.error[at]);
        worst = std::max(worst, test::plain(test::abs(found - exact) / magnitude));
      }
    }
  }
  EXPECT_LE(worst, 256 * 0x1p-105);
  EXPECT_GT(worst, 0);
}

}  // namespace
}  // namespace talweg
