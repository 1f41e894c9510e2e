// SPDX-License-Identifier: Apache-2.0
// The rows of an epoch in batches: in order, or shuffled anew for each epoch (shuffle.h); the last batch may
// be shorter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "talweg/descent/step_log.h"
#include "talweg/objective/batch_cost.h"
#include "talweg/objective/objective.h"

namespace talweg {

struct BatchSettings {
  BatchCost* cost = nullptr;     ///< in the coordinates of the objective minimised
  std::uint32_t batch_size = 1;  ///< >= 1
  bool shuffle = true;
  std::uint64_t seed = 1;
  double first_width = 0;  ///< of a loss with a kink, without a rate: where its smoothing begins
  StepLog* log = nullptr;  ///< hears of every step
  /// Asked within an epoch about every `look_every` numbers of the table, which take milliseconds: true gives
  /// the epoch up; empty: never asked.
  std::function<bool()> stop;
  std::uint64_t look_every = std::uint64_t{1} << 20U;
};

/// The cost of the batch at hand, to methods that look at more than one point.
class OneBatch final : public Objective {
 public:
  explicit OneBatch(BatchCost& cost) : cost_(cost) {}
  [[nodiscard]] std::size_t size() const override { return cost_.size(); }
  [[nodiscard]] std::span<const double> l2_weights() const override { return cost_.l2_weights(); }
  /// The gradient alone, the cost is given as 0: no method of fixed rates asks for a batch's cost.
  double evaluate(const Point& point, std::span<double> gradient) override;
  /// `reduced`: gradients are those of BatchCost::reduced_gradient.
  void take(std::span<const std::uint32_t> batch, bool reduced) {
    batch_ = batch;
    reduced_ = reduced;
  }

 private:
  BatchCost& cost_;
  std::span<const std::uint32_t> batch_;
  bool reduced_ = false;
};

class BatchWalk {
 public:
  explicit BatchWalk(const BatchSettings& settings) : settings_(settings) {}

  /// The rows of an epoch, in order.
  std::span<const std::uint32_t> order(std::uint64_t epoch) {
    order_rows(epoch);
    return order_;
  }

  /// visit(batch) for every batch of the epoch; false ends it. False where a wish to stop ended it.
  template <class Visit>
  [[nodiscard]] bool go(std::uint64_t epoch, const Visit& visit) {
    order_rows(epoch);
    const std::uint32_t rows = settings_.cost->rows();
    static_cast<void>(logs(epoch));
    std::uint64_t look = rows_of_look();
    for (std::uint32_t first = 0; first < rows;) {
      if (first >= look) {
        if (stopped()) return false;
        look = first + rows_of_look();
      }
      const std::uint32_t count = first + settings_.batch_size > rows || first + settings_.batch_size < first
                                      ? rows - first
                                      : settings_.batch_size;
      announce(first, count);
      if (!visit(std::span<const std::uint32_t>(order_.data() + first, count))) return true;
      first += count;
    }
    return true;
  }

  /// visit(rows) for the rows of the epoch, a run of them between two looks. False where a wish to stop ended
  /// it.
  template <class Visit>
  [[nodiscard]] bool go_by_runs(std::uint64_t epoch, const Visit& visit) {
    const std::span<const std::uint32_t> rows = order(epoch);
    for (std::size_t first = 0; first < rows.size(); first += rows_of_look()) {
      if (first > 0 && stopped()) return false;
      visit(rows.subspan(first, std::min<std::uint64_t>(rows_of_look(), rows.size() - first)));
    }
    return true;
  }

  /// An epoch begins: whether its steps are kept, so that step_made is to be told of each.
  [[nodiscard]] bool logs(std::uint64_t epoch) const {
    if (settings_.log == nullptr) return false;
    const std::uint64_t rows = settings_.cost->rows();
    settings_.log->begin(epoch, (rows + settings_.batch_size - 1) / settings_.batch_size);
    return settings_.log->open();
  }
  /// A step has led to `point`.
  void step_made(const Point& point) const {
    if (settings_.log != nullptr) settings_.log->add(point.high);
  }

 private:
  void order_rows(std::uint64_t epoch);
  [[nodiscard]] bool stopped() const { return settings_.stop && settings_.stop(); }
  [[nodiscard]] std::uint64_t rows_of_look() const {
    return std::max<std::uint64_t>(settings_.look_every / std::max<std::size_t>(settings_.cost->size(), 1),
                                   1);
  }
  // The first rows of the batches that follow are fetched from memory while this one is worked on; the others
  // are the cost's to fetch.
  void announce(std::uint32_t first, std::uint32_t count) const {
    constexpr std::uint32_t kAhead = 16;
    const std::uint64_t end = std::min<std::uint64_t>(order_.size(), std::uint64_t{first} + count + kAhead);
    for (std::uint64_t k = std::uint64_t{first} + std::max(count, kAhead); k < end; ++k)
      settings_.cost->prefetch(order_[k]);
  }

  BatchSettings settings_;
  std::vector<std::uint32_t> order_;
};

}  // namespace talweg
