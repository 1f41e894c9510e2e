// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fold_data.h"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "talweg/base/handover.h"
#include "talweg/base/numbers.h"
#include "talweg/data/block_pipeline.h"
#include "talweg/data/fingerprint.h"
#include "talweg/objective/fold_groups.h"

namespace talweg {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

std::optional<Error> out_of_range(const FoldedRows& folded, const std::vector<std::string>& dense_names) {
  for (std::size_t j = 0; j < folded.columns; ++j) {
    const DoubleDouble squares = folded.square(j);
    constexpr double kSmallestSquares = 1e-260;
    const bool too_small = folded.widest[j] > 0 && !(squares.high > kSmallestSquares);
    if (is_finite(squares) && is_finite(folded.mean[j]) && too_small) {
      Error error{ErrorKind::data,
                  "its values differ by so little that the sum of their squares underflows a double"};
      error.remedy = "give the column in a smaller unit, or leave it out with --drop";
      error.column = dense_names[j];
      return error;
    }
    if (is_finite(squares) && is_finite(folded.mean[j])) continue;
    Error error{ErrorKind::data, "its values are so large that the sum of their squares overflows a double"};
    error.remedy = "give the column in a larger unit, or leave it out with --drop";
    error.column = dense_names[j];
    return error;
  }
  return std::nullopt;
}

std::optional<Error> out_of_range(const IndicatorSums& sums, const std::vector<std::string>& dense_names) {
  const auto column = sums.out_of_range();
  if (!column) return std::nullopt;
  Error error{ErrorKind::data, "its values are so large that their sum overflows a double"};
  error.remedy = "give the column in a larger unit, or leave it out with --drop";
  error.column = dense_names[*column];
  return error;
}

namespace {

// Some blocks of arrays, folded.
struct ArrayGroup {
  std::vector<FoldedPart> parts;
  TableHash hash;
  std::vector<RowBlock> blocks;  // kept for the sample alone
  std::uint64_t records = 0;
  std::uint64_t rows = 0;
  std::optional<Error> error;
};

// One row of the arrays into the block; false if it has weight 0.
Result<bool> take_row(const ArrayView& features, const ArrayView& target, const ArrayView& weights,
                      const std::vector<std::string>& names, std::size_t row, RowBlock& block) {
  const bool weighted = weights.rows > 0;
  const double w = weighted ? weights.at(row, 0) : 1;
  if (!std::isfinite(w) || w < 0) {
    return fail(ErrorKind::data, fmt::format("row {}: the weight is {}", row, w), "weights are numbers >= 0");
  }
  if (w == 0) return false;
  for (std::size_t j = 0; j <= features.columns; ++j) {
    const double value = j < features.columns ? features.at(row, j) : target.at(row, 0);
    if (!std::isfinite(value)) {
      return fail(Error{ErrorKind::data,
                        fmt::format("row {}: the value is {}", row, value),
                        "give finite numbers; leave rows with gaps out",
                        {},
                        0,
                        names[j]});
    }
    block.values.push_back(value + 0.0);  // -0 becomes 0
  }
  if (weighted) block.weights.push_back(w);
  ++block.rows;
  return true;
}

void fold_group(const ArrayView& features, const ArrayView& target, const ArrayView& weights,
                const std::vector<std::string>& names, std::size_t first_block, std::size_t end_block,
                bool keep_blocks, BulkArithmetic bulk, ArrayGroup& group) {
  std::vector<RowBlock> blocks;
  for (std::size_t number = first_block; number < end_block; ++number) {
    RowBlock block;
    block.clear(number, features.columns + 1);
    const std::size_t end = std::min(features.rows, (number + 1) * kBlockRows);
    for (std::size_t row = number * kBlockRows; row < end; ++row) {
      ++group.records;
      const auto taken = take_row(features, target, weights, names, row, block);
      if (!taken) {
        group.error = taken.error();
        return;
      }
    }
    if (block.rows == 0) continue;
    group.rows += block.rows;
    const bool weighted =
        std::any_of(block.weights.begin(), block.weights.end(), [](double w) { return w != 1; });
    if (!weighted) block.weights.clear();
    group.hash.add(block);
    blocks.push_back(std::move(block));
  }
  group.parts = fold_blocks(blocks, first_block, end_block, bulk);
  if (keep_blocks) group.blocks = std::move(blocks);
}

}  // namespace

std::vector<std::vector<FoldedPart>> fold_apart(std::span<const RowBlock> blocks, std::uint64_t first_block,
                                                std::uint64_t end_block, const RowParts& parts,
                                                FoldArithmetic arithmetic,
                                                std::span<IndicatorSums> indicators) {
  std::vector<std::vector<FoldedPart>> out;
  for (std::uint32_t part = 0; part < parts.count(); ++part) {
    std::vector<RowBlock> chosen;
    for (const RowBlock& block : blocks) {
      RowBlock rows = select_rows(block, [&](std::uint64_t record) { return parts.of(record) == part; });
      if (rows.rows == 0) continue;
      if (!indicators.empty()) indicators[part].add(rows);
      chosen.push_back(std::move(rows));
    }
    out.push_back(fold_blocks(chosen, first_block, end_block, arithmetic));
  }
  return out;
}

void gather_apart(std::vector<std::vector<FoldedPart>>& folds, std::vector<FoldTree>& trees) {
  for (std::size_t part = 0; part < trees.size(); ++part) {
    for (FoldedPart& node : folds[part]) trees[part].add(std::move(node));
  }
}

Result<FoldedParts> fold_parts(const std::vector<std::string>& paths, const TableOptions& table,
                               const ColumnRequest& columns, const FoldOptions& options) {
  const auto began = Clock::now();
  auto reader = RowReader::open(paths, table, columns);
  if (!reader) return fail(reader.error());
  FoldedParts out;
  if (reader->dense_names().empty()) {
    return fail(Error{ErrorKind::data, "there is no column of numbers, so there is nothing to predict",
                      "check the delimiter, or say --numeric COLUMNS", paths.size() == 1 ? paths[0] : ""});
  }
  const std::uint64_t first_block = columns.first_record / kBlockRows;
  FoldTree tree(first_block);
  PipelineOptions pipeline;
  pipeline.threads = options.threads;
  pipeline.stop = options.stop;
  pipeline.progress = options.progress;
  std::atomic<std::int64_t> folding{0};  // nanoseconds, of all threads
  FoldGroups groups({options.bulk, reader->table_columns()});
  const std::size_t part_count = options.parts ? options.parts->count() : 0;
  std::vector<FoldTree> apart(part_count);
  tbb::enumerable_thread_specific<std::vector<IndicatorSums>> indicators_apart(
      std::vector<IndicatorSums>{part_count});
  // A wide table: whether its rows are held is decided in their order, so batches may have been worked on as
  // if they were that are folded after all.
  const std::size_t feature_count = reader->dense_names().size() - 1;
  std::atomic<bool> holding{options.wide != WideTable::folded && is_wide(feature_count)};
  FoldTree marginals;
  tbb::enumerable_thread_specific<IndicatorSums> marginal_indicators;
  std::uint64_t rows_held = 0;
  const FoldArithmetic arithmetic{options.bulk, reader->table_columns()};
  struct Worked {
    std::vector<FoldedRows> marginals;           // of each block, where rows are held
    std::vector<std::vector<FoldedPart>> apart;  // else of each part, where there are parts
  };
  const auto fold_now = [&](std::span<const RowBlock> blocks, std::uint64_t first, std::uint64_t end) {
    std::vector<std::vector<FoldedPart>> out_apart;
    if (options.parts) {
      out_apart = fold_apart(blocks, first, end, *options.parts, arithmetic, indicators_apart.local());
    } else {
      for (const RowBlock& block : blocks) groups.add(block);
    }
    return out_apart;
  };
  const auto fold = [&](BlockBatch& batch) {
    const auto start = Clock::now();
    auto worked = std::make_shared<Worked>();
    if (holding) {
      for (const RowBlock& block : batch.blocks) {
        worked->marginals.push_back(fold_marginals(block));
        marginal_indicators.local().add(block);
      }
    } else {
      worked->apart = fold_now(batch.blocks, batch.first_block, batch.end_block);
    }
    batch.result = std::move(worked);
    folding += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  };
  // Blocks in order, up to `end_block`, that have not been folded yet.
  const auto fold_late = [&](std::vector<RowBlock> blocks, std::uint64_t end_block) {
    const auto start = Clock::now();
    constexpr std::uint64_t kAtOnce = FoldGroups::kGroupBlocks;
    std::vector<std::size_t> begin;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      if (k == 0 || blocks[k].number / kAtOnce != blocks[k - 1].number / kAtOnce) begin.push_back(k);
    }
    begin.push_back(blocks.size());
    // A few groups at a time: each of them is a triangle of products.
    constexpr std::size_t kGroupsAtOnce = 8;
    for (std::size_t first = 0; first + 1 < begin.size(); first += kGroupsAtOnce) {
      const std::size_t end = std::min(first + kGroupsAtOnce, begin.size() - 1);
      std::vector<std::vector<std::vector<FoldedPart>>> folds(end - first);
      // Nothing else of the pipeline is run while this waits.
      tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(std::size_t{0}, folds.size(), [&](std::size_t k) {
          const std::size_t at = begin[first + k];
          const std::span<RowBlock> some(blocks.data() + at, begin[first + k + 1] - at);
          folds[k] = fold_now(some, some.front().number, some.back().number + 1);
        });
      });
      for (auto& of : folds) {
        if (options.parts) gather_apart(of, apart);
      }
      for (std::size_t k = begin[first]; k < begin[end]; ++k) blocks[k] = RowBlock{};
      const bool last = end + 1 == begin.size();
      if (!options.parts)
        groups.gather(last ? end_block : blocks[begin[end]].number / kAtOnce * kAtOnce, tree);
    }
    folding += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count() *
               static_cast<std::int64_t>(tbb::this_task_arena::max_concurrency());
  };
  RowSampler sampler(options.sample_rows);
  const auto gather = [&](BlockBatch& batch) {
    if (options.sample_rows > 0) {
      for (const RowBlock& block : batch.blocks) sampler.add(block);
    }
    if (options.keep) {
      for (const RowBlock& block : batch.blocks) options.keep(block);
    }
    Worked& worked = *std::static_pointer_cast<Worked>(batch.result);
    if (holding) {
      for (std::size_t k = 0; k < worked.marginals.size(); ++k) {
        rows_held += worked.marginals[k].rows;
        marginals.add(batch.blocks[k].number, std::move(worked.marginals[k]));
      }
      if (options.wide == WideTable::marginal) return;
      std::move(batch.blocks.begin(), batch.blocks.end(), std::back_inserter(out.held));
      if (are_held(rows_held, feature_count, options.most_cells)) return;
      holding = false;
      fold_late(std::exchange(out.held, {}), batch.end_block);
    } else if (!worked.marginals.empty()) {
      fold_late(std::move(batch.blocks), batch.end_block);
    } else if (options.parts) {
      gather_apart(worked.apart, apart);
    } else {
      groups.gather(batch.end_block, tree);
    }
  };
  if (auto read = read_blocks(*reader, pipeline, fold, gather); !read) return fail(read.error());
  if (!options.parts && !holding) groups.finish(tree);
  out.audit = reader->audit();
  // Behind a last block that is not full nothing can follow.
  const std::uint64_t end = columns.first_record + out.audit.records;
  if (holding) {
    for (const IndicatorSums& of_thread : marginal_indicators) out.indicators.add(of_thread);
    out.parts.push_back({0, marginals.finish()});
  } else {
    out.indicators = groups.indicators();
    out.parts = tree.take_parts(end % kBlockRows == 0 ? end / kBlockRows : ~std::uint64_t{0});
  }
  for (std::size_t part = 0; part < part_count && !holding; ++part) {
    IndicatorSums sums;
    for (const std::vector<IndicatorSums>& of_thread : indicators_apart) sums.add(of_thread[part]);
    if (auto error = out_of_range(sums, reader->dense_names())) return fail(*error);
    out.held_apart.push_back(apart[part].finish());
    sums.write(out.held_apart.back());
  }
  for (const FoldedRows& of_part : out.held_apart) {
    if (auto error = out_of_range(of_part, reader->dense_names())) return fail(*error);
  }
  out.sample = sampler.finish();
  out.features = reader->features();
  out.target = reader->target();
  out.target_classes = reader->target_classes();
  out.dense_names = reader->dense_names();
  out.places = reader->places();
  out.levels = reader->levels();
  out.hash = reader->hash();
  out.fingerprint = reader->fingerprint();
  for (const FoldedPart& part : out.parts) {
    if (auto error = out_of_range(part.folded, out.dense_names)) return fail(*error);
  }
  if (auto error = out_of_range(out.indicators, out.dense_names)) return fail(*error);
  // Reading and folding overlap: the wall time is shared by the time that threads spent on each.
  const double wall = seconds_since(began);
  const unsigned threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  out.seconds_folding = std::min(wall, static_cast<double>(folding.load()) * 1e-9 / threads);
  out.seconds_reading = wall - out.seconds_folding;
  return out;
}

