// SPDX-License-Identifier: Apache-2.0
// Standard output, standard error and the wish to stop.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "talweg/base/error.h"
#include "talweg/base/stop.h"
#include "talweg/cli/options.h"
#include "talweg/report/text.h"

namespace talweg::cli {

enum ExitCode { kSuccess = 0, kRunTimeError = 1, kUsageError = 2, kDiverged = 3, kInterrupted = 130 };

/// Raised by Ctrl-C and SIGTERM; a second one ends the program at once. A closed pipe is an error of write,
/// not a signal.
StopFlag& install_signal_handlers();

/// Prints a result. A closed pipe ends the program quietly; what else fails is an error.
Result<void> print(std::string_view text);

/// Whether two paths name one file, which exists or not. Devices such as /dev/null may be named twice.
bool same_file(const std::string& a, const std::string& b);

/// "talweg: <text>" on standard error.
void complain(std::string_view text);

/// Prints the error and gives the exit code that belongs to its kind.
int report_error(const Error& error);

Style output_style(const Options& options);

/// One line on standard error that is written over and over; only where that is a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  /// Shows the text of `make()` at most five times a second.
  template <class Make>
  void show(Make&& make) {
    if (enabled_ && due()) draw(make());
  }
  void clear();

 private:
  bool due();
  void draw(const std::string& text);
  bool enabled_ = false;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace talweg::cli
