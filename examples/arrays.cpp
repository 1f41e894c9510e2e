// SPDX-License-Identifier: Apache-2.0
// Fits arrays in memory (floats, column-major), stops a run from a callback, and minimizes a function of
// one's own.
#include <talweg/talweg.h>

#include <array>
#include <cmath>
#include <cstdio>

int main() {
  // Two features, five rows, column after column; y = 2 x1 - x2 + 3 exactly.
  const std::array<float, 10> features = {1, 2, 3, 4, 5, 2, 0, 1, 5, 3};
  const std::array<double, 5> target = {3, 7, 8, 6, 10};
  talweg::Arrays arrays;
  arrays.features = talweg::array_view(std::span<const float>(features), 5, 2, talweg::Layout::column_major);
  arrays.target = talweg::array_view(std::span<const double>(target));
  const auto fit = talweg::fit(arrays);
  if (!fit) return std::fprintf(stderr, "%s\n", fit.error().text().c_str()), 1;
  std::printf("y = %.6f x1 + %.6f x2 + %.6f\n", fit->parameters[0], fit->parameters[1], fit->parameters[2]);

  const auto predicted = talweg::predict(talweg::make_model(*fit, {}), arrays.features);
  if (!predicted || std::abs((*predicted)[0] - 3) > 1e-9) return 1;

  // Rosenbrock's valley, with its gradient.
  talweg::MinimizeOptions options;
  options.on_epoch = [](const talweg::EpochView& view) { return view.cost < 1e-12; };
  const auto minimum = talweg::minimize(
      [](std::span<const double> p, std::span<double> gradient) {
        const double a = 1 - p[0];
        const double b = p[1] - p[0] * p[0];
        gradient[0] = -2 * a - 400 * p[0] * b;
        gradient[1] = 200 * b;
        return a * a + 100 * b * b;
      },
      {-1.2, 1.0}, options);
  if (!minimum) return std::fprintf(stderr, "%s\n", minimum.error().text().c_str()), 1;
  std::printf("minimum at (%.5f, %.5f), ended by %s\n", minimum->parameters[0], minimum->parameters[1],
              std::string(talweg::reason_name(minimum->termination.reason)).c_str());
  return std::abs(minimum->parameters[0] - 1) < 1e-4 ? 0 : 1;
}
