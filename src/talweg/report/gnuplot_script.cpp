// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "talweg/base/numbers.h"
#include "talweg/model/json_text.h"
#include "talweg/report/gnuplot.h"

namespace talweg {
namespace {

constexpr std::size_t kMostCurves = 8;
constexpr std::size_t kMostEpochs = 1000;

// Inside single quotes gnuplot substitutes nothing; a quote is doubled.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : valid_utf8(printable(text))) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string number(double value) {
  return std::isfinite(value) ? shortest(value) : "NaN";
}

std::string terminal(Picture picture, PictureFormat format) {
  const bool sheet = picture == Picture::sheet;
  switch (format) {
    case PictureFormat::svg:
      return fmt::format("set terminal svg size {} font 'DejaVu Sans,12' background '#ffffff' noenhanced\n",
                         sheet ? "1200,900" : "800,560");
    case PictureFormat::png:
      return fmt::format("set terminal pngcairo size {} font 'DejaVu Sans,16' noenhanced\n",
                         sheet ? "2000,1500" : "1200,840");
    case PictureFormat::pdf:
      return fmt::format("set terminal pdfcairo size {} font 'DejaVu Sans,10' noenhanced\n",
                         sheet ? "11in,8.25in" : "6.4in,4.5in");
  }
  return "";
}

std::vector<TraceRow> thinned(const Trace& trace) {
  const std::vector<TraceRow> rows = trace.rows();
  const std::size_t step = rows.size() / kMostEpochs + 1;
  std::vector<TraceRow> out;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k % step == 0 || k + 1 == rows.size()) out.push_back(rows[k]);
  }
  return out;
}

// Rows of one class lie on a line and would hide each other: they are moved up or down a little, by a hash of
// their number.
double aside(const Fit& fit, std::size_t row) {
  constexpr std::size_t kFew = 30;
  if (!is_classification(fit.plan.cost) || fit.rows->target.size() <= kFew) return 0;
  const double width = fit.rows->x.empty() ? 0.3 : 0.04;
  const double classes_apart = fit.plan.cost == CostKind::logistic ? 1 : 2;
  return width * classes_apart *
         (std::ldexp(static_cast<double>(row_hash(row_hash(fit.rows->numbers[row]))), -63) - 1);
}

// What a linear model with a loss predicts over its only column; empty for others.
std::vector<std::pair<double, double>> curve(const Fit& fit) {
  std::vector<std::pair<double, double>> out;
  if (!fit.landscape || fit.formula != nullptr || !fit.rows || fit.rows->x.empty()) return out;
  constexpr std::size_t kPoints = 200;
  const auto [low, high] = std::minmax_element(fit.rows->x.begin(), fit.rows->x.end());
  const double intercept = fit.has_intercept ? fit.parameters.back() : 0;
  for (std::size_t k = 0; k <= kPoints; ++k) {
    const double x = *low + (*high - *low) * static_cast<double>(k) / kPoints;
    out.emplace_back(x, mean_of_prediction(fit.plan.cost, fit.parameters[0] * x + intercept));
  }
  return out;
}

// Data blocks: what all plots draw from.
std::string blocks(const Fit& fit, const std::vector<std::size_t>& shown) {
  std::string out = "$rows << END\n";
  if (fit.rows) {
    for (std::size_t r = 0; r < fit.rows->target.size(); ++r) {
      const double x = fit.rows->x.empty() ? fit.rows->prediction[r] : fit.rows->x[r];
      out += fmt::format("{} {} {} {}\n", number(x), number(fit.rows->target[r]),
                         number(fit.rows->prediction[r]), number(fit.rows->target[r] + aside(fit, r)));
    }
  }
  out += "END\n$curve << END\n";
  for (const auto& [x, y] : curve(fit)) out += fmt::format("{} {}\n", number(x), number(y));
  out += "END\n$trace << END\n";
  for (const TraceRow& row : thinned(fit.trace)) {
    out += fmt::format("{} {} {} {} {}", row.epoch, number(row.cost), number(row.gradient_norm),
                       number(row.learning_rate.value_or(std::nan(""))),
                       number(row.validation_cost.value_or(std::nan(""))));
    for (const std::size_t j : shown) out += " " + number(row.parameters[j]);
    out += '\n';
  }
  return out + "END\n";
}

std::string data_plot(const Fit& fit) {
  if (!fit.rows || fit.rows->target.empty()) {
    return "set title 'No rows to show'\nplot [0:1] [0:1] NaN notitle\n";
  }
  const RowView& rows = *fit.rows;
  const std::string sample =
      rows.target.size() == rows.of
          ? fmt::format("all {} rows", grouped(rows.of))
          : fmt::format("{} of {} rows", grouped(rows.target.size()), grouped(rows.of));
  std::string out = fmt::format("set ylabel {}\n", quoted(fit.plan.target));
  const std::string points = rows.target.size() > 300 ? "pt 7 ps 0.3" : "pt 7 ps 0.8";
  if (!rows.x.empty()) {
    out += fmt::format("set title {}\nset xlabel {}\n", quoted("The data and the fit, " + sample),
                       quoted(rows.x_name));
    const char* fitted = curve(fit).empty() ? "$rows using 1:3 smooth unique" : "$curve using 1:2";
    out += fmt::format(
        "plot $rows using 1:4 with points ls 1 {} title 'rows', {} with lines ls 8 lw 2 title 'fit'\n",
        points, fitted);
    return out;
  }
  if (is_classification(fit.plan.cost)) {
    const bool logistic = fit.plan.cost == CostKind::logistic;
    const std::vector<std::string> classes =
        fit.plan.classes.size() == 2 ? fit.plan.classes : std::vector<std::string>{"-1", "+1"};
    out += fmt::format("set title {}\nset xlabel {}\nset ytics ({} {}, {} 1)\nset yrange [{}:1.6]\n",
                       quoted("What is predicted for each class, " + sample),
                       logistic ? quoted("probability of " + classes[1]) : quoted("prediction f"),
                       quoted(classes[0]), logistic ? 0 : -1, quoted(classes[1]), logistic ? -0.6 : -1.9);
    return out + fmt::format(
                     "set arrow 1 from {0},graph 0 to {0},graph 1 nohead dt 2 lc rgb '#666666'\n"
                     "plot $rows using 1:4 with points ls 1 {1} title 'rows'\n"
                     "unset arrow 1\nset ytics autofreq\nset yrange [*:*]\n",
                     logistic ? "0.5" : "0", points);
  }
  out += fmt::format("set title {}\nset xlabel {}\n", quoted("Observed against predicted, " + sample),
                     quoted(fit.plan.target + ", predicted"));
  out += fmt::format(
      "plot $rows using 1:2 with points ls 1 {} title 'rows', x with lines ls 8 lw 1.5 title "
      "'predicted = observed'\n",
      points);
  return out;
}

