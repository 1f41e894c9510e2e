// SPDX-License-Identifier: Apache-2.0
// Stochastic descent without a learning rate.
//
// gd: distance over gradients (Ivgi, Hinder, Carmon, "DoG is SGD's best friend", ICML 2023),
//   rate_k = max_{i <= k} |x_i - x_0| / sqrt(sum_{i <= k} |g_i|^2),
// the first distance 1e-6 (1 + |x_0|), on gradients whose variance is reduced (BatchCost::reduced_gradient;
// the anchor is where the epoch begins). The sums begin anew, with the rate they had reached, after 2, 4, 8,
// ... epochs, so that steep beginnings are forgotten. The cost of a curved model may be steeper ahead than
// anything seen so far: an epoch that ends above the lowest cost by more than a hundredth of what has been
// gained since the start is undone, and tried again with rates up to a quarter of the highest it had; that
// limit grows by half with every epoch. Together the noise of the batches and the gradients die
// out near the optimum while the rate stays: such runs reach the last digit, like those over all rows.
//
// Other methods, and losses with a kink: a rate that is constant within an epoch, found by trial. An epoch
// that ends with a higher cost than it began with is undone, and tried again with a quarter of the rate and a
// fresh memory; after a good one the rate grows by half ("bold driver": Battiti, "Accelerated backpropagation
// learning", Complex Systems 3, 1989). The gradients' variance is reduced here, too. A loss with a kink is
// smoothed (loss.h) over a width that is quartered as soon as the smoothed gradient is a ten-thousandth of
// the first one, or four epochs in a row each lower the smoothed cost by less than a millionth of the width:
// smoothing is off by up to half the width, so more digits at this one would be none of the answer.
#pragma once

#include <memory>

#include "talweg/descent/batch_walk.h"
#include "talweg/descent/method.h"

namespace talweg {

std::unique_ptr<Method> make_distance_over_gradients(const BatchSettings& batches);
std::unique_ptr<Method> make_guarded_batches(const MethodSettings& settings, const BatchSettings& batches);

}  // namespace talweg
