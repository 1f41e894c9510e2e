// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/chunk_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "talweg/base/numbers.h"
#include "talweg/base/plain_decimal.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/data/number_kernel.h"

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
  numbers_.resize(plan.dense_columns);
  for (std::size_t i = 0; i < plan.layout.features.size(); ++i) {
    const auto column = static_cast<std::uint32_t>(plan.layout.features[i]);
    if (plan.layout.kinds[i] == ColumnKind::numeric) {
      numbers_[plan.places[i]] = column;
    } else {
      texts_.push_back({column, static_cast<std::uint32_t>(i)});
    }
  }
  if (plan.layout.target) numbers_[plan.places.back()] = static_cast<std::uint32_t>(*plan.layout.target);
  all_numbers_ = numbers_.size() == format.columns;
  for (std::size_t j = 0; j < numbers_.size(); ++j) all_numbers_ = all_numbers_ && numbers_[j] == j;
  cells_of_texts_.resize(texts_.size());
}

// A field without its quotes, and without the carriage return of the last field; false where quotes inside it
// are doubled.
template <bool kQuotes>
bool bare(const char*& begin, const char*& end, bool is_last) {
  if (is_last && end != begin && end[-1] == '\r') --end;
  if constexpr (kQuotes) {
    if (begin != end && *begin == '"') {
      ++begin;
      --end;
      return std::find(begin, end, '"') == end;
    }
  }
  return true;
}

// The places of some columns of a run, record by record. Quotes around a field are left out of it, and the
// carriage return behind the last one.
template <bool kQuotes>
void ChunkParser::gather(const Run& run, const std::uint32_t* columns, std::size_t count) {
  const std::size_t width = format_.columns;
  before_.resize(run.records * count);
  ends_.resize(run.records * count);
  std::uint32_t* before = before_.data();
  std::uint32_t* ends = ends_.data();
  for (std::size_t record = 0; record < run.records; ++record) {
    const std::uint32_t* const from = run.before + record * width;
    const std::uint32_t* const to = run.ends + record * width;
    for (std::size_t j = 0; j < count; ++j) {
      const std::uint32_t column = columns[j];
      std::uint32_t begin = from[column];
      std::uint32_t end = to[column];
      if (column + 1 == width && end - begin > 1 && run.text[end - 1] == '\r') --end;
      if constexpr (kQuotes) {
        // Quotes stand at both edges of a field or at none.
        if (end - begin > 2 && run.text[end - 1] == '"') {
          ++begin;
          --end;
        }
      }
      *before++ = begin;
      *ends++ = end;
    }
  }
}

// The values of some columns, row by row; the number of records that have them all. (What a word for a
// missing cell may stand for is not known to be a number.)
template <bool kQuotes>
std::size_t ChunkParser::parse_columns(const Run& run, const std::uint32_t* columns, std::size_t count,
                                       double* values) {
  gather<kQuotes>(run, columns, count);
  const NumberFields fields{run.text, before_.data(), ends_.data(), format_.decimal};
  const std::size_t wanted = run.records * count;
  std::size_t known = wanted;
  if (check_words_) {
    for (std::size_t k = 0; k < known; ++k) {
      const char* const begin = run.text + static_cast<std::uint32_t>(before_[k] + 1);
      if (plan_.cells.is_missing(between(begin, run.text + ends_[k]))) known = k;
    }
  }
  return count == 0 ? run.records : parse_numbers(fields, 0, known, values) / count;
}

// The texts of one record of a run; false where one is missing, or has doubled quotes.
template <bool kQuotes>
bool ChunkParser::find_texts(const Run& run, std::size_t record) {
  const std::size_t width = format_.columns;
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    const std::size_t column = texts_[t].column;
    const std::size_t at = record * width + column;
    const char* from = run.text + static_cast<std::uint32_t>(run.before[at] + 1);
    const char* to = run.text + run.ends[at];
    if (!bare<kQuotes>(from, to, column + 1 == width)) return false;
    cells_of_texts_[t] = between(from, to);
    if (plan_.cells.is_missing(cells_of_texts_[t])) return false;
  }
  return true;
}

// Takes records from the front of the run as far as they are plain; returns how many.
template <bool kQuotes>
std::size_t ChunkParser::take_run(Run run, ParsedRows& rows) {
  if (plan_.text_target) return 0;
  const std::size_t dense = numbers_.size();
  rows.make_room(run.records);
  double* const values = rows.row(rows.rows);
  const std::size_t line_end = run.ends[format_.columns - 1];
  const bool returns = line_end > 0 && run.text[line_end - 1] == '\r';
  if (!kQuotes && all_numbers_ && !returns && !check_words_) {
    const NumberFields fields{run.text, run.before, run.ends, format_.decimal};
    run.records = parse_numbers(fields, 0, run.records * dense, values) / dense;
  } else {
    run.records = parse_columns<kQuotes>(run, numbers_.data(), dense, values);
  }
  if (plan_.layout.weights) {
    weights_.resize(run.records);
    const auto column = static_cast<std::uint32_t>(*plan_.layout.weights);
    run.records = parse_columns<kQuotes>(run, &column, 1, weights_.data());
    const auto begin = weights_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(run.records);
    run.records =
        static_cast<std::size_t>(std::find_if(begin, end, [](double w) { return !(w > 0); }) - begin);
  }
  if (texts_.empty()) {
    rows.add_used(run.records);
  } else {
    for (std::size_t record = 0; record < run.records; ++record) {
      if (!find_texts<kQuotes>(run, record)) {
        run.records = record;
        break;
      }
      // Only now is the row known to be used. Levels are numbered in the order of the features, as RowBuilder
      // does.
      for (std::size_t t = 0; t < texts_.size(); ++t) {
        rows.levels.push_back(rows.levels_found.number(texts_[t].index, cells_of_texts_[t]));
      }
      rows.add_used();
    }
  }
  if (run.records == 0) return 0;
  if (plan_.layout.weights) {
    rows.weights.insert(rows.weights.end(), weights_.begin(),
                        weights_.begin() + static_cast<std::ptrdiff_t>(run.records));
  }
  rows.lines += run.records;
  if constexpr (kQuotes) {
    // Line feeds inside quotes.
    const std::uint32_t* const last = run.ends + run.records * format_.columns - 1;
    rows.lines += static_cast<std::uint64_t>(std::count(
                      run.text + static_cast<std::uint32_t>(*run.before + 1), run.text + *last + 1, '\n')) -
                  run.records;
  }
  return run.records;
}