std::string parameters_plot(const Fit& fit, const std::vector<std::size_t>& shown) {
  std::string out = "set title 'Each parameter by epoch'\nset xlabel 'epoch'\nset ylabel 'value'\nplot ";
  for (std::size_t k = 0; k < shown.size(); ++k) {
    out += fmt::format("{}$trace using 1:{} with lines ls {} lw 2 title {}", k == 0 ? "" : ", ", 6 + k, k + 1,
                       quoted(fit.plan.parameters[shown[k]].name));
  }
  return out + "\n";
}

bool wants_logarithm(const Fit& fit, double TraceRow::*what) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const TraceRow& row : fit.trace.rows()) {
    low = std::min(low, row.*what);
    high = std::max(high, row.*what);
  }
  constexpr double kWide = 50;
  return low > 0 && high > kWide * low;
}

std::string cost_plot(const Fit& fit) {
  std::string out =
      fmt::format("set title 'Cost by epoch'\nset xlabel 'epoch'\nset ylabel 'cost ({})'\n{}",
                  cost_name(fit.plan.cost), wants_logarithm(fit, &TraceRow::cost) ? "set logscale y\n" : "");
  out += "plot $trace using 1:2 with lines ls 1 lw 2 title 'cost'";
  if (fit.exact_cost > 0)
    out += fmt::format(", {} with lines ls 7 dt 2 title 'lowest cost'", number(fit.exact_cost));
  if (fit.validation) {
    out += fmt::format(
        ", $trace using 1:5 with lines ls 2 lw 2 title 'rows held out', '-' using 1:2 with points ls 3 pt 6 "
        "ps 2 lw 2 title 'their lowest: epoch {0}'\n{0} {1}\ne",
        fit.validation->best_epoch, number(fit.validation->best_cost));
  }
  return out + "\nunset logscale\n";
}

std::string gradient_plot(const Fit& fit) {
  double smallest = std::numeric_limits<double>::infinity();
  bool has_rate = false;  // methods that find the length of a step themselves may have none
  for (const TraceRow& row : fit.trace.rows()) {
    smallest = std::min(smallest, row.gradient_norm);
    has_rate = has_rate || row.learning_rate;
  }
  std::string out = fmt::format(
      "set title 'Gradient norm{} by epoch'\nset xlabel 'epoch'\n"
      "set ylabel 'gradient norm'\nset ytics nomirror\nset yrange [*:*]\n",
      has_rate ? " and learning rate" : "");
  if (has_rate) out += "set y2label 'learning rate'\nset y2tics\nset y2range [0:*]\n";
  if (smallest > 0) out += "set logscale y\nset format y '%.0e'\n";
  out += "plot $trace using 1:3 with lines ls 3 lw 2 title 'gradient norm'";
  if (has_rate) out += ", $trace using 1:4 axes x1y2 with lines ls 2 lw 2 title 'learning rate'";
  return out + "\nunset logscale\nset format y\nunset y2tics\nunset y2label\n";
}

}  // namespace

std::string gnuplot_script(const Fit& fit, Picture picture, PictureFormat format) {
  std::vector<std::size_t> shown;
  if (fit.replay) {
    shown = fit.replay->carried;
  } else if (fit.landscape) {
    shown = fit.landscape->carried;
  } else {
    for (std::size_t j = 0; j < fit.plan.parameters.size(); ++j) shown.push_back(j);
  }
  shown.resize(std::min(shown.size(), kMostCurves));
  std::string out = terminal(picture, format);
  out +=
      "set encoding utf8\nset key bmargin center horizontal maxrows 3 samplen 2\nset bmargin 7\nset "
      "autoscale xfix\nset grid lc rgb '#e4e4e4'\nset border 3\nset tics nomirror\n"
      "set samples 200\n";
  // Okabe and Ito (2008): told apart by colour-blind readers.
  constexpr std::array<const char*, kMostCurves> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                             "#e69f00", "#56b4e9", "#666666", "#000000"};
  for (std::size_t k = 0; k < kColours.size(); ++k)
    out += fmt::format("set style line {} lc rgb '{}'\n", k + 1, kColours[k]);
  out += blocks(fit, shown);
  switch (picture) {
    case Picture::sheet:
      return out + "set multiplot layout 2,2\n" + data_plot(fit) + parameters_plot(fit, shown) +
             cost_plot(fit) + gradient_plot(fit) + "unset multiplot\n";
    case Picture::data:
      return out + data_plot(fit);
    case Picture::parameters:
      return out + parameters_plot(fit, shown);
    case Picture::cost:
      return out + cost_plot(fit);
    case Picture::gradient:
      return out + gradient_plot(fit);
  }
  return out;
}

}  // namespace talweg
