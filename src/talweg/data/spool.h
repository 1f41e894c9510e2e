// SPDX-License-Identifier: Apache-2.0
// Bytes that can be read only once (a pipe), kept while they are read so that they can be read again: the
// first kSpoolInMemory in memory, more in a temporary file without a name, which is gone with the process.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "talweg/base/error.h"
#include "talweg/data/bytes.h"

namespace talweg {

inline constexpr std::size_t kSpoolInMemory = std::size_t{1} << 26U;

class Spool {
 public:
  /// Memory that may be used, and what the bytes are called in errors.
  explicit Spool(std::string name, std::size_t in_memory = kSpoolInMemory);
  ~Spool();
  Spool(Spool&&) noexcept;
  Spool& operator=(Spool&&) noexcept;

  /// A source that gives the bytes of `source` and keeps them. Errors: its own; the temporary file (under
  /// $TMPDIR, else /tmp) cannot be written.
  std::unique_ptr<ByteSource> record(std::unique_ptr<ByteSource> source);
  /// What has been recorded, from the start; the content lives as long as one of its readers.
  std::unique_ptr<ByteSource> replay();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace talweg
