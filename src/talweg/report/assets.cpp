// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/assets.h"

#include <cstddef>

// The assembler copies each file into the program; what depends on what is said in CMakeLists.txt.
#define TALWEG_ASSET(symbol, file)                                                          \
  __asm__(                                                                                  \
      ".pushsection .rodata\n"                                                              \
      ".global talweg_asset_" #symbol                                                       \
      "\n"                                                                                  \
      ".hidden talweg_asset_" #symbol                                                       \
      "\n"                                                                                  \
      "talweg_asset_" #symbol                                                               \
      ":\n"                                                                                 \
      ".incbin \"" TALWEG_SOURCE_DIR "/" file                                               \
      "\"\n"                                                                                \
      ".global talweg_asset_" #symbol                                                       \
      "_end\n"                                                                              \
      ".hidden talweg_asset_" #symbol                                                       \
      "_end\n"                                                                              \
      "talweg_asset_" #symbol                                                               \
      "_end:\n"                                                                             \
      ".byte 0\n"                                                                           \
      ".popsection\n");                                                                     \
  extern "C" const char talweg_asset_##symbol[];                                            \
  extern "C" const char talweg_asset_##symbol##_end[];                                      \
  namespace {                                                                               \
  std::string_view symbol() {                                                               \
    return {talweg_asset_##symbol,                                                          \
            static_cast<std::size_t>(talweg_asset_##symbol##_end - talweg_asset_##symbol)}; \
  }                                                                                         \
  }

TALWEG_ASSET(page_html, "web/page.html")
TALWEG_ASSET(page_css, "web/page.css")
TALWEG_ASSET(d3, "third_party/d3/d3.min.js")
TALWEG_ASSET(plot, "third_party/plot/plot.umd.min.js")
TALWEG_ASSET(advice_js, "web/advice.js")
TALWEG_ASSET(bytes_js, "web/bytes.js")
TALWEG_ASSET(chart_js, "web/chart.js")
TALWEG_ASSET(classes_js, "web/classes.js")
TALWEG_ASSET(command_js, "web/command.js")
TALWEG_ASSET(contours_js, "web/contours.js")
TALWEG_ASSET(controls_js, "web/controls.js")
TALWEG_ASSET(curves_js, "web/curves.js")
TALWEG_ASSET(derivation_js, "web/derivation.js")
TALWEG_ASSET(dom_js, "web/dom.js")
TALWEG_ASSET(main_js, "web/main.js")
TALWEG_ASSET(numbers_js, "web/numbers.js")
TALWEG_ASSET(panels_js, "web/panels.js")
TALWEG_ASSET(replay_js, "web/replay.js")
TALWEG_ASSET(rows_js, "web/rows.js")
TALWEG_ASSET(run_js, "web/run.js")
TALWEG_ASSET(surface_js, "web/surface.js")
TALWEG_ASSET(tables_js, "web/tables.js")
TALWEG_ASSET(terrain_js, "web/terrain.js")
TALWEG_ASSET(valley_js, "web/valley.js")

namespace talweg {

std::string_view page_template() {
  return page_html();
}
std::string_view page_style() {
  return page_css();
}
std::string_view d3_script() {
  return d3();
}
std::string_view plot_script() {
  return plot();
}

const std::vector<WebModule>& web_modules() {
  static const std::vector<WebModule> modules = {
      {"advice", advice_js()},     {"bytes", bytes_js()},     {"chart", chart_js()},
      {"classes", classes_js()},   {"command", command_js()}, {"contours", contours_js()},
      {"controls", controls_js()}, {"curves", curves_js()},   {"derivation", derivation_js()},
      {"dom", dom_js()},           {"main", main_js()},       {"numbers", numbers_js()},
      {"panels", panels_js()},     {"replay", replay_js()},   {"rows", rows_js()},
      {"run", run_js()},           {"surface", surface_js()}, {"tables", tables_js()},
      {"terrain", terrain_js()},   {"valley", valley_js()}};
  return modules;
}

}  // namespace talweg
