// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/dense_rows.h"

#include <sys/mman.h>
#include <tbb/parallel_for.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <thread>

#include "talweg/base/with_threads.h"
#include "talweg/objective/block_tree.h"

namespace talweg {
namespace {

constexpr std::size_t kSlabBytes = std::size_t{1} << 24U;
constexpr std::size_t kPage = std::size_t{1} << 21U;

std::size_t padded(std::size_t rows) {
  return (rows + kPanelRows - 1) / kPanelRows * kPanelRows;
}

struct Free {
  void operator()(std::byte* memory) const { std::free(memory); }
};

// Units of floats reach so far beyond the first block that one is found before a float is full.
constexpr double kMostUnits = 0x1p100;
constexpr int kLeastExponent = -900;

double power_of_two_above(double value) {
  return std::ldexp(1.0, std::max(std::ilogb(value) + 1, kLeastExponent));
}

}  // namespace

// Cells of many blocks in few large pieces of memory, on large pages where the system grants them.
struct DenseRows::Memory {
  std::vector<std::unique_ptr<std::byte, Free>> slabs;
  std::byte* next = nullptr;
  std::size_t left = 0;

  template <class Cell>
  Cell* take(std::size_t count) {
    const std::size_t wanted = padded(count) * sizeof(Cell);
    if (wanted > left) {
      const std::size_t bytes = (std::max(wanted, kSlabBytes) + kPage - 1) / kPage * kPage;
      auto* const slab = static_cast<std::byte*>(std::aligned_alloc(kPage, bytes));
      if (slab == nullptr) throw std::bad_alloc();
      slabs.emplace_back(slab);
      // Advice only: without large pages everything works as well.
      static_cast<void>(madvise(slab, bytes, MADV_HUGEPAGE));
      next = slab;
      left = bytes;
    }
    auto* const out = new (next) Cell[padded(count)];
    next += wanted;
    left -= wanted;
    return out;
  }

  // The last `count` cells of the piece taken last are not wanted: whole panels.
  template <class Cell>
  void give_back(std::size_t count) {
    next -= count * sizeof(Cell);
    left += count * sizeof(Cell);
  }
};

namespace {

// use(begin, end) for ranges of `columns` columns, on several threads where there is work for them.
template <class Use>
void each_range(std::size_t columns, unsigned threads, const Use& use) {
  constexpr std::size_t kRange = 64;
  if (threads == 1 || columns < 4 * kRange) return use(std::size_t{0}, columns);
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  with_threads(threads, [&] {
    tbb::parallel_for(std::size_t{0}, (columns + kRange - 1) / kRange,
                      [&](std::size_t k) { use(k * kRange, std::min((k + 1) * kRange, columns)); });
  });
}

}  // namespace

std::size_t dense_block_rows(std::size_t columns) {
  constexpr std::size_t kMostCells = std::size_t{1} << 15U;
  std::size_t rows = 4 * kBlockRows;
  while (rows > kBlockRows && rows * columns > kMostCells) rows /= 2;
  return rows;
}

DenseRows::DenseRows(std::size_t columns, CellType type)
    : columns_(columns),
      type_(type),
      block_rows_(dense_block_rows(columns)),
      memory_(std::make_unique<Memory>()),
      centre_(columns, 0.0),
      unit_(columns, 1.0),
      rounding_(type == CellType::floats ? columns : 0) {}
DenseRows::~DenseRows() = default;
DenseRows::DenseRows(DenseRows&&) noexcept = default;
DenseRows& DenseRows::operator=(DenseRows&&) noexcept = default;

void DenseRows::open(std::uint64_t number, unsigned threads) {
  close(threads);
  Block block;
  block.number = number;
  block.columns = columns_;
  if (type_ == CellType::doubles)
    block.doubles = memory_->take<double>(std::max<std::size_t>(columns_, 1) * block_rows_);
  else
    open_.resize(columns_ * block_rows_);
  blocks_.push_back(std::move(block));
  numbers_.push_back(number);
}

void DenseRows::close(unsigned threads) {
  if (blocks_.empty() || blocks_.back().stride > 0) return;
  Block& block = blocks_.back();
  block.stride = padded(block.rows);
  block.target.resize(block.stride);
  const bool weighted =
      std::any_of(block.weights.begin(), block.weights.end(), [](double w) { return w != 1; });
  if (weighted) {
    block.weights.resize(block.stride);
    weighted_ = true;
  } else {
    block.weights.clear();
  }
  const std::size_t columns = std::max<std::size_t>(columns_, 1);
  if (type_ == CellType::floats) {
    block.floats = memory_->take<float>(columns * block.stride);
    each_range(columns_, threads, [this](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) round_column(j);
    });
    return;
  }
  for (std::size_t r = block.rows; r < block.stride; ++r) {
    for (std::size_t j = 0; j < columns_; ++j) block.doubles[panel_place(columns_, j, r)] = 0;
  }
  memory_->give_back<double>(columns * (block_rows_ - block.stride));
}

