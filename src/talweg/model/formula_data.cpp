// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/formula_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include "talweg/base/numbers.h"
#include "talweg/data/block_pipeline.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

constexpr const char* kCellRemedy =
    "correct the cell, leave the row out, or write the formula so that it is a number there";

// The columns to read: the first column of the left side in the role of the target, the others as features.
Result<ColumnRequest> columns_of(const Formula& formula, const ColumnRequest& asked) {
  ColumnRequest out = asked;
  out.features.emplace();
  std::set<std::string> numeric;
  std::set<std::string> text;
  for (const ColumnUse& use : formula.columns) (use.level ? text : numeric).insert(use.name);
  for (const std::string& name : text) {
    if (numeric.contains(name)) {
      return fail(ErrorKind::data,
                  fmt::format("the formula uses column {} both as a number and as a text with levels",
                              in_quotes(name)),
                  "use it in one of the two ways");
    }
  }
  for (const ColumnUse& use : formula.columns) {
    if (use.name == asked.weights) {
      return fail(ErrorKind::data,
                  fmt::format("the weights {} are a column of the formula, too", in_quotes(use.name)),
                  "take it out of one of them");
    }
    if (use.on_left && !use.level && out.target.empty()) out.target = use.name;
  }
  for (const ColumnUse& use : formula.columns) {
    if (out.target.empty() && !use.level) out.target = use.name;
  }
  if (out.target.empty()) {
    return fail(ErrorKind::data, "the formula uses no column of numbers", "predict a number: y = ...");
  }
  std::set<std::string> seen;
  for (const ColumnUse& use : formula.columns) {
    if (use.name == out.target || !seen.insert(use.name).second) continue;
    out.features->push_back(use.name);
    if (use.level) out.categorical.push_back(use.name);
  }
  for (const ColumnUse& use : formula.columns) {
    if (use.level) out.first_levels.emplace_back(use.name, *use.level);
  }
  return out;
}

// Blocks as they are read -> the formula's columns, each contiguous. The reader numbers the formula's levels
// before all others, in their order here.
class ColumnGatherer {
 public:
  ColumnGatherer(const Formula& formula, const RowReader& reader) : formula_(formula) {
    for (std::size_t c = 0; c < formula.columns.size(); ++c) {
      const ColumnUse& use = formula.columns[c];
      const auto found = std::find(reader.dense_names().begin(), reader.dense_names().end(), use.name);
      dense_.push_back(use.level ? kIndicator
                                 : static_cast<std::size_t>(found - reader.dense_names().begin()));
      if (use.level) column_of_level_.push_back(c);
    }
    seen_ = std::vector<std::atomic<bool>>(column_of_level_.size());
  }

  // columns x kBlockRows cells. Called on any thread.
  void gather(const RowBlock& block, std::vector<double>& cells) const {
    cells.assign(dense_.size() * kBlockRows, 0.0);
    for (std::size_t c = 0; c < dense_.size(); ++c) {
      if (dense_[c] == kIndicator) continue;
      double* const out = cells.data() + c * kBlockRows;
      for (std::size_t r = 0; r < block.rows; ++r) out[r] = block.values[r * block.columns + dense_[c]];
    }
    std::size_t level = 0;
    for (std::size_t r = 0; !column_of_level_.empty() && r < block.level_end.size(); ++r) {
      for (; level < block.level_end[r]; ++level) {
        if (block.levels[level] >= column_of_level_.size()) continue;
        cells[column_of_level_[block.levels[level]] * kBlockRows + r] = 1;
        seen_[block.levels[level]].store(true, std::memory_order_relaxed);
      }
    }
  }

