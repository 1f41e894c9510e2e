// SPDX-License-Identifier: Apache-2.0
// Stochastic and mini-batch descent: one epoch visits every row once, in batches, and makes a step of the
// method (method.h) after each of them. To the one loop (minimiser.h) an epoch is a single step, after which
// it asks for the whole cost; so tolerance, trace, divergence and early stopping are those of every run.
//
// With an l1 part sum_j l_j |t_j| (gd alone) each step is followed by the proximal one, t_j moved towards
// zero by rate l_j and not across it.
//
// Without a learning rate, see auto_batches.h.
#pragma once

#include <memory>

#include "talweg/descent/batch_walk.h"
#include "talweg/descent/method.h"

namespace talweg {

/// `settings.optimizer` is a method of fixed rates (has_fixed_rate).
std::unique_ptr<Method> make_batch_epochs(const MethodSettings& settings, const BatchSettings& batches);

/// The proximal step of rate * l_j |t_j| for every coordinate; nothing where `l1` is empty.
void shrink(std::span<const double> l1, double rate, Point& point);

}  // namespace talweg
