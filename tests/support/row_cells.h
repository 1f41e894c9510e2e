// SPDX-License-Identifier: Apache-2.0
// Random rows of cells for the kernels of batches, of either type; what stands behind the columns is no
// number that a sum would survive.
#pragma once

#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "support/random.h"
#include "talweg/objective/row_kernel.h"

namespace talweg::test {

class RandomRowCells {
 public:
  RandomRowCells(Random& random, std::size_t rows, std::size_t columns, bool floats, int digits = 3) {
    cells_.columns = columns;
    cells_.stride = row_stride(columns, floats);
    const std::size_t count = rows * cells_.stride;
    memory_.reset(std::aligned_alloc(64, count * sizeof(double)));
    unit_.assign(cells_.stride, 0.0);
    shift_.assign(cells_.stride, 0.0);
    for (std::size_t j = 0; j < columns; ++j) {
      unit_[j] = 0.5 + random.uniform();
      shift_[j] = random.normal() / 4;
    }
    const auto fill = [&](auto* cells) {
      using Cell = std::remove_pointer_t<decltype(cells)>;
      std::fill_n(cells, count, floats ? std::numeric_limits<Cell>::quiet_NaN() : Cell{});
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < columns; ++j) {
          cells[r * cells_.stride + j] =
              static_cast<Cell>(random.normal() * (digits > 0 ? random.decade(-digits, digits) : 1));
        }
        const double target = random.coin() ? 1 : -1;
        std::memcpy(cells + r * cells_.stride + (floats ? cells_.stride - 2 : columns), &target,
                    sizeof(target));
      }
      return cells;
    };
    if (floats) {
      cells_.floats = fill(static_cast<float*>(memory_.get()));
      cells_.unit = unit_.data();
      cells_.shift = shift_.data();
    } else {
      cells_.doubles = fill(static_cast<double*>(memory_.get()));
    }
  }
  [[nodiscard]] const RowCells& get() const { return cells_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  std::vector<double> unit_, shift_;
  RowCells cells_;
};

}  // namespace talweg::test
