// SPDX-License-Identifier: Apache-2.0
// Vectors of numbers that are not set to zero before they are written; they start at a cache line.
#pragma once

#include <new>
#include <utility>
#include <vector>

#include "talweg/base/aligned.h"

namespace talweg {

template <class T>
struct UninitialisedAllocator : AlignedAllocator<T> {
  template <class U>
  struct rebind {
    using other = UninitialisedAllocator<U>;
  };
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }
};

template <class T>
using UninitialisedVector = std::vector<T, UninitialisedAllocator<T>>;

}  // namespace talweg
