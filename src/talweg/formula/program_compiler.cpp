// SPDX-License-Identifier: Apache-2.0
// Expressions -> instructions: equal operations over equal operands are one value; values of numbers alone
// are computed here, those of numbers and parameters once a call; the others get a slot for as long as
// somebody still reads them, or the output that they are.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include "talweg/formula/affine.h"
#include "talweg/formula/derive.h"
#include "talweg/formula/program.h"
#include "talweg/formula/scalar_kernels.h"

namespace talweg {
namespace {

constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);

enum class Kind : std::uint8_t { constant, parameter, scalar, column, row };

struct Value {
  Kind kind = Kind::constant;
  Op op = Op::number;
  int exponent = 0;
  std::uint8_t operands = 0;
  std::array<std::uint32_t, 4> in = {kNone, kNone, kNone, kNone};
  DoubleDouble constant;
  std::uint32_t index = 0;  // of a column or a parameter
};

}  // namespace

class ProgramCompiler {
 public:
  Program compile(const Expression& value, std::span<const Expression> partials, std::size_t columns,
                  std::size_t parameters) {
    std::vector<std::uint32_t> outputs = {number_of(value)};
    for (const Expression& partial : partials) outputs.push_back(number_of(partial));
    program_.columns_ = columns;
    program_.parameters_ = parameters;
    program_.outputs_ = outputs.size();
    program_.used_.assign(columns, false);
    for (const Value& v : values_) {
      if (v.kind == Kind::column) program_.used_[v.index] = true;
    }
    place_scalars(parameters);
    program_.full_ = code_for(outputs);
    program_.value_only_ = code_for({outputs[0]});
    return std::move(program_);
  }

 private:
  using Key = std::array<std::uint64_t, 6>;

  std::uint32_t add(Value value) {
    values_.push_back(value);
    return static_cast<std::uint32_t>(values_.size() - 1);
  }

  std::uint32_t constant(DoubleDouble number) {
    const std::pair<std::uint64_t, std::uint64_t> bits(std::bit_cast<std::uint64_t>(number.high),
                                                       std::bit_cast<std::uint64_t>(number.low));
    const auto known = constants_.find(bits);
    if (known != constants_.end()) return known->second;
    Value value;
    value.constant = number;
    return constants_[bits] = add(value);
  }

  std::uint32_t leaf(Kind kind, std::size_t index) {
    auto& known = kind == Kind::column ? columns_ : parameters_;
    const auto [place, added] = known.emplace(index, 0);
    if (added) {
      Value value;
      value.kind = kind;
      value.index = static_cast<std::uint32_t>(index);
      place->second = add(value);
    }
    return place->second;
  }

  std::uint32_t operation(Op op, std::array<std::uint32_t, 4> in, std::uint8_t operands, int exponent = 0) {
    if ((op == Op::add || op == Op::multiply) && in[0] > in[1]) std::swap(in[0], in[1]);
    const Key key = {static_cast<std::uint64_t>(op),
                     static_cast<std::uint64_t>(static_cast<std::int64_t>(exponent)),
                     in[0],
                     in[1],
                     in[2],
                     in[3]};
    const auto known = operations_.find(key);
    if (known != operations_.end()) return known->second;
    Value value;
    value.op = op;
    value.exponent = exponent;
    value.operands = operands;
    value.in = in;
    bool constants = true;
    bool rows = false;
    for (std::size_t k = 0; k < operands; ++k) {
      const Kind kind = values_[in[k]].kind;
      constants = constants && kind == Kind::constant;
      rows = rows || kind == Kind::column || kind == Kind::row;
    }
    std::uint32_t out = 0;
    if (constants) {
      DoubleDouble numbers[4];
      for (std::size_t k = 0; k < operands; ++k) numbers[k] = values_[in[k]].constant;
      out = constant(apply(op, exponent, numbers));
    } else {
      value.kind = rows ? Kind::row : Kind::scalar;
      out = add(value);
    }
    operations_.emplace(key, out);
    return out;
  }

  [[nodiscard]] bool is_row(std::uint32_t value) const {
    return values_[value].kind == Kind::row || values_[value].kind == Kind::column;
  }

  std::uint32_t number_of(const Expression& e) {
    if (const auto known = done_.find(e.identity()); known != done_.end()) return known->second;
    const std::uint32_t out = fresh(e);
    done_.emplace(e.identity(), out);
    kept_.push_back(e);
    return out;
  }

  std::uint32_t fresh(const Expression& e) {
    switch (e.op()) {
      case Op::number:
        return constant(e.number());
      case Op::pi:
        return constant({0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53});
      case Op::e:
        return constant({0x1.5bf0a8b145769p+1, 0x1.4d57ee2b1013ap-53});
      case Op::column:
        return leaf(Kind::column, e.index());
      case Op::parameter:
        return leaf(Kind::parameter, e.index());
      case Op::negate:
        return negated(e.operand(0));
      case Op::power:
        return power(e);
      case Op::power_log: {
        // u^v is computed anyway as a rule; the product with its logarithm is 0 where it is 0.
        const std::uint32_t value = number_of(Expression::binary(Op::power, e.operand(0), e.operand(1)));
        const std::uint32_t log = number_of(Expression::unary(Op::log, e.operand(0)));
        return operation(Op::power_log, {value, log, kNone, kNone}, 2);
      }
      default:
        break;
    }
    std::array<std::uint32_t, 4> in = {kNone, kNone, kNone, kNone};
    for (std::size_t k = 0; k < e.operands(); ++k) in[k] = number_of(e.operand(k));
    return operation(e.op(), in, static_cast<std::uint8_t>(e.operands()));
  }

