// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/parser.h"

#include <fmt/format.h>

#include <unordered_map>

#include "talweg/formula/formula.h"
#include "talweg/formula/functions.h"
#include "talweg/formula/lexer.h"

namespace talweg {
namespace {

constexpr const char* kExample = "write it like y = a*x + b";

class Parser {
 public:
  Parser(std::string_view text, bool equation) : text_(text), lexer_(text), equation_(equation) {}

  Result<ParsedText> parse() {
    if (text_.size() > kFormulaBytes) {
      return fail(ErrorKind::usage,
                  fmt::format("the formula has {} bytes, more than the {} that are allowed", text_.size(),
                              kFormulaBytes),
                  "a linear model of many columns is fitted by --target");
    }
    if (auto moved = advance(); !moved) return fail(moved.error());
    if (token_.kind == TokenKind::end) {
      return error(0, equation_ ? "the formula is empty" : "the function is empty",
                   equation_ ? kExample : "write it like x^4 - 3*x^3 + 2");
    }
    if (equation_) {
      on_left_ = true;
      if (token_.kind == TokenKind::equals)
        return error(token_.begin, "nothing stands left of the =", kExample);
      auto left = sum();
      if (!left) return fail(left.error());
      if (token_.kind != TokenKind::equals) return unexpected(true);
      out_.left = std::move(*left);
      if (auto moved = advance(); !moved) return fail(moved.error());
      if (token_.kind == TokenKind::end)
        return error(token_.begin, "nothing stands right of the =", kExample);
      on_left_ = false;
    }
    auto right = sum();
    if (!right) return fail(right.error());
    out_.right = std::move(*right);
    if (token_.kind != TokenKind::end) return unexpected(false);
    return std::move(out_);
  }

 private:
  using Parsed = Result<Expression>;

  // Counts the levels of recursion for as long as it lives.
  struct Level {
    explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    std::size_t& depth_;
  };

  [[nodiscard]] tl::unexpected<Error> error(std::size_t at, std::string_view what, std::string remedy) const {
    return fail(formula_error(text_, at, what, std::move(remedy)));
  }

  Result<void> advance() {
    auto token = lexer_.next();
    if (!token) return fail(token.error());
    previous_ = std::move(token_);
    token_ = std::move(*token);
    return {};
  }

  [[nodiscard]] std::string shown(const Token& token) const {
    return in_quotes(text_.substr(token.begin, token.end - token.begin));
  }

  // A token that cannot follow what has been read.
  [[nodiscard]] tl::unexpected<Error> unexpected(bool before_equals) const {
    switch (token_.kind) {
      case TokenKind::end:
        if (before_equals && depth_ == 0) {
          return error(token_.begin, "there is no =", fmt::format("say what is predicted: y = {}", text_));
        }
        return error(token_.begin, "the formula ends too early", "something is missing behind the last sign");
      case TokenKind::number:
      case TokenKind::name:
      case TokenKind::open: {
        const std::string before(text_.substr(previous_.begin, previous_.end - previous_.begin));
        return error(token_.begin, fmt::format("an operator is missing before {}", shown(token_)),
                     before.size() > 30 || token_.end - token_.begin > 30
                         ? "for a product write * between the two"
                         : fmt::format("for a product write {}*{}", before,
                                       text_.substr(token_.begin, token_.end - token_.begin)));
      }
      case TokenKind::equals:
        if (!equation_)
          return error(token_.begin, "a function to be minimised has no =", "write its right side alone");
        if (depth_ > 0)
          return error(token_.begin, "an = inside parentheses", "close the parentheses before it");
        return error(token_.begin, "a second =", kExample);
      case TokenKind::close:
        return error(token_.begin, "this parenthesis closes none", "leave it out or open one before");
      case TokenKind::comma:
        return error(token_.begin, "a comma that separates nothing", "numbers are written with a point: 1.5");
      case TokenKind::comparison:
        return error(token_.begin, fmt::format("{} has no meaning here", shown(token_)),
                     "comparisons stand in where(x >= 2, a, b) only");
      default:
        return error(token_.begin, fmt::format("{} is not expected here", shown(token_)),
                     "the operators are + - * / ^");
    }
  }

