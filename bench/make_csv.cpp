// SPDX-License-Identifier: Apache-2.0
// A table for measurements on standard output:
//   make_csv ROWS NUMERIC_COLUMNS DIGITS [TEXT_COLUMNS LEVELS | labels]
// The target `y` is a linear function of the numeric columns plus noise; with `labels` it is 1 with the
// logistic probability of a linear function f of columns of standard deviation 1, else 0. The same arguments
// give the same bytes.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/random.h"

namespace {

// A cheap stream is enough here: splitmix64 seeded by the row.
double noise(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53 - 0.5;
}

}  // namespace

int main(int argc, char** argv) {
  const bool labels = argc == 5 && std::string_view(argv[4]) == "labels";
  if (argc != 4 && argc != 6 && !labels) {
    return std::fputs("usage: make_csv ROWS NUMERIC_COLUMNS DIGITS [TEXT_COLUMNS LEVELS | labels]\n", stderr),
           2;
  }
  const auto number = [&](int k) { return argc > k ? std::strtoull(argv[k], nullptr, 10) : 0ULL; };
  const std::uint64_t rows = number(1);
  const std::uint64_t columns = number(2);
  const int digits = static_cast<int>(number(3));
  const std::uint64_t texts = labels ? 0 : number(4);
  const std::uint64_t levels = labels ? 1 : number(5);
  std::string out;
  for (std::uint64_t j = 0; j < columns; ++j) out += fmt::format("x{},", j + 1);
  for (std::uint64_t j = 0; j < texts; ++j) out += fmt::format("c{},", j + 1);
  out += "y\n";
  std::uint64_t state = 1;
  for (std::uint64_t r = 0; r < rows; ++r) {
    double y = labels ? 0 : 10;
    for (std::uint64_t j = 0; j < columns; ++j) {
      const auto place = static_cast<double>(j);
      const double x = labels ? noise(state) * std::sqrt(12.0) : noise(state) * (10 + place) + place;
      y += labels ? x * std::cos(place) / 2 : x / (place + 1);
      fmt::format_to(std::back_inserter(out), "{:.{}g},", x, digits);
    }
    for (std::uint64_t j = 0; j < texts; ++j) {
      fmt::format_to(std::back_inserter(out), "level{},", talweg::random_bits(7, j, r) % levels);
    }
    if (labels) {
      out += noise(state) + 0.5 < 1 / (1 + std::exp(-y)) ? "1\n" : "0\n";
    } else {
      fmt::format_to(std::back_inserter(out), "{:.{}g}\n", y + noise(state), digits);
    }
    if (out.size() > (std::size_t{1} << 20U)) {
      if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 1;
      out.clear();
    }
  }
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
