#include "schemas/remote_refs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/base/quote.h"

namespace dray {
namespace {

enum class Form {
  one,     // "gdrive:dir"
  list,    // "a:dir b:dir:ro", words may be in double quotes
  mounts,  // "photos=gdrive:Photos docs=s3:docs"
};
struct Wrapper {
  std::string_view type;
  std::string_view setting;
  Form form;
};
constexpr Wrapper kWrappers[] = {
    {"crypt", "remote", Form::one},     {"alias", "remote", Form::one},
    {"chunker", "remote", Form::one},   {"compress", "remote", Form::one},
    {"hasher", "remote", Form::one},    {"archive", "remote", Form::one},
    {"union", "upstreams", Form::list}, {"combine", "upstreams", Form::mounts},
    {"raid3", "upstreams", Form::list},
};
// Settings that hold references in every backend that has them.
constexpr std::string_view kReferenceSettings[] = {"remote", "upstreams"};
// What union understands behind an upstream's path.
constexpr std::string_view kUnionModes[] = {":ro", ":nc", ":writeback"};

const Wrapper* wrapper_of(std::string_view type) {
  const auto row = std::ranges::find(kWrappers, type, &Wrapper::type);
  return row == std::end(kWrappers) ? nullptr : row;
}

struct Word {
  std::string prefix;  // "photos=" of a mount
  std::string reference;
  std::string suffix;  // ":ro" of a union
};

Result<std::vector<Word>> split(std::string_view text, Form form) {
  std::vector<Word> words;
  if (form == Form::one) {
    words.push_back({"", std::string(text), ""});
    return words;
  }
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const bool in_quotes = text[at] == '"';
    const size_t begin = in_quotes ? at + 1 : at;
    const size_t end = std::min(text.find(in_quotes ? '"' : ' ', begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    at = end + 1;
    if (in_quotes && at < text.size() && text[at] != ' ')
      return fail(ErrorCode::invalid, "a quote inside a word");
    Word& added = words.emplace_back();
    if (const size_t sign = word.find('=');
        form == Form::mounts && sign != std::string_view::npos) {
      added.prefix = word.substr(0, sign + 1);
      word.remove_prefix(sign + 1);
    }
    for (const std::string_view mode : kUnionModes) {
      if (form != Form::list || !word.ends_with(mode)) continue;
      added.suffix = mode;
      word.remove_suffix(mode.size());
      break;
    }
    added.reference = word;
  }
  return words;
}

Result<std::string> rewrite_one(std::string_view reference, const ResolveReference& resolve) {
  const size_t colon = reference.find(':');
  const std::string_view name = reference.substr(0, std::min(colon, reference.size()));
  if (reference.starts_with(':'))
    return fail(ErrorCode::invalid,
                "defines a remote on the fly; give that one a remote of its own");
  if (colon == std::string_view::npos || name.contains('/'))
    return fail(ErrorCode::invalid,
                "is a path of this machine; make a remote of type local and name it, like disk:{}",
                quoted(reference));
  if (name.find_first_of(",=\"'`") != std::string_view::npos)
    return fail(ErrorCode::invalid,
                "changes options in place; put them into the settings of the remote");
  return resolve(name, reference.substr(colon + 1));
}

}  // namespace

Status rewrite_references(std::string_view type, RemoteSettings& settings,
                          const ResolveReference& resolve) {
  const Wrapper* wrapper = wrapper_of(type);
  for (const std::string_view name : kReferenceSettings)
    if ((wrapper == nullptr || wrapper->setting != name) && settings.contains(std::string(name)))
      return fail(ErrorCode::invalid, "{} is not a setting of {} remotes", name, type);
  if (wrapper == nullptr) return {};
  const auto setting = settings.find(std::string(wrapper->setting));
  if (setting == settings.end() || setting->second.empty())
    return fail(ErrorCode::invalid, "{} is missing", wrapper->setting);
  DRAY_TRY_ASSIGN(const std::vector<Word> words,
                  annotate(split(setting->second, wrapper->form), wrapper->setting));
  std::string text;
  for (const Word& word : words) {
    DRAY_TRY_ASSIGN(const std::string target,
                    annotate(rewrite_one(word.reference, resolve), wrapper->setting));
    const std::string whole = word.prefix + target + word.suffix;
    const bool spaced = wrapper->form != Form::one && whole.contains(' ');
    if (!text.empty()) text += ' ';
    text += spaced ? '"' + whole + '"' : whole;
  }
  setting->second = std::move(text);
  return {};
}

Status collect_references(std::string_view type, const RemoteSettings& settings,
                          std::vector<std::string>& names) {
  RemoteSettings copy = settings;
  return rewrite_references(
      type, copy, [&](std::string_view name, std::string_view path) -> Result<std::string> {
        if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
        return fmt::format("{}:{}", name, path);
      });
}

}  // namespace dray
