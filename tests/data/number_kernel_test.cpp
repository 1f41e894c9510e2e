// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/number_kernel.h"

#include <hwy/targets.h>

#include <bit>

#include "data/testing.h"
#include "talweg/base/short_decimal.h"

namespace talweg::testing {
namespace {

// One row of fields, read by both.
void compare(const std::vector<std::string>& cells, char decimal) {
  std::string text(kShortDecimalHeadroom, '7');
  const std::size_t begin = text.size();
  std::vector<std::uint32_t> ends;
  std::vector<NumberField> fields;
  for (const std::string& cell : cells) {
    text += cell;
    ends.push_back(static_cast<std::uint32_t>(text.size()));
    text += ',';
    fields.push_back({static_cast<std::uint32_t>(fields.size()), static_cast<std::uint32_t>(fields.size())});
  }
  const NumberRow row{text.data(), begin, ends.data(), decimal};
  const std::size_t count = cells.size();
  for (std::size_t first = 0; first < count;) {
    std::vector<double> values(count), powers(count), plain_values(count), plain_powers(count);
    const std::size_t stopped = parse_numbers(row, fields.data(), first, count, values.data(), powers.data());
    ASSERT_EQ(stopped, parse_numbers_reference(row, fields.data(), first, count, plain_values.data(),
                                               plain_powers.data()))
        << text;
    for (std::size_t k = first; k < stopped; ++k) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(values[k]), std::bit_cast<std::uint64_t>(plain_values[k]))
          << cells[k];
      ASSERT_EQ(powers[k], plain_powers[k]) << cells[k];
    }
    first = stopped + 1;
  }
}

void compare_random(std::uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  const std::string_view all = "0123456789.,-+eE x:/\"\x80\xFF";
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::string> cells;
    const char decimal = random() % 4 == 0 ? ',' : '.';
    for (std::size_t count = 1 + random() % 6; count > 0; --count) {
      std::string cell = random() % 3 == 0 ? "-" : "";
      const std::size_t point = random() % 20;
      for (std::size_t i = 0, length = random() % 19; i < length; ++i) {
        const bool strange = random() % 40 == 0;
        cell += i == point ? decimal
                : strange  ? all[random() % all.size()]
                           : static_cast<char>('0' + random() % 10);
      }
      cells.push_back(cell);
    }
    compare(cells, decimal);
  }
}

TEST(NumberKernel, AnswersAsTheReferenceOnEveryTargetOfThisMachine) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    compare({"0", "-1", "12345678", "123456789", "1234567890123456", "9007199254740992", "9007199254740993",
             ".5", "5.", "-.5", ".", "-", "", "1.2.3", "123456789012345.", ".123456789012345",
             "12345678901234567", "-0", "0.000000000000001"},
            '.');
    compare_random(61, 100'000);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg::testing
