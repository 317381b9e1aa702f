// What an archive holds, beside it, as JSON lines in a zstd file. One line for each:
//   {"path":"a/b.txt","size":12,"mtime":"2026-11-20T12:00:00.5Z","sha256":"..."}   a file
//   {"path":"a","dir":true,"mtime":"..."}                                           a directory
//   {"path":"a/c","error":"open: Permission denied"}          a file that is missing in the archive
//   {"path":"a/d","size":9,"mtime":"...","error":"..."}       one that is there, but damaged
//   {"volume":1,"name":"20261120T120000Z-run7.tar.zst","size":99,"sha256":"..."}    at the end
// A path that is no UTF-8 is written as "path_base64" instead.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "workers/archive_source.h"
#include "workers/volume_sink.h"
#include "workers/zstd_file.h"

namespace dray::worker {

// RFC 3339 in UTC with as many digits as the time needs.
std::string manifest_time(int64_t mtime_ns);

// Without the line break.
std::string manifest_line(const SourceFile& file, const std::string& sha256,
                          const std::string& problem);
std::string manifest_line(const Volume& volume, const std::string& name);

}  // namespace dray::worker
