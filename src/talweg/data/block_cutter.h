// SPDX-License-Identifier: Apache-2.0
// Puts stretches of parsed rows, given in order, in their place in the table: numbers the records, cuts
// blocks by record number, gives level numbers in order of first appearance, and adds up the audit. Serial
// and cheap: rows are not copied here but by assemble(), on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/fingerprint.h"
#include "talweg/data/parsed_rows.h"
#include "talweg/data/rejects.h"
#include "talweg/data/row_block.h"
#include "talweg/data/row_builder.h"

namespace talweg {

/// Consecutive used rows of one stretch.
struct RowPiece {
  std::shared_ptr<const ParsedRows> rows;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// The rows of one block, which may come from several stretches.
struct CutBlock {
  std::uint64_t number = 0;
  std::vector<RowPiece> pieces;
};

class BlockCutter {
 public:
  /// `plan` must outlive the cutter; `place` is the table as a whole in messages.
  BlockCutter(const RowPlan& plan, std::string place, std::optional<RejectsFile> rejects);

  /// Takes the next stretch; blocks that are complete now are appended to `complete`. `file` and
  /// `lines_before` place the stretch's lines. Errors: what the stretch ended with, too many features, a
  /// third class, a full disk under the rejects.
  Result<void> add(const std::shared_ptr<ParsedRows>& rows, std::uint64_t lines_before,
                   std::vector<CutBlock>& complete);
  /// The end of the table: the last block, then the checks that need the whole: no row used, a text column
  /// used by default with 10 or more levels and more than a tenth as many levels as rows.
  Result<void> finish(std::vector<CutBlock>& complete);

  /// Number of the next record, as blocks count them.
  [[nodiscard]] std::uint64_t records() const { return plan_.first_record + audit_.records; }
  [[nodiscard]] const IngestAudit& audit() const { return audit_; }
  [[nodiscard]] IngestAudit& audit() { return audit_; }
  /// The features and the target with their counts so far.
  [[nodiscard]] const std::vector<ColumnInfo>& features() const { return features_; }
  [[nodiscard]] const ColumnInfo& target() const { return target_; }
  [[nodiscard]] const std::vector<TargetClass>& target_classes() const { return target_classes_; }
  [[nodiscard]] const LevelTable& levels() const { return levels_; }

 private:
  Result<void> take_classes(const ParsedRows& rows, std::uint64_t lines_before);
  bool number_levels(ParsedRows& rows);
  void cut(const std::shared_ptr<ParsedRows>& rows, std::uint64_t first_record,
           std::vector<CutBlock>& complete);
  Result<void> count(ParsedRows& rows, std::uint64_t lines_before);
  tl::unexpected<Error> stop(Error error) const;
  [[nodiscard]] Error too_many_features() const;
  [[nodiscard]] Error no_rows() const;

  const RowPlan& plan_;
  std::string place_;
  std::optional<RejectsFile> rejects_;
  std::vector<ColumnInfo> features_;
  ColumnInfo target_;
  LevelTable levels_;
  std::vector<TargetClass> target_classes_;
  IngestAudit audit_;
  CutBlock open_;
};

/// Puts the pieces together in one block; most values stay where they are.
void assemble(const CutBlock& cut, RowBlock& block);

}  // namespace talweg