// The first record of a run, field by field; false where it is not a row of numbers and known texts.
template <bool kQuotes>
bool ChunkParser::take_record(const Run& run, ParsedRows& rows) {
  if (plan_.text_target) return false;
  const std::size_t width = format_.columns;
  const auto number = [&](std::size_t column, double& value) {
    const char* from = run.text + static_cast<std::uint32_t>(run.before[column] + 1);
    const char* to = run.text + run.ends[column];
    if (!bare<kQuotes>(from, to, column + 1 == width)) return false;
    if (check_words_ && plan_.cells.is_missing(between(from, to))) return false;
    if (parse_plain_decimal(from, to, format_.decimal, value)) {
      value += 0.0;  // -0 becomes 0
      return true;
    }
    const ParsedNumber parsed = parse_number(between(from, to), format_.decimal);
    value = parsed.value + 0.0;
    return parsed.status == NumberStatus::ok;
  };
  rows.make_room();
  double* const values = rows.row(rows.rows);
  for (std::size_t j = 0; j < numbers_.size(); ++j) {
    if (!number(numbers_[j], values[j])) return false;
  }
  double weight = 1;
  if (plan_.layout.weights && (!number(*plan_.layout.weights, weight) || !(weight > 0))) return false;
  if (!find_texts<kQuotes>(run, 0)) return false;
  for (std::size_t t = 0; t < texts_.size(); ++t) {
    rows.levels.push_back(rows.levels_found.number(texts_[t].index, cells_of_texts_[t]));
  }
  if (plan_.layout.weights) rows.weights.push_back(weight);
  rows.add_used();
  ++rows.lines;
  if constexpr (kQuotes) {
    const char* const begin = run.text + static_cast<std::uint32_t>(*run.before + 1);
    rows.lines += static_cast<std::uint64_t>(std::count(begin, run.text + run.ends[width - 1], '\n'));
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

// Whether every record has as many fields as there are columns: the line feeds are as many as records, and
// stand where those end.
bool ChunkParser::all_regular(std::string_view text) const {
  const std::size_t columns = format_.columns;
  if (index_.feed_count * columns != index_.field_count) return false;
  const std::uint32_t* end = index_.ends() + (columns - 1);
  for (std::size_t record = 0; record < index_.feed_count; ++record, end += columns) {
    if (text[*end] != '\n') return false;
  }
  return true;
}

// The same of the record whose first field ends at this separator.
bool ChunkParser::is_record(const char* text, std::size_t separator) const {
  const std::size_t columns = format_.columns;
  if (index_.field_count - separator < columns) return false;
  const std::uint32_t* const ends = index_.ends() + separator;
  for (std::size_t c = 0; c + 1 < columns; ++c) {
    if (text[ends[c]] == '\n') return false;
  }
  return text[ends[columns - 1]] == '\n';
}

template <bool kQuotes>
bool ChunkParser::parse_records(std::string_view text, const std::string& file, ParsedRows& rows) {
  const char* const data = text.data();
  const std::size_t columns = format_.columns;
  rows.make_room(index_.feed_count);
  const bool all = all_regular(text);
  // Runs are short where records out of the ordinary follow each other closely, since what has been read
  // behind such a one is read again.
  constexpr std::size_t kShortRun = 4;
  constexpr std::size_t kRunFields = 8192;
  const std::size_t longest = std::max<std::size_t>(1, kRunFields / columns);
  std::size_t length = longest;
  std::size_t separator = 0;
  while (separator < index_.field_count) {
    Run run{data, index_.before() + separator, index_.ends() + separator, 0};
    const std::size_t most = std::min(length, (index_.field_count - separator) / columns);
    if (all) {
      run.records = most;
    } else {
      while (run.records < most && is_record(data, separator + run.records * columns)) ++run.records;
    }
    const std::size_t taken = run.records == 0 ? 0 : take_run<kQuotes>(run, rows);
    separator += taken * columns;
    if (taken > 0 && taken == run.records) {
      length = std::min(longest, 2 * length);
      continue;
    }
    length = std::min(kShortRun, longest);
    run.before = index_.before() + separator;
    run.ends = index_.ends() + separator;
    // An empty line is a gap in a one-column table.
    const bool regular = taken < run.records;
    if (regular && !(columns == 1 && *run.ends == *run.before + 1) && take_record<kQuotes>(run, rows)) {
      separator += columns;
      continue;
    }
    const std::size_t begin = static_cast<std::uint32_t>(*run.before + 1);
    while (data[index_.ends()[separator]] != '\n') ++separator;
    const std::size_t end = index_.ends()[separator++];
    if (!slow_row<kQuotes>(data, begin, end, file, rows)) return false;
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
