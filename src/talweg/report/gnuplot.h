// SPDX-License-Identifier: Apache-2.0
// The four plots of a fit as SVG, PNG or PDF, drawn by gnuplot: the data with the fit (one numeric feature:
// the line; more: observed against predicted), the parameters by epoch, the cost by epoch, gradient norm and
// learning rate by epoch.
//
// gnuplot is a program of its own: it is given a script on standard input and writes the picture to standard
// output. Names reach it inside single quotes, where nothing is substituted.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/model/fit.h"

namespace talweg {

enum class PictureFormat { svg, png, pdf };

/// By the suffix of the file's name; a usage error for others.
Result<PictureFormat> picture_format(const std::string& path);

/// An error that names the Debian package where there is no gnuplot on the PATH.
Result<void> find_gnuplot();

enum class Picture { sheet, data, parameters, cost, gradient };

/// Every picture and the file it goes to: `fit.svg` for the sheet, then `fit-data.svg`, `fit-parameters.svg`,
/// `fit-cost.svg`, `fit-gradient.svg`.
std::vector<std::pair<Picture, std::string>> picture_files(const std::string& path);

/// What gnuplot is told.
std::string gnuplot_script(const Fit& fit, Picture picture, PictureFormat format);

/// Runs gnuplot on a script and gives what it wrote. The error holds gnuplot's own words.
Result<std::string> run_gnuplot(const std::string& script);

}  // namespace talweg
