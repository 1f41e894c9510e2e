// SPDX-License-Identifier: Apache-2.0
// Fits the price of diamonds from a file, watches the descent, predicts with the model that was saved.
//   prices data/diamonds.csv.gz
#include <talweg/talweg.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: prices data/diamonds.csv.gz\n", stderr), 2;

  talweg::FitRequest request;
  request.paths = {argv[1]};
  request.columns.target = "price";
  request.columns.features = {{"carat", "clarity"}};
  talweg::EpochCallback every_epoch([](const talweg::EpochView& view) {
    if (view.epoch % 200 == 0) std::printf("epoch %4d: cost %.6g\n", static_cast<int>(view.epoch), view.cost);
    return false;  // true would stop the run
  });
  request.observer = &every_epoch;

  const auto fit = talweg::fit(request);
  if (!fit) return std::fprintf(stderr, "%s\n", fit.error().text().c_str()), 1;
  for (std::size_t j = 0; j < fit->parameters.size(); ++j) {
    std::printf("%-16s %12.4f  (closed form %12.4f)\n", fit->plan.parameters[j].name.c_str(),
                fit->parameters[j], fit->exact_parameters[j]);
  }
  std::printf("r2 %.6f, cost proven within %.1g of the lowest\n", *fit->r2, *fit->certificate.cost_gap_bound);

  const auto model = talweg::read_model(talweg::make_model(*fit, request).document, "the model");
  return model && model->values == fit->parameters ? 0 : 1;
}
