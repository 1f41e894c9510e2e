// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "talweg/base/output_file.h"
#include "talweg/model/json_text.h"

namespace talweg::cli {
namespace {

// As the locale's variables say it (POSIX: the first that is set counts).
bool reads_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text(value);
    return text.find("UTF-8") != std::string_view::npos || text.find("utf8") != std::string_view::npos ||
           text.find("UTF8") != std::string_view::npos || text.find("utf-8") != std::string_view::npos;
  }
  return false;
}

// Characters in a line; 0 where the terminal does not say.
std::size_t terminal_width(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void on_signal(int) {
  if (program_stop().raised()) _exit(kInterrupted);
  program_stop().raise();
}

}  // namespace

StopFlag& install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return program_stop();
}

Result<void> print(std::string_view text) {
  errno = 0;
  auto written = write_all(STDOUT_FILENO, text);
  if (!written && errno == EPIPE) _exit(kSuccess);
  if (!written) {
    Error error = written.error();
    error.file = "standard output";
    return fail(error);
  }
  return {};
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code code;
  if (std::filesystem::is_character_file(a, code)) return false;
  return std::filesystem::weakly_canonical(a, code) == std::filesystem::weakly_canonical(b, code);
}

void complain(std::string_view text) {
  const std::string line = "talweg: " + printable(text) + "\n";
  (void)write_all(STDERR_FILENO, line);  // where even that fails there is nobody left to tell
}

int report_error(const Error& error) {
  complain(error.text());
  switch (error.kind) {
    case ErrorKind::usage:
      return kUsageError;
    case ErrorKind::interrupted:
      return kInterrupted;
    case ErrorKind::data:
    case ErrorKind::io:
      break;
  }
  return kRunTimeError;
}

Style output_style(const Options& options) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  Style style;
  style.color = options.color == "always" || (options.color == "auto" && !refused && terminal);
  style.width = terminal ? terminal_width(STDOUT_FILENO) : 0;
  style.blocks = reads_utf8();
  return style;
}

ProgressLine::ProgressLine(bool wanted) : enabled_(wanted && ::isatty(STDERR_FILENO) == 1) {}

bool ProgressLine::due() {
  constexpr auto kEvery = std::chrono::milliseconds(200);
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kEvery) return false;
  last_ = now;
  return true;
}

void ProgressLine::draw(const std::string& text) {
  drawn_ = true;
  // A line that wraps could not be taken back.
  const std::size_t width = terminal_width(STDERR_FILENO);
  (void)write_all(STDERR_FILENO, "\r\x1b[K" + (width > 0 ? text.substr(0, width - 1) : text));
}

void ProgressLine::clear() {
  if (drawn_) (void)write_all(STDERR_FILENO, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace talweg::cli
