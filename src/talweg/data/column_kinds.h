// SPDX-License-Identifier: Apache-2.0
// The vote of the first cells of a column on its kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "talweg/base/error.h"
#include "talweg/data/cell.h"

namespace talweg {

class KindVote {
 public:
  /// Counts one cell; `file` and `line` say where it stands.
  void count(std::string_view cell, const CellReader& reader, const std::string& file, std::uint64_t line);

  /// Numeric if more than half of the cells that are not missing are numbers, or if there is none.
  [[nodiscard]] bool is_numeric() const { return present_ == 0 || 2 * numbers_ > present_; }
  /// Whether more than half of the cells that are not missing are no numbers.
  [[nodiscard]] bool is_mostly_text() const { return 2 * (present_ - numbers_) > present_; }
  [[nodiscard]] bool has_text() const { return numbers_ < present_; }
  /// Whether more than half would be numbers if the decimal sign were a comma.
  [[nodiscard]] bool is_decimal_comma() const {
    return !comma_.cell.empty() && 2 * comma_numbers_ > present_;
  }

  /// The error of a feature that is text only for its decimal commas. `column` is its name.
  [[nodiscard]] Error decimal_comma_error(const std::string& column) const;
  /// The error of a target that is text.
  [[nodiscard]] Error target_error(const std::string& column) const;

 private:
  struct Example {
    std::string cell;
    std::string file;
    std::uint64_t line = 0;
  };
  static void keep(Example& example, std::string_view cell, const std::string& file, std::uint64_t line);

  std::uint64_t present_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint64_t comma_numbers_ = 0;
  Example text_;   // the first cell that is no number
  Example comma_;  // the first that is one with a decimal comma
};

}  // namespace talweg
