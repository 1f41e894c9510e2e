// SPDX-License-Identifier: Apache-2.0
// The floor that a careful programmer would write, and the ceiling:  bare_loop numbers|read FILE THREADS
//   numbers: fast_float::from_chars over every field of the mapped file, cut at line ends among the threads;
//   sums the values read:    a pure read of the same bytes, eight at a time, among the threads
// Prints the seconds (the mapping warm: the file is read once before) and what it computed, so that nothing
// is optimised away.
#include <fast_float/fast_float.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

namespace {

double numbers(const char* at, const char* end) {
  double sum = 0;
  while (at < end) {
    double value = 0;
    const auto [next, code] = fast_float::from_chars(at, end, value);
    if (code == std::errc()) sum += value;
    at = next;
    while (at < end && *at != ',' && *at != '\n') ++at;
    ++at;
  }
  return sum;
}

double pure_read(const char* at, const char* end) {
  std::uint64_t sums[4] = {};
  for (; end - at >= 32; at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    for (int k = 0; k < 4; ++k) sums[k] += words[k];
  }
  return static_cast<double>(sums[0] ^ sums[1] ^ sums[2] ^ sums[3]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: bare_loop numbers|read FILE THREADS\n", stderr), 2;
  const bool parse = std::string_view(argv[1]) == "numbers";
  const int file = ::open(argv[2], O_RDONLY);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) return std::perror(argv[2]), 1;
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto threads = static_cast<std::size_t>(std::strtoull(argv[3], nullptr, 10));
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (mapped == MAP_FAILED) return std::perror("mmap"), 1;
  const char* const text = static_cast<const char*>(mapped);
  const char* const end = text + size;
  const auto began = std::chrono::steady_clock::now();
  std::vector<const char*> cuts = {text};
  for (std::size_t k = 1; k < threads; ++k) {
    const void* const feed = std::memchr(text + size / threads * k, '\n', size - size / threads * k);
    cuts.push_back(feed == nullptr ? end : static_cast<const char*>(feed) + 1);
  }
  cuts.push_back(end);
  std::vector<double> sums(threads);
  std::vector<std::thread> workers;
  for (std::size_t k = 0; k < threads; ++k) {
    workers.emplace_back([&, k] { sums[k] = (parse ? numbers : pure_read)(cuts[k], cuts[k + 1]); });
  }
  double sum = 0;
  for (std::size_t k = 0; k < threads; ++k) {
    workers[k].join();
    sum += sums[k];
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
  fmt::print("{:.4f} {}\n", spent.count(), sum);
  return 0;
}
