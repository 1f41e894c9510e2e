// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/column_hash.h"

#include <algorithm>
#include <array>
#include <bit>

#include "talweg/data/row_block.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/data/column_hash.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef TALWEG_DATA_COLUMN_HASH_ONCE
#define TALWEG_DATA_COLUMN_HASH_ONCE
namespace talweg {
namespace {

// One number a row (splitmix64; Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
constexpr std::array<std::uint64_t, kBlockRows> row_keys() {
  std::array<std::uint64_t, kBlockRows> keys{};
  std::uint64_t state = 0;
  for (std::uint64_t& key : keys) {
    state += 0x9E3779B97F4A7C15ULL;
    key = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    key = (key ^ (key >> 27U)) * 0x94D049BB133111EBULL;
    key ^= key >> 31U;
  }
  return keys;
}
constexpr std::array<std::uint64_t, kBlockRows> kRowKeys = row_keys();
constexpr int kShift = 20;

// One column, `stride` cells from row to row.
inline void hash_column(const double* values, std::size_t rows, std::size_t stride, std::uint64_t& plain,
                        std::uint64_t& mixed) {
  plain = mixed = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto x = std::bit_cast<std::uint64_t>(values[r * stride]);
    const std::uint64_t y = x ^ (x >> kShift) ^ kRowKeys[r];
    plain += x;
    mixed += (y & 0xFFFFFFFFU) * (y >> 32U);
  }
}

}  // namespace
}  // namespace talweg
#endif

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<std::uint64_t, 8>;
using Halves = hn::Repartition<std::uint32_t, Tag>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());

// kVectors vectors of columns that stand side by side.
template <std::size_t kVectors>
HWY_INLINE void hash_strip(const double* HWY_RESTRICT values, std::size_t rows, std::size_t stride,
                           std::uint64_t* HWY_RESTRICT plain, std::uint64_t* HWY_RESTRICT mixed) {
  static_assert(kVectors == 1 || kVectors == 4);
  const Tag d;
  const Halves halves;
  Vector p0 = hn::Zero(d), p1 = p0, p2 = p0, p3 = p0;
  Vector m0 = p0, m1 = p0, m2 = p0, m3 = p0;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto* const row = reinterpret_cast<const std::uint64_t*>(values + r * stride);
    const Vector key = hn::Set(d, kRowKeys[r]);
    const auto take = [&](std::size_t v, Vector& p, Vector& m) HWY_ATTR {
      const Vector x = hn::LoadU(d, row + v * kLanes);
      const Vector y = hn::Xor3(x, hn::ShiftRight<kShift>(x), key);
      p = hn::Add(p, x);
      m = hn::Add(m, hn::MulEven(hn::BitCast(halves, y), hn::BitCast(halves, hn::ShiftRight<32>(y))));
    };
    take(0, p0, m0);
    if constexpr (kVectors == 4) {
      take(1, p1, m1);
      take(2, p2, m2);
      take(3, p3, m3);
    }
  }
  const auto store = [&](std::size_t v, Vector p, Vector m) HWY_ATTR {
    hn::StoreU(p, d, plain + v * kLanes);
    hn::StoreU(m, d, mixed + v * kLanes);
  };
  store(0, p0, m0);
  if constexpr (kVectors == 4) {
    store(1, p1, m1);
    store(2, p2, m2);
    store(3, p3, m3);
  }
}

void hash_columns_target(const double* values, std::size_t rows, std::size_t columns,
                         std::uint64_t* HWY_RESTRICT plain, std::uint64_t* HWY_RESTRICT mixed) {
  std::size_t j = 0;
  for (; j + 4 * kLanes <= columns; j += 4 * kLanes)
    hash_strip<4>(values + j, rows, columns, plain + j, mixed + j);
  if (j > 0 && columns - j > 2 * kLanes) {
    // Four vectors at once take less time than two or three one by one: some columns are seen twice.
    j = columns - 4 * kLanes;
    hash_strip<4>(values + j, rows, columns, plain + j, mixed + j);
    return;
  }
  for (; j + kLanes <= columns; j += kLanes) hash_strip<1>(values + j, rows, columns, plain + j, mixed + j);
  if (j == columns) return;
  if (columns >= kLanes) {
    // The last vector once more from where it is whole.
    j = columns - kLanes;
    hash_strip<1>(values + j, rows, columns, plain + j, mixed + j);
    return;
  }
  for (; j < columns; ++j) hash_column(values + j, rows, columns, plain[j], mixed[j]);
}

#else

void hash_columns_target(const double* values, std::size_t rows, std::size_t columns, std::uint64_t* plain,
                         std::uint64_t* mixed) {
  hash_columns_reference(values, rows, columns, plain, mixed);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(hash_columns_target);

void hash_columns(const double* values, std::size_t rows, std::size_t columns, std::uint64_t* plain,
                  std::uint64_t* mixed) {
  HWY_DYNAMIC_DISPATCH(hash_columns_target)(values, rows, columns, plain, mixed);
}

void hash_columns_reference(const double* values, std::size_t rows, std::size_t columns, std::uint64_t* plain,
                            std::uint64_t* mixed) {
  for (std::size_t j = 0; j < columns; ++j) hash_column(values + j, rows, columns, plain[j], mixed[j]);
}

}  // namespace talweg
#endif
