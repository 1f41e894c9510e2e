// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace talweg {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Random123's known answers (kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// The counter that gives the wanted words: every round undone.
Words undo_philox(Words words, std::array<std::uint32_t, 2> key) {
  const auto inverse = [](std::uint32_t odd) {
    std::uint32_t x = odd;
    for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
    return x;
  };
  const auto high = [](std::uint64_t product) { return static_cast<std::uint32_t>(product >> 32U); };
  constexpr std::uint64_t kFirst = 0xD2511F53U;
  constexpr std::uint64_t kSecond = 0xCD9E8D57U;
  for (std::uint32_t round = 10; round-- > 0;) {
    const std::uint32_t key0 = key[0] + round * 0x9E3779B9U;
    const std::uint32_t key1 = key[1] + round * 0xBB67AE85U;
    const std::uint32_t c2 = words[1] * inverse(static_cast<std::uint32_t>(kSecond));
    const std::uint32_t c0 = words[3] * inverse(static_cast<std::uint32_t>(kFirst));
    const std::uint32_t c1 = words[0] ^ high(kSecond * c2) ^ key0;
    const std::uint32_t c3 = words[2] ^ high(kFirst * c0) ^ key1;
    words = {c0, c1, c2, c3};
  }
  return words;
}

TEST(Philox, IsABijectionOfTheCounter) {
  const Words counter = {1, 22, 333, 4444};
  EXPECT_EQ(undo_philox(philox(counter, {5, 6}), {5, 6}), counter);
}

TEST(RandomUniform, NeverReachesTheEnds) {
  const std::uint64_t seed = 9;
  const auto value_for = [&](std::uint32_t low, std::uint32_t high) {
    const Words counter = undo_philox({low, high, 0, 0}, {9, 0});
    const std::uint64_t index = (static_cast<std::uint64_t>(counter[1]) << 32U) | counter[0];
    const std::uint64_t stream = (static_cast<std::uint64_t>(counter[3]) << 32U) | counter[2];
    EXPECT_EQ(random_bits(seed, stream, index), (static_cast<std::uint64_t>(high) << 32U) | low);
    return random_uniform(seed, stream, index);
  };
  EXPECT_LT(value_for(0xffffffff, 0xffffffff), 1.0);
  EXPECT_GT(value_for(0xffffffff, 0xffffffff), 1.0 - 0x1p-51);
  EXPECT_GT(value_for(0, 0), 0.0);
  EXPECT_LT(value_for(0, 0), 0x1p-51);
  EXPECT_NEAR(value_for(0, 0x80000000), 0.5, 0x1p-51);
}

TEST(RandomBits, DependOnSeedStreamAndIndex) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    for (std::uint64_t stream = 0; stream < 8; ++stream) {
      for (std::uint64_t index = 0; index < 8; ++index) {
        const std::uint64_t high = 1ULL << 32U;
        seen.insert(random_bits(seed, stream, index));
        seen.insert(random_bits(seed * high + high, stream * high + high, index * high + high));
        EXPECT_EQ(random_bits(seed, stream, index), random_bits(seed, stream, index));
      }
    }
  }
  EXPECT_EQ(seen.size(), 1024U);
}

TEST(RandomUniform, IsUniform) {
  constexpr int kCount = 200'000;
  std::vector<int> bins(20);
  double sum = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = random_uniform(7, 1, static_cast<std::uint64_t>(i));
    sum += u;
    ++bins[static_cast<std::size_t>(u * 20)];
  }
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  double chi = 0;
  for (const int bin : bins) chi += (bin - kCount / 20.0) * (bin - kCount / 20.0) / (kCount / 20.0);
  EXPECT_LT(chi, 50);  // 19 degrees of freedom: 1 in 10,000
}

TEST(RandomNormal, HasTheMomentsOfANormal) {
  constexpr int kCount = 400'000;
  double first = 0;
  double second = 0;
  double third = 0;
  double fourth = 0;
  double lag = 0;
  double before = 0;
  int beyond = 0;
  for (int i = 0; i < kCount; ++i) {
    const double z = random_normal(3, 2, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(std::isfinite(z));
    first += z;
    second += z * z;
    third += z * z * z;
    fourth += z * z * z * z;
    lag += z * before;
    before = z;
    beyond += std::abs(z) > 1.959963984540054 ? 1 : 0;
  }
  const double root = std::sqrt(static_cast<double>(kCount));
  EXPECT_NEAR(first / kCount, 0, 5 / root);
  EXPECT_NEAR(second / kCount, 1, 5 * std::sqrt(2.0) / root);
  EXPECT_NEAR(third / kCount, 0, 5 * std::sqrt(15.0) / root);
  EXPECT_NEAR(fourth / kCount, 3, 5 * std::sqrt(96.0) / root);
  EXPECT_NEAR(lag / kCount, 0, 5 / root);
  EXPECT_NEAR(beyond / static_cast<double>(kCount), 0.05, 5 * std::sqrt(0.05 * 0.95) / root);
}

}  // namespace
}  // namespace talweg
