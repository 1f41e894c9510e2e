// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/archive_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

namespace talweg {
namespace {

tl::unexpected<Error> cannot_load(const char* why) {
  Error error{ErrorKind::io, "compressed data cannot be read: libarchive cannot be loaded"};
  if (why != nullptr) error.what += fmt::format(" ({})", why);
  error.remedy = "install libarchive (on Debian the package libarchive13), or decompress the data before";
  return fail(std::move(error));
}

}  // namespace

Result<ArchiveLibrary> load_archive_library(const char* name) {
  void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return cannot_load(::dlerror());
  const char* missing = nullptr;
  const auto find = [&](const char* function, auto& pointer) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(::dlsym(handle, function));
    if (pointer == nullptr && missing == nullptr) missing = function;
  };
  ArchiveLibrary library;
  find("archive_read_new", library.read_new);
  find("archive_read_free", library.read_free);
  find("archive_read_support_format_raw", library.read_support_format_raw);
  find("archive_read_support_format_empty", library.read_support_format_empty);
  find("archive_read_support_filter_gzip", library.read_support_filter_gzip);
  find("archive_read_support_filter_zstd", library.read_support_filter_zstd);
  find("archive_read_support_filter_xz", library.read_support_filter_xz);
  find("archive_read_support_filter_bzip2", library.read_support_filter_bzip2);
  find("archive_read_open", library.read_open);
  find("archive_read_next_header", library.read_next_header);
  find("archive_read_data_block", library.read_data_block);
  find("archive_error_string", library.error_string);
  find("archive_set_error", library.set_error);
  find("archive_filter_code", library.filter_code);
  if (missing != nullptr) return cannot_load(fmt::format("{} has no {}", name, missing).c_str());
  return library;
}

const Result<ArchiveLibrary>& archive_library() {
  static const Result<ArchiveLibrary> library = load_archive_library(TALWEG_LIBARCHIVE);
  return library;
}

}  // namespace talweg
