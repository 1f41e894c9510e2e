// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/program.h"

#include <algorithm>
#include <cstring>

#include "talweg/formula/row_kernels.h"
#include "talweg/formula/scalar_kernels.h"

namespace talweg {
namespace {

// Rows that are taken through all instructions together: what is in use stays in the first cache.
constexpr std::size_t kRun = 512;

}  // namespace

Program::Workspace::Workspace(const Program& program)
    : rows_(2 * kRun * std::max(program.full_.slots, program.value_only_.slots)),
      scalars_(program.scalars_),
      high_(program.outputs_, nullptr),
      low_(program.outputs_, nullptr),
      slots_(std::max(program.full_.slots, program.value_only_.slots)) {
  std::copy(program.constants_.begin(), program.constants_.end(), scalars_.begin());
}

void Program::load_scalars(const Code& code, std::span<const double> parameters, bool pairs,
                           Workspace& work) const {
  std::copy(parameters.begin(), parameters.end(),
            work.scalars_.begin() + static_cast<std::ptrdiff_t>(constants_.size()));
  for (const Instruction& step : code.scalar) {
    if (pairs) {
      DoubleDouble in[4];
      for (std::size_t k = 0; k < step.operands; ++k) in[k] = work.scalars_[step.in[k].index];
      work.scalars_[step.out.index] = apply(step.op, step.exponent, in);
    } else {
      double in[4] = {};
      for (std::size_t k = 0; k < step.operands; ++k) in[k] = work.scalars_[step.in[k].index].high;
      work.scalars_[step.out.index] = apply(step.op, step.exponent, in);
    }
  }
}

void Program::run(const Code& code, std::span<const double* const> columns, std::size_t first,
                  std::size_t count, const Outputs& out, Workspace& work) const {
  const bool pairs = out.low != nullptr;
  const auto slot_high = [&](std::uint32_t slot) { return work.rows_.data() + kRun * slot; };
  const auto slot_low = [&](std::uint32_t slot) { return work.rows_.data() + kRun * (work.slots_ + slot); };
  const auto operand = [&](Operand in) {
    RowOperand rows;
    switch (in.where) {
      case Where::scalar:
        rows.scalar_high = work.scalars_[in.index].high;
        rows.scalar_low = work.scalars_[in.index].low;
        break;
      case Where::column:
        rows.high = columns[in.index] + first;
        break;
      case Where::slot:
        rows.high = slot_high(in.index);
        if (pairs) rows.low = slot_low(in.index);
        break;
      case Where::output:
        rows.high = out.high[in.index] + first;
        if (pairs) rows.low = out.low[in.index] + first;
        break;
    }
    return rows;
  };
  RowOperand in[4];
  for (const Instruction& step : code.row) {
    for (std::size_t k = 0; k < step.operands; ++k) in[k] = operand(step.in[k]);
    RowTask task{step.op, step.exponent, in, nullptr, nullptr, count};
    const bool direct = step.out.where == Where::output;
    task.high = direct ? out.high[step.out.index] + first : slot_high(step.out.index);
    if (pairs) task.low = direct ? out.low[step.out.index] + first : slot_low(step.out.index);
    run_rows(task);
  }
  for (const auto& [output, from] : code.rest) {
    const RowOperand rows = operand(from);
    double* const high = out.high[output] + first;
    if (rows.high == nullptr) {
      std::fill_n(high, count, rows.scalar_high);
    } else if (rows.high != high) {
      std::copy_n(rows.high, count, high);
    }
    if (!pairs) continue;
    double* const low = out.low[output] + first;
    if (rows.high != nullptr && rows.low != nullptr) {
      std::copy_n(rows.low, count, low);
    } else {
      std::fill_n(low, count, rows.high == nullptr ? rows.scalar_low : 0.0);
    }
  }
}

void Program::evaluate(std::span<const double* const> columns, std::size_t rows,
                       std::span<const double> parameters, double* value, std::span<double* const> partials,
                       Workspace& work) const {
  const Code& code = partials.empty() ? value_only_ : full_;
  load_scalars(code, parameters, false, work);
  work.high_[0] = value;
  std::copy(partials.begin(), partials.end(), work.high_.begin() + 1);
  for (std::size_t first = 0; first < rows; first += kRun) {
    run(code, columns, first, std::min(kRun, rows - first), {work.high_.data(), nullptr}, work);
  }
}

void Program::evaluate_pairs(std::span<const double* const> columns, std::size_t rows,
                             std::span<const double> parameters, double* value_high, double* value_low,
                             std::span<double* const> partials_high, std::span<double* const> partials_low,
                             Workspace& work) const {
  const Code& code = partials_high.empty() ? value_only_ : full_;
  load_scalars(code, parameters, true, work);
  work.high_[0] = value_high;
  work.low_[0] = value_low;
  std::copy(partials_high.begin(), partials_high.end(), work.high_.begin() + 1);
  std::copy(partials_low.begin(), partials_low.end(), work.low_.begin() + 1);
  for (std::size_t first = 0; first < rows; first += kRun) {
    run(code, columns, first, std::min(kRun, rows - first), {work.high_.data(), work.low_.data()}, work);
  }
}

}  // namespace talweg