  // Built bottom-up, so that the bound holds before anything walks the tree.
  Parsed checked(Expression expression, std::size_t at) const {
    if (expression.depth() <= kFormulaDepth) return expression;
    return error(at, fmt::format("more than {} operations inside one another", kFormulaDepth),
                 "a linear model of many columns is fitted by --target");
  }

  Parsed sum() {
    auto out = product();
    while (out && (token_.kind == TokenKind::plus || token_.kind == TokenKind::minus)) {
      const Op op = token_.kind == TokenKind::plus ? Op::add : Op::subtract;
      const std::size_t at = token_.begin;
      if (auto moved = advance(); !moved) return fail(moved.error());
      auto right = product();
      if (!right) return right;
      out = checked(Expression::binary(op, std::move(*out), std::move(*right)), at);
    }
    return out;
  }

  Parsed product() {
    auto out = signed_factor();
    while (out && (token_.kind == TokenKind::times || token_.kind == TokenKind::divide)) {
      const Op op = token_.kind == TokenKind::times ? Op::multiply : Op::divide;
      const std::size_t at = token_.begin;
      if (auto moved = advance(); !moved) return fail(moved.error());
      auto right = signed_factor();
      if (!right) return right;
      out = checked(Expression::binary(op, std::move(*out), std::move(*right)), at);
    }
    return out;
  }

  Parsed signed_factor() {
    if (token_.kind != TokenKind::minus && token_.kind != TokenKind::plus) return power();
    const Level level(depth_);
    const bool minus = token_.kind == TokenKind::minus;
    const std::size_t at = token_.begin;
    if (depth_ > kFormulaNesting) return too_deep(at);
    if (auto moved = advance(); !moved) return fail(moved.error());
    auto operand = signed_factor();
    if (!operand || !minus) return operand;
    if (operand->is(Op::number)) return Expression::number(-operand->number());
    return checked(Expression::unary(Op::negate, std::move(*operand)), at);
  }

  Parsed power() {
    auto base = primary();
    if (!base || token_.kind != TokenKind::power) return base;
    const Level level(depth_);
    const std::size_t at = token_.begin;
    if (depth_ > kFormulaNesting) return too_deep(at);
    if (auto moved = advance(); !moved) return fail(moved.error());
    auto exponent = signed_factor();
    if (!exponent) return exponent;
    return checked(Expression::binary(Op::power, std::move(*base), std::move(*exponent)), at);
  }

  Parsed primary() {
    switch (token_.kind) {
      case TokenKind::number: {
        const double value = token_.value;
        if (auto moved = advance(); !moved) return fail(moved.error());
        return Expression::number(value);
      }
      case TokenKind::name: {
        const Token name = token_;
        if (auto moved = advance(); !moved) return fail(moved.error());
        if (token_.kind == TokenKind::open && !name.quoted && !name.level) return call(name);
        return use(name);
      }
      case TokenKind::open: {
        const Level level(depth_);
        const std::size_t at = token_.begin;
        if (depth_ > kFormulaNesting) return too_deep(at);
        if (auto moved = advance(); !moved) return fail(moved.error());
        auto inside = sum();
        if (!inside) return inside;
        if (auto ended = close(at); !ended) return fail(ended.error());
        return inside;
      }
      case TokenKind::end:
        return error(token_.begin, "the formula ends too early", "something is missing behind the last sign");
      default:
        return error(token_.begin,
                     fmt::format("a number, a name or a parenthesis is wanted before {}", shown(token_)),
                     "see whether something was left out or written twice");
    }
  }

  Result<void> close(std::size_t opened) {
    if (token_.kind == TokenKind::close) return advance();
    if (token_.kind == TokenKind::end || token_.kind == TokenKind::equals) {
      return error(opened, "this parenthesis is never closed", "add )");
    }
    return unexpected(false);
  }

  [[nodiscard]] tl::unexpected<Error> too_deep(std::size_t at) const {
    return error(
        at, fmt::format("more than {} parentheses, signs or exponents inside one another", kFormulaNesting),
        "write the formula flatter");
  }

