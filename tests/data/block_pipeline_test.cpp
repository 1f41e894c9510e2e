// SPDX-License-Identifier: Apache-2.0
// The parallel way through a table against the sequential one: the same blocks, levels, counts, fingerprint
// and first error, wherever the input is cut, from a file or a pipe, for any number of threads.
#include "talweg/data/block_pipeline.h"

#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <optional>

#include "data/testing.h"

namespace talweg::testing {
namespace {

// A pipe that holds the text; its path can be opened once.
class Pipe {
 public:
  explicit Pipe(const std::string& text) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    in_ = ends[0];
    const ssize_t written = ::write(ends[1], text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) std::abort();
    ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { ::close(in_); }
  [[nodiscard]] std::string path() const { return fmt::format("/dev/fd/{}", in_); }

 private:
  int in_ = -1;
};

void describe(const RowBlock& block, std::string& out) {
  out += fmt::format("block {} rows {} columns {}:", block.number, block.rows, block.columns);
  for (std::size_t i = 0; i < block.rows * block.columns; ++i)
    out += fmt::format(" {}", block.values[i] + 0.0);
  out += " weights";
  for (const double w : block.weights) out += fmt::format(" {}", w);
  out += " levels";
  for (const auto level : block.levels) out += fmt::format(" {}", level);
  out += " ends";
  for (const auto end : block.level_end) out += fmt::format(" {}", end);
  out += "\n";
}

void describe(const RowReader& reader, std::string& out) {
  for (const Level& level : reader.levels())
    out += fmt::format("level {} {} <{}>\n", level.column, level.gap, level.text);
  for (const ColumnInfo& column : reader.features()) {
    out += fmt::format("column {} missing {} levels {}\n", column.name, column.missing, column.levels);
  }
  const IngestAudit& audit = reader.audit();
  out += fmt::format("target missing {}, records {} rows {} rejected {} missing {} weightless {}\n",
                     reader.target().missing, audit.records, audit.rows, audit.rows_rejected,
                     audit.rows_missing, audit.rows_weightless);
  if (audit.first_rejected) out += "rejected " + audit.first_rejected->text() + "\n";
  out += reader.fingerprint() + "\n";
}

// Errors end the transcript; what was read before them is not compared, since stretches differ in length.
std::string one_by_one(const std::string& path, const ColumnRequest& request) {
  auto reader = RowReader::open({path}, {}, request);
  if (!reader) return "error " + reader.error().text();
  std::string out;
  RowBlock block;
  while (true) {
    const auto any = reader->next(block);
    if (!any) return "error " + any.error().text();
    if (!*any) break;
    describe(block, out);
  }
  describe(*reader, out);
  return out;
}

std::string in_parallel(const std::string& path, const ColumnRequest& request, std::size_t chunk_bytes,
                        unsigned threads) {
  auto reader = RowReader::open({path}, {}, request);
  if (!reader) return "error " + reader.error().text();
  PipelineOptions options;
  options.threads = threads;
  options.chunk_bytes = chunk_bytes;
  std::string out;
  std::uint64_t next_block = 0;
  const auto work = [](BlockBatch& batch) {
    std::string text;
    for (const RowBlock& block : batch.blocks) describe(block, text);
    batch.result = std::make_shared<std::string>(text);
  };
  const auto gather = [&](BlockBatch& batch) {
    EXPECT_GE(batch.first_block, next_block);
    for (const RowBlock& block : batch.blocks) {
      EXPECT_GE(block.number, batch.first_block);
      EXPECT_LT(block.number, batch.end_block);
    }
    next_block = batch.end_block;
    out += *std::static_pointer_cast<std::string>(batch.result);
  };
  const auto read = read_blocks(*reader, options, work, gather);
  if (!read) return "error " + read.error().text();
  describe(*reader, out);
  return out;
}

// The kinds of columns are settled on a thousand records, read one by one; what follows is cut into chunks.
std::string table(const std::string& header, const std::string& row, const std::string& rest) {
  std::string text = header + "\n";
  for (std::size_t r = 0; r < kKindRows; ++r) text += row + "\n";
  return text + rest;
}

void expect_same(const std::string& text, const ColumnRequest& request,
                 const std::vector<std::size_t>& chunk_bytes) {
  const std::string path = file("t.csv", text);
  const std::string whole = one_by_one(path, request);
  for (const std::size_t bytes : chunk_bytes) {
    for (const unsigned threads : {1U, 3U}) {
      ASSERT_EQ(in_parallel(path, request, bytes, threads), whole)
          << bytes << " " << threads << "\n"
          << text.substr(text.size() - std::min<std::size_t>(text.size(), 1500));
    }
  }
  const Pipe pipe(text);
  std::string piped = in_parallel(pipe.path(), request, chunk_bytes.front(), 3);
  for (std::size_t at = piped.find(pipe.path()); at != std::string::npos; at = piped.find(pipe.path())) {
    piped.replace(at, pipe.path().size(), path);
  }
  ASSERT_EQ(piped, whole) << text.substr(text.size() - std::min<std::size_t>(text.size(), 1500));
}

TEST(BlockPipeline, NumbersTextsAndQuotedLineFeeds) {
  std::mt19937 random(51);
  const std::vector<std::string> cells = {
      "1", "-2.5", "1e3", "0.125", " 7 ", "\"8\"", "+9", "123456789012345678901", "1."};
  const std::vector<std::string> texts = {"a",        "b b", "\"c,c\"",  "\"d\nd\"",   "\"e\"\"e\"",
                                          "\"\r\n\"", "f",   "\"\"\"\"", "longer text"};
  for (int round = 0; round < 300; ++round) {
    std::string rest;
    for (std::size_t rows = random() % 60; rows > 0; --rows) {
      rest += cells[random() % cells.size()] + "," + texts[random() % texts.size()] + "," +
              cells[random() % cells.size()];
      rest += random() % 2 == 0 ? "\n" : "\r\n";
      if (random() % 10 == 0) rest += random() % 2 == 0 ? "\n" : "  \n";
    }
    if (random() % 3 == 0 && rest.ends_with("\n")) rest.pop_back();
    ColumnRequest request = target("y");
    request.categorical = {"c"};
    expect_same(table("x,c,y", "1,a,2", rest), request, {1 + random() % 200, 1 + random() % 30});
  }
}

TEST(BlockPipeline, GapsBadRowsAndWeights) {
  std::mt19937 random(52);
  const std::vector<std::string> cells = {"1",     "2.5", "-3", "NA", "",  "x", "inf",
                                          "1e999", "0",   "4",  "5",  "6", "7"};
  for (int round = 0; round < 300; ++round) {
    std::string rest;
    for (std::size_t rows = random() % 80; rows > 0; --rows) {
      const std::size_t width = random() % 12 == 0 ? 1 + random() % 6 : 4;
      for (std::size_t c = 0; c < width; ++c) rest += (c > 0 ? "," : "") + cells[random() % cells.size()];
      rest += "\n";
    }
    ColumnRequest request = target("y");
    request.weights = random() % 2 == 0 ? "w" : "";
    request.missing = static_cast<MissingPolicy>(random() % 3);
    request.bad_rows = random() % 4 == 0 ? BadRowPolicy::error : BadRowPolicy::skip;
    if (random() % 3 == 0) request.missing_words = {"NA", "", "4"};
    expect_same(table("x,c,w,y", "1,a,2,3", rest), request, {1 + random() % 200, 5});
  }
}

// Nothing has to be read before the chunks begin.
TEST(BlockPipeline, PlainNumbersFromTheFirstRecordOn) {
  std::mt19937 random(54);
  const std::vector<std::string> cells = {"1", "-2.5", "1e3", "0.125", "", "x", "\"8\"", "1,2", "\"\n\""};
  for (int round = 0; round < 100; ++round) {
    std::string rest;
    for (std::size_t rows = random() % 60; rows > 0; --rows) {
      rest += cells[random() % cells.size()] + "," + cells[random() % cells.size()];
      rest += random() % 2 == 0 ? "\n" : "\r\n";
    }
    ColumnRequest request = target("y");
    request.bad_rows = random() % 4 == 0 ? BadRowPolicy::error : BadRowPolicy::skip;
    request.missing = MissingPolicy::drop;
    expect_same(table("x,y", "1,2", rest), request, {1 + random() % 200, 1000, 1U << 18U});
  }
}

// Anything at all: mostly errors, and the same ones.
TEST(BlockPipeline, HostileText) {
  std::mt19937 random(53);
  const std::string_view alphabet = "12,,,\"\"\n\n\n\r a";
  for (int round = 0; round < 1000; ++round) {
    std::string rest;
    for (std::size_t length = random() % 200; length > 0; --length)
      rest += alphabet[random() % alphabet.size()];
    if (random() % 20 == 0 && !rest.empty()) rest[random() % rest.size()] = '\0';
    ColumnRequest request = target("y");
    request.bad_rows = BadRowPolicy::skip;
    request.missing = MissingPolicy::drop;
    request.categorical = {"c"};
    expect_same(table("x,c,y", "1,a,2", rest), request, {1 + random() % 200, 1 + random() % 9});
  }
}

TEST(BlockPipeline, RejectsAreTheRecordsAsTheyStand) {
  const std::string text = table("x,y", "1,2", "3,4\nbad,1\n5,6\n\"7\",\"a\"\"\nb\"\n1,2,3\n8,9\n");
  ColumnRequest request = target("y");
  request.bad_rows = BadRowPolicy::skip;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    request.rejects = path_of("rejects.csv");
    in_parallel(file("t.csv", text), request, bytes, 3);
    EXPECT_EQ(contents(request.rejects), "x,y\nbad,1\n\"7\",\"a\"\"\nb\"\n1,2,3\n");
  }
}

TEST(BlockPipeline, SeveralFilesAreOneTable) {
  const std::string first = table("x,y", "1,2", "3,4\n5,6\n");
  const std::string second = "x,y\n7,8\n9,10\n";
  std::string all = first + "7,8\n9,10\n11,12\n";
  const std::vector<std::string> paths = {file("a.csv", first), file("b.csv", second),
                                          file("empty.csv", "x,y\n"), file("c.csv", "x,y\n11,12\n")};
  for (const std::size_t bytes : {std::size_t{3}, std::size_t{100000}}) {
    auto reader = RowReader::open(paths, {}, target("y"));
    ASSERT_TRUE(reader);
    std::string out;
    PipelineOptions options;
    options.threads = 2;
    options.chunk_bytes = bytes;
    ASSERT_TRUE(read_blocks(
        *reader, options, [](BlockBatch&) {},
        [&](BlockBatch& batch) {
          for (const RowBlock& block : batch.blocks) describe(block, out);
        }));
    describe(*reader, out);
    EXPECT_EQ(out, one_by_one(file("all.csv", all), target("y")));
  }
}

TEST(BlockPipeline, LinesOfErrorsAreThoseOfTheFile) {
  std::string rest;
  for (int r = 0; r < 500; ++r) rest += "1,\"2\n\"\n";
  ColumnRequest request = target("y");
  request.features = std::vector<std::string>{"x"};
  const std::string text = table("x,c,y", "1,a,2", "1,\"b\nb\",2\n1,c,2\noops,d,2\n");
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{10}, std::size_t{1000}}) {
    const std::string error = in_parallel(file("t.csv", text), request, bytes, 2);
    EXPECT_NE(error.find("t.csv:1005:"), std::string::npos) << error;
  }
}

TEST(BlockPipeline, StopsWhenAsked) {
  StopFlag stop;
  stop.raise();
  auto reader = RowReader::open({file("t.csv", table("x,y", "1,2", "3,4\n"))}, {}, target("y"));
  ASSERT_TRUE(reader);
  PipelineOptions options;
  options.stop = &stop;
  const auto read = read_blocks(
      *reader, options, [](BlockBatch&) {}, [](BlockBatch&) {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace talweg::testing