namespace {

// Chosen rows of a table in memory, folded once more.
Result<FoldedData> fold_kept(const KeptTable& kept, const FoldOptions& options) {
  const auto began = Clock::now();
  FoldedData out = kept.data;
  const auto chosen = [&](std::uint64_t record) { return options.selection.holds(record); };
  std::erase_if(out.sample, [&](const SampledRow& row) { return !chosen(row.record); });
  // Groups of blocks in parallel, a few at a time, gathered in order.
  constexpr std::size_t kGroupBlocks = 16;
  constexpr std::size_t kBlocksAtOnce = 64 * kGroupBlocks;
  const tbb::global_control control(
      tbb::global_control::max_allowed_parallelism,
      options.threads > 0 ? options.threads : static_cast<std::size_t>(tbb::info::default_concurrency()));
  FoldTree tree;
  FoldGroups groups(options.bulk);
  const bool wide = kept.data.folded.marginal;
  tbb::enumerable_thread_specific<IndicatorSums> marginal_indicators;
  for (std::size_t first = 0; first < kept.blocks.size(); first += kBlocksAtOnce) {
    if (options.stop != nullptr && options.stop->raised()) {
      return fail(ErrorKind::interrupted,
                  "interrupted while folding the data: there is nothing to report yet");
    }
    std::vector<RowBlock> blocks(std::min(kBlocksAtOnce, kept.blocks.size() - first));
    std::vector<FoldedRows> marginals(wide ? blocks.size() : 0);
    tbb::parallel_for(std::size_t{0}, blocks.size(), [&](std::size_t k) {
      blocks[k] = select_rows(kept.blocks[first + k], chosen);
      if (blocks[k].rows == 0) return;
      if (wide) {
        marginals[k] = fold_marginals(blocks[k]);
        marginal_indicators.local().add(blocks[k]);
      } else {
        groups.add(blocks[k]);
      }
    });
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      if (blocks[k].rows == 0) continue;
      if (options.keep) options.keep(blocks[k]);
      if (wide) tree.add(blocks[k].number, std::move(marginals[k]));
    }
    if (!wide) groups.gather(blocks.back().number + 1, tree);
  }
  if (!wide) groups.finish(tree);
  out.folded = tree.finish();
  IndicatorSums indicators = groups.indicators();
  for (const IndicatorSums& of_thread : marginal_indicators) indicators.add(of_thread);
  if (auto error = out_of_range(indicators, out.dense_names)) return fail(*error);
  indicators.write(out.folded);
  if (auto error = out_of_range(out.folded, out.dense_names)) return fail(*error);
  out.seconds_folding += seconds_since(began);
  return out;
}

}  // namespace

