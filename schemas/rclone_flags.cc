#include "schemas/rclone_flags.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

using enum FlagValue;

constexpr RcloneFlag kAllowed[] = {
    {"--azureblob-chunk-size", size, ""},
    {"--azureblob-upload-concurrency", integer, ""},
    {"--b2-chunk-size", size, ""},
    {"--b2-upload-cutoff", size, ""},
    {"--buffer-size", size, ""},
    {"--check-first", none, ""},
    {"--checksum", none, ""},
    {"--create-empty-src-dirs", none, ""},
    {"--cutoff-mode", word, "HARD SOFT CAUTIOUS hard soft cautious"},
    {"--delete-after", none, ""},
    {"--delete-before", none, ""},
    {"--delete-during", none, ""},
    {"--delete-excluded", none, ""},
    {"--disable-http2", none, ""},
    {"--drive-acknowledge-abuse", none, ""},
    {"--drive-chunk-size", size, ""},
    {"--drive-pacer-burst", integer, ""},
    {"--drive-pacer-min-sleep", duration, ""},
    {"--drive-skip-gdocs", none, ""},
    {"--drive-skip-shortcuts", none, ""},
    {"--drive-stop-on-upload-limit", none, ""},
    {"--drive-use-trash", none, ""},
    {"--dropbox-batch-mode", word, "sync async off"},
    {"--dropbox-chunk-size", size, ""},
    {"--fast-list", none, ""},
    {"--ignore-case", none, ""},
    {"--ignore-case-sync", none, ""},
    {"--ignore-checksum", none, ""},
    {"--ignore-existing", none, ""},
    {"--ignore-size", none, ""},
    {"--ignore-times", none, ""},
    {"--immutable", none, ""},
    {"--local-no-check-updated", none, ""},
    {"--max-age", duration, ""},
    {"--max-backlog", integer, ""},
    {"--max-depth", integer, ""},
    {"--max-duration", duration, ""},
    {"--max-size", size, ""},
    {"--max-transfer", size, ""},
    {"--metadata", none, ""},
    {"--min-age", duration, ""},
    {"--min-size", size, ""},
    {"--modify-window", duration, ""},
    {"--multi-thread-cutoff", size, ""},
    {"--multi-thread-streams", integer, ""},
    {"--no-check-dest", none, ""},
    {"--no-gzip-encoding", none, ""},
    {"--no-traverse", none, ""},
    {"--no-unicode-normalization", none, ""},
    {"--no-update-modtime", none, ""},
    {"--onedrive-chunk-size", size, ""},
    {"--one-file-system", none, ""},
    {"--order-by", word,
     "size name modtime ascending asc descending desc mixed 10 20 25 30 40 50 60 70 75 80 90"},
    {"--refresh-times", none, ""},
    {"--s3-chunk-size", size, ""},
    {"--s3-copy-cutoff", size, ""},
    {"--s3-disable-checksum", none, ""},
    {"--s3-list-chunk", integer, ""},
    {"--s3-max-upload-parts", integer, ""},
    {"--s3-no-check-bucket", none, ""},
    {"--s3-no-head", none, ""},
    {"--s3-no-head-object", none, ""},
    {"--s3-upload-concurrency", integer, ""},
    {"--s3-upload-cutoff", size, ""},
    {"--server-side-across-configs", none, ""},
    {"--sftp-chunk-size", size, ""},
    {"--sftp-concurrency", integer, ""},
    {"--sftp-disable-concurrent-reads", none, ""},
    {"--sftp-disable-concurrent-writes", none, ""},
    {"--sftp-disable-hashcheck", none, ""},
    {"--sftp-idle-timeout", duration, ""},
    {"--sftp-set-modtime", none, ""},
    {"--size-only", none, ""},
    {"--skip-links", none, ""},
    {"--streaming-upload-cutoff", size, ""},
    {"--swift-chunk-size", size, ""},
    {"--swift-no-chunk", none, ""},
    {"--tpslimit", decimal, ""},
    {"--tpslimit-burst", integer, ""},
    {"--track-renames", none, ""},
    {"--track-renames-strategy", word, "hash modtime leaf"},
    {"--update", none, ""},
    {"--use-mmap", none, ""},
    {"--use-server-modtime", none, ""},
};

