#include "workers/run_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dray::worker {
namespace {

// A stats record with 24 current files has 5.9 kB; what is longer than this is not looked into.
constexpr size_t kMaxHeldLine = 64 << 10;
constexpr uint64_t kMinHalf = 64 << 10;

bool is_stats_line(std::string_view line) {
  return line.starts_with('{') && line.contains(R"("stats":{)") && line.contains("Transferred:");
}

UniqueFd create(const std::string& path) {
  unlink(path.c_str());
  return UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
}

}  // namespace

RunLog::RunLog(std::string path, uint64_t max_bytes)
    : path_(std::move(path)), half_(std::max(max_bytes / 2, kMinHalf)), head_(create(path_)) {
  if (!head_) problem_ = errno_error(errno, path_).message;
}

RunLog::~RunLog() = default;

void RunLog::write(std::span<const char> bytes, Instant now) {
  std::string_view rest(bytes.data(), bytes.size());
  while (!rest.empty()) {
    const size_t newline = rest.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::string_view part = rest.substr(0, ends ? newline + 1 : rest.size());
    rest.remove_prefix(part.size());
    if (in_long_line_) {
      append(part);
      in_long_line_ = !ends;
    } else if (partial_.empty() && ends) {
      take_line(part, now);
    } else {
      partial_ += part;
      if (!ends && partial_.size() <= kMaxHeldLine) continue;
      take_line(partial_, now);
      partial_.clear();
      in_long_line_ = !ends;
    }
  }
}

// `line` with its newline, if it has one.
void RunLog::take_line(std::string_view line, Instant now) {
  const bool stats = is_stats_line(line);
  if (stats && stats_kept_at_ && now - *stats_kept_at_ < kStatsEvery) {
    held_stats_ = line;
    return;
  }
  if (stats) {
    stats_kept_at_ = now;
    held_stats_.clear();
  } else {
    excerpt_.add(line.ends_with('\n') ? line.substr(0, line.size() - 1) : line);
  }
  append(line);
}

void RunLog::finish() {
  if (!partial_.empty()) {
    excerpt_.add(partial_);
    append(partial_ + '\n');
    partial_.clear();
  }
  if (!held_stats_.empty()) append(held_stats_);
  held_stats_.clear();
}

bool RunLog::write_file(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      if (problem_.empty()) problem_ = errno_error(errno, path_).message;
      refused_ += bytes.size();
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

// The newer tail file becomes the older one, whose content is dropped.
bool RunLog::next_segment() {
  std::swap(tail_[0], tail_[1]);
  shape_.tail_begin += tail_size_[0];
  tail_size_[0] = tail_size_[1];
  tail_size_[1] = 0;
  const std::string newer = path_ + ".2";
  const std::string older = path_ + ".1";
  if (tail_[0]) rename(newer.c_str(), older.c_str());
  tail_[1] = create(newer);
  if (!tail_[1] && problem_.empty()) problem_ = errno_error(errno, newer).message;
  return static_cast<bool>(tail_[1]);
}

void RunLog::append(std::string_view bytes) {
  if (!head_) {
    refused_ += bytes.size();
    return;
  }
  if (shape_.head == shape_.total && shape_.head + bytes.size() <= half_) {
    // A write that fails half way leaves bytes behind the head's end; the next one overwrites them.
    lseek(head_.get(), static_cast<off_t>(shape_.head), SEEK_SET);
    if (!write_file(head_.get(), bytes)) return;
    shape_.head += bytes.size();
    shape_.total = shape_.tail_begin = shape_.head;
    return;
  }
  if (!tail_[1] || tail_size_[1] + bytes.size() > half_ / 2) {
    if (!next_segment()) {
      refused_ += bytes.size();
      return;
    }
  }
  lseek(tail_[1].get(), static_cast<off_t>(tail_size_[1]), SEEK_SET);
  if (!write_file(tail_[1].get(), bytes)) return;
  tail_size_[1] += bytes.size();
  shape_.total += bytes.size();
}

Result<std::string> RunLog::read(uint64_t& offset, size_t max) const {
  std::string text;
  const auto take = [&](const UniqueFd& fd, uint64_t begin, uint64_t size) -> Status {
    if (!fd || offset < begin || offset >= begin + size || text.size() >= max) return {};
    const size_t want = std::min<uint64_t>(max - text.size(), begin + size - offset);
    const size_t before = text.size();
    text.resize(before + want);
    const ssize_t got =
        pread(fd.get(), text.data() + before, want, static_cast<off_t>(offset - begin));
    text.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return fail_errno(errno, path_);
    offset += static_cast<uint64_t>(got);
    return {};
  };
  DRAY_TRY(take(head_, 0, shape_.head));
  if (offset >= shape_.head && offset < shape_.tail_begin && text.size() < max) {
    text += fmt::format("... {} bytes dropped ...\n", shape_.tail_begin - offset);
    offset = shape_.tail_begin;
  }
  DRAY_TRY(take(tail_[0], shape_.tail_begin, tail_size_[0]));
  DRAY_TRY(take(tail_[1], shape_.tail_begin + tail_size_[0], tail_size_[1]));
  return text;
}

}  // namespace dray::worker
