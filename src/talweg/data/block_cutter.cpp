// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/block_cutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"

namespace talweg {

BlockCutter::BlockCutter(const RowPlan& plan, std::string place, std::optional<RejectsFile> rejects)
    : plan_(plan),
      place_(std::move(place)),
      rejects_(std::move(rejects)),
      features_(plan.features),
      target_(plan.target),
      levels_(plan.features.size()) {
  for (const auto& [feature, level] : plan.first_levels) levels_.number(feature, level);
}

tl::unexpected<Error> BlockCutter::stop(Error error) const {
  if (error.file.empty()) error.file = place_;
  return fail(std::move(error));
}

// False where there are too many: told at the first one over the limit, wherever the input was cut.
bool BlockCutter::number_levels(ParsedRows& rows) {
  rows.level_numbers.clear();
  bool fits = true;
  for (const Level& level : rows.levels_found.levels()) {
    rows.level_numbers.push_back(level.gap ? levels_.gap(level.column)
                                           : levels_.number(level.column, level.text));
    fits = plan_.dense_columns - (plan_.layout.target ? 1 : 0) + levels_.levels().size() <= kMostFeatures;
    if (!fits) break;
  }
  for (std::size_t i = 0; i < features_.size(); ++i) features_[i].levels = levels_.count(i);
  return fits;
}

Result<void> BlockCutter::take_classes(const ParsedRows& rows, std::uint64_t lines_before) {
  for (const FoundClass& found : rows.classes) {
    const auto same = [&](const TargetClass& known) { return known.text == found.text; };
    if (std::any_of(target_classes_.begin(), target_classes_.end(), same)) continue;
    Error error;
    error.file = found.file;
    error.line = found.line + lines_before;
    error.column = target_.name;
    if (target_classes_.size() == 2) {
      error.what = fmt::format("{} is a third class, beside {} and {}", in_quotes(found.text),
                               in_quotes(target_classes_[0].text), in_quotes(target_classes_[1].text));
      error.remedy =
          "two classes can be told apart: leave the other rows out, or make two of the classes one";
      return stop(std::move(error));
    }
    for (const TargetClass& known : target_classes_) {
      if (known.value != found.value) continue;
      error.what = fmt::format("{} and {} have the same hash", in_quotes(known.text), in_quotes(found.text));
      error.remedy = "rename one of them";
      return stop(std::move(error));
    }
    target_classes_.push_back({found.text, found.value});
    target_.levels = target_classes_.size();
  }
  return {};
}

void BlockCutter::cut(const std::shared_ptr<ParsedRows>& rows, std::uint64_t first_record,
                      std::vector<CutBlock>& complete) {
  rows->first_record = first_record;
  std::size_t row = 0;
  while (row < rows->rows) {
    const std::uint64_t number = (first_record + rows->record_of(row)) / kBlockRows;
    if (number != open_.number) {
      if (!open_.pieces.empty()) complete.push_back(std::exchange(open_, {}));
      open_.number = number;
    }
    // The used rows of this block are those with records before its end.
    const std::uint64_t end_record = (number + 1) * kBlockRows - first_record;
    std::size_t end = rows->rows;
    if (rows->record_of(rows->rows - 1) >= end_record) {
      end = rows->record.empty()
                ? static_cast<std::size_t>(end_record)
                : static_cast<std::size_t>(
                      std::lower_bound(rows->record.begin() + static_cast<std::ptrdiff_t>(row),
                                       rows->record.end(), end_record) -
                      rows->record.begin());
    }
    open_.pieces.push_back({rows, row, end - row});
    row = end;
  }
  if (records() / kBlockRows > open_.number && !open_.pieces.empty()) {
    complete.push_back(std::exchange(open_, {}));
  }
}

Result<void> BlockCutter::count(ParsedRows& rows, std::uint64_t lines_before) {
  audit_.records += rows.records;
  audit_.rows += rows.rows;
  audit_.rows_rejected += rows.rejected;
  audit_.rows_missing += rows.missing;
  audit_.rows_weightless += rows.weightless;
  for (std::size_t i = 0; i < features_.size(); ++i) features_[i].missing += rows.missing_cells[i];
  target_.missing += rows.missing_cells.back();
  audit_.gap_sets.add(rows.gap_sets);
  for (std::optional<Error>* error : {&rows.first_rejected, &rows.failed}) {
    if (*error && (*error)->line > 0) (*error)->line += lines_before;
  }
  if (rows.first_rejected && !audit_.first_rejected) audit_.first_rejected = std::move(rows.first_rejected);
  if (rejects_ && !rows.rejects.empty()) return rejects_->write(rows.rejects);
  return {};
}

Result<void> BlockCutter::add(const std::shared_ptr<ParsedRows>& rows, std::uint64_t lines_before,
                              std::vector<CutBlock>& complete) {
  const std::uint64_t first_record = records();
  if (auto taken = take_classes(*rows, lines_before); !taken) return taken;
  if (auto counted = count(*rows, lines_before); !counted) return stop(counted.error());
  if (!number_levels(*rows)) return stop(too_many_features());
  cut(rows, first_record, complete);
  if (rows->failed) return stop(*rows->failed);
  return {};
}

Result<void> BlockCutter::finish(std::vector<CutBlock>& complete) {
  if (!open_.pieces.empty()) complete.push_back(std::exchange(open_, {}));
  if (rejects_) {
    if (auto closed = rejects_->close(); !closed) return stop(closed.error());
  }
  if (audit_.rows == 0) return stop(no_rows());
  if (!plan_.refuse_names_of_rows) return {};
  if (auto error = name_of_rows(features_, audit_.rows)) return stop(*error);
  return {};
}

Error BlockCutter::too_many_features() const {
  std::size_t largest = 0;
  bool any = false;
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (plan_.layout.kinds[i] != ColumnKind::text) continue;
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

Error BlockCutter::no_rows() const {
  Error error;
  error.what =
      fmt::format("no row is left to use: of {} rows {} are bad, {} have a missing cell and {} have weight 0",
                  grouped(audit_.records), grouped(audit_.rows_rejected), grouped(audit_.rows_missing),
                  grouped(audit_.rows_weightless));
  if (audit_.rows_missing > 0) {
    error.remedy = "leave out the columns with the gaps with --drop, or put the mean with --missing mean";
  } else if (audit_.first_rejected) {
    error.remedy = fmt::format("the first bad row: {}", audit_.first_rejected->text());
  } else {
    error.remedy = "check the column of weights";
  }
  return error;
}

namespace {

// Few levels a row: sorted by insertion.
void sort_levels(std::uint32_t* begin, std::uint32_t* end) {
  for (std::uint32_t* at = begin; at != end; ++at) {
    std::rotate(std::upper_bound(begin, at, *at), at, at + 1);
  }
}

void append_levels(const RowPiece& piece, RowBlock& block) {
  const ParsedRows& rows = *piece.rows;
  for (std::size_t r = piece.first; r < piece.first + piece.count; ++r) {
    const std::size_t begin = rows.levels_before(r);
    const std::size_t end = rows.levels_before(r + 1);
    const std::size_t start = block.levels.size();
    for (std::size_t at = begin; at < end; ++at) block.levels.push_back(rows.level_numbers[rows.levels[at]]);
    sort_levels(block.levels.data() + start, block.levels.data() + block.levels.size());
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
  }
}

// The values where they are: those of a single piece; of two, the shorter one joins the longer one in the
// margin of its stretch. False where that does not do.
bool borrow_values(const CutBlock& cut, RowBlock& block) {
  const std::size_t count = block.rows * block.columns;
  const RowPiece& first = cut.pieces.front();
  if (cut.pieces.size() == 1) {
    block.values.borrow(first.rows, first.rows->row(first.first), count);
    return true;
  }
  const RowPiece& last = cut.pieces.back();
  const bool meet = first.first + first.count == first.rows->rows && last.first == 0;
  if (cut.pieces.size() > 2 || !meet) return false;
  if (first.count < last.count) {
    double* const to = last.rows->margin_before(first.count);
    std::copy_n(first.rows->row(first.first), first.count * block.columns, to);
    block.values.borrow(last.rows, to, count);
  } else {
    std::copy_n(last.rows->row(0), last.count * block.columns, first.rows->margin_behind());
    block.values.borrow(first.rows, first.rows->row(first.first), count);
  }
  return true;
}

}  // namespace

void assemble(const CutBlock& cut, RowBlock& block) {
  // The memory of the values stays: a block of the same size is not set to zero first.
  auto values = std::move(block.values);
  block.clear(cut.number, cut.pieces.front().rows->columns);
  block.values = std::move(values);
  bool levels = false;
  bool weighted = false;
  for (const RowPiece& piece : cut.pieces) {
    block.rows += piece.count;
    levels = levels || !piece.rows->levels.empty();
    for (std::size_t r = 0; r < piece.count && !weighted && !piece.rows->weights.empty(); ++r) {
      weighted = piece.rows->weights[piece.first + r] != 1;
    }
  }
  block.offsets.resize(block.rows);
  std::uint8_t* offset = block.offsets.data();
  double* value = borrow_values(cut, block) ? nullptr : block.values.overwrite(block.rows * block.columns);
  for (const RowPiece& piece : cut.pieces) {
    const ParsedRows& rows = *piece.rows;
    for (std::size_t r = piece.first; r < piece.first + piece.count; ++r) {
      *offset++ = static_cast<std::uint8_t>((rows.first_record + rows.record_of(r)) % kBlockRows);
    }
    if (value != nullptr) {
      value = std::copy_n(rows.row(piece.first), piece.count * rows.columns, value);
    }
    const auto first = static_cast<std::ptrdiff_t>(piece.first);
    const auto last = static_cast<std::ptrdiff_t>(piece.first + piece.count);
    if (weighted) {
      block.weights.insert(block.weights.end(), rows.weights.begin() + first, rows.weights.begin() + last);
    }
    if (levels) append_levels(piece, block);
  }
  if (block.levels.empty()) block.level_end.clear();
}

}  // namespace talweg