Result<FoldedData> fold_table(const std::vector<std::string>& paths, const TableOptions& table,
                              const ColumnRequest& columns, const FoldOptions& options) {
  if (options.kept != nullptr) return fold_kept(*options.kept, options);
  ColumnRequest request = columns;
  // Rows that are kept have their target last.
  request.table_order = options.keep == nullptr;
  if (options.wide == WideTable::held) request.table_order_most = most_folded_columns() + 1;
  auto read = fold_parts(paths, table, request, options);
  if (!read) return fail(read.error());
  FoldTree tree;
  for (FoldedPart& part : read->parts) tree.add(std::move(part));
  FoldedData out;
  out.folded = tree.finish();
  read->indicators.write(out.folded);
  for (const FoldedRows& part : read->held_apart) out.folded = merge(std::move(out.folded), part);
  out.parts = std::move(read->held_apart);
  out.held = std::move(read->held);
  out.sample = std::move(read->sample);
  out.features = std::move(read->features);
  out.target = std::move(read->target);
  out.target_classes = std::move(read->target_classes);
  out.dense_names = std::move(read->dense_names);
  out.places = std::move(read->places);
  out.levels = std::move(read->levels);
  out.audit = std::move(read->audit);
  out.fingerprint = std::move(read->fingerprint);
  out.missing = columns.missing;
  out.missing_words = columns.missing_words;
  out.bad_rows = columns.bad_rows;
  out.weights = columns.weights;
  if (auto error = out_of_range(out.folded, out.dense_names)) return fail(*error);
  out.seconds_folding = read->seconds_folding;
  out.seconds_reading = read->seconds_reading;
  return out;
}

