// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/with_threads.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace talweg {
namespace {

cpu_set_t allowed_here() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  EXPECT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  return allowed;
}

// Tasks that wait for each other, up to a second: how many threads worked on them, and where each may run.
struct Seen {
  std::set<std::thread::id> threads;
  std::vector<cpu_set_t> allowed;
};
Seen meet(unsigned threads) {
  std::atomic<unsigned> here{0};
  std::vector<std::thread::id> ids(threads);
  Seen seen;
  seen.allowed.resize(threads);
  with_threads(threads, [&] {
    EXPECT_EQ(tbb::this_task_arena::max_concurrency(), static_cast<int>(threads));
    tbb::parallel_for(
        0U, threads,
        [&](unsigned k) {
          ids[k] = std::this_thread::get_id();
          seen.allowed[k] = allowed_here();
          ++here;
          const auto begin = std::chrono::steady_clock::now();
          while (here < threads && std::chrono::steady_clock::now() - begin < std::chrono::seconds(1))
            std::this_thread::yield();
        },
        tbb::simple_partitioner());
  });
  seen.threads.insert(ids.begin(), ids.end());
  return seen;
}

TEST(WithThreads, TasksRunOnThatManyThreads) {
  for (const unsigned threads : {1U, 2U, 3U, 7U, 2U}) EXPECT_EQ(meet(threads).threads.size(), threads);
}

TEST(WithThreads, EveryThreadMayStillRunWhereItMight) {
  const cpu_set_t before = allowed_here();
  for (int round = 0; round < 20; ++round) {
    for (const cpu_set_t& allowed : meet(3).allowed) EXPECT_TRUE(CPU_EQUAL(&allowed, &before));
  }
  const cpu_set_t after = allowed_here();
  EXPECT_TRUE(CPU_EQUAL(&after, &before));
}

// Where only one processor is allowed there is none to move to.
TEST(WithThreads, OneProcessorDoes) {
  const cpu_set_t before = allowed_here();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(meet(2).threads.size(), 2U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace talweg
