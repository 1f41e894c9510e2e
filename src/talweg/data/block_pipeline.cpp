// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/block_pipeline.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "talweg/base/handover.h"
#include "talweg/base/with_threads.h"
#include "talweg/data/chunk_parser.h"
#include "talweg/data/chunks.h"
#include "talweg/data/row_reader_state.h"

namespace talweg {
namespace {

// A stretch of the input on its way through the stages.
struct Token {
  Chunk chunk;
  bool has_chunk = false;
  ChunkParser::Outcome outcome = ChunkParser::Outcome::parsed;
  std::shared_ptr<ParsedRows> rows;
  std::vector<CutBlock> cut;
  BlockBatch batch;
  TableHash hash;
};

// What a thread parses with. It stays with its thread, and with it its buffers in that core's cache: taken
// from another core's, they would cost the stage that writes them half as much time again.
struct Workplace {
  std::unique_ptr<ChunkParser> parser;
  std::vector<char> buffer;  // of chunks that are loaded here
};
using Workplaces = tbb::enumerable_thread_specific<Workplace>;

// A stretch and what is made of it stay in a core's second cache. Where it holds few blocks, many lie across
// two stretches and are copied, half of them from another core.
std::size_t usual_chunk_bytes(std::size_t columns) {
  constexpr std::size_t kBlocks = 3;
  constexpr std::size_t kFieldBytes = 8;
  return std::clamp(kBlocks * kBlockRows * kFieldBytes * columns, std::size_t{1} << 18U,
                    std::size_t{1} << 19U);
}

}  // namespace

class BlockPipeline {
 public:
  BlockPipeline(RowReader& reader, const PipelineOptions& options,
                const std::function<void(BlockBatch&)>& work, const std::function<void(BlockBatch&)>& gather)
      : state_(*reader.state_), options_(options), work_(work), gather_(gather) {
    threads_ = options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    next_block_ = state_.cutter->records() / kBlockRows;
    chunk_bytes_ =
        options.chunk_bytes > 0 ? options.chunk_bytes : usual_chunk_bytes(state_.table->names().size());
  }

  Result<void> run() {
    if (state_.failed) return fail(*state_.failed);
    while (!error_ && !exhausted_) {
      if (ready_for_chunks()) {
        whole_file();
      } else {
        records();
      }
    }
    if (!error_) finish();
    state_.ended = true;
    if (error_) return state_.stop(*error_);
    return {};
  }

 private:
  static constexpr double kFewProducts = 1e6;

  enum class Next { goes_on, stream, by_record };  // how the rest of a file has to be read

  [[nodiscard]] bool ready_for_chunks() const {
    const bool holds = state_.held && (!state_.held->is_empty() || state_.after_held);
    return !holds && state_.table->has_rest();
  }

  // Of the fold of the first records.
  [[nodiscard]] double products_of_held() const {
    const auto width = static_cast<double>(state_.plan.dense_columns);
    return static_cast<double>(state_.held->size()) * width * width;
  }

  void stop(Error error) {
    error_ = std::move(error);
    done_ = true;
  }

  bool interrupted() {
    if (options_.stop == nullptr || !options_.stop->raised()) return false;
    stop(Error{ErrorKind::interrupted, "interrupted while reading the data: there is nothing to report yet"});
    return true;
  }

  // Record by record, up to where the rest of a file can be cut into chunks.
  void records() {
    const auto produce = [&](Token& token) {
      if (done_ || exhausted_ || ready_for_chunks() || interrupted()) return false;
      token.rows = state_.new_rows();
      exhausted_ = !state_.parse_records(kBlockRows, *token.rows);
      return true;
    };
    const auto place = [&](Token& token) { add(token, 0); };
    // Where the first records are few, starting threads would take longer than folding them.
    const bool few = state_.held && !state_.held->is_empty() && products_of_held() < kFewProducts;
    stages(
        produce, [](Token&) {}, place, few ? 1 : threads_);
  }

