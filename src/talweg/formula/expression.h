// SPDX-License-Identifier: Apache-2.0
// An expression: a tree of operations over numbers, columns and parameters, shared and never changed. The
// constructors here build exactly what they are told; what may be left out (0 * x, x + 0, ...) is
// simplify.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace talweg {

enum class Op : std::uint8_t {
  // leaves
  number,
  pi,
  e,
  column,     ///< of the data, by index
  parameter,  ///< by index
  rows,       ///< the number of rows, in a cost
  // one operand
  negate,
  exp,
  log,
  log2,
  log10,
  sqrt,
  cbrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  erf,
  abs,
  sign,     ///< -1, 0 or 1
  sum,      ///< over all rows, in a cost
  pending,  ///< the derivative with respect to parameter `index()`, still to be taken; in derivations only
  // two operands
  add,
  subtract,
  multiply,
  divide,
  power,
  power_log,  ///< u^v log(u), which is 0 where u is 0 and v above 0; the derivative of u^v with respect to v
  min,
  max,
  // four operands
  where,  ///< u >= v ? a : b, over (u, v, a, b); not a number where u or v is none
};

class Expression {
 public:
  /// The number 0.
  Expression();

  [[nodiscard]] Op op() const;
  [[nodiscard]] double number() const;            ///< of a number
  [[nodiscard]] std::size_t index() const;        ///< of a column, a parameter, a pending derivative
  [[nodiscard]] const std::string& name() const;  ///< of the same, as it is shown
  [[nodiscard]] std::size_t operands() const;
  [[nodiscard]] const Expression& operand(std::size_t k) const;
  [[nodiscard]] std::size_t depth() const;  ///< 1 for a leaf
  /// Nodes of the tree as it would be written out; saturates.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t hash() const;  ///< of the structure; equal expressions have equal hashes
  [[nodiscard]] const void* identity() const { return node_.get(); }

  [[nodiscard]] bool is(Op op) const { return this->op() == op; }
  [[nodiscard]] bool is_number(double value) const;
  [[nodiscard]] bool has_columns() const;
  [[nodiscard]] bool has_parameters() const;
  /// False where the parameter does not occur; true is certain up to 64 parameters, see depends_on.
  [[nodiscard]] bool may_depend_on(std::size_t parameter) const;
  /// The same operation over other operands.
  [[nodiscard]] Expression with_operands(std::vector<Expression> operands) const;

  friend bool operator==(const Expression& a, const Expression& b);

  static Expression number(double value);
  static Expression leaf(Op op);  ///< pi, e, rows
  static Expression column(std::size_t index, std::string name);
  static Expression parameter(std::size_t index, std::string name);
  static Expression unary(Op op, Expression a);
  static Expression pending(Expression a, std::size_t parameter, std::string name);
  static Expression binary(Op op, Expression a, Expression b);
  static Expression where(Expression u, Expression v, Expression a, Expression b);

 private:
  struct Node;
  explicit Expression(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Expression make(Node node);
  std::shared_ptr<const Node> node_;
};

/// Whether parameter `index` occurs.
bool depends_on(const Expression& expression, std::size_t parameter);

/// Every leaf replaced by what `leaf` makes of it.
using Replacement = std::function<Expression(const Expression& leaf)>;
Expression replace_leaves(const Expression& expression, const Replacement& leaf);

}  // namespace talweg
