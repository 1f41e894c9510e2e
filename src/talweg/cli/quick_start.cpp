// SPDX-License-Identifier: Apache-2.0
// Highway's library measures the resolution of the processor's timer, for its own benchmarks, before main()
// runs: 4 ms, a third of the time that the program needs for a small table. Nothing here asks for it, and the
// function is looked up by name when the program is loaded: this one is found first.
#include <cstdint>

namespace hwy::platform {

std::uint64_t TimerResolution();
std::uint64_t TimerResolution() {
  return 1;
}

}  // namespace hwy::platform
