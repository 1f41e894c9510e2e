// SPDX-License-Identifier: Apache-2.0
// A table on several threads: stretches of the input are parsed in parallel, put in their place in order,
// worked on in parallel, and gathered in order. What reaches `work` and `gather` does not depend on the
// number of threads, on where the input was cut, nor on whether a stretch went through the sequential
// scanner; memory is bounded by the number of stretches under way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/base/stop.h"
#include "talweg/data/row_block.h"
#include "talweg/data/row_reader.h"

namespace talweg {

/// Blocks that became complete together, in ascending order, and what `work` made of them.
struct BlockBatch {
  std::uint64_t first_block = 0;  ///< every block from here on ...
  std::uint64_t end_block =
      0;  ///< ... and before this one is complete: `blocks` has those that hold used rows
  std::vector<RowBlock> blocks;
  std::shared_ptr<void> result;
};

struct PipelineOptions {
  unsigned threads = 0;  ///< 0: one a core
  const StopFlag* stop = nullptr;
  std::function<void(std::uint64_t records)> progress;
  std::size_t chunk_bytes = 0;  ///< of one stretch; 0: chosen by the number of columns
};

/// Reads all that is left of `reader`. `work` is called on any thread, `gather` for one batch after another
/// in the order of the table. Errors: those of RowReader::next, an interruption.
Result<void> read_blocks(RowReader& reader, const PipelineOptions& options,
                         const std::function<void(BlockBatch&)>& work,
                         const std::function<void(BlockBatch&)>& gather);

}  // namespace talweg
