// SPDX-License-Identifier: Apache-2.0
// A fit as one page: a file that is opened from disk, needs no network, and holds everything - what the run
// said, the numbers, and what replays the descent (model/replay.h) while somebody looks. The page's own code
// is in web/.
//
// Names and levels reach the page inside one JSON block in which `<`, `>` and `&` are escaped, and from there
// as text nodes: they are never read as HTML. The content-security policy of the page forbids every request.
#pragma once

#include <string>
#include <vector>

#include "talweg/model/fit.h"

namespace talweg {

/// The page. `arguments`: the command line behind `talweg`, shown so that the run can be made again;
/// `model_path`: where the model was written, empty: nowhere. The same of all three give the same bytes. At
/// most about 2.5 MB for any number of rows and parameters.
std::string page_html(const Fit& fit, const std::vector<std::string>& arguments,
                      const std::string& model_path);

/// The JSON block of the page; long lists of numbers are base64 of little-endian doubles.
std::string page_data(const Fit& fit, const std::vector<std::string>& arguments,
                      const std::string& model_path);

/// Rows to sample for a page (FitRequest::sample_rows).
inline constexpr std::size_t kPageRows = 2000;

}  // namespace talweg
