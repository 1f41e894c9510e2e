// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/chunk_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "talweg/base/numbers.h"
#include "talweg/base/short_decimal.h"
#include "talweg/data/csv_scanner.h"

namespace talweg {
namespace {

bool is_blank(std::string_view text, char delimiter) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return (c == ' ' || c == '\t') && c != delimiter; });
}

std::string_view between(const char* from, const char* to) {
  return {from, static_cast<std::size_t>(to - from)};
}

}  // namespace

ChunkParser::ChunkParser(const RowPlan& plan, const ChunkFormat& format)
    : plan_(plan), format_(format), builder_(plan), check_words_(plan.cells.has_numeric_words()) {
  std::uint32_t dense = 0;
  for (std::size_t i = 0; i < plan.layout.features.size(); ++i) {
    const auto column = static_cast<std::uint32_t>(plan.layout.features[i]);
    if (plan.layout.kinds[i] == ColumnKind::numeric) {
      numbers_.push_back({column, dense++});
    } else {
      texts_.push_back({column, static_cast<std::uint32_t>(i)});
    }
  }
  numbers_.push_back({static_cast<std::uint32_t>(plan.layout.target), dense});
  // In the order of the file the bytes are touched once.
  std::sort(numbers_.begin(), numbers_.end(),
            [](const NumberField& a, const NumberField& b) { return a.column < b.column; });
  cells_of_texts_.resize(texts_.size());
  powers_.resize(plan.dense_columns);
}

// A field without its quotes; false where quotes inside it are doubled.
template <bool kQuotes>
bool ChunkParser::bare(const char*& begin, const char*& end) {
  if constexpr (kQuotes) {
    if (begin != end && *begin == '"') {
      ++begin;
      --end;
      return std::find(begin, end, '"') == end;
    }
  }
  return true;
}

// One record of as many fields as there are columns; field c ends at ends[c]. False where anything is out of
// the ordinary; `rows` is untouched then.
template <bool kQuotes>
bool ChunkParser::fast_row(const char* text, std::size_t begin, const std::uint32_t* ends, double* values,
                           ParsedRows& rows) {
  const std::size_t last = format_.columns - 1;
  const auto field = [&](std::uint32_t column, const char*& from, const char*& to) {
    from = text + (column == 0 ? begin : ends[column - 1] + 1);
    to = text + ends[column];
    if (column == last && to != from && to[-1] == '\r') --to;
    return bare<kQuotes>(from, to);
  };
  const char* from = nullptr;
  const char* to = nullptr;
  // Where quotes or words for missing cells may stand, and before a carriage return, fields are looked at one
  // by one.
  const std::size_t count = numbers_.size();
  const bool returns = text[ends[last] - 1] == '\r' && ends[last] != begin;
  const std::size_t at_once = kQuotes || check_words_                     ? 0
                              : returns && numbers_.back().column == last ? count - 1
                                                                          : count;
  const NumberRow row{text, begin, ends, format_.decimal};
  for (std::size_t k = 0; k < count; ++k) {
    if (k < at_once) k = parse_numbers(row, numbers_.data(), k, at_once, values, powers_.data());
    if (k == count) break;
    const NumberField& number = numbers_[k];
    if (!field(number.column, from, to)) return false;
    if (check_words_ && plan_.cells.is_missing(between(from, to))) return false;
    const ParsedNumber parsed = parse_number(between(from, to), format_.decimal);
    if (parsed.status != NumberStatus::ok) return false;
    values[number.index] = parsed.value;
    powers_[number.index] = 1;
  }
  if (plan_.layout.weights) {
    if (!field(static_cast<std::uint32_t>(*plan_.layout.weights), from, to)) return false;
    if (check_words_ && plan_.cells.is_missing(between(from, to))) return false;
    if (!parse_short_decimal(from, to, format_.decimal, weight_) || !(weight_ > 0)) return false;
  }
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    if (!field(texts_[t].column, from, to)) return false;
    cells_of_texts_[t] = between(from, to);
    if (plan_.cells.is_missing(cells_of_texts_[t])) return false;
  }
  for (std::size_t j = 0; j < powers_.size(); ++j) values[j] /= powers_[j];
  // Only now is the row known to be used. Levels are numbered in the order of the features, as RowBuilder
  // does.
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    rows.levels.push_back(rows.levels_found.number(texts_[t].index, cells_of_texts_[t]));
  }
  return true;
}

