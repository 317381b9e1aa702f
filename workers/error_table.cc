#include "workers/error_table.h"

#include <algorithm>
#include <cctype>
#include <span>

#include "workers/error_rules.h"

namespace dray {
namespace {

using enum ErrorClass;
struct HintRow {
  ErrorClass error_class;
  std::string_view hint;
};
constexpr HintRow kGeneralHints[] = {
    {auth, "The server refused the login; correct the credentials in the remote."},
    {config, "A setting of the job or its remotes is wrong; see the deciding line."},
    {usage,
     "rclone refused its command line; remove the extra flags of the job or check rclone's "
     "version."},
    {not_found, "A file or directory does not exist; check the paths of the job."},
    {permission, "The account is not allowed to do this; give it the rights."},
    {network, "The connection failed; if this repeats, check the network and the server."},
    {quota, "The provider limits the account; wait, or lower the number of transfers."},
    {storage_full, "The destination has no room; make room there."},
    {source_changed,
     "Files changed while they were copied; the next run takes them, or back up a snapshot "
     "instead."},
    {integrity, "Data differs or is damaged; check the storage and restore from another copy."},
    {guard, "A safety limit of the job stopped it; check the source before you change the limit."},
    {limit, "A budget of the job is used up; the next run continues, or raise the limit."},
    {resources,
     "This worker ran out of memory, descriptors or processes; lower the number of transfers or "
     "raise its limits."},
    {crash,
     "rclone crashed; if this repeats, install another rclone version and report the trace to its "
     "authors."},
    {unknown,
     "rclone failed for a reason that is not known here; read the deciding line and the log."},
};

// Level error although the run goes well, or although the cause is another record.
constexpr std::string_view kHarmless[] = {
    "Failed to save config",
    "No common hash found",
    "Ignoring --track-renames",
    "not deleting files as there were IO errors",
    "not deleting directories as there were IO errors",
    "Cancelling sync due to fatal error",
    "Nothing to do as source and destination are the same",
    "Serving remote control",
    "Failed to cancel",
    "--fast-list",
    "Can't retry",
};

constexpr std::string_view kPathErrors[] = {
    "open ",   "stat ",     "lstat ", "read ",    "write ",     "mkdir ",   "rename ",   "remove ",
    "unlink ", "readlink ", "chmod ", "chtimes ", "fork/exec ", "readdir ", "truncate ", "symlink ",
};

// "open /a/b: c/d: permission denied" -> "open : permission denied", per line.
void blank_paths(std::string& text) {
  for (std::string_view verb : kPathErrors) {
    for (size_t at = text.find(verb); at != std::string::npos; at = text.find(verb, at + 1)) {
      const size_t begin = at + verb.size();
      if (begin >= text.size() || text[begin] != '/' || (at > 0 && text[at - 1] != ' ')) continue;
      const size_t end = std::min(text.find('\n', begin), text.size());
      const size_t colon = text.rfind(": ", end);
      if (colon == std::string::npos || colon <= begin) continue;
      text.erase(begin, colon - begin);
    }
  }
}

void blank_quotes(std::string& text) {
  std::string out;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = !inside;
      out += '"';
    } else if (!inside) {
      out += text[i];
    }
  }
  text = std::move(out);
}

// A number is a status only at the beginning of a part: "with 530 errors" is none.
bool contains(std::string_view text, std::string_view wanted) {
  const size_t at = text.find(wanted);
  if (at == std::string_view::npos) return false;
  const bool number = wanted.front() >= '0' && wanted.front() <= '9';
  return !number || at == 0 || text[at - 1] == '(' || text.substr(0, at).ends_with(": ");
}

bool matches_any(std::string_view patterns, std::string_view text) {
  while (!patterns.empty()) {
    std::string_view pattern = patterns.substr(0, patterns.find('|'));
    patterns.remove_prefix(std::min(pattern.size() + 1, patterns.size()));
    const size_t both = pattern.find('&');
    if (!contains(text, pattern.substr(0, both))) continue;
    if (both == std::string_view::npos || contains(text, pattern.substr(both + 1))) return true;
  }
  return false;
}

}  // namespace

std::string normalise_error(std::string_view text) {
  constexpr size_t kEnough = 4096;  // an S3 error with its request ids has about 500 bytes
  std::string low(text.substr(0, kEnough));
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  blank_quotes(low);
  blank_paths(low);
  return low;
}

const ErrorRule* find_error_rule(std::string_view normalised) {
  for (const std::span<const ErrorRule> rules : {job_error_rules(), remote_error_rules()})
    for (const ErrorRule& rule : rules)
      if (matches_any(rule.patterns, normalised)) return &rule;
  return nullptr;
}

std::string_view general_hint(ErrorClass error_class) {
  for (const HintRow& row : kGeneralHints)
    if (row.error_class == error_class) return row.hint;
  return {};
}

bool is_harmless_error(std::string_view message) {
  return std::ranges::any_of(kHarmless,
                             [&](std::string_view prefix) { return message.starts_with(prefix); });
}

}  // namespace dray