  Parsed call(const Token& name) {
    const auto function = function_named(name.name);
    if (!function) return unknown_function(name);
    const Level level(depth_);
    if (depth_ > kFormulaNesting) return too_deep(name.begin);
    const std::size_t opened = token_.begin;
    if (auto moved = advance(); !moved) return fail(moved.error());
    if (function->op == Op::where) return where_call(name, opened);
    std::vector<Expression> operands;
    while (token_.kind != TokenKind::close || !operands.empty()) {
      auto operand = sum();
      if (!operand) return operand;
      operands.push_back(std::move(*operand));
      if (token_.kind != TokenKind::comma || operands.size() > 4) break;
      if (auto moved = advance(); !moved) return fail(moved.error());
    }
    if (token_.kind == TokenKind::close && operands.size() != function->operands)
      return wrong_count(name, *function);
    if (token_.kind == TokenKind::comma) return wrong_count(name, *function);
    if (auto ended = close(opened); !ended) return fail(ended.error());
    if (function->operands == 1)
      return checked(Expression::unary(function->op, std::move(operands[0])), name.begin);
    return checked(Expression::binary(function->op, std::move(operands[0]), std::move(operands[1])),
                   name.begin);
  }

  // where(u >= v, a, b); the other comparisons are turned into >=.
  Parsed where_call(const Token& name, std::size_t opened) {
    Expression operands[4];
    std::string sign;
    for (std::size_t k = 0; k < 4; ++k) {
      auto operand = sum();
      if (!operand) return operand;
      operands[k] = std::move(*operand);
      if (k == 3) break;
      if (token_.kind != (k == 0 ? TokenKind::comparison : TokenKind::comma)) {
        return error(token_.begin, fmt::format("{} is wanted here", k == 0 ? "a comparison" : "a comma"),
                     "write where(x >= 2, a, b): a where the condition holds, else b");
      }
      if (k == 0) sign = text_.substr(token_.begin, token_.end - token_.begin);
      if (auto moved = advance(); !moved) return fail(moved.error());
    }
    if (auto ended = close(opened); !ended) return fail(ended.error());
    auto& [u, v, a, b] = operands;
    if (sign == "<=" || sign == ">") std::swap(u, v);
    if (sign == "<" || sign == ">") std::swap(a, b);
    return checked(Expression::where(std::move(u), std::move(v), std::move(a), std::move(b)), name.begin);
  }

  [[nodiscard]] tl::unexpected<Error> wrong_count(const Token& name, const FunctionEntry& function) const {
    return error(
        name.begin,
        fmt::format("{} takes {}", function.name, function.operands == 1 ? "one argument" : "two arguments"),
        function.operands == 1 ? fmt::format("write {}(x)", function.name)
                               : fmt::format("write {}(x, y)", function.name));
  }

  [[nodiscard]] tl::unexpected<Error> unknown_function(const Token& name) const {
    std::vector<std::string> known;
    for (const FunctionEntry& entry : functions()) known.emplace_back(entry.name);
    if (name.name == "ln")
      return error(name.begin, "unknown function 'ln'", "the natural logarithm is log(x)");
    if (name.name == "pow") return error(name.begin, "unknown function 'pow'", "a power is written x^2");
    const auto near = nearest_names(name.name, known);
    std::string remedy = near.empty() ? "the functions are " : "did you mean " + name_list(near, "or") + "? ";
    if (near.empty()) remedy += fmt::format("{}", fmt::join(known, " ")) + "; ";
    remedy += fmt::format("for a product write {}*(...)",
                          in_quotes(name.name).substr(1, in_quotes(name.name).size() - 2));
    return error(name.begin, "unknown function " + in_quotes(name.name), remedy);
  }

  Parsed use(const Token& token) {
    std::string key = token.name;
    if (token.level) key += std::string(1, '\0') + *token.level;
    // Quoted or not makes no difference to what is meant, but for the names of constants and functions.
    const bool special = token.name == "pi" || token.name == "e" || function_named(token.name).has_value();
    if (token.quoted && special) key += std::string(1, '\1');
    const auto [place, added] = known_.emplace(std::move(key), out_.names.size());
    if (added) out_.names.push_back({token.name, token.level, token.quoted, token.begin, false, false});
    NameUse& name = out_.names[place->second];
    (on_left_ ? name.on_left : name.on_right) = true;
    return Expression::parameter(place->second, token.name);
  }

  std::string_view text_;
  Lexer lexer_;
  bool equation_;
  bool on_left_ = false;
  Token token_;
  Token previous_;
  std::size_t depth_ = 0;
  ParsedText out_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

Result<ParsedText> parse_text(std::string_view text, bool equation) {
  return Parser(text, equation).parse();
}

}  // namespace talweg
