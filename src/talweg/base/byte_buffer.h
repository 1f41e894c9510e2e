// SPDX-License-Identifier: Apache-2.0
// A buffer of bytes to be read into: they are not set to zero before, so what is never written to never takes
// memory. Where it grows, the bytes in front stay.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace talweg {

class ByteBuffer {
 public:
  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The bytes behind the first `place`.
  [[nodiscard]] std::span<char> from(std::size_t place) {
    return std::span(bytes_.get(), size_).subspan(place);
  }
  void grow(std::size_t size) {
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    std::copy_n(bytes_.get(), std::min(size_, size), larger.get());
    bytes_ = std::move(larger);
    size_ = size;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace talweg
