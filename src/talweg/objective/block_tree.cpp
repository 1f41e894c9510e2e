// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/block_tree.h"

#include <tbb/parallel_invoke.h>

#include <algorithm>
#include <bit>
#include <thread>

#include "talweg/base/handover.h"
#include "talweg/base/with_threads.h"

namespace talweg {
namespace {

class Reduction {
 public:
  Reduction(std::span<const std::uint64_t> numbers, const std::function<void(std::size_t)>& leaf,
            const std::function<void(std::size_t, std::size_t)>& merge)
      : numbers_(numbers), leaf_(leaf), merge_(merge) {}

  // Blocks [begin, end), all inside one node of the tree. `alone`: on this thread.
  void run(std::size_t begin, std::size_t end, bool alone) const {
    if (end - begin == 1) return leaf_(begin);
    // The lowest node that holds them all splits where its highest differing bit changes.
    const auto level = std::bit_width(numbers_[begin] ^ numbers_[end - 1]) - 1;
    const std::uint64_t middle = (numbers_[end - 1] >> level) << level;
    const auto found = std::lower_bound(numbers_.begin() + static_cast<std::ptrdiff_t>(begin),
                                        numbers_.begin() + static_cast<std::ptrdiff_t>(end), middle);
    const auto split = static_cast<std::size_t>(found - numbers_.begin());
    if (alone) {
      run(begin, split, true);
      run(split, end, true);
    } else {
      Handover handover;
      handover.give();
      const auto part = [&](std::size_t from, std::size_t to) {
        const HandedOver here(handover);
        run(from, to, false);
      };
      tbb::parallel_invoke([&] { part(begin, split); }, [&] { part(split, end); });
      handover.take();
    }
    merge_(begin, split);
  }

 private:
  std::span<const std::uint64_t> numbers_;
  const std::function<void(std::size_t)>& leaf_;
  const std::function<void(std::size_t, std::size_t)>& merge_;
};

}  // namespace

void reduce_blocks(std::span<const std::uint64_t> numbers, unsigned threads,
                   const std::function<void(std::size_t)>& leaf,
                   const std::function<void(std::size_t, std::size_t)>& merge) {
  if (numbers.empty()) return;
  const Reduction reduction(numbers, leaf, merge);
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  if (threads == 1 || numbers.size() == 1) return reduction.run(0, numbers.size(), true);
  Handover handover;
  handover.give();
  with_threads(threads, [&] {
    const HandedOver here(handover);
    reduction.run(0, numbers.size(), false);
  });
  handover.take();
}

}  // namespace talweg
