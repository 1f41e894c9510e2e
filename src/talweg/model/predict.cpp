// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/double_double.h"
#include "talweg/base/numbers.h"
#include "talweg/data/libsvm.h"

namespace talweg {
namespace {

tl::unexpected<Error> at(Error error, const TableRecord& record, const std::string& column) {
  error.file = record.file != nullptr ? *record.file : std::string();
  error.line = record.line;
  error.column = column;
  return fail(std::move(error));
}

// As in a fit, but with the remedies that a prediction has.
Error not_a_number(const CellReader& cells, std::string_view cell, NumberStatus status) {
  Error error = cells.not_a_number(cell, status);
  if (!cells.is_decimal_comma(cell))
    error.remedy = "correct the cell, or name the word for a missing value with --na";
  return error;
}

// What a record lacks to be predicted from at all.
Result<void> check_record(const TableRecord& record) {
  if (record.bad == nullptr) return {};
  Error error = *record.bad;
  error.remedy = "mend the line: every row needs its prediction, so none can be left out";
  return fail(std::move(error));
}

Result<void> check_stop(const StopFlag* stop) {
  if (stop != nullptr && stop->raised()) return fail(ErrorKind::interrupted, "interrupted");
  return {};
}

}  // namespace

Result<Predictor> Predictor::bind(const Model& model, const std::vector<std::string>& names,
                                  const CellReader& cells, const std::string& file, bool raw) {
  Predictor out(cells);
  out.file_ = file;
  out.target_name_ = model.target;
  out.classes_ = model.classes;
  out.loss_ = model.loss;
  out.raw_ = raw;
  if (model.formula != nullptr) {
    std::vector<double> parameters;
    for (const std::string& name : model.formula->formula.parameters) {
      const auto found = std::find_if(model.parameters.begin(), model.parameters.end(),
                                      [&](const Parameter& parameter) { return parameter.name == name; });
      parameters.push_back(model.values[static_cast<std::size_t>(found - model.parameters.begin())]);
    }
    auto formula = FormulaPredictor::bind(model.formula, std::move(parameters), names, cells, file);
    if (!formula) return fail(formula.error());
    out.formula_ = std::make_unique<FormulaPredictor>(std::move(*formula));
    const auto label = std::find(names.begin(), names.end(), model.label_column());
    if (label != names.end()) out.target_ = static_cast<std::size_t>(label - names.begin());
    return out;
  }
  const auto target = std::find(names.begin(), names.end(), model.target);
  if (target != names.end()) out.target_ = static_cast<std::size_t>(target - names.begin());
  out.fill_ = model.missing == MissingPolicy::mean;
  std::vector<std::string> absent;
  for (const FeatureSummary& feature : model.features) {
    const auto found = std::find(names.begin(), names.end(), feature.name);
    if (found == names.end()) {
      absent.push_back(feature.name);
      continue;
    }
    Column column;
    column.index = static_cast<std::size_t>(found - names.begin());
    column.name = feature.name;
    column.kind = feature.kind;
    column.fill = feature.mean;
    for (const std::string& level : feature.levels) column.levels[level] = 0;
    for (std::size_t j = 0; j < model.parameters.size(); ++j) {
      const Parameter& parameter = model.parameters[j];
      if (parameter.intercept || parameter.column != feature.name) continue;
      if (parameter.level) {
        column.levels[*parameter.level] = model.values[j];
      } else {
        column.value = model.values[j];
      }
    }
    column.has_missing_level = column.levels.count("missing") > 0;
    out.columns_.push_back(std::move(column));
  }
  if (!absent.empty()) {
    return fail(Error{ErrorKind::data,
                      fmt::format("the model needs {} {}, which the data do not have",
                                  absent.size() == 1 ? "column" : "columns", name_list(absent)),
                      "the data have " + name_list(names), file});
  }
  for (std::size_t j = 0; j < model.parameters.size(); ++j) {
    if (model.parameters[j].intercept) out.intercept_ = model.values[j];
  }
  return out;
}

Result<std::optional<double>> Predictor::numeric(const Column& column, const TableRecord& record) const {
  double value = 0;
  bool missing = false;
  if (!record.numbers.empty()) {
    value = record.numbers[column.index];
    missing = std::isnan(value);
  } else {
    const std::string_view cell = record.cells[column.index];
    missing = cells_.is_missing(cell);
    if (!missing) {
      const ParsedNumber parsed = cells_.number(cell);
      if (parsed.status != NumberStatus::ok)
        return at(not_a_number(cells_, cell, parsed.status), record, column.name);
      value = parsed.value;
    }
  }
  if (!missing) return column.value * value;
  if (fill_) return column.value * column.fill;
  return std::nullopt;
}

Result<std::optional<double>> Predictor::text(const Column& column, const TableRecord& record) const {
  std::string level;
  if (!record.numbers.empty()) {
    const double value = record.numbers[column.index];
    level = std::isnan(value) ? std::string() : shortest(value);
  } else {
    level = std::string(record.cells[column.index]);
  }
  if (cells_.is_missing(level)) {
    if (!fill_) return std::nullopt;
    if (!column.has_missing_level) {
      Error error{ErrorKind::data,
                  "the cell is missing, and the fit has seen no missing cell in this column"};
      error.remedy = "fill the cell, or fit again on data with such gaps";
      return at(error, record, column.name);
    }
    level = "missing";
  }
  const auto found = column.levels.find(level);
  if (found != column.levels.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : column.levels) known.push_back(name);
  std::sort(known.begin(), known.end());
  Error error{ErrorKind::data, fmt::format("the level {} does not occur in the data of the fit (levels: {})",
                                           in_quotes(level), name_list(known))};
  error.remedy = "fit again on data that have it, or correct the cell";
  return at(error, record, column.name);
}

Result<void> Predictor::check_target() const {
  if ((formula_ != nullptr && classes_.empty()) || target_) return {};
  return fail(Error{ErrorKind::data,
                    fmt::format("the target {} of the model is not in the data", in_quotes(target_name_)),
                    "evaluate needs labelled rows; for unlabelled ones use talweg predict", file_});
}

// By the text, else by the number: 1.0 is the label 1. Of labels 0 and 1 or -1 and +1 either convention will
// do.
Result<std::optional<double>> Predictor::label(const TableRecord& record) const {
  std::string_view cell;
  ParsedNumber number;
  if (!record.numbers.empty()) {
    const double y = record.numbers[*target_];
    if (std::isnan(y)) return std::nullopt;
    number = {y, NumberStatus::ok};
  } else {
    cell = record.cells[*target_];
    if (cells_.is_missing(cell)) return std::nullopt;
    number = cells_.number(cell);
  }
  for (std::size_t k = 0; k < 2 && !cell.empty(); ++k) {
    if (cell == classes_[k]) return k == 1 ? 1.0 : -1.0;
  }
  if (number.status == NumberStatus::ok) {
    const bool plain = classes_[1] == "1" && (classes_[0] == "0" || classes_[0] == "-1");
    if (plain && (number.value == 1 || number.value == 0 || number.value == -1))
      return number.value > 0 ? 1.0 : -1.0;
    for (std::size_t k = 0; k < 2; ++k) {
      const ParsedNumber known = parse_number(classes_[k]);
      if (known.status == NumberStatus::ok && known.value == number.value) return k == 1 ? 1.0 : -1.0;
    }
  }
  Error error{ErrorKind::data, fmt::format("the label {} is neither of the model's classes, {} and {}",
                                           cell.empty() ? shortest(number.value) : in_quotes(cell),
                                           in_quotes(classes_[0]), in_quotes(classes_[1]))};
  error.remedy = "correct the cell, or leave such rows out";
  return at(error, record, target_name_);
}

Result<std::optional<double>> Predictor::target(const TableRecord& record) const {
  if (!classes_.empty() && target_) return label(record);
  if (formula_ != nullptr) return formula_->target(record);
  if (!record.numbers.empty()) {
    const double y = record.numbers[*target_];
    return std::isnan(y) ? std::nullopt : std::optional<double>(y);
  }
  const std::string_view cell = record.cells[*target_];
  if (cells_.is_missing(cell)) return std::nullopt;
  const ParsedNumber parsed = cells_.number(cell);
  if (parsed.status != NumberStatus::ok)
    return at(not_a_number(cells_, cell, parsed.status), record, target_name_);
  return parsed.value;
}

Result<std::optional<double>> Predictor::predict(const TableRecord& record) const {
  if (formula_ != nullptr) {
    auto value = formula_->predict(record);
    if (value && *value && !raw_) value = mean_of_prediction(loss_, **value);
    return value;
  }
  double sum = intercept_;
  bool complete = true;
  for (const Column& column : columns_) {
    auto part = column.kind == ColumnKind::numeric ? numeric(column, record) : text(column, record);
    if (!part) return fail(part.error());
    if (!*part) complete = false;
    if (*part) sum += **part;
  }
  if (!complete) return std::nullopt;
  return raw_ ? sum : mean_of_prediction(loss_, sum);
}

namespace {

// k of a name x<k>, 0 of any other.
std::uint64_t libsvm_index(const std::string& name) {
  constexpr std::size_t kMostDigits = 7;
  if (name.size() < 2 || name.size() > 1 + kMostDigits || name[0] != 'x' || name[1] == '0') return 0;
  std::uint64_t index = 0;
  for (const char c : std::string_view(name).substr(1)) {
    if (c < '0' || c > '9') return 0;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return index <= kMostDenseColumns ? index : 0;
}

// What a model knows of libsvm text: x1 ... x<largest>, and whether it has them all. An index that a file
// does not reach is 0; one beyond the model's has no parameter, so it counts as nothing (as in liblinear's
// predict).
struct KnownIndices {
  std::uint64_t largest = 0;
  bool all = false;

  explicit KnownIndices(const Model& model) {
    std::uint64_t count = 0;
    const auto take = [&](const std::string& name) {
      const std::uint64_t index = libsvm_index(name);
      largest = std::max(largest, index);
      count += index > 0 ? 1 : 0;
    };
    if (model.formula != nullptr) {
      for (const ColumnUse& use : model.formula->formula.columns) take(use.name);
      return;
    }
    for (const FeatureSummary& feature : model.features) take(feature.name);
    all = count == largest;
  }
};

TableOptions table_options(const KnownIndices& known, const PredictRequest& request) {
  TableOptions out = request.table;
  out.libsvm.least = known.largest;
  out.libsvm.no_more = !request.append;
  return out;
}

}  // namespace

Result<PredictSummary> predict(const Model& model, const PredictRequest& request,
                               const std::function<Result<void>(std::string_view)>& write) {
  if (request.raw && model.loss != CostKind::logistic && model.loss != CostKind::poisson) {
    return fail(ErrorKind::usage,
                fmt::format("--raw does nothing for a model of {}: its prediction is the linear predictor",
                            cost_name(model.loss)),
                "leave it out");
  }
  const KnownIndices known(model);
  auto table = TableReader::open(request.paths, table_options(known, request));
  if (!table) return fail(table.error());
  const CellReader cells(request.missing_words.value_or(model.missing_words), request.table.decimal);
  const auto predictor = Predictor::bind(model, table->names(), cells, request.paths.front(), request.raw);
  if (!predictor) return fail(predictor.error());

  const char delimiter = table->is_text() ? table->delimiter() : ',';
  std::string out;
  if (request.append) {
    if (std::find(table->names().begin(), table->names().end(), "prediction") != table->names().end()) {
      return fail(Error{ErrorKind::data, "the data already have a column 'prediction'",
                        "leave --append out, or rename the column", request.paths.front()});
    }
    for (const std::string& name : table->names()) {
      const bool quote = name.find_first_of(fmt::format("{}\"\n\r", delimiter)) != std::string::npos;
      std::string doubled;
      for (const char c : name) doubled += c == '"' ? std::string("\"\"") : std::string(1, c);
      out += quote ? '"' + doubled + '"' : name;
      out += delimiter;
    }
  }
  out += "prediction\n";
  constexpr std::size_t kWriteAt = std::size_t{1} << 16U;
  PredictSummary summary;
  TableRecord record;
  while (true) {
    const auto more = table->next(record);
    if (!more) return fail(more.error());
    if (!*more) break;
    if (auto checked = check_record(record); !checked) return fail(checked.error());
    const auto value = predictor->predict(record);
    if (!value) return fail(value.error());
    ++summary.rows;
    if (request.append) {
      if (table->is_text()) {
        out += record.raw;
      } else {
        for (std::size_t j = 0; j < record.numbers.size(); ++j) {
          if (j > 0) out += delimiter;
          if (!std::isnan(record.numbers[j]))
            fmt::format_to(std::back_inserter(out), "{}", record.numbers[j]);
        }
      }
      out += delimiter;
    }
    if (*value) {
      fmt::format_to(std::back_inserter(out), "{}", **value);
    } else {
      ++summary.empty;
    }
    out += '\n';
    if (out.size() < kWriteAt) continue;
    if (auto written = write(out); !written) return fail(written.error());
    out.clear();
    if (auto stop = check_stop(request.stop); !stop) return fail(stop.error());
  }
  if (auto written = write(out); !written) return fail(written.error());
  if (known.all) summary.beyond = {table->rows_cut(), known.largest};
  return summary;
}

namespace {

// Scores of labelled rows of two classes.
class ClassScores {
 public:
  Result<void> take(double label, double f) {
    zeros_ = zeros_ || label == 0;
    minus_ = minus_ || label == -1;
    if ((label != 0 && label != 1 && label != -1) || (zeros_ && minus_)) {
      return fail(ErrorKind::data, fmt::format("the label is {}", shortest(label)),
                  "labels are 0 and 1, or -1 and +1");
    }
    const double y = label > 0 ? 1 : -1;
    scores_.emplace_back(f, y > 0);
    double value = 0;
    double slope = 0;
    evaluate_loss({CostKind::logistic, 1, 0.5, 0}, &f, &y, 1, &value, &slope, nullptr);
    log_loss_ += value;
    right_ += (f > 0) == (y > 0) ? 1 : 0;
    return {};
  }