Result<void> check_view(const ArrayView& view, const char* name) {
  if (view.rows == 0 || view.columns == 0 || view.doubles != nullptr || view.floats != nullptr) return {};
  return fail(ErrorKind::usage,
              fmt::format("{}: the array holds fewer than {} x {} numbers", name, view.rows, view.columns),
              "give the view the size of its data");
}

Result<FoldedData> fold_arrays(const ArrayView& features, const ArrayView& target, const ArrayView& weights,
                               const std::vector<std::string>& names, const std::string& target_name,
                               const FoldOptions& options) {
  const auto began = Clock::now();
  const bool weighted = weights.rows > 0;
  for (const auto& [view, name] :
       {std::pair{&features, "features"}, {&target, "target"}, {&weights, "weights"}}) {
    if (auto checked = check_view(*view, name); !checked) return fail(checked.error());
  }
  if (target.columns != 1 || target.rows != features.rows || (weighted && weights.rows != features.rows)) {
    return fail(ErrorKind::usage,
                fmt::format("features have {} rows, the target {}{}", features.rows, target.rows,
                            weighted ? fmt::format(", the weights {}", weights.rows) : ""),
                "give arrays with the same number of rows, target and weights of one column");
  }
  if (!names.empty() && names.size() != features.columns) {
    return fail(ErrorKind::usage, fmt::format("{} names for {} columns", names.size(), features.columns));
  }
  FoldedData out;
  for (std::size_t j = 0; j < features.columns; ++j) {
    ColumnInfo info;
    info.name = names.empty() ? fmt::format("x{}", j + 1) : names[j];
    out.features.push_back(info);
    out.dense_names.push_back(info.name);
    out.places.push_back(j);
  }
  out.target.name = target_name;
  out.dense_names.push_back(target_name);
  out.places.push_back(features.columns);
  if (weighted) out.weights = "weights";
  TableHash hash;

  // Groups of blocks in parallel, a few at a time, gathered in order.
  constexpr std::size_t kBlocksInGroup = 16;
  constexpr std::size_t kGroupsAtOnce = 64;
  const std::size_t blocks = (features.rows + kBlockRows - 1) / kBlockRows;
  const std::size_t groups = (blocks + kBlocksInGroup - 1) / kBlocksInGroup;
  FoldTree tree;
  const tbb::global_control control(
      tbb::global_control::max_allowed_parallelism,
      options.threads > 0 ? options.threads : static_cast<std::size_t>(tbb::info::default_concurrency()));
  RowSampler sampler(options.sample_rows);
  std::vector<ArrayGroup> wave;
  for (std::size_t first = 0; first < groups; first += kGroupsAtOnce) {
    if (options.stop != nullptr && options.stop->raised()) {
      return fail(ErrorKind::interrupted,
                  "interrupted while reading the data: there is nothing to report yet");
    }
    wave.assign(std::min(kGroupsAtOnce, groups - first), {});
    Handover handover;
    handover.give();
    tbb::parallel_for(std::size_t{0}, wave.size(), [&](std::size_t k) {
      const HandedOver here(handover);
      const std::size_t begin = (first + k) * kBlocksInGroup;
      fold_group(features, target, weights, out.dense_names, begin, std::min(begin + kBlocksInGroup, blocks),
                 options.sample_rows > 0, options.bulk, wave[k]);
    });
    handover.take();
    for (ArrayGroup& group : wave) {
      if (group.error) return fail(*group.error);
      hash.add(group.hash);
      for (FoldedPart& part : group.parts) tree.add(std::move(part));
      for (const RowBlock& block : group.blocks) sampler.add(block);
      out.audit.records += group.records;
      out.audit.rows += group.rows;
      out.audit.rows_weightless += group.records - group.rows;
    }
  }
  if (out.audit.rows == 0) return fail(ErrorKind::data, "there are no rows to fit", "give at least two rows");
  out.folded = tree.finish();
  out.sample = sampler.finish();
  std::vector<HashedColumn> hashed;
  for (std::size_t j = 0; j < out.dense_names.size(); ++j) hashed.push_back({out.dense_names[j], j, j});
  out.fingerprint = table_fingerprint(hash, hashed, out.weights, {});
  if (auto error = out_of_range(out.folded, out.dense_names)) return fail(*error);
  out.seconds_folding = seconds_since(began);
  return out;
}

}  // namespace talweg
