#include "workers/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <iterator>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "schemas/codec.h"

namespace dray::worker {
namespace {

constexpr std::string_view kSuffix = ".results";
// One turn of all slots on top of a file that is almost full.
constexpr size_t kMaxFileBytes = 16 << 20;

template <class Number>
bool parse_number(std::string_view text, int base, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

// FNV-1a: tells a frame that was written as a whole from one that was not.
uint64_t checksum(std::string_view bytes) {
  uint64_t sum = 0xcbf29ce484222325;
  for (const char c : bytes)
    sum = (sum ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return sum;
}

template <class Number>
void append_number(std::string& out, Number number) {
  for (size_t i = 0; i < sizeof number; ++i)
    out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}
template <class Number>
Number take_number(std::string_view& bytes) {
  Number number = 0;
  for (size_t i = 0; i < sizeof number; ++i)
    number |= static_cast<Number>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  bytes.remove_prefix(sizeof number);
  return number;
}

constexpr size_t kHeadBytes = sizeof(uint32_t) + sizeof(uint64_t);
const std::string kEnd(kHeadBytes, '\0');

void append_frame(std::string& out, std::span<const AttemptResult> results) {
  std::string frame;
  for (const AttemptResult& result : results)
    append_message(frame, result);
  append_number(out, static_cast<uint32_t>(frame.size()));
  append_number(out, checksum(frame));
  out += frame;
}

// Takes the next frame off `bytes`; empty at the end.
Result<std::string_view> take_frame(std::string_view& bytes) {
  if (bytes.empty()) return bytes;
  std::string_view rest = bytes;
  if (rest.size() >= kHeadBytes) {
    const auto size = take_number<uint32_t>(rest);
    const auto sum = take_number<uint64_t>(rest);
    if (size == 0 && sum == 0) return std::string_view();
    if (size > 0 && size <= rest.size() && checksum(rest.substr(0, size)) == sum) {
      bytes = rest.substr(size);
      return rest.substr(0, size);
    }
  }
  return fail(ErrorCode::corrupt,
              "ends in results that are not whole, as after a loss of power while they were "
              "written; the {} bytes there are left out",
              bytes.size());
}

// Appends what can be read, also when something cannot.
Status read_results(std::string_view rest, std::vector<AttemptResult>& results) {
  while (true) {
    DRAY_TRY_ASSIGN(const std::string_view frame, take_frame(rest));
    if (frame.empty()) return {};
    Status wrong;
    DRAY_TRY(read_frame(frame, [&](const Envelope& envelope) {
      Result<AttemptResult> result = envelope.decode<AttemptResult>();
      if (result) {
        results.push_back(std::move(*result));
      } else if (wrong) {
        wrong = std::unexpected(std::move(result.error()));
      }
    }));
    DRAY_TRY(std::move(wrong));
  }
}

}  // namespace

ResultSpool::ResultSpool(std::string dir) : dir_(std::move(dir)) {}

std::string ResultSpool::path(uint64_t number) const {
  return fmt::format("{}/{:016x}{}", dir_, number, kSuffix);
}

Result<std::vector<AttemptResult>> ResultSpool::open(std::vector<std::string>& problems) {
  DRAY_TRY(ensure_private_dir(dir_));
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(dir_));
  std::vector<AttemptResult> all, rescued;
  std::vector<std::string> damaged;
  for (const std::string& name : names) {
    uint64_t number = 0;
    if (!name.ends_with(kSuffix) ||
        !parse_number(std::string_view(name).substr(0, name.size() - kSuffix.size()), 16, number))
      continue;
    next_ = std::max(next_, number + 1);
    std::vector<AttemptResult> results;
    Result<std::string> content = read_file(path(number), kMaxFileBytes);
    const Status read = annotate(content ? read_results(*content, results)
                                         : Status(std::unexpected(std::move(content.error()))),
                                 path(number));
    if (!read) {
      problems.push_back(read.error().message);
      damaged.push_back(path(number));
      std::ranges::move(results, std::back_inserter(rescued));
      continue;
    }
    for (AttemptResult& result : results) {
      if (!file_of_.emplace(result.token, number).second) continue;
      ++left_in_[number];
      all.push_back(std::move(result));
    }
    if (!left_in_.contains(number)) unlink(path(number).c_str());
  }
  // Before the file in which nobody will look again is put aside.
  std::erase_if(rescued, [&](const AttemptResult& r) { return file_of_.contains(r.token); });
  DRAY_TRY(put(rescued));
  for (const std::string& name : damaged)
    rename(name.c_str(), (name + ".damaged").c_str());
  std::ranges::move(rescued, std::back_inserter(all));
  return all;
}

Status ResultSpool::start_file() {
  const std::string name = path(next_);
  UniqueFd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, name);
  DRAY_TRY(sync_dir(dir_));
  // What the file before this one still holds, remove() waits for.
  if (file_ && !left_in_.contains(current_)) unlink(path(current_).c_str());
  file_ = std::move(fd);
  current_ = next_++;
  offset_ = 0;
  return {};
}

Status ResultSpool::write(std::string_view bytes) {
  const std::string name = path(current_);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::pwrite(file_.get(), bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(offset_ + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, name);
    done += static_cast<size_t>(n);
  }
  return ::fdatasync(file_.get()) == 0 ? Status{} : fail_errno(errno, name);
}

Status ResultSpool::put(std::span<const AttemptResult> results) {
  if (results.empty()) return {};
  std::string bytes;
  for (auto left = results; !left.empty();) {
    const auto part = left.first(std::min(left.size(), kMaxPerFrame));
    left = left.subspan(part.size());
    append_frame(bytes, part);
  }
  if (!file_ || offset_ >= kFileBytes) DRAY_TRY(start_file());
  const Status written = write(bytes + kEnd);
  if (!written) {
    // Nobody knows what of it is on the disk: this file is not continued.
    offset_ = kFileBytes;
    return written;
  }
  offset_ += bytes.size();
  for (const AttemptResult& result : results)
    file_of_[result.token] = current_;
  left_in_[current_] += results.size();
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
  if (file_ && number == current_) {
    offset_ = 0;
  } else {
    unlink(path(number).c_str());
  }
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
