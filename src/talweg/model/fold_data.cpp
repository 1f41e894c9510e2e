// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fold_data.h"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <thread>

#include "talweg/base/numbers.h"
#include "talweg/data/fingerprint.h"

namespace talweg {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// A few blocks travel together, so that a task is worth its overhead.
constexpr std::size_t kBlocksInBatch = 16;

struct Batch {
  std::vector<RowBlock> blocks;
  std::vector<FoldedRows> folded;
};

// Reads blocks in order (`next` as RowReader::next), folds them on `threads` threads, gathers them in order; `out` gets
// the sample and the time of reading.
template <class Next>
Result<FoldedRows> fold_blocks(Next&& next, const FoldOptions& options, FoldedData& out) {
  FoldTree tree;
  RowSampler sampler(options.sample_rows);
  std::optional<Error> error;
  bool done = false;
  const auto read = [&]() -> std::unique_ptr<Batch> {
    const auto began = Clock::now();
    auto batch = std::make_unique<Batch>();
    while (!done && batch->blocks.size() < kBlocksInBatch) {
      if (options.stop != nullptr && options.stop->raised()) {
        error = Error{ErrorKind::interrupted,
                      "interrupted while reading the data: there is nothing to report yet"};
        done = true;
        break;
      }
      batch->blocks.emplace_back();
      const Result<bool> more = next(batch->blocks.back());
      if (!more) error = more.error();
      if (!more || !*more) {
        batch->blocks.pop_back();
        done = true;
      }
    }
    out.seconds_reading += seconds_since(began);
    return batch;
  };
  const auto fold = [](Batch& batch) {
    for (const RowBlock& block : batch.blocks) batch.folded.push_back(fold_block(block));
  };
  const auto gather = [&](Batch& batch) {
    for (std::size_t k = 0; k < batch.blocks.size(); ++k) {
      if (options.sample_rows > 0) sampler.add(batch.blocks[k]);
      tree.add(batch.blocks[k].number, std::move(batch.folded[k]));
    }
  };

  const unsigned threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  if (threads == 1) {
    while (!done) {
      const auto batch = read();
      fold(*batch);
      gather(*batch);
    }
  } else {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
    tbb::task_arena arena(static_cast<int>(threads));
    arena.execute([&] {
      tbb::parallel_pipeline(
          2 * static_cast<std::size_t>(threads),
          tbb::make_filter<void, Batch*>(tbb::filter_mode::serial_in_order,
                                         [&](tbb::flow_control& flow) -> Batch* {
                                           if (done) {
                                             flow.stop();
                                             return nullptr;
                                           }
                                           return read().release();
                                         }) &
              tbb::make_filter<Batch*, Batch*>(tbb::filter_mode::parallel,
                                               [&](Batch* batch) {
                                                 fold(*batch);
                                                 return batch;
                                               }) &
              tbb::make_filter<Batch*, void>(tbb::filter_mode::serial_in_order, [&](Batch* batch) {
                const std::unique_ptr<Batch> owned(batch);
                gather(*owned);
              }));
    });
  }
  if (error) return fail(*error);
  out.sample = sampler.finish();
  return tree.finish();
}

// Sums of squares that leave the range of a double, or of which a double-double has no room for the low part, cannot be
// fitted.
std::optional<Error> out_of_range(const FoldedRows& folded, const std::vector<std::string>& dense_names) {
  for (std::size_t j = 0; j < folded.columns; ++j) {
    const DoubleDouble squares = folded.products[packed_index(j, j)];
    constexpr double kSmallestSquares = 1e-260;
    const bool too_small = folded.widest[j] > 0 && !(squares.high > kSmallestSquares);
    if (is_finite(squares) && is_finite(folded.mean[j]) && too_small) {
      Error error{ErrorKind::data, "its values differ by so little that the sum of their squares underflows a double"};
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

}  // namespace

Result<FoldedData> fold_table(const std::vector<std::string>& paths, const TableOptions& table,
                              const ColumnRequest& columns, const FoldOptions& options) {
  const auto began = Clock::now();
  auto reader = RowReader::open(paths, table, columns);
  if (!reader) return fail(reader.error());
  FoldedData out;
  std::uint64_t blocks = 0;
  auto folded = fold_blocks(
      [&](RowBlock& block) {
        auto more = reader->next(block);
        constexpr std::uint64_t kProgressEvery = 64;
        if (options.progress && ++blocks % kProgressEvery == 0) options.progress(reader->audit().records);
        return more;
      },
      options, out);
  if (!folded) return fail(folded.error());
  out.folded = std::move(*folded);
  out.features = reader->features();
  out.target = reader->target();
  out.dense_names = reader->dense_names();
  out.levels = reader->levels();
  out.audit = reader->audit();
  out.fingerprint = reader->fingerprint();
  out.missing = columns.missing;
  out.weights = columns.weights;
  if (auto error = out_of_range(out.folded, out.dense_names)) return fail(*error);
  out.seconds_folding = std::max(0.0, seconds_since(began) - out.seconds_reading);
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
  }
  out.target.name = target_name;
  out.dense_names.push_back(target_name);
  if (weighted) out.weights = "weights";
  Fingerprint fingerprint;
  for (const std::string& name : out.dense_names) fingerprint.add_name(name);

  std::size_t row = 0;
  const auto next = [&](RowBlock& block) -> Result<bool> {
    while (row < features.rows) {
      block.clear(row / kBlockRows, features.columns + 1);
      const std::size_t end = std::min(features.rows, (row / kBlockRows + 1) * kBlockRows);
      for (; row < end; ++row) {
        const double w = weighted ? weights.at(row, 0) : 1;
        if (!std::isfinite(w) || w < 0) {
          return fail(ErrorKind::data, fmt::format("row {}: the weight is {}", row, w),
                      "weights are numbers >= 0");
        }
        ++out.audit.records;
        if (w == 0) {
          ++out.audit.rows_weightless;
          continue;
        }
        for (std::size_t j = 0; j <= features.columns; ++j) {
          const double value = j < features.columns ? features.at(row, j) : target.at(row, 0);
          if (!std::isfinite(value)) {
            return fail(Error{ErrorKind::data,
                              fmt::format("row {}: the value is {}", row, value),
                              "give finite numbers; leave rows with gaps out",
                              {},
                              0,
                              out.dense_names[j]});
          }
          block.values.push_back(value);
          fingerprint.add_number(value);
        }
        if (weighted) {
          block.weights.push_back(w);
          fingerprint.add_number(w);
        }
        ++block.rows;
        ++out.audit.rows;
      }
      if (block.rows > 0) return true;
    }
    return false;
  };
  auto folded = fold_blocks(next, options, out);
  if (!folded) return fail(folded.error());
  if (out.audit.rows == 0) return fail(ErrorKind::data, "there are no rows to fit", "give at least two rows");
  out.folded = std::move(*folded);
  out.fingerprint = fingerprint.digest();
  if (auto error = out_of_range(out.folded, out.dense_names)) return fail(*error);
  out.seconds_folding = std::max(0.0, seconds_since(began) - out.seconds_reading);
  return out;
}

}  // namespace talweg
