// SPDX-License-Identifier: Apache-2.0
// The fold's kernel beside its plain reference, and the fold of whole blocks, by number of columns.
#include <benchmark/benchmark.h>

#include <vector>

#include "talweg/base/random.h"
#include "talweg/objective/gram_kernel.h"
#include "talweg/objective/moments.h"
#include "talweg/objective/plain_kernel.h"
#include "talweg/objective/split_kernel.h"

namespace talweg {

// fma_peak.cpp
double fma_chains(std::size_t steps);
std::size_t fma_lanes();

namespace {

constexpr std::size_t kSteps = 100000;

RowBlock random_block(std::size_t columns) {
  RowBlock block;
  block.clear(0, columns);
  block.rows = kBlockRows;
  for (std::size_t k = 0; k < block.rows * columns; ++k) block.values.push_back(random_normal(1, 0, k));
  return block;
}

// Products of the lower triangle over some rows, a second.
benchmark::Counter products_rate(std::size_t columns, std::size_t rows) {
  return {static_cast<double>(columns * (columns + 1) / 2) * static_cast<double>(rows),
          benchmark::Counter::kIsIterationInvariantRate};
}

template <void (*kKernel)(const GramInput&, double*, double*)>
void products(benchmark::State& state) {
  const auto columns = static_cast<std::size_t>(state.range(0));
  const std::size_t stride = (columns + kGramPadding - 1) / kGramPadding * kGramPadding;
  std::vector<double> z(kBlockRows * stride);
  for (std::size_t k = 0; k < z.size(); ++k) z[k] = random_normal(1, 0, k);
  std::vector<double> sum(columns * stride);
  std::vector<double> error(columns * stride);
  const GramInput input{z.data(), nullptr, z.data(), nullptr, kBlockRows, columns, stride};
  for (auto _ : state) {
    kKernel(input, sum.data(), error.data());
    benchmark::DoNotOptimize(sum.data());
  }
  const double pairs = static_cast<double>(columns * (columns + 1) / 2) * static_cast<double>(kBlockRows);
  state.counters["products/s"] = benchmark::Counter(pairs, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(products<gram>)->Arg(3)->Arg(11)->Arg(29)->Arg(91)->Arg(501)->Name("products/kernel");
BENCHMARK(products<gram_reference>)->Arg(3)->Arg(11)->Arg(29)->Arg(91)->Name("products/reference");

// The splitting kernel: three fused multiply-adds a product, beside what the machine can do (fma/peak).
void split_products(benchmark::State& state) {
  const RowBlock block = random_block(static_cast<std::size_t>(state.range(0)));
  SplitInput input;
  input.values = block.values.data();
  input.rows = block.rows;
  input.columns = block.columns;
  SplitSums sums;
  for (auto _ : state) {
    split_gram(input, sums);
    benchmark::DoNotOptimize(sums.sum.data());
  }
  const double pairs =
      static_cast<double>(block.columns * (block.columns + 1) / 2) * static_cast<double>(kBlockRows);
  state.counters["fma/s"] = benchmark::Counter(3 * pairs, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(split_products)->Arg(11)->Arg(29)->Arg(91)->Arg(501)->Name("split/kernel");

// The plain kernel, centring and packing included: one fused multiply-add a product.
void plain_products(benchmark::State& state) {
  const RowBlock block = random_block(static_cast<std::size_t>(state.range(0)));
  PlainInput input;
  input.values = block.values.data();
  input.weight = static_cast<double>(block.rows);
  input.rows = block.rows;
  input.columns = block.columns;
  PlainSums sums;
  for (auto _ : state) {
    plain_gram(input, sums);
    benchmark::DoNotOptimize(sums.sum.data());
  }
  state.counters["fma/s"] = products_rate(block.columns, block.rows);
}
BENCHMARK(plain_products)->Arg(3)->Arg(29)->Arg(91)->Arg(501)->Name("plain/kernel");

// Twelve independent chains of vector multiply-adds in registers.
void peak(benchmark::State& state) {
  constexpr int kChains = 12;
  for (auto _ : state) {
    benchmark::DoNotOptimize(fma_chains(kSteps));
  }
  state.counters["fma/s"] =
      benchmark::Counter(static_cast<double>(kSteps) * kChains * static_cast<double>(fma_lanes()),
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(peak)->Name("fma/peak");

// The whole fold of many blocks, merges included, as one thread of a pass does it; "arithmetic" 0: double
// double, 1: split, 2: plain.
void fold_rows(benchmark::State& state) {
  const auto columns = static_cast<std::size_t>(state.range(0));
  const bool exact = state.range(1) == 0;
  constexpr std::uint64_t kFar = std::uint64_t{1} << 40U;
  const std::size_t count = exact ? 1 : 64;
  std::vector<RowBlock> blocks;
  for (std::size_t k = 0; k < count; ++k) {
    blocks.push_back(random_block(columns));
    blocks.back().number = exact ? 0 : kFar + k;
  }
  const BulkArithmetic bulk = state.range(1) == 1 ? BulkArithmetic::split : BulkArithmetic::plain;
  for (auto _ : state) {
    FoldTree tree;
    for (const RowBlock& block : blocks) tree.add(block.number, fold_block(block, bulk));
    benchmark::DoNotOptimize(tree.finish());
  }
  const std::size_t rows = count * kBlockRows;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
  state.counters["fma/s"] = products_rate(columns, rows);
}
BENCHMARK(fold_rows)
    ->ArgsProduct({{3, 11, 29, 91, 501}, {0, 1, 2}})
    ->ArgNames({"columns", "arithmetic"})
    ->Name("fold/rows");

void merge_folds(benchmark::State& state) {
  const FoldedRows folded = fold_block(random_block(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(merge(folded, folded));
}
BENCHMARK(merge_folds)->Arg(11)->Arg(91)->Name("fold/merge");

}  // namespace
}  // namespace talweg
