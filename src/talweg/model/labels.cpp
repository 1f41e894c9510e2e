// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/data/column_roles.h"
#include "talweg/model/formula_data.h"

namespace talweg {
namespace {

constexpr std::size_t kSeen = 3;

Error at_record(const FitRequest& request, const std::string& column, std::uint64_t record, std::string what,
                std::string remedy) {
  const RowPlace place = find_record(request, record);
  Error error{ErrorKind::data, std::move(what), std::move(remedy), place.file, place.line, column};
  if (place.file.empty()) error.what = fmt::format("row {}: {}", grouped(record + 1), error.what);
  return error;
}

Error of_target(const FoldedData& data, std::string what, std::string remedy) {
  return Error{ErrorKind::data, std::move(what), std::move(remedy), {}, 0, data.target.name};
}

Error one_class(const FoldedData& data, const std::string& label) {
  return of_target(data, fmt::format("all labels are equal, {}: there is nothing to tell apart", label),
                   "give rows of both classes");
}

Classes ordered(std::string first, double first_value, std::string second, double second_value) {
  Classes out{{first_value, second_value}, {std::move(first), std::move(second)}, true};
  if (out.texts[1] < out.texts[0]) {
    std::swap(out.texts[0], out.texts[1]);
    std::swap(out.values[0], out.values[1]);
  }
  return out;
}

}  // namespace

void TargetWatch::take(const RowBlock& block) {
  for (std::size_t r = 0; r < block.rows; ++r)
    take(block.values[r * block.columns + block.columns - 1], block.number * kBlockRows + block.offsets[r]);
}

void TargetWatch::take(double y, std::uint64_t record) {
  const auto here = [&] { return Seen{y, record}; };
  if (cost_ == CostKind::poisson) {
    if (y < 0 && !negative_) negative_ = here();
    positive_ = positive_ || y > 0;
    return;
  }
  const auto same = [&](const Seen& seen) { return seen.value == y; };
  if (std::any_of(seen_.begin(), seen_.end(), same)) return;
  if (seen_.size() < kSeen) {
    if (!other_style_ && (y == 0 || y == -1) &&
        std::any_of(seen_.begin(), seen_.end(), [&](const Seen& seen) { return seen.value == -1 - y; }))
      other_style_ = here();
    seen_.push_back(here());
  }
  if (!outside_ && y != 0 && y != 1 && y != -1) outside_ = here();
}

Result<Classes> TargetWatch::classes(const FoldedData& data, const FitRequest& request) const {
  const std::string& name = data.target.name;
  if (!data.target_classes.empty()) {
    const auto& found = data.target_classes;
    if (found.size() == 1) return fail(one_class(data, in_quotes(found[0].text)));
    return ordered(found[0].text, found[0].value, found[1].text, found[1].value);
  }
  if (seen_.size() == 1) return fail(one_class(data, shortest(seen_[0].value)));
  const std::vector<std::string>& categorical = request.columns.categorical;
  if (std::find(categorical.begin(), categorical.end(), name) != categorical.end()) {
    if (seen_.size() > 2) {
      return fail(
          at_record(request, name, seen_[2].record,
                    fmt::format("{} is a third class, beside {} and {}", shortest(seen_[2].value),
                                shortest(seen_[0].value), shortest(seen_[1].value)),
                    fmt::format("{} tells two classes apart: leave the other rows out, or make two of "
                                "the classes one",
                                cost_name(cost_))));
    }
    return ordered(shortest(seen_[0].value), seen_[0].value, shortest(seen_[1].value), seen_[1].value);
  }
  if (outside_) {
    const bool two = seen_.size() == 2;
    return fail(
        at_record(request, name, outside_->record,
                  fmt::format("the label {} is neither 0 nor 1, nor -1 or +1", shortest(outside_->value)),
                  two ? fmt::format("--categorical {} takes the two labels, {} and {}, for classes",
                                    as_option_value(name), shortest(std::min(seen_[0].value, seen_[1].value)),
                                    shortest(std::max(seen_[0].value, seen_[1].value)))
                      : fmt::format("{} tells two classes apart; for a target of numbers use --loss mse",
                                    cost_name(cost_))));
  }
  if (other_style_) {
    return fail(at_record(request, name, other_style_->record,
                          fmt::format("the label {} is beside {}: the target has both -1 and 0",
                                      shortest(other_style_->value), shortest(-1 - other_style_->value)),
                          "labels are 0 and 1, or -1 and +1"));
  }
  // Two of 0, 1 and -1: 1 is among them, or -1 and 0 had been told apart above.
  const bool zeros = seen_[0].value == 0 || seen_[1].value == 0;
  return zeros ? Classes{{0, 1}, {"0", "1"}, false} : Classes{{-1, 1}, {"-1", "1"}, false};
}

Result<void> TargetWatch::counts(const FoldedData& data, const FitRequest& request) const {
  if (negative_) {
    return fail(at_record(request, data.target.name, negative_->record,
                          fmt::format("the count {} is negative", shortest(negative_->value)),
                          "poisson needs counts, 0 or more; for other targets use --loss mse or huber"));
  }
  if (!positive_) {
    return fail(of_target(
        data, "all counts are zero: the mean would have to be zero, its logarithm has no lowest value",
        "give rows with counts above zero"));
  }
  return {};
}

}  // namespace talweg
