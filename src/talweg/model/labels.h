// SPDX-License-Identifier: Apache-2.0
// The targets of losses that ask something of them, watched while the rows are read: two classes for
// logistic, hinge and squared-hinge; counts for poisson.
//
// Labels are 0 and 1, -1 and +1, or two levels: a text column, or two numbers with --categorical. The second
// level in byte order is +1, what predictions are the probability of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/model/fold_data.h"
#include "talweg/model/request.h"

namespace talweg {

/// The two classes of a fit, -1 first.
struct Classes {
  std::array<double, 2> values{};  ///< as the target's column has them in memory
  std::array<std::string, 2> texts;
  bool levels = false;  ///< levels of a text, or two numbers taken for them: not 0/1 and not -1/+1
};

class TargetWatch {
 public:
  explicit TargetWatch(CostKind cost) : cost_(cost) {}

  /// A block as it was read, the target in its last dense column; in order.
  void take(const RowBlock& block);

  /// One target.
  void take(double y, std::uint64_t record);

  /// Once all is read. Errors: a label outside of 0/1 and -1/+1, with its row, where the labels are neither
  /// text nor named by --categorical; a third level, with its row; one class only.
  [[nodiscard]] Result<Classes> classes(const FoldedData& data, const FitRequest& request) const;
  /// Errors: a negative count, with its row; counts that are all zero.
  [[nodiscard]] Result<void> counts(const FoldedData& data, const FitRequest& request) const;

 private:
  struct Seen {
    double value = 0;
    std::uint64_t record = 0;  // the first
  };
  CostKind cost_;
  std::vector<Seen> seen_;           // distinct values, the first three
  std::optional<Seen> outside_;      // the first that is not -1, 0 or 1
  std::optional<Seen> other_style_;  // the first -1 beside 0, or 0 beside -1
  std::optional<Seen> negative_;
  bool positive_ = false;
};

}  // namespace talweg
