#include "workers/path_glob.h"

#include <cstddef>

namespace dray::worker {
namespace {

// Where to go on when what follows a star does not fit: the star takes one character more.
struct Retry {
  size_t pattern = 0;
  size_t text = 0;
  bool set = false;
};

// Both kinds of star are remembered: a single one that cannot grow over a '/' gives way to the
// double one before it. Linear in memory, at worst the product of both lengths in time.
bool glob(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  Retry single;
  Retry twice;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      const bool is_double = p + 1 < pattern.size() && pattern[p + 1] == '*';
      p += is_double ? 2 : 1;
      (is_double ? twice : single) = {p, t, true};
      if (is_double) single.set = false;
      continue;
    }
    if (p < pattern.size() && t < text.size() &&
        (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/'))) {
      ++p;
      ++t;
      continue;
    }
    if (single.set && single.text < text.size() && text[single.text] != '/') {
      t = ++single.text;
      p = single.pattern;
    } else if (twice.set && twice.text < text.size()) {
      t = ++twice.text;
      p = twice.pattern;
      single.set = false;
    } else {
      return false;
    }
  }
  return true;
}

// The path itself, or a directory that it lies in.
bool glob_or_parent(std::string_view pattern, std::string_view path) {
  for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1))
    if (glob(pattern, path.substr(0, end))) return true;
  return glob(pattern, path);
}

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) {
  while (pattern.ends_with('/'))
    pattern.remove_suffix(1);
  if (pattern.empty()) return true;
  if (pattern.starts_with('/')) return glob_or_parent(pattern.substr(1), path);
  if (pattern.contains('/')) return glob_or_parent(pattern, path);
  for (size_t begin = 0; begin != std::string_view::npos;) {
    if (glob_or_parent(pattern, path.substr(begin))) return true;
    begin = path.find('/', begin);
    if (begin != std::string_view::npos) ++begin;
  }
  return false;
}

}  // namespace dray::worker