  // A level of the formula that no row has.
  [[nodiscard]] std::optional<Error> unseen_level(const RowReader& reader) const {
    for (std::size_t k = 0; k < column_of_level_.size(); ++k) {
      if (seen_[k]) continue;
      const ColumnUse& use = formula_.columns[column_of_level_[k]];
      std::vector<std::string> levels;
      for (std::size_t id = 0; id < reader.levels().size(); ++id) {
        const Level& level = reader.levels()[id];
        const bool asked = id < seen_.size() && !seen_[id];
        if (!asked && !level.gap && reader.features()[level.column].name == use.name)
          levels.push_back(level.text);
      }
      std::sort(levels.begin(), levels.end());
      Error error{ErrorKind::data, fmt::format("no row has the level {}", in_quotes(*use.level))};
      const auto near = nearest_names(*use.level, levels);
      error.remedy = near.empty() ? "the levels are " + name_list(levels)
                                  : fmt::format("did you mean {}?", name_list(near, "or"));
      error.column = use.name;
      return error;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kIndicator = std::numeric_limits<std::size_t>::max();
  const Formula& formula_;
  std::vector<std::size_t> dense_;
  std::vector<std::size_t> column_of_level_;
  mutable std::vector<std::atomic<bool>> seen_;
};

// What the formula makes of a row is no finite number; the place is found later.
struct BadRow {
  std::uint64_t record = 0;
  std::string what;
  std::string why;
};

std::vector<const double*> column_pointers(const std::vector<double>& cells, std::size_t columns) {
  std::vector<const double*> out;
  for (std::size_t c = 0; c < columns; ++c) out.push_back(cells.data() + c * kBlockRows);
  return out;
}

std::vector<double> row_of(const std::vector<double>& cells, std::size_t columns, std::size_t row) {
  std::vector<double> out;
  for (std::size_t c = 0; c < columns; ++c) out.push_back(cells[c * kBlockRows + row]);
  return out;
}

// Pairs for a block of rows: one output after the other.
struct Pairs {
  explicit Pairs(std::size_t outputs) : high(outputs * kBlockRows), low(outputs * kBlockRows) {
    for (std::size_t j = 0; j < outputs; ++j) {
      highs.push_back(high.data() + j * kBlockRows);
      lows.push_back(low.data() + j * kBlockRows);
    }
  }
  std::vector<double> high, low;
  std::vector<double*> highs, lows;
};

// The block of what the parameters multiply, then the left side less the offset.
std::optional<BadRow> linear_block(const BoundFormula& bound, const ColumnGatherer& gatherer,
                                   const RowBlock& block, RowBlock& out) {
  const Formula& formula = bound.formula;
  const AffineForm& affine = *bound.affine;
  const std::size_t columns = formula.columns.size();
  std::vector<double> cells;
  gatherer.gather(block, cells);
  const std::vector<const double*> at = column_pointers(cells, columns);
  Program::Workspace left_work(bound.left);
  Program::Workspace linear_work(*bound.linear);
  const std::vector<double> parameters(formula.parameters.size(), 0.0);
  Pairs left(1);
  Pairs right(1 + affine.features.size());  // the offset, then the features
  bound.left.evaluate_pairs(at, block.rows, {}, left.highs[0], left.lows[0], {}, {}, left_work);
  bound.linear->evaluate_pairs(at, block.rows, parameters, right.highs[0], right.lows[0],
                               std::span<double* const>(right.highs).subspan(1),
                               std::span<double* const>(right.lows).subspan(1), linear_work);
  const std::vector<std::size_t> slopes = bound.slopes();
  out.clear(block.number, slopes.size() + 1);
  out.rows = block.rows;
  out.weights = block.weights;
  out.values.resize(block.rows * out.columns);
  out.values_low.resize(block.rows * out.columns);
  for (std::size_t r = 0; r < block.rows; ++r) {
    const auto bad = [&](std::string what, const Expression& expression) {
      return BadRow{block.number * kBlockRows + block.offsets[r], std::move(what),
                    why_not_finite(expression, row_of(cells, columns, r), parameters)};
    };
    const DoubleDouble y = DoubleDouble(left.highs[0][r], left.lows[0][r]);
    if (!is_finite(y))
      return bad(fmt::format("the left side, {}, is no finite number", bound.left_text), formula.left);
    const DoubleDouble rest = y - DoubleDouble(right.highs[0][r], right.lows[0][r]);
    if (!is_finite(rest))
      return bad(fmt::format("{} is no finite number", to_text(affine.offset)), affine.offset);
    double* const value = out.values.data() + r * out.columns;
    double* const low = out.values_low.data() + r * out.columns;
    for (std::size_t k = 0; k < slopes.size(); ++k) {
      value[k] = right.highs[1 + slopes[k]][r];
      low[k] = right.lows[1 + slopes[k]][r];
      if (std::isfinite(value[k]) && std::isfinite(low[k])) continue;
      const Expression& feature = affine.features[slopes[k]];
      return bad(fmt::format("{} is no finite number", to_text(feature)), feature);
    }
    value[slopes.size()] = rest.high;
    low[slopes.size()] = rest.low;
  }
  return std::nullopt;
}

// What work makes of the blocks that became complete together.
struct Worked {
  std::vector<std::vector<FoldedPart>> apart;  // affine, each part of the rows by itself
  std::vector<FoldedPart> parts;               // affine
  std::vector<std::vector<double>> columns;    // else: per block the formula's columns, then the left side
  std::optional<BadRow> bad;
};

void fold_linear(const BoundFormula& bound, const ColumnGatherer& gatherer,
                 const std::optional<RowParts>& parts, BlockBatch& batch, Worked& out) {
  for (RowBlock& block : batch.blocks) {
    RowBlock linear;
    out.bad = linear_block(bound, gatherer, block, linear);
    if (out.bad) return;
    linear.offsets = std::move(block.offsets);
    block = std::move(linear);
  }
  if (parts) {
    out.apart = fold_apart(batch.blocks, batch.first_block, batch.end_block, *parts, BulkArithmetic::split);
    return;
  }
  out.parts = fold_blocks(batch.blocks, batch.first_block, batch.end_block);
}

void gather_columns(const BoundFormula& bound, const ColumnGatherer& gatherer, const BlockBatch& batch,
                    Worked& out) {
  const std::size_t columns = bound.formula.columns.size();
  Program::Workspace work(bound.left);
  for (const RowBlock& block : batch.blocks) {
    std::vector<double>& cells = out.columns.emplace_back();
    gatherer.gather(block, cells);
    cells.resize((columns + 1) * kBlockRows);
    double* const left = cells.data() + columns * kBlockRows;
    bound.left.evaluate(column_pointers(cells, columns), block.rows, {}, left, {}, work);
    for (std::size_t r = 0; r < block.rows; ++r) {
      if (std::isfinite(left[r])) continue;
      out.bad = BadRow{block.number * kBlockRows + block.offsets[r],
                       fmt::format("the left side, {}, is no finite number", bound.left_text),
                       why_not_finite(bound.formula.left, row_of(cells, columns, r), {})};
      return;
    }
  }
}

// Text columns that the formula takes for numbers.
Result<void> check_kinds(const RowReader& reader, const Formula& formula) {
  for (const ColumnInfo& column : reader.features()) {
    if (column.kind == ColumnKind::numeric) continue;
    for (const ColumnUse& use : formula.columns) {
      if (use.name != column.name || use.level) continue;
      Error error{ErrorKind::data, "the column holds text, and the formula takes it for a number"};
      error.remedy = fmt::format("use one of its levels, {}[LEVEL], or say --numeric {}",
                                 formula_name(column.name), column.name);
      error.column = column.name;
      return fail(error);
    }
  }
  return {};
}

// Texts as classes stand on the left side alone, as they are.
Result<void> check_text_target(const RowReader& reader, const Formula& formula) {
  if (reader.target().kind != ColumnKind::text) return {};
  bool elsewhere = !formula.plain_response();
  for (const ColumnUse& use : formula.columns)
    elsewhere = elsewhere || (use.name == reader.target().name && (use.on_right || !use.on_left));
  if (!elsewhere) return {};
  Error error{ErrorKind::data, "the column holds text, and the formula takes it for a number"};
  error.remedy = "classes stand alone on the left side: " + formula_name(reader.target().name) + " = ...";
  error.column = reader.target().name;
  return fail(error);
}

}  // namespace

std::optional<std::size_t> BoundFormula::intercept() const {
  return affine && affine->intercept && affine->intercept_feature == 1 ? affine->intercept : std::nullopt;
}

std::vector<std::size_t> BoundFormula::slopes() const {
  std::vector<std::size_t> out;
  for (std::size_t j = 0; j < formula.parameters.size(); ++j) {
    if (intercept() != j) out.push_back(j);
  }
  return out;
}

Result<std::shared_ptr<const BoundFormula>> bind_formula(const std::string& text,
                                                         const std::vector<std::string>& column_names) {
  auto parsed = parse_formula(text, column_names);
  if (!parsed) return fail(parsed.error());
  auto out = std::make_shared<BoundFormula>();
  out->formula = std::move(*parsed);
  const Formula& formula = out->formula;
  const std::vector<Expression> partials = partial_derivatives(formula);
  for (std::size_t j = 0; j < partials.size(); ++j) {
    if (!partials[j].is_number(0)) continue;
    return fail(
        ErrorKind::data,
        fmt::format("the formula does not depend on its parameter {}", in_quotes(formula.parameters[j])),
        "take it out of the formula");
  }
  out->affine = affine_form(formula);
  out->left_text = to_text(formula.left);
  out->right_text = to_text(formula.right);
  out->left = compile_left(formula);
  out->right = compile_right(formula);
  if (out->affine) out->linear = compile_affine(formula, *out->affine);
  return std::shared_ptr<const BoundFormula>(std::move(out));
}

void RowRecords::add(std::uint64_t record) {
  const bool follows = !runs_.empty() && record - runs_.back().record == count_ - runs_.back().first;
  if (!follows) runs_.push_back({count_, record});
  ++count_;
}

std::uint64_t RowRecords::at(std::uint64_t n) const {
  auto run = std::upper_bound(runs_.begin(), runs_.end(), n,
                              [](std::uint64_t a, const Run& b) { return a < b.first; });
  if (run == runs_.begin()) return n;
  --run;
  return run->record + (n - run->first);
}

RowPlace find_record(const FitRequest& request, std::uint64_t record) {
  RowPlace out;
  out.record = record;
  if (std::find(request.paths.begin(), request.paths.end(), "-") != request.paths.end()) return out;
  auto table = TableReader::open(request.paths, request.table);
  if (!table) return out;
  TableRecord at;
  while (true) {
    const auto more = table->next(at);
    if (!more || !*more) return out;
    if (at.row < record) continue;
    if (at.file != nullptr) out.file = *at.file;
    out.line = at.line;
    return out;
  }
}

Error not_finite(const std::string& what, const RowPlace& place, const std::string& why,
                 const std::string& remedy) {
  Error error;
  error.what = fmt::format("row {}: {}", grouped(place.record + 1), why.empty() ? what : what + ": " + why);
  error.remedy = remedy;
  error.file = place.file;
  error.line = place.line;
  return error;
}

Result<FormulaData> read_formula_data(const FitRequest& request, const FoldOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  FormulaData out;
  const auto resolve = [&](const std::vector<std::string>& names) -> Result<ColumnRequest> {
    auto bound = bind_formula(request.formula, names);
    if (!bound) return fail(bound.error());
    out.formula = std::move(*bound);
    return columns_of(out.formula->formula, request.columns);
  };
  auto reader = RowReader::open(request.paths, request.table, ColumnResolver(resolve));
  if (!reader) return fail(reader.error());
  const BoundFormula& bound = *out.formula;
  const Formula& formula = bound.formula;
  if (auto checked = check_kinds(*reader, formula); !checked) return fail(checked.error());
  if (auto checked = check_text_target(*reader, formula); !checked) return fail(checked.error());
  const ColumnGatherer gatherer(formula, *reader);
  FoldedData& data = out.data;
  const bool folds = bound.affine && !options.keep_rows;
  if (!folds) {
    for (std::size_t c = 0; c < formula.columns.size(); ++c) {
      if (bound.right.uses_column(c)) out.stored.push_back(c);
    }
    out.store.emplace(out.stored.size());
  }
  FoldTree tree;
  std::vector<FoldTree> apart(folds && options.parts ? options.parts->count() : 0);
  RowSampler sampler(options.sample_rows);
  std::optional<BadRow> bad;
  const auto work = [&](BlockBatch& batch) {
    auto worked = std::make_shared<Worked>();
    if (folds) {
      fold_linear(bound, gatherer, options.parts, batch, *worked);
    } else {
      gather_columns(bound, gatherer, batch, *worked);
    }
    batch.result = std::move(worked);
  };
  const auto gather = [&](BlockBatch& batch) {
    Worked& worked = *std::static_pointer_cast<Worked>(batch.result);
    if (!bad) bad = std::move(worked.bad);
    if (bad) return;
    for (FoldedPart& part : worked.parts) tree.add(std::move(part));
    if (!worked.apart.empty()) gather_apart(worked.apart, apart);
    for (std::size_t k = 0; k < batch.blocks.size(); ++k) {
      const RowBlock& block = batch.blocks[k];
      if (options.sample_rows > 0 && folds) sampler.add(block);
      if (options.keep && folds) options.keep(block);
      if (folds) continue;
      std::vector<const double*> kept;
      for (const std::size_t c : out.stored) kept.push_back(worked.columns[k].data() + c * kBlockRows);
      kept.push_back(worked.columns[k].data() + formula.columns.size() * kBlockRows);
      out.store->append(block.number * kBlockRows / kStoreRows, kept, block.rows, block.weights);
      for (const std::uint8_t offset : block.offsets) out.records.add(block.number * kBlockRows + offset);
    }
  };
  PipelineOptions pipeline;
  pipeline.threads = options.threads;
  pipeline.stop = options.stop;
  pipeline.progress = options.progress;
  const auto read = read_blocks(*reader, pipeline, work, gather);
  if (bad) return fail(not_finite(bad->what, find_record(request, bad->record), bad->why, kCellRemedy));
  if (!read) return fail(read.error());
  if (folds) {
    data.folded = tree.finish();
    for (FoldTree& of_part : apart) {
      data.parts.push_back(of_part.finish());
      data.folded = merge(std::move(data.folded), data.parts.back());
    }
    data.sample = sampler.finish();
    for (const std::size_t j : bound.slopes()) data.dense_names.push_back(to_text(bound.affine->features[j]));
    data.dense_names.push_back(bound.left_text);
    if (auto error = out_of_range(data.folded, data.dense_names)) return fail(*error);
  } else {
    out.store->finish();
    data.dense_names.push_back(bound.left_text);
  }
  if (auto error = gatherer.unseen_level(*reader)) return fail(*error);
  data.formula = out.formula;
  data.features = reader->features();
  data.target = reader->target();
  data.target_classes = reader->target_classes();
  data.levels = reader->levels();
  data.audit = reader->audit();
  data.fingerprint = reader->fingerprint();
  data.missing = request.columns.missing;
  data.missing_words = request.columns.missing_words;
  data.bad_rows = request.columns.bad_rows;
  data.weights = request.columns.weights;
  data.seconds_reading = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return out;
}

}  // namespace talweg
