// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/with_threads.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

namespace talweg {
namespace {

// Where threads have begun.
class Places {
 public:
  Places() { CPU_ZERO(&taken_); }

  // This thread has a place of its own, or as good a one as there is.
  void take_one() {
    thread_local bool has_one = false;
    if (has_one) return;
    has_one = true;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_taken(::sched_getcpu())) move();
    const int here = ::sched_getcpu();
    if (here >= 0 && here < CPU_SETSIZE) CPU_SET(here, &taken_);
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] unsigned count() const { return count_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool is_taken(int cpu) const {
    return cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET(cpu, &taken_);
  }

  // To any processor that is allowed and not taken.
  void move() const {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    cpu_set_t free;
    CPU_ZERO(&free);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed) && !is_taken(cpu)) CPU_SET(cpu, &free);
    }
    if (CPU_COUNT(&free) == 0) return;
    if (::sched_setaffinity(0, sizeof free, &free) == 0) ::sched_setaffinity(0, sizeof allowed, &allowed);
  }

  std::mutex mutex_;
  cpu_set_t taken_;
  std::atomic<unsigned> count_{0};
};

// A new thread that waits behind this one cannot move before it runs: lets the first one run.
void begin_threads(tbb::task_arena& arena, unsigned threads) {
  constexpr std::chrono::microseconds kLongest{300};
  const auto places = std::make_shared<Places>();
  places->take_one();
  const unsigned before = places->count();
  for (unsigned k = 1; k < threads; ++k) arena.enqueue([places] { places->take_one(); });
  const auto begin = std::chrono::steady_clock::now();
  while (places->count() == before && std::chrono::steady_clock::now() - begin < kLongest) ::sched_yield();
}

}  // namespace

void with_threads(unsigned threads, const std::function<void()>& work) {
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  static std::atomic<unsigned> begun{1};
  if (begun.exchange(std::max(threads, begun.load())) < threads) begin_threads(arena, threads);
  arena.execute(work);
}

}  // namespace talweg
