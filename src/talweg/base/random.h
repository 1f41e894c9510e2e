// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: the n-th number of a stream is a pure function of (seed, stream, n), so any
// order of evaluation and any number of threads give the same numbers. Source: Salmon, Moraes, Dror, Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10).
#pragma once

#include <array>
#include <cstdint>

namespace talweg {

/// The four 32-bit words that Philox4x32-10 gives for a counter under a key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A 64-bit word, uniform.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// Uniform in the open interval (0, 1), 52 bits.
double random_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// Standard normal (Box and Muller).
double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

}  // namespace talweg
