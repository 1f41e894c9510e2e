// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "talweg/objective/plain_kernel.h"
#include "talweg/objective/plain_layout.h"

namespace talweg {
namespace {

void products_about_origin(const PlainInput& in, PlainSums& out) {
  const auto weight = [&](std::size_t r) { return in.weights != nullptr ? in.weights[r] : 1.0; };
  const auto z = [&](std::size_t r, std::size_t j) { return in.values[r * in.columns + j] - out.origin[j]; };
  for (std::size_t j = 0; j < in.columns; ++j) {
    out.total[j] = 0;
    out.widest[j] = 0;
    for (std::size_t begin = 0; begin < in.rows; begin += kPlainChunk) {
      double part = 0;
      for (std::size_t r = begin; r < std::min(begin + kPlainChunk, in.rows); ++r) {
        part += weight(r) * z(r, j);
        out.widest[j] = std::max(out.widest[j], std::abs(z(r, j)));
      }
      out.total[j] += part;
    }
    for (std::size_t i = j; i < in.columns; ++i) {
      double sum = 0;
      for (std::size_t r = 0; r < in.rows; ++r) sum = std::fma(weight(r) * z(r, i), z(r, j), sum);
      out.sum[i * out.stride + j] = sum;
    }
  }
}

}  // namespace

void plain_gram_reference(const PlainInput& in, PlainSums& out) {
  prepare(in, out);
  for (std::size_t j = 0; j < in.columns; ++j) {
    double shift = 0;
    double taken = 0;
    for (std::size_t r = 0; r < in.rows; ++r) {
      if (in.weights == nullptr && !is_sampled(r, in.rows)) continue;
      const double difference = in.values[r * in.columns + j] - in.values[j];
      shift += in.weights != nullptr ? in.weights[r] * difference : difference;
      taken += 1;
    }
    out.origin[j] = in.values[j] + shift / (in.weights != nullptr ? in.weight : taken);
  }
  products_about_origin(in, out);
  find_poor(in, out);
  if (out.poor.empty()) return;
  move_origins(in, out);
  products_about_origin(in, out);
  find_poor(in, out);
}

}  // namespace talweg
