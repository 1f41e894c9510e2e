// SPDX-License-Identifier: Apache-2.0
#include "fuzz/number_check.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "talweg/base/numbers.h"
#include "talweg/base/plain_decimal.h"
#include "talweg/data/number_kernel.h"

namespace talweg::fuzz {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

std::string difference(const std::string& field, const char* reader, double found, double wanted) {
  char text[160];
  std::snprintf(text, sizeof text, ": %s reads %a, expected %a", reader, found, wanted);
  return "<" + field + ">" + text;
}

}  // namespace

std::optional<double> expected_number(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  const std::string_view magnitude = text.substr(text.starts_with('-') ? 1 : 0);
  const bool words =
      magnitude.empty() || !((magnitude[0] >= '0' && magnitude[0] <= '9') || magnitude[0] == '.');
  if (words) return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  const double other = std::strtod(std::string(text).c_str(), nullptr);
  // Out of range is both too large and too small to it.
  if (code == std::errc::result_out_of_range) value = other;
  if (bits(value) != bits(other)) {
    std::fprintf(stderr, "<%s>: std::from_chars %a, std::strtod %a\n", std::string(text).c_str(), value,
                 other);
    std::abort();
  }
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::string check_numbers(const std::vector<std::string>& fields) {
  std::vector<std::optional<double>> wanted;
  std::string text(kPlainDecimalHeadroom, '7');
  std::vector<std::uint32_t> places = {0xFFFFFFFFU};
  for (const std::string& field : fields) {
    wanted.push_back(expected_number(field));
    const ParsedNumber parsed = parse_number(field);
    if ((parsed.status == NumberStatus::ok) != wanted.back().has_value()) {
      return "<" + field + ">: " + (wanted.back() ? "is a number" : "is no number");
    }
    if (wanted.back() && bits(*wanted.back()) != bits(parsed.value)) {
      return difference(field, "parse_number", parsed.value, *wanted.back());
    }
    text += field;
    places.push_back(static_cast<std::uint32_t>(text.size() - kPlainDecimalHeadroom));
    text += ',';
  }
  const NumberFields in_text{text.data() + kPlainDecimalHeadroom, places.data(), places.data() + 1, '.'};
  const std::size_t count = fields.size();
  std::vector<double> values(count), plain(count);
  for (std::size_t first = 0; first < count;) {
    const std::size_t stopped = parse_numbers(in_text, first, count, values.data());
    if (stopped != parse_numbers_reference(in_text, first, count, plain.data())) {
      return "<" + fields[std::min(stopped, count - 1)] +
             "> or a field before it: read by the kernel or by its reference alone";
    }
    for (std::size_t k = first; k < stopped; ++k) {
      if (!wanted[k]) return "<" + fields[k] + ">: is no number, but the kernel reads it";
      if (bits(values[k]) != bits(*wanted[k] + 0.0)) {
        return difference(fields[k], "the kernel", values[k], *wanted[k]);
      }
      if (bits(plain[k]) != bits(values[k])) {
        return difference(fields[k], "the kernel's reference", plain[k], values[k]);
      }
    }
    first = stopped + 1;
  }
  return {};
}

}  // namespace talweg::fuzz
