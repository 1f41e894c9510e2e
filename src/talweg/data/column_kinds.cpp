// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/column_kinds.h"

#include <fmt/format.h>

#include "talweg/data/column_roles.h"

namespace talweg {

void KindVote::keep(Example& example, std::string_view cell, const std::string& file, std::uint64_t line) {
  constexpr std::size_t kKept = 200;
  if (example.line > 0) return;
  example = Example{std::string(cell.substr(0, kKept)), file, line};
}

void KindVote::count(std::string_view cell, const CellReader& reader, const std::string& file,
                     std::uint64_t line) {
  if (reader.is_missing(cell)) return;
  ++present_;
  // What overflows is meant as a number: it does not make a column text.
  if (reader.number(cell).status != NumberStatus::not_a_number) {
    ++numbers_;
    ++comma_numbers_;
    return;
  }
  keep(text_, cell, file, line);
  if (!reader.is_decimal_comma(cell)) return;
  ++comma_numbers_;
  keep(comma_, cell, file, line);
}

Error KindVote::decimal_comma_error(const std::string& column) const {
  Error error;
  error.what = fmt::format("{} and others look like numbers with a decimal comma", in_quotes(comma_.cell));
  error.remedy =
      fmt::format("give --decimal , for numbers, or --categorical {} for text", as_option_value(column));
  error.file = comma_.file;
  error.line = comma_.line;
  error.column = column;
  return error;
}

Error KindVote::target_error(const std::string& column) const {
  Error error;
  error.what = fmt::format("the target is text, as in {}; it has to be numeric", in_quotes(text_.cell));
  error.remedy = is_decimal_comma()
                     ? "if the comma is a decimal comma, give --decimal ,"
                     : "name another column with --target, or the word for a missing value with --na";
  error.file = text_.file;
  error.line = text_.line;
  error.column = column;
  return error;
}

}  // namespace talweg
