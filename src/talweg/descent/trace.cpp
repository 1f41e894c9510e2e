// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/trace.h"

#include <algorithm>

namespace talweg {

void Trace::add(std::uint64_t epoch, double cost, double gradient_norm, std::optional<double> learning_rate,
                std::span<const double> parameters, std::optional<double> validation_cost) {
  if (!last_) last_.emplace();
  last_->epoch = epoch;
  last_->cost = cost;
  last_->gradient_norm = gradient_norm;
  last_->learning_rate = learning_rate;
  last_->validation_cost = validation_cost;
  last_->parameters.assign(parameters.begin(), parameters.end());
  if (epoch % stride_ != 0) return;
  const std::size_t most = std::max<std::size_t>(64, kMostNumbers / (parameters.size() + 4));
  if (rows_.size() >= most) {
    stride_ *= 2;
    std::erase_if(rows_, [this](const TraceRow& row) { return row.epoch % stride_ != 0; });
    if (epoch % stride_ != 0) return;
  }
  rows_.push_back(*last_);
}

std::vector<TraceRow> Trace::rows() const {
  std::vector<TraceRow> out = rows_;
  if (last_ && (out.empty() || out.back().epoch != last_->epoch)) out.push_back(*last_);
  return out;
}

std::vector<TraceRow> Trace::thinned(std::size_t most) const {
  const std::vector<TraceRow> all = rows();
  const std::size_t step = all.size() / most + 1;
  std::vector<TraceRow> out;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (k % step == 0 || k + 1 == all.size()) out.push_back(all[k]);
  }
  return out;
}

}  // namespace talweg
