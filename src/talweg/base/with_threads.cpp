// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/with_threads.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

namespace talweg {
namespace {

class Spread final : public tbb::task_scheduler_observer {
 public:
  explicit Spread(tbb::task_arena& arena) : task_scheduler_observer(arena) {
    CPU_ZERO(&taken_);
    observe(true);
  }
  Spread(const Spread&) = delete;
  Spread& operator=(const Spread&) = delete;
  ~Spread() override { observe(false); }

  [[nodiscard]] bool has_company() const { return has_company_.load(std::memory_order_relaxed); }

  void on_scheduler_entry(bool is_worker) override {
    if (is_worker) has_company_.store(true, std::memory_order_relaxed);
    const int here = ::sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (CPU_ISSET(here, &taken_)) move();
    const int now = ::sched_getcpu();
    if (now >= 0 && now < CPU_SETSIZE) CPU_SET(now, &taken_);
  }

 private:
  // To any processor that is allowed and not taken.
  void move() const {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    cpu_set_t free;
    CPU_ZERO(&free);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed) && !CPU_ISSET(cpu, &taken_)) CPU_SET(cpu, &free);
    }
    if (CPU_COUNT(&free) == 0) return;
    if (::sched_setaffinity(0, sizeof free, &free) == 0) ::sched_setaffinity(0, sizeof allowed, &allowed);
  }

  std::atomic<bool> has_company_{false};
  std::mutex mutex_;
  cpu_set_t taken_;
};

// A new thread that waits behind this one cannot move before it runs: lets it.
void begin_threads(tbb::task_arena& arena, const Spread& spread) {
  constexpr std::chrono::microseconds kLongest{300};
  arena.enqueue([] {});
  const auto begin = std::chrono::steady_clock::now();
  while (!spread.has_company() && std::chrono::steady_clock::now() - begin < kLongest) ::sched_yield();
}

}  // namespace

void with_threads(unsigned threads, const std::function<void()>& work) {
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  const Spread spread(arena);
  static std::atomic<unsigned> begun{1};
  if (threads > begun.exchange(std::max(threads, begun.load()))) begin_threads(arena, spread);
  arena.execute(work);
}

}  // namespace talweg
