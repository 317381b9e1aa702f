#include "workers/spool.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "schemas/codec.h"

namespace dray::worker {
namespace {

constexpr std::string_view kSuffix = ".results";
constexpr size_t kMaxFileBytes = 16 << 20;

template <class Number>
bool parse_number(std::string_view text, int base, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<std::vector<AttemptResult>> read_results(const std::string& path) {
  DRAY_TRY_ASSIGN(const std::string content, read_file(path, kMaxFileBytes));
  std::vector<AttemptResult> results;
  Status wrong;
  DRAY_TRY(annotate(read_frame(content,
                               [&](const Envelope& envelope) {
                                 Result<AttemptResult> result = envelope.decode<AttemptResult>();
                                 if (result) {
                                   results.push_back(std::move(*result));
                                 } else if (wrong) {
                                   wrong = std::unexpected(std::move(result.error()));
                                 }
                               }),
                    path));
  DRAY_TRY(annotate(std::move(wrong), path));
  return results;
}

}  // namespace

ResultSpool::ResultSpool(std::string dir) : dir_(std::move(dir)) {}

std::string ResultSpool::path(uint64_t number) const {
  return fmt::format("{}/{:016x}{}", dir_, number, kSuffix);
}

Result<std::vector<AttemptResult>> ResultSpool::open(std::vector<std::string>& problems) {
  DRAY_TRY(ensure_private_dir(dir_));
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(dir_));
  std::vector<AttemptResult> all;
  for (const std::string& name : names) {
    uint64_t number = 0;
    if (!name.ends_with(kSuffix) ||
        !parse_number(std::string_view(name).substr(0, name.size() - kSuffix.size()), 16, number))
      continue;
    next_ = std::max(next_, number + 1);
    Result<std::vector<AttemptResult>> results = read_results(path(number));
    if (!results) {
      problems.push_back(results.error().message);
      rename(path(number).c_str(), (path(number) + ".damaged").c_str());
      continue;
    }
    for (AttemptResult& result : *results) {
      if (!file_of_.emplace(result.token, number).second) continue;
      ++left_in_[number];
      all.push_back(std::move(result));
    }
  }
  return all;
}

Status ResultSpool::put(std::span<const AttemptResult> results) {
  while (!results.empty()) {
    const auto part = results.first(std::min(results.size(), kMaxPerFile));
    results = results.subspan(part.size());
    std::string content;
    for (const AttemptResult& result : part)
      append_message(content, result);
    DRAY_TRY(write_file_atomic(path(next_), content));
    for (const AttemptResult& result : part)
      file_of_[result.token] = next_;
    left_in_[next_++] = part.size();
  }
  return {};
}

void ResultSpool::remove(const Token& token) {
  const auto file = file_of_.find(token);
  if (file == file_of_.end()) return;
  const uint64_t number = file->second;
  file_of_.erase(file);
  const auto left = left_in_.find(number);
  if (left == left_in_.end() || --left->second > 0) return;
  left_in_.erase(left);
  unlink(path(number).c_str());
}

Result<uint64_t> next_epoch(const std::string& dir, WallTime now) {
  DRAY_TRY(ensure_private_dir(dir));
  const std::string path = dir + "/epoch";
  uint64_t last = 0;
  if (path_exists(path)) {
    DRAY_TRY_ASSIGN(const std::string text, read_file(path, 64));
    // A damaged number is no reason to stay down: the time alone is above it.
    if (!parse_number(trim(text), 10, last)) last = 0;
  }
  const uint64_t seconds_now =
      static_cast<uint64_t>(std::max<int64_t>(to_unix_us(now), 0)) / 1'000'000;
  const uint64_t epoch = std::max(last + 1, seconds_now);
  DRAY_TRY(write_file_atomic(path, fmt::format("{}\n", epoch)));
  return epoch;
}

}  // namespace dray::worker
