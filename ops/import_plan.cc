// From sections of an rclone.conf to remotes of ours: names, order, files, refusals.
#include <algorithm>
#include <set>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "ops/rclone_conf.h"
#include "schemas/job_check.h"
#include "schemas/limits.h"
#include "schemas/rclone_options.h"
#include "schemas/remote_refs.h"
#include "schemas/ssh_host_keys.h"

namespace dray::ops {
namespace {

// Settings that name a file on the machine where rclone ran, and the setting that takes its text.
struct FileSetting {
  std::string_view type;
  std::string_view file;
  std::string_view text;
};
constexpr FileSetting kFileSettings[] = {
    {"sftp", "key_file", "key_pem"},
    {"drive", "service_account_file", "service_account_credentials"},
    {"google cloud storage", "service_account_file", "service_account_credentials"},
    {"google photos", "service_account_file", "service_account_credentials"},
};

// What rclone keeps for itself and a worker finds out again.
constexpr std::string_view kForgotten[] = {"type", "md5sum_command", "sha1sum_command"};

// A key's lines become one, joined by a literal \n, as rclone wants them; JSON needs no line
// breaks.
std::string in_one_line(std::string_view text, bool is_key) {
  std::string out;
  text = trim(text);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out += trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (is_key && !text.empty()) out += "\\n";
  }
  return is_key ? out + "\\n" : out;
}

std::string our_name(std::string_view name, const std::set<std::string>& taken) {
  std::string base;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    base += good ? c : '_';
  }
  while (!base.empty() && (base.front() == '.' || base.front() == '-' || base.front() == '_'))
    base.erase(0, 1);
  if (base.empty()) base = "remote";
  base.resize(std::min(base.size(), limits::kMaxNameBytes - 4));
  std::string candidate = check_name("remote", name) ? std::string(name) : base;
  for (int i = 2; taken.contains(candidate); ++i)
    candidate = fmt::format("{}-{}", base, i);
  return candidate;
}

class Planner {
 public:
  Planner(const std::vector<ConfSection>& sections, const ReadFile& read_file)
      : sections_(sections), read_file_(read_file) {
    std::set<std::string> taken;
    // Names that are fine keep theirs, whatever the others become.
    for (const ConfSection& section : sections)
      if (check_name("remote", section.name)) taken.insert(new_names_[section.name] = section.name);
    for (const ConfSection& section : sections)
      if (!new_names_.contains(section.name))
        taken.insert(new_names_[section.name] = our_name(section.name, taken));
  }

  // Adds the section behind what it refers to. The reason when it cannot be imported.
  std::string visit(const std::string& name) {
    if (const auto done = refused_.find(name); done != refused_.end()) return done->second;
    const auto section = std::ranges::find(sections_, name, &ConfSection::name);
    if (section == sections_.end()) return "there is no such remote in the file";
    if (!open_.insert(name).second) return "it refers to itself in a circle";
    ImportItem item = make(*section);
    open_.erase(name);
    refused_[name] = item.refused;
    items_.push_back(std::move(item));
    return refused_[name];
  }

  std::vector<ImportItem> take() { return std::move(items_); }

 private:
  ImportItem make(const ConfSection& section) {
    ImportItem item;
    item.original = section.name;
    item.name = new_names_[section.name];
    if (const auto type = section.settings.find("type"); type != section.settings.end())
      item.type = type->second;
    item.settings = section.settings;
    for (const std::string_view key : kForgotten) {
      const auto setting = item.settings.find(std::string(key));
      const bool harmless = key == "type" || item.type == "sftp";
      if (setting != item.settings.end() && harmless && setting->second != "none")
        item.settings.erase(setting);
    }
    item.refused = fill(item);
    return item;
  }

