// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/page.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "talweg/report/assets.h"
#include "talweg/report/base64.h"

namespace talweg {
namespace {

// The import map: the name of every module, and the module itself as a data: URL.
std::string import_map() {
  nlohmann::ordered_json imports = nlohmann::ordered_json::object();
  for (const WebModule& module : web_modules()) {
    imports[std::string(module.name)] = "data:text/javascript;base64," + base64(module.source);
  }
  return nlohmann::ordered_json{{"imports", imports}}.dump();
}

}  // namespace

std::string page_html(const Fit& fit, const std::vector<std::string>& arguments,
                      const std::string& model_path) {
  const std::vector<std::pair<std::string_view, std::string>> parts = {
      {"{{style}}", std::string(page_style())},
      {"{{d3}}", std::string(d3_script())},
      {"{{plot}}", std::string(plot_script())},
      {"{{imports}}", import_map()},
      {"{{data}}", page_data(fit, arguments, model_path)}};
  std::string out;
  std::string_view rest = page_template();
  // In the order in which the template names them; what is put in is not looked at again.
  for (const auto& [mark, text] : parts) {
    const std::size_t at = rest.find(mark);
    if (at == std::string_view::npos) continue;
    out += rest.substr(0, at);
    out += text;
    rest.remove_prefix(at + mark.size());
  }
  out += rest;
  return out;
}

}  // namespace talweg
