// SPDX-License-Identifier: Apache-2.0
// The epochs of a run in memory, thinned so that it never holds more than a stated number of values: when it
// is full, every second record is dropped and from then on only every second epoch is kept. The first and the
// last epoch are always there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace talweg {

struct TraceRow {
  std::uint64_t epoch = 0;
  double cost = 0;
  double gradient_norm = 0;
  std::optional<double> learning_rate;
  std::vector<double> parameters;
  std::optional<double> validation_cost = {};  ///< where rows are held out
};

class Trace {
 public:
  /// Numbers kept at most: 2^20, 8 MiB; never fewer than 64 records.
  static constexpr std::size_t kMostNumbers = std::size_t{1} << 20U;

  void add(std::uint64_t epoch, double cost, double gradient_norm, std::optional<double> learning_rate,
           std::span<const double> parameters, std::optional<double> validation_cost = {});
  /// Kept records in ascending order of epoch; the last one is the last epoch.
  [[nodiscard]] std::vector<TraceRow> rows() const;
  /// At most `most` + 1 of them, evenly spread, the first and the last among them.
  [[nodiscard]] std::vector<TraceRow> thinned(std::size_t most) const;
  /// Every how many epochs a record is kept.
  [[nodiscard]] std::uint64_t stride() const { return stride_; }

 private:
  std::vector<TraceRow> rows_;
  std::optional<TraceRow> last_;
  std::uint64_t stride_ = 1;
};

}  // namespace talweg
