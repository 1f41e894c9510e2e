// SPDX-License-Identifier: Apache-2.0
// A wish to stop, raised from anywhere (a signal handler included) and looked at by the long loops.
#pragma once

#include <atomic>

namespace talweg {

class StopFlag {
 public:
  void raise() noexcept { raised_.store(true, std::memory_order_relaxed); }
  void lower() noexcept { raised_.store(false, std::memory_order_relaxed); }
  [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> raised_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may raise it");
};

/// The flag of the whole program: reads that wait for a pipe or a terminal give up when it is raised.
inline StopFlag& program_stop() noexcept {
  static StopFlag flag;
  return flag;
}

}  // namespace talweg
