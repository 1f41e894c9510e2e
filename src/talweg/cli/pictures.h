// SPDX-License-Identifier: Apache-2.0
// The files of --plot: opened before the long run (so a bad path, or a machine without gnuplot, fails at
// once), drawn after it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "talweg/base/output_file.h"
#include "talweg/report/gnuplot.h"

namespace talweg::cli {

class Pictures {
 public:
  /// Errors: an unknown suffix (usage), no gnuplot, a path that cannot be written.
  static Result<Pictures> open(const std::string& path);
  /// Draws every picture and puts the files in their places.
  Result<void> draw(const Fit& fit);

 private:
  PictureFormat format_ = PictureFormat::svg;
  std::vector<std::pair<Picture, OutputFile>> files_;
};

}  // namespace talweg::cli
