// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/formula.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "talweg/formula/functions.h"
#include "talweg/formula/lexer.h"
#include "talweg/formula/parser.h"
#include "talweg/formula/print.h"

namespace talweg {
namespace {

std::optional<Op> constant_named(const NameUse& name) {
  if (name.quoted || name.level) return std::nullopt;
  if (name.name == "pi") return Op::pi;
  if (name.name == "e") return Op::e;
  return std::nullopt;
}

bool is_bare_function(const NameUse& name) {
  return !name.quoted && !name.level && function_named(name.name).has_value();
}

Error error_at(std::string_view text, const NameUse& name, ErrorKind kind, std::string_view what,
               std::string remedy) {
  Error error = formula_error(text, name.at, what, std::move(remedy));
  error.kind = kind;
  return error;
}

Error bare_function(std::string_view text, const NameUse& name, ErrorKind kind) {
  return error_at(
      text, name, kind, fmt::format("{} is a function", in_quotes(name.name)),
      fmt::format("call it, {0}(x); a parameter of that name stands in backticks: `{0}`", name.name));
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return a != b && std::equal(a.begin(), a.end(), b.begin(), b.end(),
                              [](char x, char y) { return lower(x) == lower(y); });
}

// One letter changed, left out, added, or two neighbours exchanged.
bool one_slip_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t k = 0;
  while (k < a.size() && a[k] == b[k]) ++k;
  if (a.size() < b.size()) return a.substr(k) == b.substr(k + 1);
  if (k == a.size()) return false;
  if (a.substr(k + 1) == b.substr(k + 1)) return true;
  return k + 1 < a.size() && a[k] == b[k + 1] && a[k + 1] == b[k] && a.substr(k + 2) == b.substr(k + 2);
}

std::size_t letters(std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void warn_of_slips(Formula& formula, std::span<const std::string> columns) {
  constexpr std::size_t kShortest = 4;
  for (const std::string& parameter : formula.parameters) {
    for (const std::string& column : columns) {
      std::string_view how;
      if (same_but_for_case(parameter, column)) {
        how = "only in case";
      } else if (letters(parameter) >= kShortest && letters(column) >= kShortest &&
                 one_slip_apart(parameter, column)) {
        how = "by one letter";
      } else {
        continue;
      }
      formula.warnings.push_back(
          fmt::format("parameter {} differs from column {} {}; if the column is meant, write {}",
                      in_quotes(parameter), in_quotes(column), how, formula_name(column)));
      break;
    }
  }
}

// What each name stands for, one replacement a name.
class Resolver {
 public:
  Resolver(std::string_view text, const ParsedText& parsed) : text_(text), parsed_(parsed) {
    formula_.text = text;
    meaning_.resize(parsed.names.size());
  }

  void column(std::size_t k, std::string name, std::optional<std::string> level) {
    const NameUse& use = parsed_.names[k];
    ColumnUse column{std::move(name), std::move(level), use.on_left, use.on_right};
    const std::string shown = column.text();
    std::size_t index = 0;
    while (index < formula_.columns.size() && formula_.columns[index].text() != shown) ++index;
    if (index == formula_.columns.size()) {
      formula_.columns.push_back(std::move(column));
    } else {
      formula_.columns[index].on_left |= use.on_left;
      formula_.columns[index].on_right |= use.on_right;
    }
    meaning_[k] = Expression::column(index, shown);
  }
  void constant(std::size_t k, Op op) { meaning_[k] = Expression::leaf(op); }
  void parameter(std::size_t k) {
    const std::string& name = parsed_.names[k].name;
    std::size_t index = 0;
    while (index < formula_.parameters.size() && formula_.parameters[index] != name) ++index;
    if (index == formula_.parameters.size()) formula_.parameters.push_back(name);
    meaning_[k] = Expression::parameter(index, name);
  }
  Result<Formula> finish(ErrorKind kind) {
    if (formula_.parameters.size() > kFormulaParameters) {
      return fail(kind,
                  fmt::format("the formula has {} parameters, more than the {} that are allowed",
                              formula_.parameters.size(), kFormulaParameters),
                  "a linear model of many columns is fitted by --target");
    }
    const auto resolved = [&](const Expression& leaf) {
      return leaf.is(Op::parameter) ? meaning_[leaf.index()] : leaf;
    };
    if (parsed_.left) formula_.left = replace_leaves(*parsed_.left, resolved);
    formula_.right = replace_leaves(parsed_.right, resolved);
    return std::move(formula_);
  }

 private:
  std::string_view text_;
  const ParsedText& parsed_;
  Formula formula_;
  std::vector<Expression> meaning_;
};

Error no_column(std::string_view text, const NameUse& name, std::span<const std::string> columns,
                ErrorKind kind) {
  const std::vector<std::string> names(columns.begin(), columns.end());
  const auto near = nearest_names(name.name, names);
  return error_at(
      text, name, kind, fmt::format("there is no column {}", in_quotes(name.name)),
      near.empty() ? "the data have " + name_list(names) : "did you mean " + name_list(near, "or") + "?");
}

bool has_name(const ParsedText& parsed, bool NameUse::*side) {
  return std::any_of(parsed.names.begin(), parsed.names.end(),
                     [&](const NameUse& name) { return name.*side && !constant_named(name); });
}

Error no_parameter(ErrorKind kind) {
  return {kind, "the formula has no parameter", "name what is to be found: in y = a*x + b it is a and b"};
}

// What can be said of the names before the data are known.
Result<ParsedText> parse_equation(std::string_view text) {
  auto parsed = parse_text(text, true);
  if (!parsed) return parsed;
  if (parsed->names.empty() || !has_name(*parsed, &NameUse::on_right))
    return fail(no_parameter(ErrorKind::usage));
  if (!has_name(*parsed, &NameUse::on_left)) {
    return fail(formula_error(text, 0, "the left side names no column",
                              "left of the = stands what is predicted: y = a*x + b"));
  }
  return parsed;
}

bool is_usual_column(std::string_view name) {
  if (name == "x" || name == "t") return true;
  return name.size() > 1 && name.size() < 10 && name[0] == 'x' &&
         name.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

Result<void> check_formula(std::string_view text) {
  auto parsed = parse_equation(text);
  if (!parsed) return fail(parsed.error());
  return {};
}

Result<Formula> parse_formula(std::string_view text, std::span<const std::string> column_names) {
  const auto parsed = parse_equation(text);
  if (!parsed) return fail(parsed.error());
  const std::unordered_set<std::string_view> known(column_names.begin(), column_names.end());
  Resolver resolver(text, *parsed);
  for (std::size_t k = 0; k < parsed->names.size(); ++k) {
    const NameUse& name = parsed->names[k];
    const std::string whole = name.level ? name.name + '[' + *name.level + ']' : name.name;
    if (known.contains(whole)) {
      resolver.column(k, whole, std::nullopt);
      continue;
    }
    if (name.level && known.contains(name.name)) {
      resolver.column(k, name.name, name.level);
      continue;
    }
    const std::size_t bracket = name.quoted && whole.ends_with(']') ? whole.find('[') : std::string::npos;
    if (bracket != std::string::npos && known.contains(std::string_view(whole).substr(0, bracket))) {
      resolver.column(k, whole.substr(0, bracket), whole.substr(bracket + 1, whole.size() - bracket - 2));
      continue;
    }
    if (const auto constant = constant_named(name)) {
      resolver.constant(k, *constant);
      continue;
    }
    if (name.level || name.on_left) return fail(no_column(text, name, column_names, ErrorKind::data));
    if (is_bare_function(name)) return fail(bare_function(text, name, ErrorKind::data));
    resolver.parameter(k);
  }
  auto formula = resolver.finish(ErrorKind::data);
  if (!formula) return formula;
  if (!formula->left.has_columns()) {
    return fail(ErrorKind::data, "the left side of the formula names no column",
                "left of the = stands what is predicted: y = a*x + b");
  }
  if (formula->parameters.empty()) return fail(no_parameter(ErrorKind::data));
  warn_of_slips(*formula, column_names);
  return formula;
}

Result<Formula> parse_formula_without_data(std::string_view text, std::span<const std::string> columns) {
  const auto parsed = parse_equation(text);
  if (!parsed) return fail(parsed.error());
  Resolver resolver(text, *parsed);
  for (std::size_t k = 0; k < parsed->names.size(); ++k) {
    const NameUse& name = parsed->names[k];
    const bool listed = std::find(columns.begin(), columns.end(), name.name) != columns.end();
    if (const auto constant = constant_named(name); constant && !listed) {
      resolver.constant(k, *constant);
      continue;
    }
    if (is_bare_function(name) && !listed) return fail(bare_function(text, name, ErrorKind::usage));
    if (name.level || name.on_left || listed || (columns.empty() && is_usual_column(name.name))) {
      resolver.column(k, name.name, name.level);
    } else {
      resolver.parameter(k);
    }
  }
  auto formula = resolver.finish(ErrorKind::usage);
  if (!formula) return formula;
  if (formula->parameters.empty()) return fail(no_parameter(ErrorKind::usage));
  return formula;
}

Result<Formula> parse_function(std::string_view text) {
  const auto parsed = parse_text(text, false);
  if (!parsed) return fail(parsed.error());
  Resolver resolver(text, *parsed);
  for (std::size_t k = 0; k < parsed->names.size(); ++k) {
    const NameUse& name = parsed->names[k];
    if (name.level) {
      return fail(error_at(text, name, ErrorKind::usage, "a function of variables has no columns",
                           "brackets follow the text column of a formula for talweg fit"));
    }
    if (const auto constant = constant_named(name)) {
      resolver.constant(k, *constant);
    } else if (is_bare_function(name)) {
      return fail(bare_function(text, name, ErrorKind::usage));
    } else {
      resolver.parameter(k);
    }
  }
  auto formula = resolver.finish(ErrorKind::usage);
  if (formula && formula->parameters.empty()) {
    return fail(ErrorKind::usage, "the function has no variable", "write it like x^4 - 3*x^3 + 2");
  }
  return formula;
}

Formula linear_formula(const std::string& target, std::span<const std::string> features,
                       std::span<const std::string> coefficients,
                       const std::optional<std::string>& intercept) {
  Formula out;
  out.columns.push_back({target, std::nullopt, true, false});
  out.left = Expression::column(0, target);
  std::optional<Expression> right;
  const auto add = [&](Expression term) {
    right = right ? Expression::binary(Op::add, std::move(*right), std::move(term)) : std::move(term);
  };
  for (std::size_t j = 0; j < features.size(); ++j) {
    out.columns.push_back({features[j], std::nullopt, false, true});
    out.parameters.push_back(coefficients[j]);
    add(Expression::binary(Op::multiply, Expression::parameter(j, coefficients[j]),
                           Expression::column(j + 1, features[j])));
  }
  if (intercept) {
    out.parameters.push_back(*intercept);
    add(Expression::parameter(features.size(), *intercept));
  }
  if (right) out.right = std::move(*right);
  out.text = to_text(out.left) + " = " + to_text(out.right);
  return out;
}

std::string formula_name(std::string_view name) {
  const bool constant = name == "pi" || name == "e" || function_named(name).has_value();
  if (is_plain_name(name) && !constant) return std::string(name);
  const std::size_t bracket = name.find('[');
  if (bracket != std::string_view::npos && name.ends_with(']') && is_plain_name(name.substr(0, bracket)) &&
      name.substr(bracket + 1).find_first_of("]`") == name.size() - bracket - 2) {
    return std::string(name);
  }
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + '`';
}

}  // namespace talweg
