// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/cost_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "talweg/base/numbers.h"
#include "talweg/report/table.h"

namespace talweg {
namespace {

constexpr int kLines = 4;
constexpr int kParts = 8;  // of a character
constexpr std::size_t kMostBars = 60;

// What the curve shows of a cost; 0 where that is less than the cost's own last digit.
double height_of(double cost, double lowest) {
  constexpr double kDigit = 4 * std::numeric_limits<double>::epsilon();
  const double above = cost - lowest;
  return above > kDigit * std::abs(lowest) ? above : 0;
}

// A character that is filled to `part` eighths.
std::string bar(int part, const Style& style) {
  static constexpr std::array<const char*, kParts + 1> kBlocks = {" ", "▁", "▂", "▃", "▄",
                                                                  "▅", "▆", "▇", "█"};
  static constexpr std::array<const char*, kParts + 1> kPlain = {" ", ".", ".", ".", ":", ":", ":", "#", "#"};
  const auto k = static_cast<std::size_t>(std::clamp(part, 0, kParts));
  return style.blocks ? kBlocks[k] : kPlain[k];
}

// The record of every bar: the last one at or before its epoch.
std::vector<double> heights(const Fit& fit, const std::vector<TraceRow>& rows, std::size_t bars) {
  std::vector<double> out;
  std::size_t at = 0;
  const double last = static_cast<double>(rows.back().epoch);
  for (std::size_t k = 0; k < bars; ++k) {
    const double epoch = bars > 1 ? last * static_cast<double>(k) / static_cast<double>(bars - 1) : last;
    while (at + 1 < rows.size() && static_cast<double>(rows[at + 1].epoch) <= epoch) ++at;
    out.push_back(height_of(rows[at].cost, fit.exact_cost));
  }
  return out;
}

}  // namespace

std::string cost_curve(const Fit& fit, const Style& style) {
  const std::vector<TraceRow> rows = fit.trace.rows();
  if (rows.size() < 2) return {};
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const TraceRow& row : rows) {
    const double height = height_of(row.cost, fit.exact_cost);
    if (!(height > 0) || !std::isfinite(height)) continue;
    low = std::min(low, height);
    high = std::max(high, height);
  }
  if (!(high > 0)) return {};
  const std::string top = short_text(high, 4);
  const std::string bottom = short_text(low, 4);
  const std::size_t label = std::max(shown_width(top), shown_width(bottom));
  constexpr std::size_t kFrame = 5;  // blanks around the label
  constexpr std::size_t kFewest = 8;
  std::size_t room = kMostBars;
  if (style.width > 0) room = style.width > label + kFrame ? std::min(room, style.width - label - kFrame) : 0;
  if (room < kFewest) return {};
  const std::uint64_t epochs = rows.back().epoch + 1;
  const std::size_t bars = static_cast<std::size_t>(std::min<std::uint64_t>(room, epochs));
  const std::size_t thick = std::min<std::size_t>(4, room / bars);
  const double range = std::log(high) - std::log(low);
  std::vector<int> parts;
  for (const double height : heights(fit, rows, bars)) {
    if (!(height > 0)) {
      parts.push_back(0);
      continue;
    }
    const double share = range > 0 ? (std::log(height) - std::log(low)) / range : 1.0;
    parts.push_back(1 + static_cast<int>(std::lround(share * (kLines * kParts - 1))));
  }
  std::string out =
      fmt::format("  cost{}, logarithmic\n", fit.exact_parameters.empty() ? "" : " - lowest cost");
  for (int l = kLines - 1; l >= 0; --l) {
    const std::string& text = l == kLines - 1 ? top : l == 0 && low < high ? bottom : std::string();
    std::string line = "  " + std::string(label - shown_width(text), ' ') + text + "  ";
    for (const int part : parts) {
      for (std::size_t t = 0; t < thick; ++t) line += bar(part - l * kParts, style);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  const std::string end = grouped(rows.back().epoch);
  const std::string begin = "epoch 0";
  const std::size_t wide = bars * thick;
  const std::size_t between = wide > begin.size() + end.size() ? wide - begin.size() - end.size() : 1;
  out += std::string(label + 4, ' ') + begin + std::string(between, ' ') + end + '\n';
  const bool lost = std::count(parts.begin(), parts.end(), 0) > 0;
  return lost ? out + "  blank: below the cost's last digit\n" : out;
}

}  // namespace talweg