  // -(a*x) is (-a)*x, to the bit: the sign goes where it costs nothing.
  std::uint32_t negated(const Expression& e) {
    if (e.is(Op::multiply) || e.is(Op::divide)) {
      const Expression* first = &e;
      while (first->is(Op::multiply) || first->is(Op::divide)) first = &first->operand(0);
      if (!first->has_columns()) {
        const std::uint32_t right = number_of(e.operand(1));
        return operation(e.op(), {negated(e.operand(0)), right, kNone, kNone}, 2);
      }
    }
    return operation(Op::negate, {number_of(e), kNone, kNone, kNone}, 1);
  }

  std::uint32_t power(const Expression& e) {
    const std::uint32_t base = number_of(e.operand(0));
    const int whole = whole_exponent(e);
    if (whole == 1) return base;
    if (whole != 0) return operation(Op::power, {base, kNone, kNone, kNone}, 1, whole);
    const std::uint32_t exponent = number_of(e.operand(1));
    return operation(Op::power, {base, exponent, kNone, kNone}, 2);
  }

  // Constants first, then all parameters, then what is computed.
  void place_scalars(std::size_t parameters) {
    places_.resize(values_.size());
    std::uint32_t next = 0;
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].kind != Kind::constant) continue;
      places_[v] = {Program::Where::scalar, next++};
      program_.constants_.push_back(values_[v].constant);
    }
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].kind == Kind::parameter) places_[v] = {Program::Where::scalar, next + values_[v].index};
      if (values_[v].kind == Kind::column) places_[v] = {Program::Where::column, values_[v].index};
    }
    next += static_cast<std::uint32_t>(parameters);
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].kind == Kind::scalar) places_[v] = {Program::Where::scalar, next++};
    }
    program_.scalars_ = next;
  }

  Program::Code code_for(const std::vector<std::uint32_t>& outputs) {
    Program::Code code;
    // The last reader of each value; operands have smaller numbers than what is made of them.
    std::vector<std::uint32_t> last(values_.size(), kNone);
    std::vector<bool> wanted(values_.size(), false);
    std::vector<std::uint32_t> output_of(values_.size(), kNone);
    for (std::size_t k = outputs.size(); k-- > 0;) {
      wanted[outputs[k]] = true;
      output_of[outputs[k]] = static_cast<std::uint32_t>(k);
    }
    for (std::size_t v = values_.size(); v-- > 0;) {
      if (!wanted[v]) continue;
      for (std::size_t k = 0; k < values_[v].operands; ++k) {
        const std::uint32_t in = values_[v].in[k];
        wanted[in] = true;
        if (last[in] == kNone) last[in] = static_cast<std::uint32_t>(v);
      }
    }
    std::vector<std::uint32_t> free;
    for (std::size_t v = 0; v < values_.size(); ++v) {
      const Value& value = values_[v];
      if (!wanted[v] || (value.kind != Kind::scalar && value.kind != Kind::row)) continue;
      Program::Instruction step;
      step.op = value.op;
      step.operands = value.operands;
      step.exponent = value.exponent;
      for (std::size_t k = 0; k < value.operands; ++k) step.in[k] = places_[value.in[k]];
      if (value.kind == Kind::scalar) {
        step.out = places_[v];
        code.scalar.push_back(step);
        continue;
      }
      // An operand that nobody reads later hands its slot on: out may be one of the operands.
      for (std::size_t k = 0; k < value.operands; ++k) {
        const std::uint32_t in = value.in[k];
        if (places_[in].where == Program::Where::slot && last[in] == v &&
            std::find(value.in.begin(), value.in.begin() + static_cast<std::ptrdiff_t>(k), in) ==
                value.in.begin() + static_cast<std::ptrdiff_t>(k)) {
          free.push_back(places_[in].index);
        }
      }
      if (output_of[v] != kNone) {
        places_[v] = {Program::Where::output, output_of[v]};
      } else {
        if (free.empty()) free.push_back(static_cast<std::uint32_t>(code.slots++));
        places_[v] = {Program::Where::slot, free.back()};
        free.pop_back();
      }
      step.out = places_[v];
      code.row.push_back(step);
    }
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const Program::Operand place = places_[outputs[k]];
      const bool written = place.where == Program::Where::output && place.index == k;
      if (!written) code.rest.emplace_back(static_cast<std::uint32_t>(k), place);
    }
    return code;
  }

  Program program_;
  std::vector<Value> values_;
  std::vector<Program::Operand> places_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> constants_;
  std::map<Key, std::uint32_t> operations_;
  std::unordered_map<std::size_t, std::uint32_t> columns_;
  std::unordered_map<std::size_t, std::uint32_t> parameters_;
  std::unordered_map<const void*, std::uint32_t> done_;
  std::vector<Expression> kept_;
};

Program Program::compile(const Expression& value, std::span<const Expression> partials, std::size_t columns,
                         std::size_t parameters) {
  return ProgramCompiler().compile(value, partials, columns, parameters);
}

Program compile_right(const Formula& formula) {
  return Program::compile(formula.right, partial_derivatives(formula), formula.columns.size(),
                          formula.parameters.size());
}

Program compile_left(const Formula& formula) {
  return Program::compile(formula.left, {}, formula.columns.size(), 0);
}

}  // namespace talweg
