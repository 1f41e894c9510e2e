// SPDX-License-Identifier: Apache-2.0
// What one thread wrote before give() another may read after take(). oneTBB orders its tasks and stages
// already; but its library is not built with the thread sanitizer, which then cannot see that order: it is
// said once more where the sanitizer looks. One atomic operation at each end of a task.
#pragma once

#include <atomic>

namespace talweg {

class Handover {
 public:
  void give() { count_.fetch_add(1, std::memory_order_acq_rel); }
  void take() { static_cast<void>(count_.fetch_add(0, std::memory_order_acq_rel)); }

 private:
  std::atomic<unsigned> count_{0};
};

/// Takes at the beginning of a scope and gives at its end.
class HandedOver {
 public:
  explicit HandedOver(Handover& handover) : handover_(handover) { handover_.take(); }
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;
  ~HandedOver() { handover_.give(); }

 private:
  Handover& handover_;
};

}  // namespace talweg
