// SPDX-License-Identifier: Apache-2.0
// A hash (XXH3, 128 bits) over column names and parsed cells in row order. It depends on values only: not on
// files, their cut or compression, quoting, number spelling, threads, nor on the byte order of the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace talweg {

class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(Fingerprint&&) noexcept;

  void add_name(std::string_view name);
  void add_number(double value);  ///< -0 counts as 0
  void add_text(std::string_view text);
  void add_missing();
  /// 32 hexadecimal digits over everything added so far.
  [[nodiscard]] std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace talweg
