// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/pictures.h"

namespace talweg::cli {

Result<Pictures> Pictures::open(const std::string& path) {
  Pictures out;
  const auto format = picture_format(path);
  if (!format) return fail(format.error());
  out.format_ = *format;
  if (auto found = find_gnuplot(); !found) return fail(found.error());
  for (const auto& [picture, file] : picture_files(path)) {
    auto opened = OutputFile::open(file);
    if (!opened) return fail(opened.error());
    out.files_.emplace_back(picture, std::move(*opened));
  }
  return out;
}

Result<void> Pictures::draw(const Fit& fit) {
  std::vector<std::string> drawn;
  for (const auto& [picture, file] : files_) {
    auto bytes = run_gnuplot(gnuplot_script(fit, picture, format_));
    if (!bytes) return fail(bytes.error());
    drawn.push_back(std::move(*bytes));
  }
  for (std::size_t k = 0; k < files_.size(); ++k) {
    auto written = files_[k].second.write(drawn[k]);
    if (written) written = files_[k].second.commit();
    if (!written) return written;
  }
  return {};
}

}  // namespace talweg::cli
