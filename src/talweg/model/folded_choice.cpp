// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/folded_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"
#include "talweg/formula/print.h"
#include "talweg/model/formula_data.h"

namespace talweg {
namespace {

std::vector<std::string> names_of(const FoldedTable& table) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : table.columns) names.push_back(column.name);
  return names;
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
    return fail(moments_error(
        name, fmt::format("{} says how to read rows, and moments have been read already", option),
        fmt::format("leave it out, or give {} to talweg fold", option)));
  }
  const MissingPolicy asked = request.columns.missing;
  if (asked != MissingPolicy::error && asked != table.missing) {
    return fail(moments_error(
        name,
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
  return fail(moments_error(
      name,
      table.weights.empty() ? fmt::format("was folded without weights, and --weights {} asks for some", asked)
                            : fmt::format("was folded with the weights {}, and --weights {} asks for others",
                                          in_quotes(table.weights), asked),
      fmt::format("fold the data again with --weights {}", as_option_value(asked))));
}

Result<void> check_target(const FoldedTable& table, std::size_t target, const std::string& name) {
  const ColumnInfo& column = table.columns[target];
  if (column.kind == ColumnKind::text) {
    return fail(moments_error(name, "the target was folded as text",
                              "fold the data again with --numeric " + as_option_value(column.name),
                              column.name));
  }
  if (has_gaps(table, target)) {
    return fail(moments_error(name,
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
      return fail(moments_error(
          name,
          fmt::format("was folded as {}, and {} asks for {}", folded_kind_name(column.kind), option,
                      folded_kind_name(*role.kind)),
          fmt::format("fold the data again with {} {}", option, as_option_value(column.name)), column.name));
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
    return fail(moments_error(name,
                              fmt::format("the formula needs the rows ({}), and moments hold none", why),
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
      return fail(moments_error(name, "the column has gaps, and a formula's columns are never filled in",
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