  // The rest of the file being read.
  void whole_file() {
    TextRest rest = *state_.table->take_rest();
    ChunkFormat format;
    format.delimiter = rest.delimiter;
    format.decimal = state_.decimal;
    format.columns = state_.table->names().size();
    format.keep_blank_lines = rest.keep_blank_lines;
    Workplaces workplaces([&] { return Workplace{std::make_unique<ChunkParser>(state_.plan, format), {}}; });
    file_ = rest.file;
    lines_ = rest.scan.line - 1;
    const std::uint64_t first_record = state_.cutter->records();
    Next next = Next::stream;
    if (auto file = rest.scan.source->place()) {
      file->offset -= rest.scan.bytes.size();
      rest.scan.bytes.clear();
      expected_ = file->offset;
      const auto chunks = file_chunks(*file, chunk_bytes_, *rest.file);
      // One stretch has nothing to run beside, and starting threads takes longer than a short one.
      const bool one_stretch = file->size - file->offset <= chunk_bytes_;
      next = chunks_of(*chunks, workplaces, true, one_stretch ? 1 : threads_);
      if (next != Next::goes_on) rest.scan.source->seek(expected_);
    }
    if (next == Next::stream && !error_) {
      expected_ = 0;
      const auto chunks = stream_chunks(std::move(rest.scan.bytes), *rest.scan.source, chunk_bytes_);
      next = chunks_of(*chunks, workplaces, false, threads_);
      rest.scan.bytes = std::move(left_over_);
      if (next == Next::by_record) rest.scan.bytes += chunks->unread();
    }
    const std::uint64_t read = state_.cutter->records() - first_record;
    if (next == Next::by_record) {
      rest.scan.line = lines_ + 1;
      state_.table->resume(std::move(rest), read);
    } else {
      state_.table->skip_rest(read);
    }
  }

  // Reads chunks to the end, or to one that has to be read in another way.
  Next chunks_of(ChunkSource& chunks, Workplaces& workplaces, bool ranges, unsigned threads) {
    Next next = Next::goes_on;
    left_over_.clear();
    std::atomic<bool> turned{false};
    const auto produce = [&](Token& token) {
      if (done_ || turned || interrupted()) return false;
      token.chunk.error.reset();
      token.chunk.too_long = token.chunk.feed_added = false;
      token.has_chunk = chunks.next(token.chunk);
      return token.has_chunk;
    };
    const auto parse = [&](Token& token) {
      Workplace& here = workplaces.local();
      // Of a range nothing but its places is needed later.
      if (ranges) token.chunk.buffer.swap(here.buffer);
      chunks.load(token.chunk);
      token.rows = state_.new_rows();
      token.outcome = ChunkParser::Outcome::parsed;
      if (token.chunk.too_long) {
        token.outcome = ChunkParser::Outcome::irregular;
      } else if (token.chunk.size > 0) {
        token.outcome = here.parser->parse(token.chunk.text(), *file_, *token.rows);
      }
      if (ranges) token.chunk.buffer.swap(here.buffer);
    };
    const auto place = [&](Token& token) {
      const Chunk& chunk = token.chunk;
      if (done_) return;
      if (turned) {
        if (!ranges) left_over_ += chunk.source_text();
        return;
      }
      // A range's records are those that start in it: where the one before ended inside, this one has to go
      // on there.
      const bool in_range = expected_ < chunk.range_end;
      const bool fits = !ranges || (chunk.size == 0 ? !in_range : chunk.begin == expected_);
      if (!fits || (ranges && token.outcome == ChunkParser::Outcome::cut_short)) {
        next = Next::stream;
        turned = true;
        return;
      }
      if (token.outcome != ChunkParser::Outcome::parsed) {
        next = Next::by_record;
        turned = true;
        if (!ranges) left_over_ += chunk.source_text();
        return;
      }
      if (chunk.size > 0) expected_ = chunk.end;
      const std::uint64_t lines = token.rows->lines;
      add(token, lines_);
      lines_ += lines;
      if (chunk.error && !done_) stop(*chunk.error);
    };
    stages(produce, parse, place, threads);
    return next;
  }

  // Puts the token's rows in their place.
  void add(Token& token, std::uint64_t lines_before) {
    if (done_) return;
    token.cut.clear();
    const auto added = state_.cutter->add(token.rows, lines_before, token.cut);
    token.rows.reset();
    token.batch.first_block = next_block_;
    next_block_ = state_.cutter->records() / kBlockRows;
    token.batch.end_block = next_block_;
    if (!added) return stop(added.error());
    if (options_.progress) options_.progress(state_.cutter->audit().records);
  }