// The record [begin, end) through RowBuilder.
template <bool kQuotes>
bool ChunkParser::slow_row(const char* text, std::size_t begin, std::size_t end, const std::string& file,
                           ParsedRows& rows) {
  const std::string_view whole(text + begin, end - begin);
  std::string_view raw = whole;
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  cells_.clear();
  unescaped_.clear();
  unescaped_.reserve(raw.size());
  std::size_t from = 0;
  bool inside = false;
  for (std::size_t i = 0; i <= raw.size(); ++i) {
    if (i < raw.size() && kQuotes && raw[i] == '"') inside = !inside;
    if (i < raw.size() && (raw[i] != format_.delimiter || inside)) continue;
    std::string_view cell = raw.substr(from, i - from);
    if (kQuotes && cell.starts_with('"')) {
      cell = cell.substr(1, cell.size() - 2);
      if (cell.find('"') != std::string_view::npos) {
        const std::size_t start = unescaped_.size();
        for (std::size_t k = 0; k < cell.size(); ++k) {
          unescaped_ += cell[k];
          if (cell[k] == '"') ++k;
        }
        cell = std::string_view(unescaped_).substr(start);
      }
    }
    cells_.push_back(cell);
    from = i + 1;
  }
  const std::uint64_t line = rows.lines + 1;
  rows.lines += 1 + (kQuotes ? static_cast<std::uint64_t>(std::count(raw.begin(), raw.end(), '\n')) : 0);
  const bool quoted = kQuotes && raw.find('"') != std::string_view::npos;
  if (cells_.size() == 1 && !quoted && !format_.keep_blank_lines && is_blank(raw, format_.delimiter))
    return true;
  TableRecord record;
  record.cells = cells_;
  record.line = line;
  record.file = &file;
  record.raw = raw;
  Error bad;
  if (cells_.size() > kMostFields) {
    bad = too_many_fields_error();
  } else if (cells_.size() != format_.columns) {
    bad = ragged_error(cells_.size(), format_.columns);
  }
  if (!bad.what.empty()) {
    bad.file = file;
    bad.line = line;
    record.bad = &bad;
  }
  return builder_.take(record, rows);
}

template <bool kQuotes>
bool ChunkParser::parse_records(std::string_view text, const std::string& file, ParsedRows& rows) {
  const char* const data = text.data();
  const std::size_t columns = format_.columns;
  const bool weighted = plan_.layout.weights.has_value();
  rows.make_room(index_.feed_count);
  rows.level_end.reserve(rows.rows + index_.feed_count);
  rows.record.reserve(rows.rows + index_.feed_count);
  const std::uint32_t* ends = index_.fields.data();
  const std::uint32_t* const no_more = ends + index_.field_count;
  std::size_t begin = 0;
  for (std::size_t record = 0; record < index_.feed_count; ++record) {
    const std::size_t end = index_.feeds[record];
    // As many separators as there are columns, the last one the line feed.
    bool regular = static_cast<std::size_t>(no_more - ends) >= columns && ends[columns - 1] == end;
    if (regular) {
      rows.make_room();
      // An empty line is a gap in a one-column table.
      regular =
          !(columns == 1 && end == begin) &&
          fast_row<kQuotes>(data, begin, ends, rows.values.data() + rows.rows * plan_.dense_columns, rows);
      ends += columns;
    } else {
      while (*ends != end) ++ends;
      ++ends;
    }
    if (regular) {
      rows.level_end.push_back(static_cast<std::uint32_t>(rows.levels.size()));
      if (weighted) rows.weights.push_back(weight_);
      rows.record.push_back(static_cast<std::uint32_t>(rows.records));
      ++rows.rows;
      ++rows.records;
      ++rows.lines;
      if constexpr (kQuotes) {
        rows.lines += static_cast<std::uint64_t>(std::count(data + begin, data + end, '\n'));
      }
    } else if (!slow_row<kQuotes>(data, begin, end, file, rows)) {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

ChunkParser::Outcome ChunkParser::parse(std::string_view text, const std::string& file, ParsedRows& rows) {
  const SeparatorSummary summary = find_separators(text.data(), text.size(), format_.delimiter, index_);
  if (summary.irregular) return Outcome::irregular;
  if (summary.ends_in_quotes) return Outcome::cut_short;
  if (summary.has_quotes) {
    parse_records<true>(text, file, rows);
  } else {
    parse_records<false>(text, file, rows);
  }
  return Outcome::parsed;
}

}  // namespace talweg
