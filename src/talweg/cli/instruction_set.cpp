// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/instruction_set.h"

#include <fmt/format.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace talweg::cli {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

Result<void> choose_instruction_set(const char* name) {
  if (name == nullptr || *name == '\0') return {};
  std::string known;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (equal_ignoring_case(name, hwy::TargetName(target))) {
      hwy::DisableTargets(~target);
      return {};
    }
    known += fmt::format("{}{}", known.empty() ? "" : ", ", hwy::TargetName(target));
  }
  return fail(ErrorKind::usage,
              fmt::format("{} is \"{}\", which this program on this machine does not have",
                          kInstructionSetVariable, name),
              fmt::format("unset it, or set it to one of {}", known));
}

}  // namespace talweg::cli
