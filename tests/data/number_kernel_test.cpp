// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/number_kernel.h"

#include <hwy/targets.h>

#include <array>
#include <bit>

#include "data/testing.h"
#include "talweg/base/numbers.h"
#include "talweg/base/plain_decimal.h"

namespace talweg::testing {
namespace {

// Fields side by side, read by both; what they answer has the bits of parse_number.
void compare(const std::vector<std::string>& cells, char decimal) {
  std::string text(kPlainDecimalHeadroom, '7');
  const std::size_t headroom = text.size();
  std::vector<std::uint32_t> places = {0xFFFFFFFFU};
  for (const std::string& cell : cells) {
    text += cell;
    places.push_back(static_cast<std::uint32_t>(text.size() - headroom));
    text += ',';
  }
  const NumberFields fields{text.data() + headroom, places.data(), places.data() + 1, decimal};
  const std::size_t count = cells.size();
  for (std::size_t first = 0; first < count;) {
    std::vector<double> values(count), plain_values(count);
    const std::size_t stopped = parse_numbers(fields, first, count, values.data());
    ASSERT_EQ(stopped, parse_numbers_reference(fields, first, count, plain_values.data())) << text;
    for (std::size_t k = first; k < stopped; ++k) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(values[k]), std::bit_cast<std::uint64_t>(plain_values[k]))
          << cells[k];
      const ParsedNumber number = parse_number(cells[k], decimal);
      ASSERT_EQ(number.status, NumberStatus::ok) << cells[k];
      ASSERT_EQ(std::bit_cast<std::uint64_t>(values[k]), std::bit_cast<std::uint64_t>(number.value + 0.0))
          << cells[k];
    }
    first = stopped + 1;
  }
}

std::string random_cell(std::mt19937& random, std::size_t longest, unsigned strange, char decimal) {
  const std::string_view all = "0123456789.,-+eE x:/\"\x80\xFF";
  std::string cell = random() % 3 == 0 ? "-" : "";
  const std::size_t length = random() % (longest + 1);
  const std::size_t point = random() % (longest + 4);
  const std::size_t zeros = random() % 4 == 0 ? random() % (longest + 1) : 0;
  for (std::size_t i = 0; i < length; ++i) {
    cell += i == point                               ? decimal
            : strange > 0 && random() % strange == 0 ? all[random() % all.size()]
            : i < zeros                              ? '0'
                                                     : static_cast<char>('0' + random() % 10);
  }
  return cell;
}

// Groups in which every field is plain, and of one length or another, besides hostile ones.
void compare_random(std::uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    const char decimal = random() % 4 == 0 ? ',' : '.';
    const std::size_t longest = std::array<std::size_t, 5>{6, 8, 15, 20, 34}[random() % 5];
    const unsigned strange = std::array<unsigned, 3>{0, 30, 300}[random() % 3];
    std::vector<std::string> cells;
    for (std::size_t count = 1 + random() % 20; count > 0; --count) {
      std::string cell = random_cell(random, longest, strange, decimal);
      if (strange == 0 && (cell.empty() || cell == "-" || cell == std::string(1, decimal))) cell = "0";
      cells.push_back(std::move(cell));
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
    // Every length and place of the mark, eight times, so that groups are whole.
    for (std::size_t length = 1; length <= 33; ++length) {
      for (std::size_t mark = 0; mark <= length; ++mark) {
        for (const char* sign : {"", "-"}) {
          std::string cell = std::string("123456789012345678901234567890123").substr(0, length);
          if (mark < length) cell[mark] = '.';
          compare(std::vector<std::string>(8, sign + cell), '.');
          compare(std::vector<std::string>(8, sign + std::string(length > 9 ? length - 9 : 0, '0') + cell),
                  '.');
        }
      }
    }
    compare_random(61, 100'000);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg::testing
