// SPDX-License-Identifier: Apache-2.0
// libarchive, loaded when something compressed is opened for the first time. It brings a dozen libraries with
// it (XML, cryptography, compressors), and linking them takes two of the five milliseconds in which three
// plain rows are read and fitted.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "talweg/base/error.h"

namespace talweg {

/// The functions of libarchive that are used, by their names without `archive_`.
struct ArchiveLibrary {
  decltype(&::archive_read_new) read_new = nullptr;
  decltype(&::archive_read_free) read_free = nullptr;
  decltype(&::archive_read_support_format_raw) read_support_format_raw = nullptr;
  decltype(&::archive_read_support_format_empty) read_support_format_empty = nullptr;
  decltype(&::archive_read_support_filter_gzip) read_support_filter_gzip = nullptr;
  decltype(&::archive_read_support_filter_zstd) read_support_filter_zstd = nullptr;
  decltype(&::archive_read_support_filter_xz) read_support_filter_xz = nullptr;
  decltype(&::archive_read_support_filter_bzip2) read_support_filter_bzip2 = nullptr;
  decltype(&::archive_read_open) read_open = nullptr;
  decltype(&::archive_read_next_header) read_next_header = nullptr;
  decltype(&::archive_read_data_block) read_data_block = nullptr;
  decltype(&::archive_error_string) error_string = nullptr;
  decltype(&::archive_set_error) set_error = nullptr;
  decltype(&::archive_filter_code) filter_code = nullptr;
};

/// Loads a shared library by its file name; it stays loaded. Errors: it is not there, or lacks a function.
Result<ArchiveLibrary> load_archive_library(const char* name);

/// The one that the program was built with, loaded once. On any thread.
const Result<ArchiveLibrary>& archive_library();

}  // namespace talweg
