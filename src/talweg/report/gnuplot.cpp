// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

extern char** environ;

namespace talweg {
namespace {

constexpr std::array<std::pair<std::string_view, PictureFormat>, 3> kFormats = {
    {{".svg", PictureFormat::svg}, {".png", PictureFormat::png}, {".pdf", PictureFormat::pdf}}};

Error no_gnuplot() {
  return {ErrorKind::io, "--plot needs gnuplot, which is not on the PATH",
          "install it (Debian: apt-get install gnuplot-nox), or use --report, which needs nothing"};
}

Error system_error(const char* what, int code) {
  return {ErrorKind::io, fmt::format("{}: {}", what, std::strerror(code)), {}};
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string read_all(int descriptor) {
  std::string out;
  std::array<char, 1U << 16U> buffer{};
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<PictureFormat> picture_format(const std::string& path) {
  for (const auto& [suffix, format] : kFormats) {
    if (path.size() > suffix.size() && path.ends_with(suffix)) return format;
  }
  return fail(ErrorKind::usage,
              fmt::format("--plot {} has no suffix that tells the kind of picture", in_quotes(path)),
              "name a file that ends in .svg, .png or .pdf");
}

std::vector<std::pair<Picture, std::string>> picture_files(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  const std::string stem = path.substr(0, dot);
  const std::string suffix = path.substr(dot);
  return {{Picture::sheet, path},
          {Picture::data, stem + "-data" + suffix},
          {Picture::parameters, stem + "-parameters" + suffix},
          {Picture::cost, stem + "-cost" + suffix},
          {Picture::gradient, stem + "-gradient" + suffix}};
}

Result<void> find_gnuplot() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::filesystem::path file = std::filesystem::path(rest.substr(0, colon)) / "gnuplot";
    if (::access(file.c_str(), X_OK) == 0) return {};
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  return fail(no_gnuplot());
}

Result<std::string> run_gnuplot(const std::string& script) {
  // The script and gnuplot's complaints are files without a name, so that only one pipe has to be watched.
  const File input(std::tmpfile());
  const File complaints(std::tmpfile());
  if (!input || !complaints) return fail(system_error("no temporary file for gnuplot", errno));
  if (std::fwrite(script.data(), 1, script.size(), input.get()) != script.size() ||
      std::fflush(input.get()) != 0)
    return fail(system_error("the script for gnuplot cannot be written", errno));
  ::lseek(::fileno(input.get()), 0, SEEK_SET);
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return fail(system_error("no pipe to gnuplot", errno));

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ::fileno(input.get()), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ::fileno(complaints.get()), STDERR_FILENO);
  std::string name = "gnuplot";
  std::string plain = "--default-settings";  // nobody's ~/.gnuplot changes a picture
  std::array<char*, 3> arguments = {name.data(), plain.data(), nullptr};
  pid_t child = 0;
  const int spawned = ::posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(output[1]);
  if (spawned != 0) {
    ::close(output[0]);
    return fail(spawned == ENOENT ? no_gnuplot() : system_error("gnuplot cannot be started", spawned));
  }
  std::string picture = read_all(output[0]);
  ::close(output[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !picture.empty()) return picture;
  ::lseek(::fileno(complaints.get()), 0, SEEK_SET);
  std::string said = read_all(::fileno(complaints.get()));
  said.erase(std::unique(said.begin(), said.end(),
                         [](char a, char b) {
                           return std::isspace(static_cast<unsigned char>(a)) != 0 &&
                                  std::isspace(static_cast<unsigned char>(b)) != 0;
                         }),
             said.end());
  for (char& c : said) c = c == '\n' ? ' ' : c;
  return fail(ErrorKind::io, "gnuplot did not draw the picture: " + (said.empty() ? "it said nothing" : said),
              "--report writes the plots without gnuplot");
}

}  // namespace talweg