  std::string fill(ImportItem& item) {
    if (item.type.empty()) return "it has no type";
    // Names change where they stand, and each leads to a remote that is imported first.
    const Status rewritten = rewrite_references(
        item.type, item.settings,
        [&](std::string_view name, std::string_view path) -> Result<std::string> {
          if (const std::string why = visit(std::string(name)); !why.empty())
            return fail(ErrorCode::invalid, "it refers to {}, which cannot be imported: {}",
                        dray::quoted(name), why);
          const std::string& ours = new_names_[std::string(name)];
          if (std::ranges::find(item.refers_to, ours) == item.refers_to.end())
            item.refers_to.push_back(ours);
          return fmt::format("{}:{}", ours, path);
        });
    if (!rewritten) return rewritten.error().message;
    if (Status status = take_over_files(item.type, item.settings, read_file_, item.notes); !status)
      return status.error().message;
    if (Status status = check_remote_settings(item.name, item.type, item.settings); !status)
      return status.error().message;
    if (holds_login(item.settings))
      item.notes.push_back(
          "its login was copied; where a service renews it with every use, rclone must not use the "
          "old copy any more");
    if (item.name != item.original)
      item.notes.push_back(
          fmt::format("is called {} here: rclone's name has characters that are "
                      "not allowed",
                      item.name));
    return "";
  }

  const std::vector<ConfSection>& sections_;
  const ReadFile& read_file_;
  std::map<std::string, std::string> new_names_;
  std::map<std::string, std::string> refused_;  // visited: "" or why not
  std::set<std::string> open_;
  std::vector<ImportItem> items_;
};

}  // namespace

namespace {

// The keys that a known_hosts file holds for the server are pinned in the remote itself.
Status take_over_known_hosts(RemoteSettings& settings, const ReadFile& read_file,
                             std::vector<std::string>& notes) {
  const auto setting = settings.extract("known_hosts_file");
  if (setting.empty() || setting.mapped().empty()) return {};
  DRAY_TRY_ASSIGN(const std::string text,
                  annotate(read_file(setting.mapped()), "known_hosts_file"));
  const std::string host = settings["host"];
  const std::string port = settings.contains("port") ? settings["port"] : "22";
  const std::string place = port == "22" ? host : fmt::format("[{}]:{}", host, port);
  std::vector<HostKey> keys;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = trim(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    const std::string names = fmt::format(",{},", line.substr(0, line.find_first_of(" \t")));
    if (!names.contains(fmt::format(",{},", place))) continue;
    if (Result<HostKey> key = parse_host_key(line)) keys.push_back(std::move(*key));
  }
  if (keys.empty()) {
    notes.push_back(fmt::format("{} has no readable key of {}: the server is not compared with one",
                                setting.mapped(), place));
    return {};
  }
  settings[std::string(kHostKeysSetting)] = format_host_keys(keys);
  notes.push_back(fmt::format("the keys of {} in {} were pinned", place, setting.mapped()));
  return {};
}

}  // namespace

Status take_over_files(std::string_view type, RemoteSettings& settings, const ReadFile& read_file,
                       std::vector<std::string>& notes) {
  if (type == "sftp") DRAY_TRY(take_over_known_hosts(settings, read_file, notes));
  for (const FileSetting& row : kFileSettings) {
    const auto setting = settings.find(std::string(row.file));
    if (row.type != type || setting == settings.end()) continue;
    const std::string path = setting->second;
    settings.erase(setting);
    if (path.empty()) continue;
    Result<std::string> text = read_file(path);
    if (!text) return std::unexpected(annotate(std::move(text.error()), std::string(row.file)));
    settings[std::string(row.text)] = in_one_line(*text, row.text == "key_pem");
    notes.push_back(fmt::format("the content of {} was taken over and sealed with the rest", path));
  }
  return {};
}

Result<std::vector<ImportItem>> plan_import(const std::vector<ConfSection>& sections,
                                            const std::vector<std::string>& only,
                                            const ReadFile& read_file) {
  Planner planner(sections, read_file);
  for (const std::string& name : only) {
    if (std::ranges::find(sections, name, &ConfSection::name) != sections.end()) continue;
    std::vector<std::string_view> names;
    for (const ConfSection& section : sections)
      names.push_back(section.name);
    const std::string_view near = closest_match(name, names);
    return fail(ErrorCode::not_found, "the file has no remote {}{}", dray::quoted(name),
                near.empty() ? "" : fmt::format("; did you mean {}?", dray::quoted(near)));
  }
  for (const ConfSection& section : sections)
    if (only.empty() || std::ranges::find(only, section.name) != only.end())
      planner.visit(section.name);
  return planner.take();
}

}  // namespace dray::ops
