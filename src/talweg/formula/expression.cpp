// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/expression.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace talweg {

struct Expression::Node {
  Op op = Op::number;
  double number = 0;
  std::size_t index = 0;
  std::string name = {};
  std::vector<Expression> operands = {};
  // Kept with the node, so that no question about it walks the tree.
  std::size_t depth = 1;
  std::uint64_t size = 1;
  std::uint64_t hash = 0;
  std::uint64_t parameter_bits = 0;  // bit index mod 64 of every parameter in it
  bool columns = false;
};

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 29U);
}

std::uint64_t add_capped(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

}  // namespace

Expression Expression::make(Node node) {
  node.hash = mix(mix(static_cast<std::uint64_t>(node.op) + 1, std::bit_cast<std::uint64_t>(node.number)),
                  node.index);
  if (node.op == Op::parameter) node.parameter_bits = std::uint64_t{1} << (node.index % 64);
  node.columns = node.op == Op::column;
  for (const Expression& operand : node.operands) {
    node.depth = std::max(node.depth, operand.node_->depth + 1);
    node.size = add_capped(node.size, operand.node_->size);
    node.hash = mix(node.hash, operand.node_->hash);
    node.parameter_bits |= operand.node_->parameter_bits;
    node.columns = node.columns || operand.node_->columns;
  }
  return Expression(std::make_shared<const Node>(std::move(node)));
}

Expression::Expression() {
  static const Expression zero = make(Node{});
  node_ = zero.node_;
}

Op Expression::op() const {
  return node_->op;
}
double Expression::number() const {
  return node_->number;
}
std::size_t Expression::index() const {
  return node_->index;
}
const std::string& Expression::name() const {
  return node_->name;
}
std::size_t Expression::operands() const {
  return node_->operands.size();
}
const Expression& Expression::operand(std::size_t k) const {
  return node_->operands[k];
}
std::size_t Expression::depth() const {
  return node_->depth;
}
std::uint64_t Expression::size() const {
  return node_->size;
}
std::uint64_t Expression::hash() const {
  return node_->hash;
}
bool Expression::is_number(double value) const {
  return node_->op == Op::number && node_->number == value;
}
bool Expression::has_columns() const {
  return node_->columns;
}
bool Expression::has_parameters() const {
  return node_->parameter_bits != 0;
}
bool Expression::may_depend_on(std::size_t parameter) const {
  return (node_->parameter_bits >> (parameter % 64) & 1U) != 0;
}

bool operator==(const Expression& a, const Expression& b) {
  if (a.node_ == b.node_) return true;
  const auto& x = *a.node_;
  const auto& y = *b.node_;
  return x.hash == y.hash && x.op == y.op && x.size == y.size && x.index == y.index &&
         std::bit_cast<std::uint64_t>(x.number) == std::bit_cast<std::uint64_t>(y.number) &&
         x.operands == y.operands;
}

Expression Expression::number(double value) {
  Node node;
  node.number = value;
  return make(std::move(node));
}

Expression Expression::leaf(Op op) {
  Node node;
  node.op = op;
  return make(std::move(node));
}

Expression Expression::column(std::size_t index, std::string name) {
  Node node;
  node.op = Op::column;
  node.index = index;
  node.name = std::move(name);
  return make(std::move(node));
}

Expression Expression::parameter(std::size_t index, std::string name) {
  Node node;
  node.op = Op::parameter;
  node.index = index;
  node.name = std::move(name);
  return make(std::move(node));
}

Expression Expression::unary(Op op, Expression a) {
  Node node;
  node.op = op;
  node.operands.push_back(std::move(a));
  return make(std::move(node));
}

Expression Expression::pending(Expression a, std::size_t parameter, std::string name) {
  Node node;
  node.op = Op::pending;
  node.index = parameter;
  node.name = std::move(name);
  node.operands.push_back(std::move(a));
  return make(std::move(node));
}

Expression Expression::binary(Op op, Expression a, Expression b) {
  Node node;
  node.op = op;
  node.operands.reserve(2);
  node.operands.push_back(std::move(a));
  node.operands.push_back(std::move(b));
  return make(std::move(node));
}

Expression Expression::where(Expression u, Expression v, Expression a, Expression b) {
  Node node;
  node.op = Op::where;
  node.operands = {std::move(u), std::move(v), std::move(a), std::move(b)};
  return make(std::move(node));
}

Expression Expression::with_operands(std::vector<Expression> operands) const {
  Node node;
  node.op = node_->op;
  node.number = node_->number;
  node.index = node_->index;
  node.name = node_->name;
  node.operands = std::move(operands);
  return make(std::move(node));
}

namespace {

bool found(const Expression& at, std::size_t parameter, std::unordered_set<const void*>& seen) {
  if (!at.may_depend_on(parameter)) return false;
  if (at.is(Op::parameter)) return at.index() == parameter;
  if (!seen.insert(at.identity()).second) return false;
  for (std::size_t k = 0; k < at.operands(); ++k) {
    if (found(at.operand(k), parameter, seen)) return true;
  }
  return false;
}

Expression replaced(const Expression& at, const Replacement& leaf,
                    std::unordered_map<const void*, Expression>& done) {
  if (at.operands() == 0) return leaf(at);
  if (const auto known = done.find(at.identity()); known != done.end()) return known->second;
  std::vector<Expression> operands;
  operands.reserve(at.operands());
  bool same = true;
  for (std::size_t k = 0; k < at.operands(); ++k) {
    operands.push_back(replaced(at.operand(k), leaf, done));
    same = same && operands.back().identity() == at.operand(k).identity();
  }
  Expression out = same ? at : at.with_operands(std::move(operands));
  done.emplace(at.identity(), out);
  return out;
}

}  // namespace

bool depends_on(const Expression& expression, std::size_t parameter) {
  std::unordered_set<const void*> seen;
  return found(expression, parameter, seen);
}

Expression replace_leaves(const Expression& expression, const Replacement& leaf) {
  std::unordered_map<const void*, Expression> done;
  return replaced(expression, leaf, done);
}

}  // namespace talweg
