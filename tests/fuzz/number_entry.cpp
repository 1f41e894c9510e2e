// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/entries.h"
#include "fuzz/number_check.h"

namespace talweg::fuzz {

void number(std::span<const std::uint8_t> input) {
  std::vector<std::string> fields(1);
  for (const std::uint8_t byte : input) {
    if (byte == 0) continue;
    if (byte == '\n') {
      fields.emplace_back();
    } else {
      fields.back() += static_cast<char>(byte);
    }
  }
  const std::string wrong = check_numbers(fields);
  if (wrong.empty()) return;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}

}  // namespace talweg::fuzz