  void finish(CostKind loss, Evaluation& out) {
    const auto n = static_cast<double>(scores_.size());
    if (loss == CostKind::logistic) out.log_loss = log_loss_.value() / n;
    out.accuracy = static_cast<double>(right_) / n;
    // The sum of the ranks of one class (Mann and Whitney 1947), ties at their middle.
    std::sort(scores_.begin(), scores_.end());
    double ranks = 0;
    double positives = 0;
    for (std::size_t i = 0; i < scores_.size();) {
      std::size_t end = i;
      double of_class = 0;
      for (; end < scores_.size() && scores_[end].first == scores_[i].first; ++end)
        of_class += scores_[end].second ? 1 : 0;
      ranks += of_class * (static_cast<double>(i + end - 1) / 2 + 1);
      positives += of_class;
      i = end;
    }
    const double negatives = n - positives;
    if (positives > 0 && negatives > 0)
      out.auc = (ranks - positives * (positives + 1) / 2) / (positives * negatives);
  }

 private:
  std::vector<std::pair<double, bool>> scores_;
  DoubleDouble log_loss_;
  std::uint64_t right_ = 0;
  bool zeros_ = false;
  bool minus_ = false;
};

Error located(Error error, const TableRecord& record, const std::string& column) {
  if (record.file != nullptr) error.file = *record.file;
  error.line = record.line;
  error.column = column;
  return error;
}

}  // namespace

Result<Evaluation> evaluate(const Model& model, const PredictRequest& request) {
  const KnownIndices known(model);
  auto table = TableReader::open(request.paths, table_options(known, request));
  if (!table) return fail(table.error());
  const CellReader cells(request.missing_words.value_or(model.missing_words), request.table.decimal);
  const auto predictor =
      Predictor::bind(model, table->names(), cells, request.paths.front(), is_classification(model.loss));
  if (!predictor) return fail(predictor.error());
  if (auto checked = predictor->check_target(); !checked) return fail(checked.error());

  Evaluation out;
  DoubleDouble squares;
  DoubleDouble magnitudes;
  DoubleDouble mean;     // of the target, by updates (Welford)
  DoubleDouble scatter;  // sum (y - mean)^2
  DoubleDouble raw;      // sum y^2
  const bool classes = is_classification(model.loss);
  ClassScores scores;
  TableRecord record;
  while (true) {
    const auto more = table->next(record);
    if (!more) return fail(more.error());
    if (!*more) break;
    if (auto checked = check_record(record); !checked) return fail(checked.error());
    if (auto stop = check_stop(request.stop); !stop) return fail(stop.error());
    const auto target = predictor->target(record);
    if (!target) return fail(target.error());
    const auto value = predictor->predict(record);
    if (!value) return fail(value.error());
    if (!*target || !*value) {
      ++out.rows_missing;
      continue;
    }
    ++out.rows;
    double y = **target;
    double prediction = **value;
    if (classes) {
      if (auto taken = scores.take(y, prediction); !taken)
        return fail(located(taken.error(), record, model.target));
      y = y > 0 ? 1 : 0;
      prediction = model.loss == CostKind::logistic ? mean_of_prediction(model.loss, prediction)
                   : prediction > 0                 ? 1
                                                    : 0;
    }
    const double residual = y - prediction;
    squares += two_product(residual, residual);
    magnitudes += std::abs(residual);
    raw += two_product(y, y);
    const DoubleDouble delta = DoubleDouble(y) - mean;
    mean += delta / DoubleDouble(static_cast<double>(out.rows));
    scatter += delta * (DoubleDouble(y) - mean);
  }
  if (out.rows == 0) {
    return fail(ErrorKind::data,
                fmt::format("no row can be judged: {} rows, all with a missing cell", out.rows_missing),
                "give rows with the target and every column of the model");
  }
  if (known.all) out.beyond = {table->rows_cut(), known.largest};
  const auto n = static_cast<double>(out.rows);
  out.mse = squares.value() / n;
  out.rmse = std::sqrt(out.mse);
  out.mae = magnitudes.value() / n;
  const double total = model.has_intercept ? scatter.value() : raw.value();
  if (total > 0 && !classes) out.r2 = 1 - squares.value() / total;
  if (classes) scores.finish(model.loss, out);
  return out;
}

}  // namespace talweg
