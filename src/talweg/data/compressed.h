// SPDX-License-Identifier: Apache-2.0
// Decompression of a stream of bytes by libarchive.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "talweg/data/bytes.h"

namespace talweg {

enum class Compression { none, gzip, zstd, xz, bzip2 };

/// As many first bytes as compression_of() looks at.
inline constexpr std::size_t kCompressionMagic = 10;

/// The compression that the first bytes of a stream show.
Compression compression_of(std::string_view first);

/// The decompressed bytes of `source`. Concatenated members are one stream. Errors name `name`.
/// libarchive is loaded at the first call (archive_library.h).
Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source, Compression compression,
                                                 std::string name);

}  // namespace talweg
