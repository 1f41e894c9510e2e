// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/bytes.h"
#include "talweg/data/first_look.h"
#include "talweg/data/row_reader_state.h"

namespace talweg {

namespace {

std::vector<std::size_t> used_positions(const ColumnRoles& roles) {
  std::vector<std::size_t> used;
  for (const FeatureRole& feature : roles.features) used.push_back(feature.position);
  if (roles.target) used.push_back(*roles.target);
  if (roles.weights) used.push_back(*roles.weights);
  return used;
}

}  // namespace

bool RowReader::State::numeric_at_first_look(const ColumnRoles& roles, const CellReader& cells) {
  constexpr std::size_t kStart = std::size_t{1} << 16U;
  const std::size_t bytes = bytes_of_settling_rows(table->peek_rest(kStart));
  if (bytes == 0) return false;
  std::vector<std::size_t> judged;
  for (const FeatureRole& feature : roles.features) {
    if (!feature.kind) judged.push_back(feature.position);
  }
  if (roles.target) judged.push_back(*roles.target);
  std::sort(judged.begin(), judged.end());
  return are_plainly_numeric(table->peek_rest(bytes),
                             {table->delimiter_of_rest(), decimal, table->names().size()}, judged, cells);
}

// Reads and holds records until kKindRows of them can vote on the kinds of the features and, last, of the
// target, where there is one.
std::vector<KindVote> RowReader::State::hold_first(const ColumnRoles& roles, const CellReader& cells,
                                                   BadRowPolicy bad_rows) {
  std::vector<KindVote> votes(roles.features.size() + (roles.target ? 1 : 0));
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

Result<void> RowReader::State::prepare(const ColumnRequest& request, const TableOptions& options,
                                       std::optional<RejectsFile> rejects) {
  decimal = options.decimal;
  const std::vector<std::string>& names = table->names();
  auto resolved = resolve_roles(names, request);
  if (!resolved) {
    resolved.error().file = place;
    return fail(resolved.error());
  }
  ColumnRoles& roles = *resolved;
  IngestAudit audit;
  audit.unused = std::move(roles.unused);
  audit.header = table->has_header();
  audit.header_sniffed = table->is_text() && !options.header;
  audit.delimiter = table->is_text() ? table->delimiter() : '\0';
  audit.delimiter_sniffed = table->is_text() && table->delimiter_sniffed();
  if (rejects && table->has_header()) rejects->set_header(names, table->delimiter());

  CellReader cells(request.missing_words, options.decimal);
  held.emplace(used_positions(roles), names.size(), rejects.has_value());
  const bool named_categorical = std::find(request.categorical.begin(), request.categorical.end(),
                                           request.target) != request.categorical.end();
  // Votes that nobody gave are for numbers.
  std::vector<KindVote> votes(roles.features.size() + (roles.target ? 1 : 0));
  if (named_categorical || !numeric_at_first_look(roles, cells)) {
    votes = hold_first(roles, cells, request.bad_rows);
  }
  if (held->is_empty() && after_held) return fail(*after_held);
  const bool text_target =
      roles.target && (votes.back().is_mostly_text() || (named_categorical && votes.back().has_text()));
  if (text_target && !request.classes) return fail(votes.back().target_error(request.target));

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
  }
  plan = make_row_plan(std::move(layout), std::move(features),
                       ColumnInfo{request.target, text_target ? ColumnKind::text : ColumnKind::numeric, true},
                       request, std::move(cells));
  plan.text_target = text_target;
  dense_names.resize(plan.dense_columns);
  for (std::size_t i = 0; i < plan.features.size(); ++i) {
    if (plan.layout.kinds[i] == ColumnKind::numeric) dense_names[plan.places[i]] = plan.features[i].name;
  }
  if (plan.layout.target) dense_names[plan.places.back()] = request.target;
  builder.emplace(plan);
  pool = std::make_shared<ParsedRowsPool>(plan.dense_columns, plan.features.size());
  cutter.emplace(plan, place, std::move(rejects));
  cutter->audit() = std::move(audit);
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

bool RowReader::State::parse_records(std::size_t most, ParsedRows& rows) {
  TableRecord record;
  while (rows.records < most) {
    auto any = next_record(record);
    if (!any) {
      rows.failed = any.error();
      return false;
    }
    if (!*any) {
      table_ended = true;
      return false;
    }
    if (!builder->take(record, rows)) return false;
  }
  return true;
}

Result<bool> RowReader::State::next(RowBlock& block) {
  if (failed) return fail(*failed);
  while (ready.empty() && !ended) {
    std::vector<CutBlock> complete;
    auto rows = new_rows();
    const bool more = parse_records(kBlockRows, *rows);
    auto added = cutter->add(rows, 0, complete);
    if (added && !more) {
      ended = true;
      added = cutter->finish(complete);
    }
    if (!added) return stop(added.error());
    ready.insert(ready.end(), complete.begin(), complete.end());
  }
  if (ready.empty()) return false;
  assemble(ready.front(), block);
  ready.pop_front();
  hash.add(block);
  return true;
}

RowReader::RowReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;
RowReader& RowReader::operator=(RowReader&&) noexcept = default;

Result<RowReader> RowReader::open(const std::vector<std::string>& paths, const TableOptions& table,
                                  const ColumnRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  return open(paths, table, ColumnResolver([&request](const std::vector<std::string>&) { return request; }));
}

Result<RowReader> RowReader::open(const std::vector<std::string>& paths, const TableOptions& table,
                                  const ColumnResolver& resolver) {
  auto opened = TableReader::open(paths, table);
  if (!opened) return fail(opened.error());
  auto state = std::make_unique<State>();
  state->table.emplace(std::move(*opened));
  state->place = paths.size() == 1 ? source_name(paths[0]) : std::string();
  const auto resolved = resolver(state->table->names());
  if (!resolved) {
    Error error = resolved.error();
    if (error.kind == ErrorKind::data && error.file.empty()) error.file = state->place;
    return fail(std::move(error));
  }
  const ColumnRequest& request = *resolved;
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  std::optional<RejectsFile> rejects_file;
  if (request.bad_rows == BadRowPolicy::skip && !request.rejects.empty()) {
    auto rejects = RejectsFile::open(request.rejects, paths);
    if (!rejects) return fail(rejects.error());
    rejects_file.emplace(std::move(*rejects));
  }
  if (auto prepared = state->prepare(request, table, std::move(rejects_file)); !prepared)
    return fail(prepared.error());
  return RowReader(std::move(state));
}

Result<bool> RowReader::next(RowBlock& block) {
  return state_->next(block);
}

const std::vector<ColumnInfo>& RowReader::features() const {
  return state_->cutter->features();
}
const ColumnInfo& RowReader::target() const {
  return state_->cutter->target();
}
const std::vector<std::string>& RowReader::dense_names() const {
  return state_->dense_names;
}
const std::vector<Level>& RowReader::levels() const {
  return state_->cutter->levels().levels();
}
std::size_t RowReader::table_columns() const {
  return state_->table->names().size();
}
const IngestAudit& RowReader::audit() const {
  return state_->cutter->audit();
}
const std::vector<TargetClass>& RowReader::target_classes() const {
  return state_->cutter->target_classes();
}
const std::vector<std::size_t>& RowReader::places() const {
  return state_->plan.places;
}
const TableHash& RowReader::hash() const {
  return state_->hash;
}
std::string RowReader::fingerprint() const {
  const State& state = *state_;
  std::vector<HashedColumn> columns;
  for (std::size_t i = 0; i < state.plan.features.size(); ++i) {
    columns.push_back({state.plan.features[i].name, i, std::nullopt});
    if (state.plan.layout.kinds[i] == ColumnKind::numeric) columns.back().dense = state.plan.places[i];
  }
  if (state.plan.layout.target) {
    columns.push_back({state.plan.target.name, state.plan.features.size(), state.plan.places.back()});
  }
  return table_fingerprint(state.hash, columns,
                           state.plan.layout.weights ? state.plan.layout.weights_name : "",
                           state.cutter->levels().levels());
}

}  // namespace talweg
