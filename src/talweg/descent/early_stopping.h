// SPDX-License-Identifier: Apache-2.0
// Watches a run by a cost that the descent does not see, that of rows held out (Prechelt, "Early stopping -
// but when?", in Neural Networks: Tricks of the Trade, 1998): the run stops when so many epochs in a row have
// brought no lower one, and the epoch with the lowest one takes the place of the last. It works from what an
// observer of the loop (minimiser.h) sees, so for every method, full batch or not.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "talweg/descent/minimiser.h"

namespace talweg {

class EarlyStopping {
 public:
  /// Without patience it only remembers which epoch was best.
  explicit EarlyStopping(std::optional<std::uint64_t> patience) : patience_(patience) {}

  /// To be told of every epoch, the start included. True: the run should stop. A cost that is not a number is
  /// no better than any; of equal ones the first is best.
  bool see(const EpochRecord& record, double held_out_cost);

  /// With patience: the best epoch becomes the result, unless the run diverged, and where see() has stopped
  /// the run the reason says so. The number of updates made stays.
  void finish(DescentResult& result) const;

  [[nodiscard]] std::uint64_t best_epoch() const { return epoch_; }
  [[nodiscard]] double best_cost() const { return best_; }

 private:
  std::optional<std::uint64_t> patience_;
  double best_ = std::numeric_limits<double>::infinity();
  bool stopped_ = false;
  std::uint64_t since_ = 0;  // epochs without a lower cost
  // Of the best epoch.
  Point point_;
  std::uint64_t epoch_ = 0;
  double cost_ = 0;
  double gradient_norm_ = 0;
};

}  // namespace talweg
