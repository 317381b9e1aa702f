#include "workers/archive_manifest.h"

#include "daemon/base/seal.h"
#include "daemon/base/text.h"

namespace dray::worker {

std::string manifest_time(int64_t mtime_ns) {
  const SplitTime mtime = split_time(mtime_ns);
  const std::chrono::sys_seconds at{seconds{mtime.seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int{date.year()},
                                 unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                                 time.minutes().count(), time.seconds().count());
  if (mtime.nanoseconds != 0) {
    text += fmt::format(".{:09}", mtime.nanoseconds);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string manifest_line(const SourceFile& file, const std::string& sha256,
                          const std::string& problem) {
  std::string line = is_valid_utf8(file.name)
                         ? fmt::format("{{\"path\":{}", json_quote(file.name))
                         : fmt::format("{{\"path_base64\":\"{}\"", base64_encode(file.name));
  if (file.item.is_dir) line += ",\"dir\":true";
  if (!file.problem) {
    if (!file.item.is_dir) line += fmt::format(",\"size\":{}", file.size);
    line += fmt::format(",\"mtime\":\"{}\"", manifest_time(file.item.mtime_ns));
  }
  if (!sha256.empty()) line += fmt::format(",\"sha256\":\"{}\"", sha256);
  if (!problem.empty()) line += fmt::format(",\"error\":{}", json_quote(problem));
  return line + "}";
}

std::string manifest_line(const Volume& volume, const std::string& name) {
  return fmt::format("{{\"volume\":{},\"name\":{},\"size\":{},\"sha256\":\"{}\"}}", volume.number,
                     json_quote(name), volume.size, volume.sha256);
}

}  // namespace dray::worker