  void assemble_and_work(Token& token) {
    token.batch.blocks.resize(token.cut.size());
    token.hash = TableHash{};
    for (std::size_t k = 0; k < token.cut.size(); ++k) {
      assemble(token.cut[k], token.batch.blocks[k]);
      token.hash.add(token.batch.blocks[k]);
    }
    token.cut.clear();
    if (!token.batch.blocks.empty()) work_(token.batch);
  }

  void give_out(Token& token) {
    state_.hash.add(token.hash);
    if (!token.batch.blocks.empty()) gather_(token.batch);
    token.batch.result.reset();
    // Borrowed values would hold their stretch until the token comes round again.
    for (RowBlock& block : token.batch.blocks) block.values.release();
  }

  void finish() {
    Token token;
    token.batch.first_block = next_block_;
    token.batch.end_block = next_block_ + 1;
    if (const auto finished = state_.cutter->finish(token.cut); !finished) return stop(finished.error());
    assemble_and_work(token);
    give_out(token);
  }

  template <class Produce, class Parse, class Place>
  void stages(Produce&& produce, Parse&& parse, Place&& place, unsigned threads) {
    if (threads == 1) {
      Token token;
      while (produce(token)) {
        parse(token);
        place(token);
        assemble_and_work(token);
        give_out(token);
      }
      return;
    }
    // Used tokens come back: their buffers are large.
    std::mutex mutex;
    std::vector<std::unique_ptr<Token>> idle;
    const auto take = [&] {
      const std::lock_guard<std::mutex> lock(mutex);
      if (idle.empty()) return std::make_unique<Token>();
      auto token = std::move(idle.back());
      idle.pop_back();
      return token;
    };
    Handover handover;
    handover.give();
    const std::size_t under_way = 2 * static_cast<std::size_t>(threads);
    using tbb::filter_mode;
    with_threads(threads, [&] {
      tbb::parallel_pipeline(
          under_way,
          tbb::make_filter<void,
                           Token*>(filter_mode::serial_in_order, [&](tbb::flow_control& flow) -> Token* {
            const HandedOver here(handover);
            auto token = take();
            if (produce(*token)) return token.release();
            flow.stop();
            return nullptr;
          }) & tbb::make_filter<Token*, Token*>(filter_mode::parallel, [&](Token* token) {
            const HandedOver here(handover);
            parse(*token);
            return token;
          }) & tbb::make_filter<Token*, Token*>(filter_mode::serial_in_order, [&](Token* token) {
            const HandedOver here(handover);
            place(*token);
            return token;
          }) & tbb::make_filter<Token*, Token*>(filter_mode::parallel, [&](Token* token) {
            const HandedOver here(handover);
            assemble_and_work(*token);
            return token;
          }) & tbb::make_filter<Token*, void>(filter_mode::serial_in_order, [&](Token* token) {
            const HandedOver here(handover);
            give_out(*token);
            const std::lock_guard<std::mutex> lock(mutex);
            idle.emplace_back(token);
          }));
    });
    handover.take();
  }

  RowReader::State& state_;
  const PipelineOptions& options_;
  const std::function<void(BlockBatch&)>& work_;
  const std::function<void(BlockBatch&)>& gather_;
  unsigned threads_ = 1;
  std::size_t chunk_bytes_ = 0;
  std::uint64_t next_block_ = 0;
  bool exhausted_ = false;  // the table has been read
  std::optional<Error> error_;
  std::atomic<bool> done_{false};

  // Of the file being read in chunks.
  const std::string* file_ = nullptr;
  std::uint64_t lines_ = 0;     // before what comes next
  std::uint64_t expected_ = 0;  // offset at which the next chunk has to start
  std::string left_over_;       // of a stream, from the chunk that cannot be read in parallel on
};

Result<void> read_blocks(RowReader& reader, const PipelineOptions& options,
                         const std::function<void(BlockBatch&)>& work,
                         const std::function<void(BlockBatch&)>& gather) {
  return BlockPipeline(reader, options, work, gather).run();
}

}  // namespace talweg
