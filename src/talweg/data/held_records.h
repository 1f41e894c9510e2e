// SPDX-License-Identifier: Apache-2.0
// Copies of the first records of a table, held until the kinds of the columns are decided and then given out
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/table.h"

namespace talweg {

/// Records are held up to this many bytes: very long ones must not take the memory away.
inline constexpr std::size_t kMostHeldBytes = std::size_t{1} << 28U;

class HeldRecords {
 public:
  /// Of each record the columns at the positions `used` are kept, and its text where `keep_raw`.
  HeldRecords(std::vector<std::size_t> used, std::size_t columns, bool keep_raw);

  void hold(const TableRecord& record);
  [[nodiscard]] bool is_full() const { return bytes_ >= kMostHeldBytes; }
  [[nodiscard]] bool is_empty() const { return records_.empty(); }
  [[nodiscard]] std::size_t size() const { return records_.size(); }
  /// Cell of the column `used[index]` of the record held last (not a bad one).
  [[nodiscard]] std::string_view last_cell(std::size_t index) const { return records_.back().cell(index); }

  /// Gives out the oldest record; it is valid until the next call.
  void take(TableRecord& record);

 private:
  struct Record {
    std::string bytes;                // the used cells, one after another
    std::vector<std::uint32_t> ends;  // of each in `bytes`
    std::vector<double> numbers;
    std::string raw;
    std::uint64_t row = 0;
    std::uint64_t line = 0;
    const std::string* file = nullptr;
    std::optional<Error> bad;

    [[nodiscard]] std::string_view cell(std::size_t index) const {
      const std::size_t from = index == 0 ? 0 : ends[index - 1];
      return std::string_view(bytes).substr(from, ends[index] - from);
    }
  };

  std::vector<std::size_t> used_;
  std::size_t columns_;
  bool keep_raw_;
  std::size_t bytes_ = 0;
  std::deque<Record> records_;
  Record given_;
  std::vector<std::string_view> cells_;
  std::vector<double> numbers_;
};

}  // namespace talweg
