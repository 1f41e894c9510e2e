// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "talweg/base/numbers.h"

namespace talweg {
namespace {

std::optional<std::uint32_t> gap_level(const FoldedData& data, std::size_t feature) {
  for (std::size_t id = 0; id < data.levels.size(); ++id) {
    if (data.levels[id].gap && data.levels[id].column == feature) return static_cast<std::uint32_t>(id);
  }
  return std::nullopt;
}

Result<void> add_numeric(const FoldedData& data, std::size_t feature, std::size_t dense, Design& design) {
  const ColumnInfo& info = data.features[feature];
  const auto gap = gap_level(data, feature);
  const auto mean = gap ? mean_of_present(data.folded, dense, *gap) : data.folded.mean[dense].value();
  if (!mean) {
    return fail(Error{ErrorKind::data,
                      "every cell is missing, so there is no mean to fill the gaps with",
                      "leave the column out with --drop",
                      {},
                      0,
                      info.name});
  }
  FeatureSummary summary;
  summary.name = info.name;
  summary.mean = *mean;
  summary.missing = info.missing;
  design.features.push_back(summary);
  design.columns.push_back({dense, gap});
  design.parameters.push_back({info.name, info.name, std::nullopt, false});
  return {};
}

void add_text(const FoldedData& data, std::size_t feature, bool keep_all_levels, Design& design) {
  const ColumnInfo& info = data.features[feature];
  std::vector<std::pair<std::string, std::uint32_t>> levels;
  for (std::size_t id = 0; id < data.levels.size(); ++id) {
    const Level& level = data.levels[id];
    if (!level.gap && level.column == feature)
      levels.emplace_back(level.text, static_cast<std::uint32_t>(id));
  }
  std::sort(levels.begin(), levels.end());
  FeatureSummary summary;
  summary.name = info.name;
  summary.kind = ColumnKind::text;
  summary.missing = info.missing;
  summary.has_reference = !keep_all_levels && !levels.empty();
  for (std::size_t k = 0; k < levels.size(); ++k) {
    summary.levels.push_back(levels[k].first);
    if (k == 0 && summary.has_reference) {
      summary.reference = levels[k].first;
      continue;
    }
    design.columns.push_back({std::nullopt, levels[k].second});
    design.parameters.push_back(
        {fmt::format("{}[{}]", info.name, levels[k].first), info.name, levels[k].first, false});
  }
  if (summary.has_reference && levels.size() == 1) {
    design.warnings.push_back(fmt::format("column {} has one level only, {}: it has no parameter",
                                          in_quotes(info.name), in_quotes(levels[0].first)));
  }
  design.features.push_back(std::move(summary));
}

}  // namespace

Result<Design> make_design(const FoldedData& data, const FitRequest& request) {
  Design design;
  bool first_text = true;
  for (std::size_t feature = 0; feature < data.features.size(); ++feature) {
    if (data.features[feature].kind == ColumnKind::numeric) {
      if (auto added = add_numeric(data, feature, data.places[feature], design); !added)
        return fail(added.error());
    } else {
      add_text(data, feature, !request.intercept && first_text, design);
      first_text = false;
    }
  }
  design.columns.push_back({data.places.back(), std::nullopt});  // the target
  if (request.intercept) {
    const bool clash = std::any_of(design.parameters.begin(), design.parameters.end(),
                                   [](const Parameter& p) { return p.name == "intercept"; });
    design.parameters.push_back({clash ? "(intercept)" : "intercept", "", std::nullopt, true});
    if (clash)
      design.warnings.emplace_back(
          "a column is called 'intercept'; the model's own is shown as '(intercept)'");
  }
  std::set<std::string> seen;
  for (const Parameter& parameter : design.parameters) {
    if (seen.insert(parameter.name).second) continue;
    return fail(ErrorKind::data, fmt::format("two parameters would be called {}", in_quotes(parameter.name)),
                "rename the column or leave it out with --drop");
  }
  return design;
}

Design formula_design(const BoundFormula& bound) {
  Design design;
  const std::vector<std::size_t> slopes = bound.slopes();
  for (std::size_t k = 0; k <= slopes.size(); ++k) design.columns.push_back({k, std::nullopt});
  for (const std::size_t j : slopes)
    design.parameters.push_back({bound.formula.parameters[j], "", std::nullopt, false});
  if (const auto intercept = bound.intercept())
    design.parameters.push_back({bound.formula.parameters[*intercept], "", std::nullopt, true});
  return design;
}

}  // namespace talweg
