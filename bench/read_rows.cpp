// SPDX-License-Identifier: Apache-2.0
// The pass over a table without its fold:  read_rows FILE TARGET THREADS [CHUNK_BYTES]
// Prints the seconds of reading, splitting, converting and placing every row.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "talweg/data/block_pipeline.h"

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5)
    return std::fputs("usage: read_rows FILE TARGET THREADS [CHUNK_BYTES]\n", stderr), 2;
  talweg::ColumnRequest request;
  request.target = argv[2];
  talweg::PipelineOptions options;
  options.threads = static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10));
  if (argc > 4) options.chunk_bytes = std::strtoull(argv[4], nullptr, 10);
  const auto began = std::chrono::steady_clock::now();
  auto reader = talweg::RowReader::open({argv[1]}, {}, request);
  if (!reader) return std::fprintf(stderr, "%s\n", reader.error().text().c_str()), 1;
  const auto nothing = [](talweg::BlockBatch&) {};
  if (const auto read = talweg::read_blocks(*reader, options, nothing, nothing); !read) {
    return std::fprintf(stderr, "%s\n", read.error().text().c_str()), 1;
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
  fmt::print("{:.4f} {} rows\n", spent.count(), reader->audit().rows);
  return 0;
}
