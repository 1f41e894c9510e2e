// SPDX-License-Identifier: Apache-2.0
// Random texts of all shapes, and the published hard cases, read as numbers by the program, by
// std::from_chars and by std::strtod:  number_differential FIELDS [SEED]
// Prints how many were compared; ends with 1 at the first difference.
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fuzz/hard_numbers.h"
#include "fuzz/number_check.h"

namespace {

using Random = std::mt19937_64;

std::string digits(Random& random, std::size_t count) {
  std::string out;
  for (; count > 0; --count) out += static_cast<char>('0' + random() % 10);
  return out;
}

// Digits with a mark somewhere, behind zeros now and then: the shape of most tables.
std::string plain(Random& random, std::size_t longest) {
  std::string out = random() % 3 == 0 ? "-" : "";
  if (random() % 8 == 0) out += std::string(random() % 6, '0');
  std::string number = digits(random, 1 + random() % longest);
  if (random() % 4 != 0) number.insert(random() % (number.size() + 1), ".");
  if (random() % 16 == 0) number = "0." + std::string(random() % 12, '0') + digits(random, 1 + random() % 12);
  return out + number;
}

double random_double(Random& random) {
  while (true) {
    const auto value = std::bit_cast<double>(random());
    if (std::isfinite(value)) return value;
  }
}

std::string printed(double value, std::chars_format format, int precision) {
  std::array<char, 1200> text{};
  const auto [end, code] =
      precision < 0 ? std::to_chars(text.data(), text.data() + text.size(), value, format)
                    : std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  return code == std::errc() ? std::string(text.data(), end) : "0";
}

// What lies halfway between two doubles, in all its digits or cut short, moved by one in the last place now
// and then.
std::string halfway(Random& random) {
  const double low = random() % 2 == 0
                         ? random_double(random)
                         : std::ldexp(static_cast<double>(random() >> 11U), -static_cast<int>(random() % 80));
  // A long double of x86 has eleven bits more, which is room for the middle.
  const long double middle =
      (static_cast<long double>(low) + static_cast<long double>(std::nextafter(low, 1e308))) / 2;
  std::array<char, 1300> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*Le",
                                   static_cast<int>(random() % 60 + (random() % 8 == 0 ? 700 : 0)), middle);
  std::string out(text.data(), static_cast<std::size_t>(length));
  const std::size_t exponent = out.find('e');
  if (exponent == std::string::npos) return "0";
  char& last = out[exponent - 1];
  if (random() % 2 == 0 && last >= '1' && last <= '8')
    last = static_cast<char>(last + (random() % 2 == 0 ? 1 : -1));
  return out;
}

std::string near_integer(Random& random) {
  const std::uint64_t power = std::uint64_t{1} << random() % 64;
  return std::to_string(power + random() % 5 - 2) +
         (random() % 4 == 0 ? "." + digits(random, random() % 4) : "");
}

std::string hostile(Random& random) {
  static constexpr std::string_view kAlphabet =
      "0123456789012345678901234567890123456789..--++eE  \txnaif,_'\"/:\x80\xFF";
  std::string out;
  for (std::size_t length = random() % 24; length > 0; --length)
    out += kAlphabet[random() % kAlphabet.size()];
  return out;
}

std::string field(Random& random, unsigned shape) {
  switch (shape) {
    case 0:
      return plain(random, 7);
    case 1:
      return plain(random, 15);
    case 2:
      return plain(random, 20);
    case 3:
      return plain(random, 36);
    case 4:
      return printed(random_double(random), std::chars_format::general, -1);
    case 5:
      return printed(random_double(random), std::chars_format::scientific, static_cast<int>(random() % 25));
    case 6:
      return printed(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random()) >> 11),
                                -static_cast<int>(random() % 70)),
                     std::chars_format::fixed, static_cast<int>(random() % 24));
    case 7:
      return halfway(random);
    case 8:
      return near_integer(random);
    case 9:
      return plain(random, 25) + "e" + std::to_string(static_cast<int>(random() % 720) - 360);
    case 10:
      return std::string(random() % 3, ' ') + (random() % 2 == 0 ? "+" : "") + plain(random, 10) +
             std::string(random() % 2, '\t');
    default:
      return hostile(random);
  }
}
constexpr unsigned kShapes = 12;

// Rows of fields; in most, all fields have one shape, as in a table.
void compare(std::uint64_t fields, std::uint64_t seed, std::atomic<std::uint64_t>& compared,
             std::atomic<bool>& differs) {
  Random random(seed);
  constexpr std::size_t kRow = 61;
  std::vector<std::string> row(kRow);
  for (std::uint64_t done = 0; done < fields && !differs; done += kRow) {
    const auto shape = static_cast<unsigned>(random() % (kShapes + 2));
    for (std::string& text : row) {
      text = field(random, shape < kShapes ? shape : static_cast<unsigned>(random() % kShapes));
    }
    const std::string wrong = talweg::fuzz::check_numbers(row);
    if (!wrong.empty()) {
      std::printf("%s\n", wrong.c_str());
      differs = true;
    }
    compared += kRow;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return std::fputs("usage: number_differential FIELDS [SEED]\n", stderr), 2;
  const std::uint64_t fields = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const std::vector<std::string> hard = talweg::fuzz::hard_numbers();
  std::string wrong = talweg::fuzz::check_numbers(hard);
  for (std::size_t k = 0; k < hard.size() && wrong.empty(); ++k) {
    wrong = talweg::fuzz::check_numbers(std::vector<std::string>(9, hard[k]));
  }
  if (!wrong.empty()) return std::printf("%s\n", wrong.c_str()), 1;
  const std::uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::atomic<std::uint64_t> compared{0};
  std::atomic<bool> differs{false};
  std::vector<std::thread> workers;
  for (std::uint64_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] { compare(fields / threads, seed * 1000 + t, compared, differs); });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%llu random fields and %zu hard cases: %s\n", static_cast<unsigned long long>(compared),
              hard.size(), differs ? "a difference" : "no difference");
  return differs ? 1 : 0;
}
