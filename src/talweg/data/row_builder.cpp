// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_builder.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"

namespace talweg {
namespace {

constexpr std::string_view kMissingLevel = "missing";
constexpr const char* kSkipRemedy = ", or leave such rows out with --bad-rows skip";

}  // namespace

RowPlan make_row_plan(RowLayout layout, std::vector<ColumnInfo> features, ColumnInfo target,
                      const ColumnRequest& request, CellReader cells) {
  RowPlan plan{std::move(layout), std::move(features),      std::move(target), request.missing,
               request.bad_rows,  !request.rejects.empty(), std::move(cells)};
  std::vector<std::pair<std::size_t, std::size_t>> dense;  // position in the table, column of the plan
  for (std::size_t i = 0; i < plan.features.size(); ++i) {
    if (plan.layout.kinds[i] == ColumnKind::numeric) dense.emplace_back(plan.layout.features[i], i);
  }
  plan.has_text = dense.size() < plan.features.size();
  if (plan.layout.target) dense.emplace_back(*plan.layout.target, plan.features.size());
  plan.first_record = request.first_record;
  plan.refuse_names_of_rows = request.refuse_names_of_rows;
  if (request.table_order && dense.size() <= request.table_order_most) std::sort(dense.begin(), dense.end());
  plan.dense_columns = dense.size();
  plan.places.assign(plan.features.size() + 1, 0);
  for (std::size_t k = 0; k < dense.size(); ++k) plan.places[dense[k].second] = k;
  for (const auto& [column, level] : request.first_levels) {
    for (std::size_t i = 0; i < plan.features.size(); ++i) {
      if (plan.features[i].name == column) plan.first_levels.emplace_back(i, level);
    }
  }
  return plan;
}

void append_reject(const TableRecord& record, std::string& text) {
  if (record.numbers.empty() || !record.raw.empty()) {
    text += record.raw;
  } else {
    for (std::size_t i = 0; i < record.numbers.size(); ++i) {
      if (i > 0) text += ',';
      text += shortest(record.numbers[i]);
    }
  }
  text += '\n';
}

double class_value(std::string_view text) {
  constexpr unsigned kDropped = 16;
  return static_cast<double>(XXH3_64bits(text.data(), text.size()) >> kDropped);
}

const std::string& RowBuilder::name_of(std::size_t index) const {
  if (index < plan_.features.size()) return plan_.features[index].name;
  return index == plan_.features.size() ? plan_.target.name : plan_.layout.weights_name;
}

void RowBuilder::say_bad(const TableRecord& record, std::size_t index, Error error) {
  error.file = *record.file;
  error.line = record.line;
  error.column = name_of(index);
  bad_ = std::move(error);
}

bool RowBuilder::is_missing(const TableRecord& record, std::size_t position) const {
  return record.numbers.empty() ? plan_.cells.is_missing(record.cells[position])
                                : std::isnan(record.numbers[position]);
}

// A number of a .npy array or of libsvm text taken as text is the text that reads back to it.
std::string_view RowBuilder::text_of(const TableRecord& record, std::size_t position) {
  if (record.numbers.empty()) return record.cells[position];
  number_text_ = shortest(record.numbers[position]);
  return number_text_;
}

RowBuilder::CellState RowBuilder::read_number(const TableRecord& record, std::size_t position,
                                              double& value) {
  value = 0;
  if (is_missing(record, position)) return CellState::missing;
  ParsedNumber parsed;
  if (record.numbers.empty()) {
    parsed = plan_.cells.number(record.cells[position]);
  } else {
    parsed = {record.numbers[position],
              std::isfinite(record.numbers[position]) ? NumberStatus::ok : NumberStatus::out_of_range};
  }
  if (parsed.status != NumberStatus::ok) {
    bad_ = plan_.cells.not_a_number(text_of(record, position), parsed.status);
    return CellState::bad;
  }
  value = parsed.value + 0.0;  // -0 becomes 0
  return CellState::number;
}

// A record of numbers whose values in use are all finite, as almost every one is; false leaves it to the cell
// by cell way.
bool RowBuilder::copy_finite(const TableRecord& record, double* values) const {
  if (plan_.has_text || plan_.text_target || plan_.layout.weights) return false;
  const double* const numbers = record.numbers.data();
  double nothing = 0;  // 0 times what is not finite is not 0
  const auto copy = [&](std::size_t position, std::size_t place) {
    const double value = numbers[position];
    nothing += 0 * value;
    values[place] = value + 0.0;  // -0 becomes 0
  };
  for (std::size_t i = 0; i < plan_.features.size(); ++i) copy(plan_.layout.features[i], plan_.places[i]);
  if (plan_.layout.target) copy(*plan_.layout.target, plan_.places.back());
  return nothing == 0;
}

// Fills the dense values of the row, its weight and the list of its gaps; false if a value is bad.
bool RowBuilder::read_cells(const TableRecord& record, double* values) {
  missing_.clear();
  const std::size_t count = plan_.features.size();
  if (!record.numbers.empty() && copy_finite(record, values)) return true;
  for (std::size_t i = 0; i < count; ++i) {
    if (plan_.layout.kinds[i] == ColumnKind::text) {
      if (is_missing(record, plan_.layout.features[i])) missing_.push_back(i);
      continue;
    }
    const CellState state = read_number(record, plan_.layout.features[i], values[plan_.places[i]]);
    if (state == CellState::missing) missing_.push_back(i);
    if (state == CellState::bad) {
      say_bad(record, i, std::move(bad_));
      return false;
    }
  }
  CellState target = CellState::number;
  if (plan_.text_target) {
    class_ = text_of(record, *plan_.layout.target);
    values[plan_.places[count]] = class_value(class_);
    if (is_missing(record, *plan_.layout.target)) target = CellState::missing;
  } else if (plan_.layout.target) {
    target = read_number(record, *plan_.layout.target, values[plan_.places[count]]);
  }
  if (target == CellState::missing) missing_.push_back(count);
  if (target == CellState::bad) {
    // A target cannot be taken as text: the remedy for a feature does not fit.
    if (bad_.remedy.find("--categorical") != std::string::npos) {
      bad_.remedy = "mend the cell, or name the word for a missing value with --na";
    }
    say_bad(record, count, std::move(bad_));
    return false;
  }
  if (!plan_.layout.weights) return true;
  const CellState weight = read_number(record, *plan_.layout.weights, weight_);
  if (weight == CellState::missing) missing_.push_back(count + 1);
  if (weight == CellState::number && weight_ < 0) {
    bad_ = Error{ErrorKind::data, fmt::format("the weight {} is negative", shortest(weight_)),
                 "weights have to be 0 or more"};
  } else if (weight == CellState::bad) {
    bad_.remedy = "weights have to be numbers, 0 or more";
  } else {
    return true;
  }
  say_bad(record, count + 1, std::move(bad_));
  return false;
}

Error RowBuilder::missing_error(const TableRecord& record) const {
  const bool filled = plan_.missing == MissingPolicy::mean;
  const std::size_t count = plan_.features.size();
  // What is never filled is what stands in the way under `mean`.
  const std::size_t index = filled ? missing_.back() : missing_.front();
  std::string cell;
  if (record.numbers.empty()) {
    const std::size_t position = index < count    ? plan_.layout.features[index]
                                 : index == count ? *plan_.layout.target
                                                  : *plan_.layout.weights;
    cell = fmt::format(" ({})",
                       record.cells[position].empty() ? "an empty cell" : in_quotes(record.cells[position]));
  }
  Error error;
  error.file = *record.file;
  error.line = record.line;
  error.column = name_of(index);
  if (index < count) {
    error.what = fmt::format("the value is missing{}", cell);
    error.remedy = "leave such rows out with --missing drop, or put the column's mean with --missing mean";
  } else {
    error.what = fmt::format("the {} is missing{}", index == count ? "target" : "weight", cell);
    error.remedy = filled ? "it is never filled in: leave such rows out with --missing drop"
                          : "leave such rows out with --missing drop";
  }
  return error;
}

void RowBuilder::add_levels(const TableRecord& record, ParsedRows& rows) {
  auto gap = missing_.begin();
  for (std::size_t i = 0; i < plan_.features.size(); ++i) {
    const bool missing = gap != missing_.end() && *gap == i;
    if (missing) ++gap;
    if (plan_.layout.kinds[i] == ColumnKind::text) {
      rows.levels.push_back(
          rows.levels_found.number(i, missing ? kMissingLevel : text_of(record, plan_.layout.features[i])));
    } else if (missing) {
      rows.levels.push_back(rows.levels_found.gap(i));
    }
  }
}

// Three are enough to know that there are too many.
void RowBuilder::add_class(const TableRecord& record, ParsedRows& rows) {
  constexpr std::size_t kMost = 3;
  for (const FoundClass& found : rows.classes) {
    if (found.text == class_) return;
  }
  if (rows.classes.size() < kMost)
    rows.classes.push_back({std::string(class_), class_value(class_), *record.file, record.line});
}

void RowBuilder::use(const TableRecord& record, ParsedRows& rows) {
  if (plan_.text_target) add_class(record, rows);
  if (plan_.has_text || !missing_.empty()) add_levels(record, rows);
  if (plan_.layout.weights) rows.weights.push_back(weight_);
  rows.add_used();
}

bool RowBuilder::reject(const TableRecord& record, ParsedRows& rows) {
  ++rows.records;
  if (plan_.bad_rows == BadRowPolicy::error) {
    if (bad_.remedy.find("--bad-rows") == std::string::npos) bad_.remedy += kSkipRemedy;
    rows.failed = std::move(bad_);
    return false;
  }
  ++rows.rejected;
  if (!rows.first_rejected) rows.first_rejected = std::move(bad_);
  if (plan_.keep_rejects) append_reject(record, rows.rejects);
  return true;
}

bool RowBuilder::take(const TableRecord& record, ParsedRows& rows) {
  if (record.bad != nullptr) {
    bad_ = *record.bad;
    return reject(record, rows);
  }
  rows.make_room();
  if (!read_cells(record, rows.row(rows.rows))) return reject(record, rows);
  for (const std::size_t index : missing_) {
    if (index <= plan_.features.size()) ++rows.missing_cells[index];
  }
  const bool weight_missing = !missing_.empty() && missing_.back() > plan_.features.size();
  if (plan_.layout.weights && !weight_missing && weight_ == 0) {
    // The same as if the row were not there, so its gaps do not matter.
    ++rows.weightless;
    ++rows.records;
    return true;
  }
  if (!missing_.empty()) {
    const bool fillable = missing_.back() < plan_.features.size();
    if (plan_.missing == MissingPolicy::error || (plan_.missing == MissingPolicy::mean && !fillable)) {
      ++rows.records;
      rows.failed = missing_error(record);
      return false;
    }
    if (plan_.missing == MissingPolicy::drop) {
      ++rows.missing;
      ++rows.records;
      rows.gap_sets.add(missing_, 1);
      return true;
    }
  }
  use(record, rows);
  return true;
}

}  // namespace talweg
