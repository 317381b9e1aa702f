// What the C library knows of time zones: calendar tests compare with it. Sets TZ.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace dray {

inline constexpr int64_t kDay = 86'400;
inline constexpr int64_t kFirstSecond = 631'152'000;  // 1990-01-01
inline constexpr int64_t kEndSecond = 2'145'916'800;  // 2038-01-01

struct Jump {
  int64_t at;
  int64_t before;  // offset, seconds
  int64_t after;
};

inline int64_t libc_offset(int64_t at) {
  const time_t time = at;
  tm parts{};
  localtime_r(&time, &parts);
  return parts.tm_gmtoff;
}

inline void use_zone(const std::string& name) {
  setenv("TZ", (":" + name).c_str(), 1);
  tzset();
}

// Steps of three days: no zone changes its offset and back within three days.
inline std::vector<Jump> jumps_of(const std::string& zone) {
  use_zone(zone);
  std::vector<Jump> jumps;
  int64_t before = libc_offset(kFirstSecond);
  for (int64_t at = kFirstSecond + 3 * kDay; at < kEndSecond; at += 3 * kDay) {
    const int64_t after = libc_offset(at);
    if (after == before) continue;
    int64_t low = at - 3 * kDay;
    int64_t high = at;
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      (libc_offset(middle) == before ? low : high) = middle;
    }
    jumps.push_back({high, before, after});
    before = after;
  }
  return jumps;
}

// Names of all zones, one for each distinct file content: aliases would only repeat the work.
inline std::vector<std::string> distinct_zones() {
  namespace fs = std::filesystem;
  const fs::path root = "/usr/share/zoneinfo";
  std::set<std::string> contents;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator it(root), end; it != end; ++it) {
    const std::string name = fs::relative(it->path(), root).generic_string();
    if (it->is_directory() && (name == "posix" || name == "right")) it.disable_recursion_pending();
    if (!it->is_regular_file() || name == "localtime" || name == "posixrules" || name == "Factory")
      continue;
    std::ifstream file(it->path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.starts_with("TZif") && contents.insert(std::move(bytes)).second)
      names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

struct RestoreTimeZone {
  RestoreTimeZone() {
    if (const char* value = getenv("TZ")) old = value;
  }
  ~RestoreTimeZone() {
    old.empty() ? unsetenv("TZ") : setenv("TZ", old.c_str(), 1);
    tzset();
  }
  std::string old;
};

}  // namespace dray