constexpr std::string_view kSetByDrayage = "Drayage sets it itself";
constexpr std::string_view kHasField = "the job has a field of its own for it";
constexpr std::string_view kReadsFiles = "it reads a file of the worker";
constexpr std::string_view kTakesLog = "a run is judged by its log";

// The first row that fits gives the reason.
constexpr RefusedFlag kRefused[] = {
    {"--rc*", "it opens rclone's remote control"},
    {"--password-command", "it runs a program on the worker"},
    {"--metadata-mapper", "it runs a program on the worker"},
    {"--sftp-ssh", "it runs a program on the worker"},
    {"--*-command", "it runs a program on the worker"},
    {"--config", "the worker writes the configuration of every run"},
    {"--cache-dir", "the worker gives every run a directory of its own"},
    {"--temp-dir", "the worker gives every run a directory of its own"},
    {"--log-file*", kTakesLog},
    {"--log-format", kTakesLog},
    {"--log-level", kTakesLog},
    {"--log-systemd", kTakesLog},
    {"--syslog*", kTakesLog},
    {"--use-json-log", kSetByDrayage},
    {"--quiet", kTakesLog},
    {"--verbose", "it prints credentials; options.file_log gives a record per file"},
    {"--dump*", "it prints credentials"},
    {"--stats*", kSetByDrayage},
    {"--progress*", kSetByDrayage},
    {"--links", "it copies links that can point out of the source"},
    {"--local-links", "it copies links that can point out of the source"},
    {"--copy-links", "it follows links out of the source"},
    {"--cpuprofile", "it writes a file on the worker"},
    {"--memprofile", "it writes a file on the worker"},
    {"--files-from*", kReadsFiles},
    {"--filter-from", kReadsFiles},
    {"--include-from", kReadsFiles},
    {"--exclude-from", kReadsFiles},
    {"--bwlimit-file", kReadsFiles},
    {"--ca-cert", kReadsFiles},
    {"--client-cert", kReadsFiles},
    {"--client-key", kReadsFiles},
    {"--compare-dest", "it names a second remote, which would not be checked"},
    {"--copy-dest", "it names a second remote, which would not be checked"},
    {"--backup-dir", "it names a second remote, which would not be checked"},
    {"--suffix*", "it would be renamed again by the next run"},
    {"--filter", kHasField},
    {"--include", kHasField},
    {"--exclude*", kHasField},
    {"--transfers", kHasField},
    {"--checkers", kHasField},
    {"--max-delete", kHasField},
    {"--dry-run", "a run is asked for as a dry run, the job is not"},
    {"--interactive", "nobody is there to answer"},
    {"--ask-password", "nobody is there to answer"},
    {"--bwlimit", kHasField},
    {"--retries*", "the job has a retry policy"},
    {"--low-level-retries", kSetByDrayage},
    {"--timeout", kSetByDrayage},
    {"--contimeout", kSetByDrayage},
    {"--ignore-errors", "it deletes at the destination although the source could not be read"},
    {"--no-check-certificate", "it gives the credentials to whoever answers"},
    {"--header*", "it can carry credentials in clear"},
    {"--error-on-no-transfer", kSetByDrayage},
};