float DenseRows::rounded(std::size_t j, double value) const {
  return static_cast<float>((value - centre_[j]) / unit_[j]);
}

// use(row, cells, count): the cells of a column of the last block, panel after panel.
template <class Use>
void DenseRows::each_open_part(std::size_t j, const Use& use) const {
  const std::size_t rows = blocks_.back().rows;
  for (std::size_t r = 0; r < rows; r += kPanelRows)
    use(r, open_.data() + panel_place(columns_, j, r), std::min(kPanelRows, rows - r));
}

// Of the last block, which is full.
void DenseRows::round_column(std::size_t j) {
  using Doubles = Eigen::Map<const Eigen::ArrayXd>;
  float* const to = blocks_.back().floats;
  if (!rounding_[j].begun) begin_column(j);
  Rounding& rounding = rounding_[j];
  const double centre = centre_[j];
  double largest = 0;
  each_open_part(j, [&](std::size_t, const double* from, std::size_t count) {
    const Doubles x(from, static_cast<Eigen::Index>(count));
    largest = std::max(largest, (x - centre).abs().maxCoeff());
  });
  if (largest > kMostUnits * unit_[j]) widen(j, largest);
  const double units = 1 / unit_[j];
  each_open_part(j, [&](std::size_t r, const double* from, std::size_t count) {
    const Doubles x(from, static_cast<Eigen::Index>(count));
    float* const part = to + panel_place(columns_, j, r);
    Eigen::Map<Eigen::ArrayXf> z(part, static_cast<Eigen::Index>(count));
    z = ((x - centre) * units).cast<float>();
    std::fill(part + count, part + kPanelRows, 0.0F);
    const auto lost = ((x - centre) * units - z.cast<double>()).abs();
    rounding.error = std::max(rounding.error, unit_[j] * (x == 0.0).select(0.0, lost).maxCoeff());
    rounding.zeros = rounding.zeros || (x == 0.0).any();
  });
}

// Centre and unit by the first cells that are not zero.
void DenseRows::begin_column(std::size_t j) {
  double sum = 0;
  double count = 0;
  const auto each = [&](const auto& take) {
    each_open_part(j, [&](std::size_t, const double* from, std::size_t length) {
      for (std::size_t k = 0; k < length; ++k) {
        if (from[k] != 0) take(from[k]);
      }
    });
  };
  each([&](double x) {
    sum += x;
    ++count;
  });
  if (count == 0) return;
  rounding_[j].begun = true;
  double centre = sum / count;
  double largest = 0;
  each([&](double x) { largest = std::max(largest, std::abs(x - centre)); });
  if (!std::isfinite(largest)) return;  // the fold says that such a column is out of range
  if (largest == 0) largest = std::abs(centre);
  unit_[j] = power_of_two_above(largest);
  const double step = unit_[j] / 8;
  constexpr double kWhole = 0x1p52;  // larger numbers are multiples of the step already, or nearly so
  if (std::abs(centre / step) < kWhole) centre = std::nearbyint(centre / step) * step;
  centre_[j] = centre;
  // All cells before are zeros.
  const float zero = rounded(j, 0);
  for (std::size_t k = 0; zero != 0 && k + 1 < blocks_.size(); ++k) {
    for (std::size_t r = 0; r < blocks_[k].rows; ++r) blocks_[k].floats[panel_place(columns_, j, r)] = zero;
  }
}

// A cell is beyond the range of floats in the unit so far.
void DenseRows::widen(std::size_t j, double largest) {
  if (!std::isfinite(largest)) return;
  const double before = unit_[j];
  unit_[j] = power_of_two_above(largest);
  for (std::size_t k = 0; k + 1 < blocks_.size(); ++k) {
    for (std::size_t r = 0; r < blocks_[k].rows; ++r) {
      float& cell = blocks_[k].floats[panel_place(columns_, j, r)];
      cell = static_cast<float>(cell * before / unit_[j]);
    }
  }
  // What has become too small for a float.
  rounding_[j].error = std::max(rounding_[j].error, unit_[j] * std::numeric_limits<float>::min());
}

double DenseRows::error(std::size_t j) const {
  if (type_ == CellType::doubles) return 0;
  const double of_zero = unit_[j] * std::abs(-centre_[j] / unit_[j] - static_cast<double>(rounded(j, 0)));
  return std::max(rounding_[j].error, rounding_[j].zeros ? of_zero : 0);
}

