// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/number_tables.h"

namespace talweg {
namespace {

constexpr VectorBytes repeat(std::uint64_t pattern) {
  VectorBytes out{};
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k] = static_cast<std::uint8_t>(pattern >> (8 * (k % 8)) & 0xFFU);
  }
  return out;
}

template <class Value>
constexpr VectorBytes lanes_of(std::size_t lane, Value&& value) {
  VectorBytes out{};
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = static_cast<std::uint8_t>(value(k % lane));
  return out;
}

constexpr VectorBytes to_end(std::size_t lane, std::size_t more) {
  return lanes_of(lane, [=](std::size_t k) { return lane - k + more; });
}

constexpr NumberTables make_tables() {
  NumberTables out{};
  out.zeros = repeat(0x3030303030303030);
  out.minus = repeat(0x1D1D1D1D1D1D1D1D);
  out.nines = repeat(0x0909090909090909);
  out.tens = repeat(0x010A010A010A010A);
  out.hundreds = repeat(0x0001006400010064);
  out.myriads = repeat(0x0001271000012710);
  out.sign_words = repeat(0x8000000080000000);
  out.sign_longs = repeat(0x8000000000000000);
  out.ones = repeat(0xFFFFFFFFFFFFFFFF);
  out.past_8 = repeat(0x0000000900000009);
  out.past_16 = repeat(0x0000001100000011);
  out.to_end_8 = to_end(8, 0);
  out.to_end_16 = to_end(16, 0);
  out.past_end_8 = to_end(8, 1);
  out.past_end_16 = to_end(16, 1);
  out.last_8 = lanes_of(8, [](std::size_t k) { return k == 7 ? 0xFF : 0; });
  out.last_16 = lanes_of(16, [](std::size_t k) { return k == 15 ? 0xFF : 0; });
  out.edges_8 = lanes_of(8, [](std::size_t k) { return k == 7 || k == 0 ? 0xFF : 0; });
  out.limits_16 = lanes_of(16, [](std::size_t k) { return k == 0 ? 0 : 9; });
  for (std::size_t half = 0; half < 2; ++half) {
    out.spread_8[half] = lanes_of(16, [=](std::size_t k) { return 8 * half + (k < 8 ? 0U : 4U); });
  }
  for (std::size_t j = 0; j < 4; ++j) {
    out.spread_16[j] = lanes_of(16, [=](std::size_t) { return 4 * j; });
  }
  out.powers_8 = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F};
  out.magic = repeat(0x4330000000000000);
  out.hundred_millions = repeat(100000000);
  for (std::size_t p = 0; p <= 16; ++p) {
    for (std::size_t k = 0; k < 16; ++k) {
      const std::size_t from = p < 16 && k <= p ? k - 1 : k;
      out.without[p][k] = from < 16 ? static_cast<std::uint8_t>(from) : 0x80;
    }
  }
  out.power_at = {1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0, 1e0};
  out.powers_of_ten = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  for (std::size_t k = 0; k < 16; ++k) out.powers_of_tenth[k] = 1 / out.powers_of_ten[k];
  for (std::size_t k = 32; k < 64; ++k) out.zeros_then_ones[k] = 0xFF;
  return out;
}

}  // namespace

extern constexpr NumberTables kNumberTables = make_tables();

}  // namespace talweg
