// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/held_records.h"

#include <utility>

namespace talweg {

HeldRecords::HeldRecords(std::vector<std::size_t> used, std::size_t columns, bool keep_raw)
    : used_(std::move(used)), columns_(columns), keep_raw_(keep_raw) {}

void HeldRecords::hold(const TableRecord& record) {
  Record held;
  held.row = record.row;
  held.line = record.line;
  held.file = record.file;
  if (record.bad != nullptr) {
    held.bad = *record.bad;
  } else if (!record.numbers.empty()) {
    // A rejected row is written whole.
    if (keep_raw_) {
      held.numbers.assign(record.numbers.begin(), record.numbers.end());
    } else {
      for (const std::size_t position : used_) held.numbers.push_back(record.numbers[position]);
    }
  } else {
    for (const std::size_t position : used_) {
      held.bytes += record.cells[position];
      held.ends.push_back(static_cast<std::uint32_t>(held.bytes.size()));
    }
  }
  if (keep_raw_) held.raw = record.raw;
  bytes_ += sizeof(Record) + held.bytes.size() + held.ends.size() * sizeof(std::uint32_t) +
            held.numbers.size() * sizeof(double) + held.raw.size();
  records_.push_back(std::move(held));
}

void HeldRecords::take(TableRecord& record) {
  given_ = std::move(records_.front());
  records_.pop_front();
  record = TableRecord{};
  record.row = given_.row;
  record.line = given_.line;
  record.file = given_.file;
  record.raw = given_.raw;
  if (given_.bad) {
    record.bad = &*given_.bad;
  } else if (!given_.numbers.empty()) {
    if (keep_raw_) {
      record.numbers = given_.numbers;
      return;
    }
    numbers_.resize(columns_);
    for (std::size_t i = 0; i < used_.size(); ++i) numbers_[used_[i]] = given_.numbers[i];
    record.numbers = numbers_;
  } else {
    cells_.resize(columns_);
    for (std::size_t i = 0; i < used_.size(); ++i) cells_[used_[i]] = given_.cell(i);
    record.cells = cells_;
  }
}

}  // namespace talweg
