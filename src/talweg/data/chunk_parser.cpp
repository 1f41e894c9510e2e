// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/chunk_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "talweg/base/numbers.h"
#include "talweg/base/short_decimal.h"
#include "talweg/data/csv_scanner.h"

namespace talweg {
namespace {

// The set bits of the masks, one after another.
class Cursor {
 public:
  explicit Cursor(const std::uint64_t* masks) : masks_(masks), bits_(masks[0]) {}
  // There has to be one more.
  std::size_t next() {
    while (bits_ == 0) bits_ = masks_[++word_];
    const std::size_t at = word_ * kMaskBytes + static_cast<std::size_t>(std::countr_zero(bits_));
    bits_ &= bits_ - 1;
    return at;
  }

 private:
  const std::uint64_t* masks_;
  std::size_t word_ = 0;
  std::uint64_t bits_;
};

bool is_blank(std::string_view text, char delimiter) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return (c == ' ' || c == '\t') && c != delimiter; });
}

}  // namespace

ChunkParser::ChunkParser(const RowPlan& plan, const ChunkFormat& format)
    : plan_(plan),
      format_(format),
      fields_(format.columns),
      builder_(plan),
      ends_(format.columns),
      check_words_(plan.cells.has_numeric_words()) {
  std::uint32_t dense = 0;
  for (std::size_t i = 0; i < plan.layout.features.size(); ++i) {
    if (plan.layout.kinds[i] == ColumnKind::numeric) {
      fields_[plan.layout.features[i]] = {Role::number, dense++};
    } else {
      fields_[plan.layout.features[i]] = {Role::text, static_cast<std::uint32_t>(text_features_.size())};
      text_features_.push_back(i);
    }
  }
  texts_.resize(text_features_.size());
  fields_[plan.layout.target] = {Role::number, dense};
  if (plan.layout.weights) fields_[*plan.layout.weights] = {Role::weight, 0};
}

// One record whose fields end at ends_. False where anything is out of the ordinary; `rows` is untouched
// then.
template <bool kQuotes>
bool ChunkParser::fast_row(const char* text, std::size_t begin, double* values, ParsedRows& rows) {
  const char* field = text + begin;
  const std::size_t last = fields_.size() - 1;
  for (std::size_t c = 0; c <= last; ++c) {
    const char* end = text + ends_[c];
    const char* const next = end + 1;
    if (c == last && end != field && end[-1] == '\r') --end;
    const Field& role = fields_[c];
    if constexpr (kQuotes) {
      if (role.role != Role::none && field != end && *field == '"') {
        ++field;
        --end;
        if (role.role == Role::text && std::find(field, end, '"') != end) return false;
      }
    }
    switch (role.role) {
      case Role::none:
        break;
      case Role::number: {
        double& value = values[role.index];
        const std::size_t size = static_cast<std::size_t>(end - field);
        if (check_words_ && plan_.cells.is_missing({field, size})) return false;
        if (parse_short_decimal(field, end, format_.decimal, value)) break;
        const ParsedNumber parsed = parse_number({field, size}, format_.decimal);
        if (parsed.status != NumberStatus::ok) return false;
        value = parsed.value;
        break;
      }
      case Role::weight:
        if (check_words_ && plan_.cells.is_missing({field, static_cast<std::size_t>(end - field)}))
          return false;
        if (!parse_short_decimal(field, end, format_.decimal, weight_) || !(weight_ > 0)) return false;
        break;
      case Role::text: {
        const std::string_view cell(field, static_cast<std::size_t>(end - field));
        if (plan_.cells.is_missing(cell)) return false;
        texts_[role.index] = cell;
        break;
      }
    }
    field = next;
  }
  // Only now is the row known to be used. Levels are numbered in the order of the features, as RowBuilder
  // does.
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    rows.levels.push_back(rows.levels_found.number(text_features_[t], texts_[t]));
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
  } else if (cells_.size() != fields_.size()) {
    bad = ragged_error(cells_.size(), fields_.size());
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
  Cursor cursor(masks_.data());
  const std::size_t columns = fields_.size();
  const std::size_t dense = plan_.dense_columns;
  const bool weighted = plan_.layout.weights.has_value();
  std::size_t begin = 0;
  while (begin < text.size()) {
    // As many separators as there are columns, the last one a line feed and no other.
    bool regular = true;
    std::size_t at = 0;
    std::size_t c = 0;
    for (; c < columns; ++c) {
      at = cursor.next();
      ends_[c] = static_cast<std::uint32_t>(at);
      if (data[at] == '\n') break;
    }
    if (c + 1 != columns) {
      regular = false;
      while (data[at] != '\n') at = cursor.next();
    }
    const std::size_t end = at;
    const std::size_t start = rows.rows * dense;
    if (regular) {
      rows.make_room();
      regular =
          !(columns == 1 && end == begin) && fast_row<kQuotes>(data, begin, rows.values.data() + start, rows);
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
    } else {
      if (!slow_row<kQuotes>(data, begin, end, file, rows)) return false;
    }
    begin = end + 1;
  }
  return true;
}

ChunkParser::Outcome ChunkParser::parse(std::string_view text, const std::string& file, ParsedRows& rows) {
  masks_.resize(text.size() / kMaskBytes + 1);
  const SeparatorSummary summary =
      find_separators(text.data(), text.size(), format_.delimiter, masks_.data());
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
