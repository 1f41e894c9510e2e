// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/first_look.h"

#include <algorithm>
#include <vector>

#include "talweg/data/chunk_parser.h"
#include "talweg/data/number_kernel.h"
#include "talweg/data/separators.h"

namespace talweg {

std::size_t bytes_of_settling_rows(std::string_view start) {
  constexpr std::size_t kMost = std::size_t{1} << 22U;
  const auto lines = static_cast<std::size_t>(std::count(start.begin(), start.end(), '\n'));
  if (lines == 0) return 0;
  // Lines differ in length: a tenth more.
  const std::size_t bytes = start.size() / lines * kSettlingRows;
  const std::size_t wanted = bytes + bytes / 10 + 1;
  return wanted > kMost ? 0 : wanted;
}

bool are_plainly_numeric(std::string_view text, const TextShape& shape, std::span<const std::size_t> judged,
                         const CellReader& cells) {
  if (cells.has_numeric_words() || shape.columns == 0) return false;
  std::vector<char> bytes(kChunkHead + text.size() + kChunkTail);
  std::copy(text.begin(), text.end(), bytes.begin() + kChunkHead);
  const char* const data = bytes.data() + kChunkHead;
  SeparatorIndex index;
  const SeparatorSummary summary = find_separators(data, text.size(), shape.delimiter, index);
  const std::size_t width = shape.columns;
  if (summary.has_quotes || summary.irregular || index.field_count / width < kSettlingRows) return false;
  std::vector<std::uint32_t> before;
  std::vector<std::uint32_t> ends;
  before.reserve(kSettlingRows * judged.size());
  ends.reserve(kSettlingRows * judged.size());
  for (std::size_t record = 0; record < kSettlingRows; ++record) {
    const std::uint32_t* const from = index.before() + record * width;
    const std::uint32_t* const to = index.ends() + record * width;
    for (std::size_t j = 0; j < width; ++j) {
      if ((data[to[j]] == '\n') != (j + 1 == width)) return false;
    }
    for (const std::size_t column : judged) {
      std::uint32_t end = to[column];
      // (before wraps around for the very first field)
      const std::uint32_t begin = from[column] + 1;
      if (column + 1 == width && end > begin && data[end - 1] == '\r') --end;
      before.push_back(from[column]);
      ends.push_back(end);
    }
  }
  std::vector<double> values(before.size());
  const NumberFields fields{data, before.data(), ends.data(), shape.decimal};
  return parse_numbers(fields, 0, values.size(), values.data()) == values.size();
}

}  // namespace talweg
