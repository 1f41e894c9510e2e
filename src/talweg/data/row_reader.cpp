// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/bytes.h"
#include "talweg/data/column_kinds.h"
#include "talweg/data/column_roles.h"
#include "talweg/data/held_records.h"
#include "talweg/data/rejects.h"
#include "talweg/data/row_builder.h"

namespace talweg {

struct RowReader::State {
  std::optional<TableReader> table;
  std::string place;  // the table as a whole, in messages
  BadRowPolicy bad_rows = BadRowPolicy::error;
  std::optional<RejectsFile> rejects;
  std::optional<HeldRecords> held;
  std::optional<Error> after_held;  // what ended the reading of the records to hold
  bool table_ended = false;
  std::optional<RowBuilder> builder;
  std::vector<std::string> dense_names;
  IngestAudit audit;
  std::optional<Error> failed;
  bool ended = false;

  tl::unexpected<Error> stop(Error error) {
    failed = error;
    return fail(std::move(error));
  }

  Result<void> prepare(const ColumnRequest& request, const TableOptions& options);
  std::vector<KindVote> hold_first(const ColumnRoles& roles, const CellReader& cells);
  Result<bool> next_record(TableRecord& record);
  Result<void> take(const TableRecord& record, RowBlock& block);
  Result<void> reject(const TableRecord& record);
  Result<bool> next(RowBlock& block);
  Result<bool> finish();
  [[nodiscard]] Error no_rows() const;
  [[nodiscard]] std::optional<Error> id_like_column() const;
};

namespace {

constexpr const char* kSkipRemedy = ", or leave such rows out with --bad-rows skip";

std::vector<std::size_t> used_positions(const ColumnRoles& roles) {
  std::vector<std::size_t> used;
  for (const FeatureRole& feature : roles.features) used.push_back(feature.position);
  used.push_back(roles.target);
  if (roles.weights) used.push_back(*roles.weights);
  return used;
}

void end_block(RowBlock& block) {
  const bool weighted =
      std::any_of(block.weights.begin(), block.weights.end(), [](double w) { return w != 1; });
  if (!weighted) block.weights.clear();
  if (block.levels.empty()) block.level_end.clear();
}

}  // namespace

// Reads and holds records until kKindRows of them can vote on the kinds of the features and, last, of the
// target.
std::vector<KindVote> RowReader::State::hold_first(const ColumnRoles& roles, const CellReader& cells) {
  std::vector<KindVote> votes(roles.features.size() + 1);
  std::size_t good = 0;
  TableRecord record;
  while (good < kKindRows && !held->is_full()) {
    auto any = table->next(record);
    if (!any) {
      after_held = any.error();
      break;
    }
    if (!*any) {
      table_ended = true;
      break;
    }
    held->hold(record);
    if (record.bad != nullptr) {
      if (bad_rows == BadRowPolicy::error) break;
      continue;
    }
    ++good;
    if (!record.numbers.empty()) continue;
    for (std::size_t i = 0; i < votes.size(); ++i) {
      if (i < roles.features.size() && roles.features[i].kind) continue;
      votes[i].count(held->last_cell(i), cells, *record.file, record.line);
    }
  }
  return votes;
}

Result<void> RowReader::State::prepare(const ColumnRequest& request, const TableOptions& options) {
  const std::vector<std::string>& names = table->names();
  auto resolved = resolve_roles(names, request);
  if (!resolved) {
    resolved.error().file = place;
    return fail(resolved.error());
  }
  ColumnRoles& roles = *resolved;
  audit.unused = std::move(roles.unused);
  audit.header = table->has_header();
  audit.header_sniffed = table->is_text() && !options.header;
  audit.delimiter = table->is_text() ? table->delimiter() : '\0';
  audit.delimiter_sniffed = table->is_text() && table->delimiter_sniffed();
  if (rejects && table->has_header()) rejects->set_header(names, table->delimiter());

  CellReader cells(request.missing_words, options.decimal);
  held.emplace(used_positions(roles), names.size(), rejects.has_value());
  const std::vector<KindVote> votes = hold_first(roles, cells);
  if (held->is_empty() && after_held) return fail(*after_held);
  if (votes.back().is_mostly_text()) return fail(votes.back().target_error(request.target));

  RowLayout layout{{}, {}, roles.target, roles.weights, request.weights};
  std::vector<ColumnInfo> features;
  for (std::size_t i = 0; i < roles.features.size(); ++i) {
    const FeatureRole& role = roles.features[i];
    const std::string& name = names[role.position];
    const ColumnKind kind =
        role.kind.value_or(votes[i].is_numeric() ? ColumnKind::numeric : ColumnKind::text);
    if (!role.kind && kind == ColumnKind::text && votes[i].is_decimal_comma()) {
      return fail(votes[i].decimal_comma_error(name));
    }
    layout.features.push_back(role.position);
    layout.kinds.push_back(kind);
    features.push_back(ColumnInfo{name, kind, role.named});
    if (kind == ColumnKind::numeric) dense_names.push_back(name);
  }
  dense_names.push_back(request.target);
  builder.emplace(std::move(layout), std::move(features),
                  ColumnInfo{request.target, ColumnKind::numeric, true}, request.missing, std::move(cells));
  return {};
}

Result<bool> RowReader::State::next_record(TableRecord& record) {
  if (held) {
    if (!held->is_empty()) {
      held->take(record);
      return true;
    }
    held.reset();
    if (after_held) return fail(*after_held);
  }
  if (table_ended) return false;
  return table->next(record);
}

Result<void> RowReader::State::reject(const TableRecord& record) {
  Error error = builder->bad();
  if (bad_rows == BadRowPolicy::error) {
    if (error.remedy.find("--bad-rows") == std::string::npos) error.remedy += kSkipRemedy;
    return fail(std::move(error));
  }
  ++audit.rows_rejected;
  if (!audit.first_rejected) audit.first_rejected = std::move(error);
  if (rejects) return rejects->write(record);
  return {};
}

Result<void> RowReader::State::take(const TableRecord& record, RowBlock& block) {
  ++audit.records;
  const auto outcome = builder->take(record, block);
  if (!outcome) {
    Error error = outcome.error();
    if (error.file.empty()) error.file = place;
    return fail(std::move(error));
  }
  switch (*outcome) {
    case RowBuilder::Outcome::used:
      ++audit.rows;
      break;
    case RowBuilder::Outcome::bad:
      return reject(record);
    case RowBuilder::Outcome::missing:
      ++audit.rows_missing;
      break;
    case RowBuilder::Outcome::weightless:
      ++audit.rows_weightless;
      break;
  }
  return {};
}

Result<bool> RowReader::State::next(RowBlock& block) {
  if (failed) return fail(*failed);
  block.clear(0, builder->dense_columns());
  TableRecord record;
  while (!ended) {
    auto any = next_record(record);
    if (!any) return stop(any.error());
    if (!*any) {
      ended = true;
      break;
    }
    block.number = record.row / kBlockRows;
    if (auto taken = take(record, block); !taken) return stop(taken.error());
    if ((record.row + 1) % kBlockRows == 0 && block.rows > 0) break;
  }
  builder->count_levels();
  if (block.rows > 0) {
    end_block(block);
    return true;
  }
  return finish();
}

Error RowReader::State::no_rows() const {
  Error error;
  error.file = place;
  error.what =
      fmt::format("no row is left to use: of {} rows {} are bad, {} have a missing cell and {} have weight 0",
                  grouped(audit.records), grouped(audit.rows_rejected), grouped(audit.rows_missing),
                  grouped(audit.rows_weightless));
  if (audit.rows_missing > 0) {
    error.remedy = "leave out the columns with the gaps with --drop, or put the mean with --missing mean";
  } else if (audit.first_rejected) {
    error.remedy = fmt::format("the first bad row: {}", audit.first_rejected->text());
  } else {
    error.remedy = "check the column of weights";
  }
  return error;
}

std::optional<Error> RowReader::State::id_like_column() const {
  constexpr std::size_t kFewestLevels = 10;
  for (const ColumnInfo& feature : builder->features()) {
    if (feature.kind != ColumnKind::text || feature.named) continue;
    if (feature.levels < kFewestLevels || feature.levels * 10 <= audit.rows) continue;
    Error error;
    error.file = place;
    error.column = feature.name;
    error.what = fmt::format("text with {} levels in {} rows looks like a name for the rows",
                             grouped(feature.levels), grouped(audit.rows));
    error.remedy = fmt::format("leave it out with --drop {0}, or take it all the same with --categorical {0}",
                               as_option_value(feature.name));
    return error;
  }
  return std::nullopt;
}

Result<bool> RowReader::State::finish() {
  if (rejects) {
    if (auto closed = rejects->close(); !closed) return stop(closed.error());
  }
  if (audit.rows == 0) return stop(no_rows());
  if (auto error = id_like_column()) return stop(*error);
  return false;
}

RowReader::RowReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;
RowReader& RowReader::operator=(RowReader&&) noexcept = default;

Result<RowReader> RowReader::open(const std::vector<std::string>& paths, const TableOptions& table,
                                  const ColumnRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  auto opened = TableReader::open(paths, table);
  if (!opened) return fail(opened.error());
  auto state = std::make_unique<State>();
  state->table.emplace(std::move(*opened));
  state->place = paths.size() == 1 ? source_name(paths[0]) : std::string();
  state->bad_rows = request.bad_rows;
  if (request.bad_rows == BadRowPolicy::skip && !request.rejects.empty()) {
    auto rejects = RejectsFile::open(request.rejects, paths);
    if (!rejects) return fail(rejects.error());
    state->rejects.emplace(std::move(*rejects));
  }
  if (auto prepared = state->prepare(request, table); !prepared) return fail(prepared.error());
  return RowReader(std::move(state));
}

Result<bool> RowReader::next(RowBlock& block) {
  return state_->next(block);
}

const std::vector<ColumnInfo>& RowReader::features() const {
  return state_->builder->features();
}
const ColumnInfo& RowReader::target() const {
  return state_->builder->target();
}
const std::vector<std::string>& RowReader::dense_names() const {
  return state_->dense_names;
}
const std::vector<Level>& RowReader::levels() const {
  return state_->builder->levels().levels();
}
const IngestAudit& RowReader::audit() const {
  return state_->audit;
}
std::string RowReader::fingerprint() const {
  return state_->builder->fingerprint().digest();
}

}  // namespace talweg