// The first columns of a block's rows, into panels.
void DenseRows::place(const RowBlock& block, std::size_t begin, std::size_t end) {
  const std::size_t first = blocks_.back().rows;
  double* const cells = type_ == CellType::floats ? open_.data() : blocks_.back().doubles;
  for (std::size_t r = 0; r < block.rows;) {
    // Up to the end of a panel: its rows' lines stay in the nearest cache from one column to the next.
    const std::size_t count = std::min(kPanelRows - (first + r) % kPanelRows, block.rows - r);
    const double* const from = block.values.data() + r * block.columns;
    for (std::size_t j = begin; j < end; ++j) {
      double* const to = cells + panel_place(columns_, j, first + r);
      for (std::size_t k = 0; k < count; ++k) to[k] = from[k * block.columns + j];
    }
    r += count;
  }
}

void DenseRows::append(const RowBlock& block, unsigned threads) {
  if (block.rows == 0) return;
  const std::uint64_t number = block.number * kBlockRows / block_rows_;
  if (blocks_.empty() || blocks_.back().number != number) open(number, threads);
  Block& to = blocks_.back();
  each_range(columns_, threads, [&](std::size_t begin, std::size_t end) { place(block, begin, end); });
  for (std::size_t r = 0; r < block.rows; ++r)
    to.target.push_back(block.values[r * block.columns + columns_]);
  // A block has weights as soon as one of its parts has.
  if (!block.weights.empty() || !to.weights.empty()) {
    to.weights.resize(to.rows, 1.0);
    if (block.weights.empty()) {
      to.weights.resize(to.rows + block.rows, 1.0);
    } else {
      to.weights.insert(to.weights.end(), block.weights.begin(), block.weights.end());
    }
  }
  if (!block.levels.empty() || !to.levels.empty()) {
    to.level_end.resize(to.rows, static_cast<std::uint32_t>(0));
    const auto base = static_cast<std::uint32_t>(to.levels.size());
    to.levels.insert(to.levels.end(), block.levels.begin(), block.levels.end());
    for (std::size_t r = 0; r < block.rows; ++r)
      to.level_end.push_back(base + (block.level_end.empty() ? 0 : block.level_end[r]));
  }
  for (std::size_t r = 0; r < block.rows; ++r) weight_ += block.weights.empty() ? 1 : block.weights[r];
  to.rows += block.rows;
  rows_ += block.rows;
}

void DenseRows::finish() {
  close(1);
  open_ = {};
}

void DenseRows::fill(std::size_t j, std::uint32_t gap, double value) {
  const bool floats = type_ == CellType::floats;
  const float filled = floats ? rounded(j, value) : 0;
  const float zero = floats ? rounded(j, 0) : 0;
  bool zeros = false;
  for (Block& block : blocks_) {
    std::size_t at = 0;
    for (std::size_t r = 0; r < block.rows; ++r) {
      bool is_gap = false;
      for (; !block.level_end.empty() && at < block.level_end[r]; ++at)
        is_gap = is_gap || block.levels[at] == gap;
      if (floats) {
        float& cell = block.floats[panel_place(columns_, j, r)];
        if (is_gap) cell = filled;
        zeros = zeros || (!is_gap && cell == zero);
      } else if (is_gap) {
        block.doubles[panel_place(columns_, j, r)] = value;
      }
    }
  }
  if (!floats) return;
  Rounding& rounding = rounding_[j];
  rounding.zeros = zeros;
  rounding.error = std::max(
      rounding.error, unit_[j] * std::abs((value - centre_[j]) / unit_[j] - static_cast<double>(filled)));
}

void DenseRows::standardise(std::span<const double> centre, std::span<const double> scale, unsigned threads) {
  if (type_ == CellType::floats) return;
  reduce_blocks(
      numbers_, threads,
      [&](std::size_t k) {
        Block& block = blocks_[k];
        for (std::size_t first = 0; first < block.rows; first += kPanelRows) {
          const std::size_t rows = std::min(kPanelRows, block.rows - first);
          for (std::size_t j = 0; j < columns_; ++j) {
            double* const column = block.doubles + panel_place(columns_, j, first);
            const double c = centre[j];
            const double s = scale[j];
            for (std::size_t r = 0; r < rows; ++r) column[r] = (column[r] - c) / s;
          }
        }
      },
      [](std::size_t, std::size_t) {});
  centre_.assign(centre.begin(), centre.end());
  unit_.assign(scale.begin(), scale.end());
}

}  // namespace talweg