bool fits(std::string_view name, std::string_view pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits with at most one point, at least one digit. Returns what follows; nullopt: no number.
std::optional<std::string_view> after_number(std::string_view text) {
  size_t i = 0;
  size_t digits = 0;
  bool point = false;
  for (; i < text.size() && digits <= 12; ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (is_digit(text[i])) {
      ++digits;
    } else {
      break;
    }
  }
  if (digits == 0 || digits > 12) return std::nullopt;
  return text.substr(i);
}

bool is_size(std::string_view text) {
  if (text == "off") return true;
  const auto unit = after_number(text);
  if (!unit) return false;
  static constexpr std::string_view kUnits[] = {"",    "B",   "b",   "K",   "k",  "M",  "G",
                                                "T",   "P",   "Ki",  "Mi",  "Gi", "Ti", "Pi",
                                                "KiB", "MiB", "GiB", "TiB", "PiB"};
  return std::ranges::find(kUnits, *unit) != std::end(kUnits);
}

bool is_duration(std::string_view text) {
  if (text == "off") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto rest = after_number(text);
    if (!rest) return false;
    const size_t unit = std::min(rest->find_first_of("0123456789."), rest->size());
    static constexpr std::string_view kUnits[] = {"ms", "s", "m", "h", "d", "w", "M", "y"};
    if (std::ranges::find(kUnits, rest->substr(0, unit)) == std::end(kUnits)) return false;
    text = rest->substr(unit);
  }
  return true;
}

bool is_integer(std::string_view text) {
  return !text.empty() && text.size() <= 7 && std::ranges::all_of(text, is_digit);
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool are_words(std::string_view text, std::string_view allowed) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (!has_word(allowed, text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

bool value_fits(const RcloneFlag& flag, std::string_view text) {
  switch (flag.value) {
    case none:
      return text == "true" || text == "false";
    case integer:
      return is_integer(text);
    case decimal:
      return after_number(text) == std::string_view();
    case size:
      return is_size(text);
    case duration:
      return is_duration(text);
    case word:
      return are_words(text, flag.words);
  }
  return false;
}

std::string value_form(const RcloneFlag& flag) {
  switch (flag.value) {
    case none:
      return "no value";
    case integer:
      return "a whole number, like =4";
    case decimal:
      return "a number, like =2.5";
    case size:
      return "a size, like =64M";
    case duration:
      return "a duration, like =12h";
    case word:
      return fmt::format("one of: {}", flag.words);
  }
  return {};
}

Status check_spelling(std::string_view flag, std::string_view name) {
  if (!is_plain_text(flag) || flag.find_first_of(" \\") != std::string_view::npos)
    return fail(ErrorCode::invalid,
                "{} must be one word without spaces; write a value as --name=value", quoted(flag));
  if (!name.starts_with("--") || name.size() < 3)
    return fail(ErrorCode::invalid, "{} must be a flag's full name, like --checksum", quoted(flag));
  return {};
}

std::unexpected<Error> not_in_list(std::string_view name) {
  std::vector<std::string_view> names;
  for (const RcloneFlag& row : kAllowed)
    names.push_back(row.name);
  const std::string_view near = closest_match(name, names);
  if (!near.empty())
    return fail(ErrorCode::invalid, "{} is not a flag that jobs may carry; did you mean '{}'?",
                quoted(name), near);
  return fail(ErrorCode::invalid,
              "{} is not a flag that jobs may carry; an administrator can add it to "
              "worker.allow_flags",
              quoted(name));
}

}  // namespace

std::span<const RcloneFlag> allowed_rclone_flags() {
  return kAllowed;
}
std::span<const RefusedFlag> refused_rclone_flags() {
  return kRefused;
}

Status check_rclone_flag(std::string_view flag, std::span<const std::string> further) {
  const size_t equals = flag.find('=');
  const std::string_view name = flag.substr(0, equals);
  DRAY_TRY(check_spelling(flag, name));
  const bool has_value = equals != std::string_view::npos;
  const std::string_view value = has_value ? flag.substr(equals + 1) : std::string_view();
  for (const RcloneFlag& row : kAllowed) {
    if (row.name != name) continue;
    if (row.value == none && !has_value) return {};
    if (has_value && value_fits(row, value)) return {};
    return fail(ErrorCode::invalid, "{} takes {}", quoted(flag), value_form(row));
  }
  for (const RefusedFlag& row : kRefused)
    if (fits(name, row.name))
      return fail(ErrorCode::invalid, "{} is not allowed: {}", quoted(name), row.why);
  if (std::ranges::find(further, name) != further.end()) return {};
  return not_in_list(name);
}

}  // namespace dray
