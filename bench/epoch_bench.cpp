// SPDX-License-Identifier: Apache-2.0
// An epoch over rows in memory beside a pure read of the same memory by the same threads (two), and
// stochastic epochs in rows a second by one. "bytes_per_second" counts cells and targets once.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "talweg/base/random.h"
#include "talweg/descent/batch_walk.h"
#include "talweg/objective/block_tree.h"
#include "talweg/objective/linear_batches.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {
namespace {

constexpr unsigned kThreads = 2;
constexpr std::size_t kCells = std::size_t{1} << 25U;  // 256 MiB: far beyond the caches

DenseRows make_rows(std::size_t columns, std::size_t rows) {
  DenseRows out(columns);
  RowBlock block;
  for (std::uint64_t first = 0; first < rows; first += kBlockRows) {
    block.clear(first / kBlockRows, columns + 1);
    block.rows = std::min<std::size_t>(kBlockRows, rows - first);
    for (std::size_t r = 0; r < block.rows; ++r) {
      // Random numbers cost more than they are worth here: any spread-out cells do.
      std::uint64_t state = (first + r + 1) * 0x9e3779b97f4a7c15U;
      double sum = 0;
      for (std::size_t j = 0; j < columns; ++j) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const double x = static_cast<double>(state >> 40U) * 0x1p-23 - 1;
        block.values.push_back(x);
        sum += x;
      }
      block.values.push_back(sum > 0 ? 1 : -1);
    }
    out.append(block);
  }
  out.finish();
  return out;
}

const DenseRows& rows_of(std::size_t columns) {
  static std::map<std::size_t, DenseRows> kept;
  const auto found = kept.find(columns);
  if (found != kept.end()) return found->second;
  kept.clear();
  return kept.emplace(columns, make_rows(columns, kCells / (columns + 1))).first->second;
}

std::int64_t bytes_of(const DenseRows& rows) {
  return static_cast<std::int64_t>(rows.rows() * (rows.columns() + 1) * sizeof(double));
}

void read(benchmark::State& state) {
  const DenseRows& rows = rows_of(static_cast<std::size_t>(state.range(0)));
  std::vector<double> sums(rows.blocks().size());
  const auto sum_of = [](const double* from, std::size_t count) {
    std::uint64_t part[8] = {};
    for (std::size_t i = 0; i + 8 <= count; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) part[k] += std::bit_cast<std::uint64_t>(from[i + k]);
    }
    return static_cast<double>(std::accumulate(part, part + 8, std::uint64_t{0}));
  };
  for (auto _ : state) {
    reduce_blocks(
        rows.numbers(), kThreads,
        [&](std::size_t k) {
          const DenseRows::Block& block = rows.blocks()[k];
          sums[k] =
              sum_of(block.cells, block.stride * rows.columns()) + sum_of(block.target.data(), block.rows);
        },
        [&](std::size_t into, std::size_t from) { sums[into] += sums[from]; });
    benchmark::DoNotOptimize(sums.data());
  }
  state.SetBytesProcessed(state.iterations() * bytes_of(rows));
}

void epoch(benchmark::State& state, CostKind loss) {
  const auto columns = static_cast<std::size_t>(state.range(0));
  const DenseRows& rows = rows_of(columns);
  std::vector<LinearTerm> terms(columns + 1);
  for (std::size_t j = 0; j < columns; ++j) terms[j].column = j;
  LinearCostSettings settings;
  settings.loss.kind = loss;
  settings.threads = kThreads;
  const std::vector<double> start(columns + 1);
  LinearCost cost(rows, terms, settings, start);
  Point point(std::vector<double>(columns + 1, 0.01));
  std::vector<double> gradient(columns + 1);
  for (auto _ : state) {
    point.high[0] += 1e-9;
    benchmark::DoNotOptimize(cost.evaluate(point, gradient));
  }
  state.SetBytesProcessed(state.iterations() * bytes_of(rows));
}

void stochastic(benchmark::State& state, CostKind loss) {
  constexpr std::size_t kColumns = 28;
  static const DenseRows rows = make_rows(kColumns, 1'000'000);
  std::vector<BatchTerm> terms(kColumns + 1);
  for (std::size_t j = 0; j < kColumns; ++j) terms[j].column = j;
  LinearBatchesSettings settings;
  settings.loss.kind = loss;
  const auto cost = LinearBatches::make(rows, terms, settings);
  BatchSettings batches;
  batches.cost = cost->get();
  batches.batch_size = static_cast<std::uint32_t>(state.range(0));
  BatchWalk walk(batches);
  Point point(std::vector<double>(kColumns + 1, 0.01));
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    if (batches.batch_size == 1) {
      (*cost)->descend_each(point, walk.order(++epoch), 1e-4);
      continue;
    }
    walk.go(++epoch, [&](std::span<const std::uint32_t> batch) {
      (*cost)->descend(point, batch, 1e-4);
      return true;
    });
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows.rows()));
}

void register_all() {
  for (const std::int64_t d : {8, 16, 28, 64, 128, 512}) {
    const auto add = [d](const char* name, auto run) {
      benchmark::RegisterBenchmark(name, run)->Arg(d)->UseRealTime()->Unit(benchmark::kMillisecond);
    };
    add("memory/read", [](benchmark::State& state) { read(state); });
    add("epoch/mse", [](benchmark::State& state) { epoch(state, CostKind::mse); });
    add("epoch/logistic", [](benchmark::State& state) { epoch(state, CostKind::logistic); });
  }
  for (const std::int64_t size : {1, 32, 1024}) {
    const auto add = [size](const char* name, CostKind loss) {
      benchmark::RegisterBenchmark(name, [loss](benchmark::State& state) { stochastic(state, loss); })
          ->Arg(size)
          ->Unit(benchmark::kMillisecond);
    };
    add("batches/mse", CostKind::mse);
    add("batches/logistic", CostKind::logistic);
  }
}

}  // namespace
}  // namespace talweg

int main(int argc, char** argv) {
  talweg::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
