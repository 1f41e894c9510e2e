// SPDX-License-Identifier: Apache-2.0
// The files of web/ and third_party/ that a page is made of, as they were when the program was built.
#pragma once

#include <string_view>
#include <vector>

namespace talweg {

struct WebModule {
  std::string_view name;    ///< what other modules import it by
  std::string_view source;  ///< an ES module
};

std::string_view page_template();
std::string_view page_style();
std::string_view d3_script();
std::string_view plot_script();
const std::vector<WebModule>& web_modules();

}  // namespace talweg
