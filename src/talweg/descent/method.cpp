// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/method.h"

#include <array>
#include <utility>

#include "talweg/descent/batch_epoch.h"

namespace talweg {
namespace {

constexpr std::array<std::pair<Optimizer, std::string_view>, 11> kNames = {{{Optimizer::gd, "gd"},
                                                                            {Optimizer::momentum, "momentum"},
                                                                            {Optimizer::nesterov, "nesterov"},
                                                                            {Optimizer::adam, "adam"},
                                                                            {Optimizer::cg, "cg"},
                                                                            {Optimizer::lbfgs, "lbfgs"},
                                                                            {Optimizer::lm, "lm"},
                                                                            {Optimizer::newton, "newton"},
                                                                            {Optimizer::adagrad, "adagrad"},
                                                                            {Optimizer::rmsprop, "rmsprop"},
                                                                            {Optimizer::adamw, "adamw"}}};

}  // namespace

std::string_view optimizer_name(Optimizer optimizer) {
  for (const auto& [value, name] : kNames) {
    if (value == optimizer) return name;
  }
  return "";
}

std::optional<Optimizer> optimizer_from_name(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

namespace {

std::unique_ptr<Method> make_plain_method(const MethodSettings& settings) {
  if (settings.proximal) return make_proximal(settings);
  switch (settings.optimizer) {
    case Optimizer::gd:
      return make_gradient_descent(settings);
    case Optimizer::momentum:
      return make_momentum(settings);
    case Optimizer::nesterov:
      return make_nesterov(settings);
    case Optimizer::adam:
      return make_adam(settings);
    case Optimizer::adagrad:
      return make_adagrad(settings);
    case Optimizer::rmsprop:
      return make_rmsprop(settings);
    case Optimizer::adamw:
      return make_adamw(settings);
    case Optimizer::cg:
      return make_conjugate_gradient(settings);
    case Optimizer::lbfgs:
      return make_lbfgs(settings);
    case Optimizer::newton:
      return make_newton(settings);
    case Optimizer::lm:
      return make_levenberg_marquardt(settings);
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Method> make_method(const MethodSettings& settings) {
  if (settings.batches != nullptr) return make_batch_epochs(settings, *settings.batches);
  return scheduled(make_plain_method(settings), settings.schedule);
}

}  // namespace talweg
