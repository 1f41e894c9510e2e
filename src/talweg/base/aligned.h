// SPDX-License-Identifier: Apache-2.0
// Vectors whose numbers start at a cache line: a load of a whole vector of them then touches one line, not
// two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace talweg {

/// Bytes of a cache line, and of the longest vectors.
inline constexpr std::size_t kCacheLine = 64;

template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>& /*other*/) noexcept {}  // NOLINT: as allocators convert

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kCacheLine)));
  }
  // Without the size, which not every compiler takes here.
  void deallocate(T* place, std::size_t /*count*/) noexcept {
    ::operator delete(place, std::align_val_t(kCacheLine));
  }
  template <class U>
  bool operator==(const AlignedAllocator<U>& /*other*/) const noexcept {
    return true;
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace talweg
