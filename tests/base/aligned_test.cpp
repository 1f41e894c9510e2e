// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/aligned.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "talweg/base/uninitialised.h"

namespace talweg {
namespace {

template <class Vector>
bool starts_a_line(const Vector& numbers) {
  return reinterpret_cast<std::uintptr_t>(numbers.data()) % kCacheLine == 0;
}

TEST(AlignedVector, StartsACacheLineWhereverItGrows) {
  AlignedVector<double> doubles;
  UninitialisedVector<float> floats;
  std::vector<std::vector<char>> between;  // so that the heap is not in step with cache lines
  for (std::size_t count = 1; count < 3000; count = count * 3 / 2 + 1) {
    between.emplace_back(count % 41 + 1);
    doubles.resize(count, 1.5);
    floats.resize(count);
    EXPECT_TRUE(starts_a_line(doubles)) << count;
    EXPECT_TRUE(starts_a_line(floats)) << count;
    EXPECT_EQ(doubles.back(), 1.5);
  }
}

TEST(AlignedVector, MovesAndComparesAsVectorsDo) {
  AlignedVector<double> one = {1, 2, 3};
  const double* const place = one.data();
  const AlignedVector<double> other = std::move(one);
  EXPECT_EQ(other.data(), place);
  EXPECT_EQ(other, (AlignedVector<double>{1, 2, 3}));
}

TEST(AlignedVector, RefusesWhatNoMemoryHolds) {
  AlignedAllocator<double> allocator;
  EXPECT_THROW(static_cast<void>(allocator.allocate(static_cast<std::size_t>(-1) / 4)), std::bad_alloc);
}

}  // namespace
}  // namespace talweg
