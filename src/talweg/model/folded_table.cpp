// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/folded_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"
#include "talweg/data/level_table.h"
#include "talweg/version.h"

namespace talweg {
namespace {

std::string rows_text(const FoldedTable& table) {
  return fmt::format("rows {} to {}", grouped(table.first_row), grouped(table.end_row() - 1));
}

// Levels per text column, as far as a row has them.
void count_levels(FoldedTable& table) {
  for (ColumnInfo& column : table.columns) column.levels = 0;
  for (const Level& level : table.levels) {
    if (!level.gap) ++table.columns[level.column].levels;
  }
}

Result<void> check_fit_together(const NamedTable& first, const NamedTable& other) {
  const FoldedTable& a = first.table;
  const FoldedTable& b = other.table;
  for (std::size_t j = 0; j < std::max(a.columns.size(), b.columns.size()); ++j) {
    const bool both = j < a.columns.size() && j < b.columns.size();
    if (both && a.columns[j].name == b.columns[j].name) continue;
    const auto name = [j](const FoldedTable& table) {
      return j < table.columns.size() ? in_quotes(table.columns[j].name) : std::string("none");
    };
    return fail(moments_error(other.name,
                              fmt::format("the columns differ: column {} is {}, in {} it is {}", j + 1,
                                          name(b), first.name, name(a)),
                              "fold every part with the same columns in the same order"));
  }
  for (std::size_t j = 0; j < a.columns.size(); ++j) {
    if (a.columns[j].kind == b.columns[j].kind) continue;
    const std::string value = as_option_value(a.columns[j].name);
    return fail(moments_error(
        other.name,
        fmt::format("the column holds {}, in {} it holds {}", folded_kind_name(b.columns[j].kind), first.name,
                    folded_kind_name(a.columns[j].kind)),
        fmt::format("say --categorical {0} or --numeric {0} when folding every part", value),
        a.columns[j].name));
  }
  if (a.weights != b.weights) {
    const auto text = [](const std::string& weights) {
      return weights.empty() ? std::string("without weights") : "with the weights " + in_quotes(weights);
    };
    return fail(moments_error(
        other.name, fmt::format("was folded {}, {} {}", text(b.weights), first.name, text(a.weights)),
        "fold every part with the same --weights"));
  }
  if (a.missing != b.missing) {
    return fail(moments_error(other.name,
                              fmt::format("was folded with --missing {}, {} with --missing {}",
                                          missing_name(b.missing), first.name, missing_name(a.missing)),
                              "fold every part with the same --missing"));
  }
  if (a.missing_words != b.missing_words || a.bad_rows != b.bad_rows) {
    const std::string option = a.missing_words != b.missing_words ? "--na" : "--bad-rows";
    return fail(moments_error(other.name,
                              fmt::format("was folded with another {} than {}", option, first.name),
                              fmt::format("fold every part with the same {}", option)));
  }
  return {};
}

// Numbers of `from`'s levels among those of `to`, which gets the ones it did not know in their order: the
// order of first appearance in the rows of both.
std::vector<std::uint32_t> unite_levels(FoldedTable& to, const FoldedTable& from) {
  LevelTable known(to.columns.size());
  const auto number = [&](const Level& level) {
    return level.gap ? known.gap(level.column) : known.number(level.column, level.text);
  };
  for (const Level& level : to.levels) static_cast<void>(number(level));
  std::vector<std::uint32_t> numbers;
  for (const Level& level : from.levels) numbers.push_back(number(level));
  to.levels = known.levels();
  return numbers;
}

void renumber(TableHash& hash, const std::vector<std::uint32_t>& numbers) {
  std::vector<HashSum> levels;
  for (std::size_t k = 0; k < hash.levels.size(); ++k) {
    if (levels.size() <= numbers[k]) levels.resize(numbers[k] + std::size_t{1});
    levels[numbers[k]] = hash.levels[k];
  }
  hash.levels = std::move(levels);
}

// The hash of rows whose place is not known: it depends on the order of the parts, and is not that of one
// table.
void chain(HashSum& left, const HashSum& right) {
  Fingerprint both;
  both.add_sum(left);
  both.add_sum(right);
  const std::string digits = both.digest();
  left.high = std::stoull(digits.substr(0, 16), nullptr, 16);
  left.low = std::stoull(digits.substr(16), nullptr, 16);
}

void chain(std::vector<HashSum>& left, std::vector<HashSum> right) {
  const std::size_t size = std::max(left.size(), right.size());
  left.resize(size);
  right.resize(size);
  for (std::size_t k = 0; k < size; ++k) chain(left[k], right[k]);
}

void add_audit(FoldedTable& to, const FoldedTable& from) {
  to.audit.records += from.audit.records;
  to.audit.rows += from.audit.rows;
  to.audit.rows_rejected += from.audit.rows_rejected;
  to.audit.rows_missing += from.audit.rows_missing;
  to.audit.rows_weightless += from.audit.rows_weightless;
  to.audit.gap_sets.add(from.audit.gap_sets);
  for (std::size_t j = 0; j < to.columns.size(); ++j) {
    to.columns[j].missing += from.columns[j].missing;
    to.columns[j].named = to.columns[j].named && from.columns[j].named;
  }
}

// Placed parts in the order of their rows, without gap or overlap.
Result<void> put_in_order(std::vector<NamedTable>& parts) {
  std::stable_sort(parts.begin(), parts.end(), [](const NamedTable& a, const NamedTable& b) {
    return a.table.first_row < b.table.first_row;
  });
  for (std::size_t k = 1; k < parts.size(); ++k) {
    const NamedTable& before = parts[k - 1];
    const NamedTable& after = parts[k];
    const std::uint64_t end = before.table.end_row();
    if (after.table.first_row == end) continue;
    if (after.table.first_row < end) {
      return fail(moments_error(after.name,
                                fmt::format("holds {}, {} holds {}: they overlap", rows_text(after.table),
                                            before.name, rows_text(before.table)),
                                "give every part once, each folded with its own --first-row"));
    }
    return fail(moments_error(
        after.name,
        fmt::format("begins at row {}, {} ends before row {}: {} rows are missing between them",
                    grouped(after.table.first_row), before.name, grouped(end),
                    grouped(after.table.first_row - end)),
        end % kBlockRows != 0 ? fmt::format("parts but the last have a multiple of {} records", kBlockRows)
                              : "give the part between them, too"));
  }
  return {};
}

Error too_many_levels(const FoldedTable& table, const std::string& name) {
  const auto largest =
      std::max_element(table.columns.begin(), table.columns.end(),
                       [](const ColumnInfo& a, const ColumnInfo& b) { return a.levels < b.levels; });
  return moments_error(
      name,
      fmt::format("the parts together have more than {} features (numeric columns, levels and gap "
                  "indicators); the text column {} alone has {} levels",
                  grouped(kMostFeatures), in_quotes(largest->name), grouped(largest->levels)),
      fmt::format("fold the parts with --drop {}", as_option_value(largest->name)));
}

}  // namespace

Error moments_error(const std::string& name, std::string what, std::string remedy, std::string column) {
  return Error{ErrorKind::data, std::move(what), std::move(remedy), name, 0, std::move(column)};
}

std::string_view folded_kind_name(ColumnKind kind) {
  return kind == ColumnKind::numeric ? "numbers" : "text";
}

std::string_view missing_name(MissingPolicy policy) {
  return policy == MissingPolicy::error ? "error" : policy == MissingPolicy::drop ? "drop" : "mean";
}

std::size_t FoldedTable::dense_columns() const {
  return static_cast<std::size_t>(std::count_if(columns.begin(), columns.end(), [](const ColumnInfo& column) {
    return column.kind == ColumnKind::numeric;
  }));
}

double FoldedTable::error() const {
  double out = 0;
  for (const FoldedPart& part : parts) out = std::max(out, part.folded.error);
  return out;
}

FoldedRows FoldedTable::total() const {
  FoldTree tree;
  for (const FoldedPart& part : parts) tree.add(part);
  FoldedRows out = tree.finish();
  indicators.write(out);
  return out;
}

Result<void> check_first_row(std::uint64_t first_row) {
  constexpr std::uint64_t kLast = std::uint64_t{1} << 59U;
  if (first_row % kBlockRows == 0 && first_row <= kLast) return {};
  return fail(
      ErrorKind::usage,
      fmt::format("--first-row {} is not a multiple of the block length, {} rows", first_row, kBlockRows),
      first_row > kLast ? "no table is so long"
                        : fmt::format("cut the table there: at {} or {}", first_row / kBlockRows * kBlockRows,
                                      (first_row / kBlockRows + 1) * kBlockRows));
}

Result<FoldedTable> fold_whole_table(const std::vector<std::string>& paths, const TableOptions& table,
                                     ColumnRequest columns, std::optional<std::uint64_t> first_row,
                                     const FoldOptions& options) {
  if (first_row) {
    if (auto checked = check_first_row(*first_row); !checked) return fail(checked.error());
  }
  columns.target.clear();
  columns.table_order = true;
  columns.refuse_names_of_rows = false;
  columns.first_record = first_row.value_or(0);
  auto read = fold_parts(paths, table, columns, options);
  if (!read) return fail(read.error());
  FoldedTable out;
  out.columns = std::move(read->features);
  out.weights = std::move(columns.weights);
  out.levels = std::move(read->levels);
  out.parts = std::move(read->parts);
  out.indicators = std::move(read->indicators);
  out.hash = std::move(read->hash);
  out.audit = std::move(read->audit);
  out.missing = columns.missing;
  out.missing_words = std::move(columns.missing_words);
  out.bad_rows = columns.bad_rows;
  out.first_row = first_row.value_or(0);
  out.placed = first_row.has_value();
  out.written_by = kVersion;
  return out;
}

Result<FoldedTable> merge_tables(std::vector<NamedTable> parts) {
  if (parts.empty()) return fail(ErrorKind::usage, "no moments file is named", "name at least one");
  for (std::size_t k = 1; k < parts.size(); ++k) {
    if (auto checked = check_fit_together(parts[0], parts[k]); !checked) return fail(checked.error());
  }
  if (parts.size() == 1) return std::move(parts[0].table);
  // A first part that was not told its place begins at row 0, as a table does.
  const auto unplaced = std::count_if(parts.begin(), parts.end(), [](const NamedTable& part) {
    return !part.table.placed || !part.table.exact;
  });
  const auto first_unplaced = std::find_if(parts.begin(), parts.end(), [](const NamedTable& part) {
    return !part.table.placed || !part.table.exact;
  });
  const bool placed = unplaced == 0 || (unplaced == 1 && first_unplaced->table.exact);
  if (!placed && unplaced < static_cast<std::ptrdiff_t>(parts.size())) {
    return fail(moments_error(first_unplaced->name,
                              "does not know its place among the rows, and other parts do",
                              "fold every part with --first-row, or none"));
  }
  if (placed) {
    if (auto ordered = put_in_order(parts); !ordered) return fail(ordered.error());
  }
  FoldedTable out = std::move(parts[0].table);
  FoldTree tree(out.first_row / kBlockRows);
  FoldedRows sum;
  const auto gather = [&](std::vector<FoldedPart>& folds) {
    for (FoldedPart& part : folds) tree.add(std::move(part));
    folds.clear();
    if (!placed) sum = merge(std::move(sum), tree.finish());
  };
  gather(out.parts);
  for (std::size_t k = 1; k < parts.size(); ++k) {
    FoldedTable& next = parts[k].table;
    const std::vector<std::uint32_t> numbers = unite_levels(out, next);
    count_levels(out);
    if (out.dense_columns() + out.levels.size() > kMostFeatures)
      return fail(too_many_levels(out, parts[k].name));
    out.indicators.add(next.indicators.tables(), numbers);
    renumber(next.hash, numbers);
    gather(next.parts);
    add_audit(out, next);
    if (placed) {
      out.hash.add(next.hash);
    } else {
      chain(out.hash.columns, std::move(next.hash.columns));
      chain(out.hash.weights, next.hash.weights);
      chain(out.hash.levels, std::move(next.hash.levels));
    }
    next = FoldedTable{};
  }
  if (placed) {
    // Behind a last block that is not full nothing can follow.
    const bool open = out.end_row() % kBlockRows == 0;
    out.parts =
        tree.take_parts(open ? out.end_row() / kBlockRows : std::numeric_limits<std::uint64_t>::max());
    out.placed = true;
  } else {
    out.parts.push_back({0, std::move(sum)});
    out.placed = false;
    out.exact = false;
    out.first_row = 0;
  }
  out.written_by = kVersion;
  std::vector<std::string> dense_names;
  for (const ColumnInfo& column : out.columns) {
    if (column.kind == ColumnKind::numeric) dense_names.push_back(column.name);
  }
  for (const FoldedPart& part : out.parts) {
    if (auto error = out_of_range(part.folded, dense_names)) return fail(*error);
  }
  if (auto error = out_of_range(out.indicators, dense_names)) return fail(*error);
  return out;
}

}  // namespace talweg
