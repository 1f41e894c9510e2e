// SPDX-License-Identifier: Apache-2.0
// An epoch over rows in memory beside a pure read of the same memory by the same threads (two), and
// stochastic epochs in rows a second by one. "bytes_per_second" counts cells and targets once.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
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

DenseRows make_rows(std::size_t columns, std::size_t rows, CellType type) {
  DenseRows out(columns, type);
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

const DenseRows& rows_of(std::size_t columns, CellType type) {
  static std::map<std::pair<std::size_t, CellType>, DenseRows> kept;
  const std::pair<std::size_t, CellType> key{columns, type};
  const auto found = kept.find(key);
  if (found != kept.end()) return found->second;
  kept.clear();
  return kept.emplace(key, make_rows(columns, kCells / (columns + 1), type)).first->second;
}

std::int64_t bytes_of(const DenseRows& rows) {
  const std::size_t cell = rows.type() == CellType::floats ? sizeof(float) : sizeof(double);
  return static_cast<std::int64_t>(rows.rows() * (rows.columns() * cell + sizeof(double)));
}

void read(benchmark::State& state, CellType type) {
  const DenseRows& rows = rows_of(static_cast<std::size_t>(state.range(0)), type);
  std::vector<double> sums(rows.blocks().size());
  // A line of memory at a time.
  const auto sum_of = []<class Cell>(const Cell* from, std::size_t count) {
    using Word = std::conditional_t<sizeof(Cell) == sizeof(float), std::uint32_t, std::uint64_t>;
    constexpr std::size_t kWords = 64 / sizeof(Cell);
    Word part[kWords] = {};
    for (std::size_t i = 0; i + kWords <= count; i += kWords) {
      for (std::size_t k = 0; k < kWords; ++k) part[k] += std::bit_cast<Word>(from[i + k]);
    }
    return static_cast<double>(std::accumulate(part, part + kWords, Word{0}));
  };
  for (auto _ : state) {
    reduce_blocks(
        rows.numbers(), kThreads,
        [&](std::size_t k) {
          const DenseRows::Block& block = rows.blocks()[k];
          sums[k] = sum_of(block.target.data(), block.rows) + block.with_cells([&](const auto* cells) {
            return sum_of(cells, block.stride * rows.columns());
          });
        },
        [&](std::size_t into, std::size_t from) { sums[into] += sums[from]; });
    benchmark::DoNotOptimize(sums.data());
  }
  state.SetBytesProcessed(state.iterations() * bytes_of(rows));
}

void epoch(benchmark::State& state, CostKind loss, CellType type) {
  const auto columns = static_cast<std::size_t>(state.range(0));
  const DenseRows& rows = rows_of(columns, type);
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

void stochastic(benchmark::State& state, CostKind loss, CellType type) {
  constexpr std::size_t kColumns = 28;
  const DenseRows& rows = rows_of(kColumns, type);
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
  for (const CellType type : {CellType::doubles, CellType::floats}) {
    const std::string of = type == CellType::doubles ? "double" : "float";
    for (const std::int64_t d : {8, 16, 28, 64, 128, 512}) {
      const auto add = [&](const std::string& name, auto run) {
        benchmark::RegisterBenchmark((name + '/' + of).c_str(), run)
            ->Arg(d)
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      };
      add("memory/read", [type](benchmark::State& state) { read(state, type); });
      add("epoch/mse", [type](benchmark::State& state) { epoch(state, CostKind::mse, type); });
      add("epoch/logistic", [type](benchmark::State& state) { epoch(state, CostKind::logistic, type); });
    }
    for (const std::int64_t size : {1, 32, 1024}) {
      for (const CostKind loss : {CostKind::mse, CostKind::logistic}) {
        const std::string name = fmt::format("batches/{}/{}", cost_name(loss), of);
        benchmark::RegisterBenchmark(name.c_str(),
                                     [=](benchmark::State& state) { stochastic(state, loss, type); })
            ->Arg(size)
            ->Unit(benchmark::kMillisecond);
      }
    }
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
