// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/folded_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"
#include "talweg/data/level_table.h"
#include "talweg/formula/print.h"
#include "talweg/model/formula_data.h"
#include "talweg/version.h"

namespace talweg {
namespace {

Error of_file(const std::string& name, std::string what, std::string remedy, std::string column = {}) {
  return Error{ErrorKind::data, std::move(what), std::move(remedy), name, 0, std::move(column)};
}

std::string_view kind_name(ColumnKind kind) {
  return kind == ColumnKind::numeric ? "numbers" : "text";
}

std::string rows_text(const FoldedTable& table) {
  return fmt::format("rows {} to {}", grouped(table.first_row), grouped(table.end_row() - 1));
}

std::vector<std::string> names_of(const FoldedTable& table) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : table.columns) names.push_back(column.name);
  return names;
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
    return fail(of_file(other.name,
                        fmt::format("the columns differ: column {} is {}, in {} it is {}", j + 1, name(b),
                                    first.name, name(a)),
                        "fold every part with the same columns in the same order"));
  }
  for (std::size_t j = 0; j < a.columns.size(); ++j) {
    if (a.columns[j].kind == b.columns[j].kind) continue;
    const std::string value = as_option_value(a.columns[j].name);
    return fail(of_file(other.name,
                        fmt::format("the column holds {}, in {} it holds {}", kind_name(b.columns[j].kind),
                                    first.name, kind_name(a.columns[j].kind)),
                        fmt::format("say --categorical {0} or --numeric {0} when folding every part", value),
                        a.columns[j].name));
  }
  if (a.weights != b.weights) {
    const auto text = [](const std::string& weights) {
      return weights.empty() ? std::string("without weights") : "with the weights " + in_quotes(weights);
    };
    return fail(of_file(other.name,
                        fmt::format("was folded {}, {} {}", text(b.weights), first.name, text(a.weights)),
                        "fold every part with the same --weights"));
  }
  if (a.missing != b.missing) {
    return fail(of_file(other.name,
                        fmt::format("was folded with --missing {}, {} with --missing {}",
                                    missing_name(b.missing), first.name, missing_name(a.missing)),
                        "fold every part with the same --missing"));
  }
  if (a.missing_words != b.missing_words || a.bad_rows != b.bad_rows) {
    const std::string option = a.missing_words != b.missing_words ? "--na" : "--bad-rows";
    return fail(of_file(other.name, fmt::format("was folded with another {} than {}", option, first.name),
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
      return fail(of_file(after.name,
                          fmt::format("holds {}, {} holds {}: they overlap", rows_text(after.table),
                                      before.name, rows_text(before.table)),
                          "give every part once, each folded with its own --first-row"));
    }
    return fail(of_file(
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
  return of_file(name,
                 fmt::format("the parts together have more than {} features (numeric columns, levels and gap "
                             "indicators); the text column {} alone has {} levels",
                             grouped(kMostFeatures), in_quotes(largest->name), grouped(largest->levels)),
                 fmt::format("fold the parts with --drop {}", as_option_value(largest->name)));
}

// What the data would have kept, had only these columns been read.
std::optional<std::string> rows_left_out(const FoldedTable& table, const std::vector<bool>& used) {
  std::uint64_t kept = 0;
  for (const auto& [columns, rows] : table.audit.gap_sets.sets) {
    const bool needed = std::any_of(columns.begin(), columns.end(),
                                    [&](std::size_t j) { return j >= used.size() || used[j]; });
    if (!needed) kept += rows;
  }
  const bool all = std::find(used.begin(), used.end(), false) == used.end();
  const std::uint64_t other = all ? 0 : table.audit.gap_sets.other;
  if (kept == 0 && other == 0) return std::nullopt;
  const std::string count = kept == 0    ? fmt::format("up to {}", grouped(other))
                            : other == 0 ? grouped(kept)
                                         : fmt::format("{} to {}", grouped(kept), grouped(kept + other));
  return fmt::format(
      "the moments leave out {} {} that lack a cell only in columns that this fit does not use; the data "
      "themselves would have kept {}",
      count, kept + other == 1 ? "row" : "rows", kept + other == 1 ? "it" : "them");
}

Result<void> check_reading_options(const FoldedTable& table, const FitRequest& request,
                                   const std::string& name) {
  const TableOptions& options = request.table;
  const char* option = options.format != TableFormat::automatic ? "--format"
                       : options.delimiter != 0                 ? "--delimiter"
                       : options.header                         ? "--header"
                       : options.decimal != '.'                 ? "--decimal"
                       : !request.columns.rejects.empty()       ? "--rejects"
                                                                : nullptr;
  if (option == nullptr && request.columns.missing_words != kMissingWords &&
      request.columns.missing_words != table.missing_words) {
    option = "--na";
  }
  if (option == nullptr && request.columns.bad_rows != BadRowPolicy::error &&
      request.columns.bad_rows != table.bad_rows) {
    option = "--bad-rows";
  }
  if (option != nullptr) {
    return fail(of_file(name,
                        fmt::format("{} says how to read rows, and moments have been read already", option),
                        fmt::format("leave it out, or give {} to talweg fold", option)));
  }
  const MissingPolicy asked = request.columns.missing;
  if (asked != MissingPolicy::error && asked != table.missing) {
    return fail(
        of_file(name,
                fmt::format("--missing {}, and the table was folded with --missing {}", missing_name(asked),
                            missing_name(table.missing)),
                fmt::format("leave it out, or fold the data again with --missing {}", missing_name(asked))));
  }
  return {};
}

// Gap indicators of a column.
bool has_gaps(const FoldedTable& table, std::size_t column) {
  return std::any_of(table.levels.begin(), table.levels.end(),
                     [&](const Level& level) { return level.gap && level.column == column; });
}

std::vector<std::size_t> dense_places(const FoldedTable& table) {
  std::vector<std::size_t> places;
  std::size_t next = 0;
  for (const ColumnInfo& column : table.columns) {
    places.push_back(column.kind == ColumnKind::numeric ? next++ : 0);
  }
  return places;
}

Result<void> check_weights(const FoldedTable& table, const std::string& asked, const std::string& name) {
  if (asked.empty() || asked == table.weights) return {};
  return fail(of_file(name,
                      table.weights.empty()
                          ? fmt::format("was folded without weights, and --weights {} asks for some", asked)
                          : fmt::format("was folded with the weights {}, and --weights {} asks for others",
                                        in_quotes(table.weights), asked),
                      fmt::format("fold the data again with --weights {}", as_option_value(asked))));
}

Result<void> check_target(const FoldedTable& table, std::size_t target, const std::string& name) {
  const ColumnInfo& column = table.columns[target];
  if (column.kind == ColumnKind::text) {
    return fail(of_file(name, "the target was folded as text",
                        "fold the data again with --numeric " + as_option_value(column.name), column.name));
  }
  if (has_gaps(table, target)) {
    return fail(of_file(name,
                        fmt::format("the target is missing in {} rows, and a target is never filled in",
                                    grouped(column.missing)),
                        "fold the data again with --missing drop, or without those rows", column.name));
  }
  return {};
}

void take_common(FoldedTable& table, FoldedData& out) {
  out.weights = table.weights;
  out.missing = table.missing;
  out.missing_words = table.missing_words;
  out.bad_rows = table.bad_rows;
  if (!table.exact) {
    out.warnings.emplace_back(
        "the moments are merged from parts that did not know their place: they agree with those of the whole "
        "table to 1e-13 of the columns' spreads, not to the bit");
  }
}

}  // namespace

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
    return fail(of_file(first_unplaced->name, "does not know its place among the rows, and other parts do",
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

Result<FoldedData> choose_columns(FoldedTable table, const FitRequest& request, const std::string& name) {
  if (auto checked = check_reading_options(table, request, name); !checked) return fail(checked.error());
  ColumnRequest columns = request.columns;
  if (auto checked = check_weights(table, columns.weights, name); !checked) return fail(checked.error());
  columns.weights = table.weights;
  std::vector<std::string> names = names_of(table);
  if (!table.weights.empty()) names.push_back(table.weights);
  if (auto checked = check_request(columns); !checked) return fail(checked.error());
  auto roles = resolve_roles(names, columns);
  if (!roles) {
    roles.error().file = name;
    return fail(roles.error());
  }
  const std::size_t target = roles->target.value_or(0);
  if (auto checked = check_target(table, target, name); !checked) return fail(checked.error());
  const std::vector<std::size_t> places = dense_places(table);
  FoldedData out;
  std::vector<HashedColumn> hashed;
  std::vector<bool> used(table.columns.size(), false);
  std::vector<std::size_t> feature_of(table.columns.size(), std::numeric_limits<std::size_t>::max());
  const auto hashed_column = [&](std::size_t at) {
    HashedColumn column{table.columns[at].name, at, std::nullopt};
    if (table.columns[at].kind == ColumnKind::numeric) column.dense = places[at];
    return column;
  };
  for (const FeatureRole& role : roles->features) {
    ColumnInfo column = table.columns[role.position];
    if (role.kind && *role.kind != column.kind) {
      const std::string option = *role.kind == ColumnKind::text ? "--categorical" : "--numeric";
      return fail(of_file(name,
                          fmt::format("was folded as {}, and {} asks for {}", kind_name(column.kind), option,
                                      kind_name(*role.kind)),
                          fmt::format("fold the data again with {} {}", option, as_option_value(column.name)),
                          column.name));
    }
    column.named = column.named || role.named;
    used[role.position] = true;
    feature_of[role.position] = out.features.size();
    out.places.push_back(places[role.position]);
    hashed.push_back(hashed_column(role.position));
    out.features.push_back(std::move(column));
  }
  used[target] = true;
  out.target = table.columns[target];
  out.target.named = true;
  out.places.push_back(places[target]);
  hashed.push_back(hashed_column(target));
  if (auto error = name_of_rows(out.features, table.audit.rows)) {
    error->file = name;
    return fail(*error);
  }
  take_common(table, out);
  if (auto warning = rows_left_out(table, used)) out.warnings.push_back(std::move(*warning));
  out.fingerprint = table_fingerprint(table.hash, hashed, table.weights, table.levels);
  out.levels = table.levels;
  for (Level& level : out.levels) level.column = feature_of[level.column];
  for (const ColumnInfo& column : table.columns) {
    if (column.kind == ColumnKind::numeric) out.dense_names.push_back(column.name);
  }
  out.audit = table.audit;
  for (std::string& unused : roles->unused) out.audit.unused.push_back(std::move(unused));
  out.folded = table.total();
  return out;
}

Result<FoldedData> choose_formula(FoldedTable table, const FitRequest& request, const std::string& name) {
  if (auto checked = check_reading_options(table, request, name); !checked) return fail(checked.error());
  if (auto checked = check_weights(table, request.columns.weights, name); !checked)
    return fail(checked.error());
  auto bound = bind_formula(request.formula, names_of(table));
  if (!bound) return fail(bound.error());
  const BoundFormula& formula = **bound;
  const auto needs_rows = [&](const std::string& why) {
    return fail(of_file(name, fmt::format("the formula needs the rows ({}), and moments hold none", why),
                        "fit it to the data themselves"));
  };
  if (!formula.affine) return needs_rows("it is not linear in its parameters");
  if (formula.affine->has_offset()) return needs_rows("it has a term without a parameter");
  const std::vector<std::size_t> places = dense_places(table);
  std::vector<bool> used(table.columns.size(), false);
  std::vector<std::size_t> chosen;  // columns of the table
  const auto choose = [&](const Expression& expression) {
    if (!expression.is(Op::column)) return false;
    const ColumnUse& use = formula.formula.columns[expression.index()];
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const ColumnInfo& column) { return column.name == use.name; });
    if (use.level || found == table.columns.end() || found->kind != ColumnKind::numeric) return false;
    chosen.push_back(static_cast<std::size_t>(found - table.columns.begin()));
    used[chosen.back()] = true;
    return true;
  };
  for (const std::size_t j : formula.slopes()) {
    const Expression& feature = formula.affine->features[j];
    if (!choose(feature)) return needs_rows(fmt::format("{} is no column of numbers", to_text(feature)));
  }
  if (!choose(formula.formula.left)) return needs_rows("its left side is no column of numbers");
  FoldedData out;
  std::vector<HashedColumn> hashed;
  for (const std::size_t j : chosen) {
    if (has_gaps(table, j)) {
      return fail(of_file(name, "the column has gaps, and a formula's columns are never filled in",
                          "fold the data again with --missing drop", table.columns[j].name));
    }
    out.features.push_back(table.columns[j]);
    out.dense_names.push_back(table.columns[j].name);
    hashed.push_back({table.columns[j].name, j, places[j]});
  }
  out.target = out.features.back();
  out.features.pop_back();
  take_common(table, out);
  if (auto warning = rows_left_out(table, used)) out.warnings.push_back(std::move(*warning));
  out.fingerprint = table_fingerprint(table.hash, hashed, table.weights, table.levels);
  out.audit = table.audit;
  for (std::size_t j = 0; j < used.size(); ++j) {
    if (!used[j]) out.audit.unused.push_back(table.columns[j].name);
  }
  out.formula = *bound;
  // The formula's columns alone, in its order.
  const FoldedRows whole = table.total();
  out.folded.rows = whole.rows;
  out.folded.columns = chosen.size();
  out.folded.error = whole.error;
  out.folded.weight = whole.weight;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::size_t a = places[chosen[i]];
    out.folded.mean.push_back(whole.mean[a]);
    out.folded.widest.push_back(whole.widest[a]);
    for (std::size_t j = 0; j <= i; ++j)
      out.folded.products.push_back(whole.products[packed_index(a, places[chosen[j]])]);
  }
  return out;
}

}  // namespace talweg
