// SPDX-License-Identifier: Apache-2.0
// What the fuzzers do with an input; ordinary tests call the same functions. A broken promise aborts.
#pragma once

#include <cstdint>
#include <span>

namespace talweg::fuzz {

/// The scanner over the bytes, whole and in pieces (both must say the same), decompressed where they are
/// compressed; then a table of them. The first byte chooses options.
void csv(std::span<const std::uint8_t> input);

/// A stretch of records through the parallel pass and through the sequential scanner: the same rows, counts
/// and errors. The first two bytes choose columns and options.
void chunk(std::span<const std::uint8_t> input);

/// Lines of text as numbers, one by one and side by side, against the standard library.
void number(std::span<const std::uint8_t> input);

/// A .npy file, as rows and as a table.
void npy(std::span<const std::uint8_t> input);

/// Libsvm text, whole and in pieces; its good rows written and read again; then a table of it.
void libsvm(std::span<const std::uint8_t> input);

/// A formula, or a function where the first byte is odd: read, derived, compiled, printed and read again.
void formula(std::span<const std::uint8_t> input);

/// The bytes as a moments file, as they are and with length and checksum put right: read, written and read
/// again, merged with itself, fitted.
void moments(std::span<const std::uint8_t> input);

/// The bytes as a model file: read, and a row predicted.
void model(std::span<const std::uint8_t> input);

}  // namespace talweg::fuzz
