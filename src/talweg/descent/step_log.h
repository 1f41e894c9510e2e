// SPDX-License-Identifier: Apache-2.0
// The steps within the first epochs of a run after batches, for pictures: whole epochs, as long as they fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace talweg {

class StepLog {
 public:
  /// Keeps at most `most` points.
  explicit StepLog(std::size_t most) : most_(most) {}

  /// An epoch of so many steps begins, for the first time or (a method may try again) anew.
  void begin(std::uint64_t epoch, std::uint64_t steps) {
    if (open_ && epoch == epoch_ && !end_.empty()) {
      end_.pop_back();
      points_.resize(end_.empty() ? 0 : end_.back());
    }
    epoch_ = epoch;
    open_ = !full_ && points_.size() + steps <= most_;
    full_ = !open_;
    if (open_) end_.push_back(points_.size());
  }
  /// Whether the epoch at hand is kept.
  [[nodiscard]] bool open() const { return open_; }
  /// Where a step has led, in the coordinates of the descent.
  void add(std::span<const double> point) {
    if (!open_) return;
    points_.emplace_back(point.begin(), point.end());
    end_.back() = points_.size();
  }

  [[nodiscard]] const std::vector<std::vector<double>>& points() const { return points_; }
  /// Per epoch kept, from the first: the number of points by its end.
  [[nodiscard]] const std::vector<std::uint64_t>& ends() const { return end_; }

 private:
  std::size_t most_;
  std::uint64_t epoch_ = 0;
  bool open_ = false;
  bool full_ = false;
  std::vector<std::vector<double>> points_;
  std::vector<std::uint64_t> end_;
};

}  // namespace talweg
