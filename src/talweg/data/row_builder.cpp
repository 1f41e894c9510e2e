// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"

namespace talweg {
namespace {

constexpr std::string_view kMissingLevel = "missing";

}  // namespace

RowBuilder::RowBuilder(RowLayout layout, std::vector<ColumnInfo> features, ColumnInfo target,
                       MissingPolicy missing, CellReader cells)
    : layout_(std::move(layout)),
      features_(std::move(features)),
      target_(std::move(target)),
      missing_policy_(missing),
      cells_(std::move(cells)),
      levels_(features_.size()) {
  for (const ColumnInfo& feature : features_) fingerprint_.add_name(feature.name);
  fingerprint_.add_name(target_.name);
  if (layout_.weights) fingerprint_.add_name(layout_.weights_name);
  dense_ = 1 + static_cast<std::size_t>(
                   std::count(layout_.kinds.begin(), layout_.kinds.end(), ColumnKind::numeric));
  has_text_ = dense_ <= features_.size();
}

const std::string& RowBuilder::name_of(std::size_t index) const {
  if (index < features_.size()) return features_[index].name;
  return index == features_.size() ? target_.name : layout_.weights_name;
}

void RowBuilder::say_bad(const TableRecord& record, std::size_t index, Error error) {
  error.file = *record.file;
  error.line = record.line;
  error.column = name_of(index);
  bad_ = std::move(error);
}

bool RowBuilder::is_missing(const TableRecord& record, std::size_t position) const {
  return record.numbers.empty() ? cells_.is_missing(record.cells[position])
                                : std::isnan(record.numbers[position]);
}

// A number of a .npy array taken as text is the text that reads back to it.
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
    parsed = cells_.number(record.cells[position]);
  } else {
    parsed = {record.numbers[position],
              std::isfinite(record.numbers[position]) ? NumberStatus::ok : NumberStatus::out_of_range};
  }
  if (parsed.status != NumberStatus::ok) {
    bad_ = cells_.not_a_number(text_of(record, position), parsed.status);
    return CellState::bad;
  }
  value = parsed.value;
  return CellState::number;
}

// Fills the dense values of the row, its weight and the list of its gaps; false if a value is bad.
bool RowBuilder::read_cells(const TableRecord& record, double* values) {
  missing_.clear();
  const std::size_t count = features_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (layout_.kinds[i] == ColumnKind::text) {
      if (is_missing(record, layout_.features[i])) missing_.push_back(i);
      continue;
    }
    const CellState state = read_number(record, layout_.features[i], *values++);
    if (state == CellState::missing) missing_.push_back(i);
    if (state == CellState::bad) {
      say_bad(record, i, std::move(bad_));
      return false;
    }
  }
  const CellState target = read_number(record, layout_.target, *values);
  if (target == CellState::missing) missing_.push_back(count);
  if (target == CellState::bad) {
    // A target cannot be taken as text: the remedy for a feature does not fit.
    if (bad_.remedy.find("--categorical") != std::string::npos) {
      bad_.remedy = "mend the cell, or name the word for a missing value with --na";
    }
    say_bad(record, count, std::move(bad_));
    return false;
  }
  if (!layout_.weights) return true;
  const CellState weight = read_number(record, *layout_.weights, weight_);
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
  const bool filled = missing_policy_ == MissingPolicy::mean;
  const std::size_t count = features_.size();
  // What is never filled is what stands in the way under `mean`.
  const std::size_t index = filled ? missing_.back() : missing_.front();
  std::string cell;
  if (record.numbers.empty()) {
    const std::size_t position = index < count    ? layout_.features[index]
                                 : index == count ? layout_.target
                                                  : *layout_.weights;
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

Error RowBuilder::too_many_features() const {
  std::size_t largest = 0;
  bool any = false;
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (layout_.kinds[i] != ColumnKind::text) continue;
    if (!any || levels_.count(i) > levels_.count(largest)) largest = i;
    any = true;
  }
  Error error;
  error.what = fmt::format("more than {} features (numeric columns, levels and gap indicators)",
                           grouped(kMostFeatures));
  if (any) {
    error.what += fmt::format("; the text column {} alone has {} levels so far",
                              in_quotes(features_[largest].name), grouped(levels_.count(largest)));
    error.remedy = fmt::format("leave it out with --drop {}", as_option_value(features_[largest].name));
  } else {
    error.remedy = "leave columns out with --drop, or rows with gaps with --missing drop";
  }
  return error;
}

void RowBuilder::add_levels(const TableRecord& record, RowBlock& block) {
  const auto start = static_cast<std::ptrdiff_t>(block.levels.size());
  auto gap = missing_.begin();
  for (std::size_t i = 0; i < features_.size(); ++i) {
    const bool missing = gap != missing_.end() && *gap == i;
    if (missing) ++gap;
    if (layout_.kinds[i] == ColumnKind::text) {
      block.levels.push_back(
          levels_.number(i, missing ? kMissingLevel : text_of(record, layout_.features[i])));
    } else if (missing) {
      block.levels.push_back(levels_.gap(i));
    }
  }
  std::sort(block.levels.begin() + start, block.levels.end());
}

void RowBuilder::use(const TableRecord& record, RowBlock& block) {
  const double* value = block.values.data() + block.rows * dense_;
  auto gap = missing_.begin();
  for (std::size_t i = 0; i < features_.size(); ++i) {
    const bool missing = gap != missing_.end() && *gap == i;
    if (missing) {
      ++gap;
      fingerprint_.add_missing();
    } else if (layout_.kinds[i] == ColumnKind::text) {
      fingerprint_.add_text(text_of(record, layout_.features[i]));
    } else {
      fingerprint_.add_number(*value);
    }
    if (layout_.kinds[i] == ColumnKind::numeric) ++value;
  }
  fingerprint_.add_number(*value);
  if (has_text_ || !missing_.empty()) add_levels(record, block);
  block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
  if (layout_.weights) {
    fingerprint_.add_number(weight_);
    block.weights.push_back(weight_);
  }
  ++block.rows;
}

Result<RowBuilder::Outcome> RowBuilder::take(const TableRecord& record, RowBlock& block) {
  if (record.bad != nullptr) {
    bad_ = *record.bad;
    return Outcome::bad;
  }
  const std::size_t start = block.rows * dense_;
  block.values.resize(start + dense_);
  if (!read_cells(record, block.values.data() + start)) {
    block.values.resize(start);
    return Outcome::bad;
  }
  for (const std::size_t index : missing_) {
    if (index < features_.size()) ++features_[index].missing;
    if (index == features_.size()) ++target_.missing;
  }
  const bool weight_missing = !missing_.empty() && missing_.back() > features_.size();
  if (layout_.weights && !weight_missing && weight_ == 0) {
    // The same as if the row were not there, so its gaps do not matter.
    block.values.resize(start);
    return Outcome::weightless;
  }
  if (!missing_.empty()) {
    const bool fillable = missing_.back() < features_.size();
    if (missing_policy_ == MissingPolicy::error || (missing_policy_ == MissingPolicy::mean && !fillable)) {
      return fail(missing_error(record));
    }
    if (missing_policy_ == MissingPolicy::drop) {
      block.values.resize(start);
      return Outcome::missing;
    }
  }
  use(record, block);
  if (dense_ - 1 + levels_.levels().size() > kMostFeatures) return fail(too_many_features());
  return Outcome::used;
}

void RowBuilder::count_levels() {
  for (std::size_t i = 0; i < features_.size(); ++i) features_[i].levels = levels_.count(i);
}

}  // namespace talweg
