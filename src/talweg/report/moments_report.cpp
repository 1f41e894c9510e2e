// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/moments_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/base/numbers.h"
#include "talweg/model/json_text.h"
#include "talweg/report/sentences.h"
#include "talweg/report/table.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

// What can be said of one column.
struct ColumnFacts {
  std::optional<double> mean;
  std::optional<double> spread;
  bool constant = false;
  std::vector<std::string> levels;
};

std::vector<ColumnFacts> facts_of(const FoldedTable& table) {
  const FoldedRows folded = table.total();
  std::vector<ColumnFacts> out(table.columns.size());
  std::size_t dense = 0;
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    ColumnFacts& facts = out[j];
    MomentColumn column;
    for (std::size_t id = 0; id < table.levels.size(); ++id) {
      const Level& level = table.levels[id];
      if (level.column != j) continue;
      if (level.gap) column.level = static_cast<std::uint32_t>(id);
      if (!level.gap) facts.levels.push_back(level.text);
    }
    std::sort(facts.levels.begin(), facts.levels.end());
    facts.constant = facts.levels.size() == 1;
    if (table.columns[j].kind == ColumnKind::text) continue;
    column.dense = dense++;
    const bool empty = column.level && !mean_of_present(folded, *column.dense, *column.level);
    if (empty) continue;
    const Moments moments = assemble(folded, {column});
    facts.mean = moments.mean[0].value();
    facts.spread = moments.spread(0);
    facts.constant = moments.is_constant(0);
  }
  return out;
}

std::string fingerprint_of(const FoldedTable& table) {
  std::vector<HashedColumn> columns;
  std::size_t dense = 0;
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    columns.push_back({table.columns[j].name, j, std::nullopt});
    if (table.columns[j].kind == ColumnKind::numeric) columns.back().dense = dense++;
  }
  return table_fingerprint(table.hash, columns, table.weights, table.levels);
}

std::string place_text(const FoldedTable& table) {
  if (!table.exact) return "merged from parts that did not know their place: good to 1e-13 of the spreads";
  const std::string rows =
      fmt::format("records {} to {}", grouped(table.first_row), grouped(table.end_row() - 1));
  if (table.end_row() % kBlockRows != 0) return rows + ", the last part of its table";
  return fmt::format("{}; the next part is folded with --first-row {}", rows, table.end_row());
}

std::string left_out_text(const IngestAudit& audit) {
  std::string out;
  if (audit.rows_rejected > 0)
    out += fmt::format("; {} bad and left out", plural(audit.rows_rejected, "row"));
  if (audit.rows_missing > 0)
    out += fmt::format("; {} left out for a missing cell", plural(audit.rows_missing, "row"));
  if (audit.rows_weightless > 0)
    out += fmt::format("; {} left out for weight 0", plural(audit.rows_weightless, "row"));
  return out;
}

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("{:<12}{}\n", name, text);
}

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string moments_summary(const FoldedTable& table) {
  std::size_t levels = 0;
  std::size_t text = 0;
  for (const ColumnInfo& column : table.columns) {
    levels += column.levels;
    text += column.kind == ColumnKind::text ? 1 : 0;
  }
  std::string columns = plural(table.columns.size(), "column");
  if (text > 0) columns += fmt::format(" ({} of text, {})", text, plural(levels, "level"));
  if (!table.weights.empty()) columns += fmt::format(", weighted by {}", printable(table.weights));
  return line("data",
              fmt::format("{}, {}{}", plural(table.audit.rows, "row"), columns, left_out_text(table.audit))) +
         line("place", place_text(table)) +
         line("blocks", fmt::format("of {} records: a part but the last has a multiple of that", kBlockRows));
}

std::string moments_text(const FoldedTable& table, const Style& style) {
  std::string out = fmt::format("moments of {}\n", style.bold(plural(table.audit.rows, "row")));
  const std::vector<ColumnFacts> facts = facts_of(table);
  TextTable columns({"column", "kind", "mean", "standard deviation", "missing", "levels"});
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    const ColumnInfo& column = table.columns[j];
    const bool numeric = column.kind == ColumnKind::numeric;
    columns.add({printable(column.name), numeric ? "numeric" : "text",
                 numeric ? optional_text(facts[j].mean) : "",
                 !numeric            ? ""
                 : facts[j].constant ? "constant"
                                     : optional_text(facts[j].spread),
                 grouped(column.missing), printable(name_list(facts[j].levels))});
  }
  out += columns.text() + '\n';
  out += moments_summary(table);
  out += line("missing", fmt::format("--missing {}", missing_name(table.missing)));
  if (table.audit.rows_missing > 0) {
    for (const auto& [set, rows] : table.audit.gap_sets.sets) {
      std::vector<std::string> names;
      for (const std::size_t j : set)
        names.push_back(j < table.columns.size() ? table.columns[j].name : table.weights);
      out += line("", fmt::format("{} without {}", plural(rows, "row"), printable(name_list(names))));
    }
    if (table.audit.gap_sets.other > 0)
      out += line("", plural(table.audit.gap_sets.other, "row") + " without several columns");
  }
  for (const ColumnInfo& column : table.columns) {
    if (auto error = name_of_rows({column}, table.audit.rows))
      out += line("beware", fmt::format("{}: {}; a fit needs {}", printable(column.name), error->what,
                                        "--drop or --categorical for it"));
  }
  if (!table.audit.unused.empty()) out += line("not folded", printable(name_list(table.audit.unused)));
  out += line("products", fmt::format("in double-double, good to {:.0e} of the spreads", table.error()));
  out += line("fingerprint", "xxh3-128:" + fingerprint_of(table));
  out += line("written by", "talweg " + printable(table.written_by));
  return out;
}

std::string moments_json(const FoldedTable& table) {
  const std::vector<ColumnFacts> facts = facts_of(table);
  Json out;
  out["records"] = table.audit.records;
  out["rows"] = table.audit.rows;
  out["rows_rejected"] = table.audit.rows_rejected;
  out["rows_missing"] = table.audit.rows_missing;
  out["rows_weightless"] = table.audit.rows_weightless;
  out["first_row"] = table.first_row;
  const bool open = table.exact && table.end_row() % kBlockRows == 0;
  out["next_row"] = open ? Json(table.end_row()) : Json(nullptr);
  out["block_rows"] = kBlockRows;
  out["placed"] = table.placed;
  out["exact"] = table.exact;
  for (const char* key : {"columns", "levels", "missing_cells", "means", "standard_deviations"})
    out[key] = Json::object();
  out["constant"] = Json::array();
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    const ColumnInfo& column = table.columns[j];
    const std::string name = valid_utf8(column.name);
    const bool numeric = column.kind == ColumnKind::numeric;
    out["columns"][name] = numeric ? "numeric" : "text";
    out["missing_cells"][name] = column.missing;
    out["means"][name] = number(facts[j].mean);
    out["standard_deviations"][name] = number(facts[j].spread);
    if (facts[j].constant) out["constant"].push_back(name);
    if (numeric) continue;
    out["levels"][name] = Json::array();
    for (const std::string& level : facts[j].levels) out["levels"][name].push_back(valid_utf8(level));
  }
  out["weights"] = table.weights.empty() ? Json(nullptr) : Json(valid_utf8(table.weights));
  out["missing"] = missing_name(table.missing);
  out["unused"] = Json::array();
  for (const std::string& name : table.audit.unused) out["unused"].push_back(valid_utf8(name));
  out["fingerprint"] = "xxh3-128:" + fingerprint_of(table);
  out["written_by"] = valid_utf8(table.written_by);
  return out.dump(2) + "\n";
}

}  // namespace talweg
