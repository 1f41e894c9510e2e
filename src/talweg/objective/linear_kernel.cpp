// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_kernel.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/linear_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/objective/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kVectors = 8 / kLanes;                // of the eight lanes of a sum
constexpr std::size_t kPanelVectors = kPanelRows / kLanes;  // of a column of a panel

// Asks for a line at every turn.
template <bool kFetch>
class Fetch {
 public:
  explicit Fetch(const void* from) : at_(static_cast<const char*>(from)) {}
  HWY_INLINE void turn() {
    constexpr std::size_t kLine = 64;
    if constexpr (kFetch) {
      __builtin_prefetch(at_);
      at_ += kLine;
    }
  }

 private:
  const char* at_;
};

template <bool kFetch, class Cell>
HWY_INLINE void predict_cells(const Cell* HWY_RESTRICT cells, std::size_t panels, std::size_t columns,
                              const double* HWY_RESTRICT k, double c, double* HWY_RESTRICT f,
                              const void* ahead) {
  const Tag d;
  Fetch<kFetch> fetch(ahead);
  for (std::size_t p = 0; p < panels; ++p, f += kPanelRows) {
    Vector sum[kPanelVectors];
    for (auto& rows : sum) rows = hn::Set(d, c);
    for (std::size_t j = 0; j < columns; ++j, cells += kPanelRows) {
      const auto factor = hn::Set(d, k[j]);
      for (std::size_t v = 0; v < kPanelVectors; ++v)
        sum[v] = hn::MulAdd(load_cells(d, cells + v * kLanes), factor, sum[v]);
      fetch.turn();
    }
    for (std::size_t v = 0; v < kPanelVectors; ++v) hn::StoreU(sum[v], d, f + v * kLanes);
  }
}

template <bool kFetch, class Cell>
HWY_INLINE void project_cells(const Cell* HWY_RESTRICT cells, std::size_t panels, std::size_t columns,
                              std::size_t used, const double* HWY_RESTRICT u, double* HWY_RESTRICT lanes,
                              const void* ahead) {
  const Tag d;
  Fetch<kFetch> fetch(ahead);
  for (std::size_t p = 0; p < panels; ++p, u += kPanelRows, cells += (columns - used) * kPanelRows) {
    Vector slope[kPanelVectors];
    for (std::size_t v = 0; v < kPanelVectors; ++v) slope[v] = hn::LoadU(d, u + v * kLanes);
    double* to = lanes;
    for (std::size_t j = 0; j < used; ++j, cells += kPanelRows, to += 8) {
      Vector sum[kVectors];
      for (std::size_t v = 0; v < kVectors; ++v) sum[v] = hn::LoadU(d, to + v * kLanes);
      for (std::size_t v = 0; v < kPanelVectors; ++v)
        sum[v % kVectors] = hn::MulAdd(load_cells(d, cells + v * kLanes), slope[v], sum[v % kVectors]);
      for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, to + v * kLanes);
      fetch.turn();
    }
  }
}

template <class Cell>
void predict_ahead(const Cell* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                   double* f, const void* ahead) {
  if (ahead == nullptr) return predict_cells<false>(cells, panels, columns, k, c, f, ahead);
  predict_cells<true>(cells, panels, columns, k, c, f, ahead);
}

template <class Cell>
void project_ahead(const Cell* cells, std::size_t panels, std::size_t columns, std::size_t used,
                   const double* u, double* lanes, const void* ahead) {
  if (ahead == nullptr) return project_cells<false>(cells, panels, columns, used, u, lanes, ahead);
  project_cells<true>(cells, panels, columns, used, u, lanes, ahead);
}

#else

template <class Cell>
void predict_ahead(const Cell* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                   double* f, const void*) {
  predict_panels_reference(cells, panels, columns, k, c, f);
}

template <class Cell>
void project_ahead(const Cell* cells, std::size_t panels, std::size_t columns, std::size_t used,
                   const double* u, double* lanes, const void*) {
  project_panels_reference(cells, panels, columns, used, u, lanes);
}

#endif

void predict_doubles(const double* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                     double* f, const void* ahead) {
  predict_ahead(cells, panels, columns, k, c, f, ahead);
}

void predict_floats(const float* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                    double* f, const void* ahead) {
  predict_ahead(cells, panels, columns, k, c, f, ahead);
}

void project_doubles(const double* cells, std::size_t panels, std::size_t columns, std::size_t used,
                     const double* u, double* lanes, const void* ahead) {
  project_ahead(cells, panels, columns, used, u, lanes, ahead);
}

void project_floats(const float* cells, std::size_t panels, std::size_t columns, std::size_t used,
                    const double* u, double* lanes, const void* ahead) {
  project_ahead(cells, panels, columns, used, u, lanes, ahead);
}

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(predict_doubles);
HWY_EXPORT(predict_floats);
HWY_EXPORT(project_doubles);
HWY_EXPORT(project_floats);

void predict_panels(const double* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                    double* f, const void* ahead) {
  HWY_DYNAMIC_DISPATCH(predict_doubles)(cells, panels, columns, k, c, f, ahead);
}

void predict_panels(const float* cells, std::size_t panels, std::size_t columns, const double* k, double c,
                    double* f, const void* ahead) {
  HWY_DYNAMIC_DISPATCH(predict_floats)(cells, panels, columns, k, c, f, ahead);
}

void project_panels(const double* cells, std::size_t panels, std::size_t columns, std::size_t used,
                    const double* u, double* lanes, const void* ahead) {
  HWY_DYNAMIC_DISPATCH(project_doubles)(cells, panels, columns, used, u, lanes, ahead);
}

void project_panels(const float* cells, std::size_t panels, std::size_t columns, std::size_t used,
                    const double* u, double* lanes, const void* ahead) {
  HWY_DYNAMIC_DISPATCH(project_floats)(cells, panels, columns, used, u, lanes, ahead);
}

void add_lanes(const double* lanes, std::size_t columns, double* g) {
  for (std::size_t j = 0; j < columns; ++j, lanes += 8)
    g[j] += ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

template <class Cell>
void predict_panels_reference(const Cell* cells, std::size_t panels, std::size_t columns, const double* k,
                              double c, double* f) {
  for (std::size_t r = 0; r < panels * kPanelRows; ++r) {
    double sum = c;
    for (std::size_t j = 0; j < columns; ++j)
      sum = std::fma(static_cast<double>(cells[panel_place(columns, j, r)]), k[j], sum);
    f[r] = sum;
  }
}

template <class Cell>
void project_panels_reference(const Cell* cells, std::size_t panels, std::size_t columns, std::size_t used,
                              const double* u, double* lanes) {
  for (std::size_t j = 0; j < used; ++j) {
    for (std::size_t r = 0; r < panels * kPanelRows; ++r) {
      double& lane = lanes[8 * j + r % 8];
      lane = std::fma(static_cast<double>(cells[panel_place(columns, j, r)]), u[r], lane);
    }
  }
}

template void predict_panels_reference(const double*, std::size_t, std::size_t, const double*, double,
                                       double*);
template void predict_panels_reference(const float*, std::size_t, std::size_t, const double*, double,
                                       double*);
template void project_panels_reference(const double*, std::size_t, std::size_t, std::size_t, const double*,
                                       double*);
template void project_panels_reference(const float*, std::size_t, std::size_t, std::size_t, const double*,
                                       double*);

}  // namespace talweg
#endif
