// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/words.h"

#include <charconv>

#include "talweg/base/numbers.h"

namespace talweg::cli::words {

bool given(const CLI::App& app, const std::string& option) {
  const CLI::Option* found = app.get_option_no_throw(option);
  return found != nullptr && found->count() > 0;
}

Result<double> number(const std::string& option, const std::string& text) {
  const ParsedNumber parsed = parse_number(text);
  if (parsed.status == NumberStatus::ok) return parsed.value;
  return fail(ErrorKind::usage, fmt::format("{} {} is not a number", option, in_quotes(text)),
              "write it like 0.05 or 1e-8");
}

Result<std::uint64_t> count(const std::string& option, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return value;
  return fail(
      ErrorKind::usage,
      fmt::format("{} {} is not a whole number from 0 to 18446744073709551615", option, in_quotes(text)),
      "write it in digits, like 1000");
}

}  // namespace talweg::cli::words
