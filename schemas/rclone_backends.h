// What rclone says of its own backends (`rclone config providers`), as far as we use it: which
// options there are, what they mean, which of them are passwords. A worker reads it from its rclone
// when it starts, so the list is that of the version in use. Pure data.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dray {

struct BackendExample {
  std::string value;
  std::string help;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("value", self.value);
    visit.optional("help", self.help);
  }
};

struct BackendOption {
  std::string name;
  std::string help;
  std::string type;           // "string", "bool", "SizeSuffix" ...
  std::string default_value;  // as rclone would print it
  std::string provider;       // "AWS,Other": only with these values of `provider`; "": with all
  bool required = false;
  bool password = false;  // rclone keeps it obscured
  bool secret = false;    // must not be shown; passwords are
  bool advanced = false;
  std::string refused;  // why it may not be set here; "": it may
  std::vector<BackendExample> examples;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("help", self.help);
    visit.optional("type", self.type);
    visit.optional("default", self.default_value);
    visit.optional("provider", self.provider);
    visit.optional("required", self.required);
    visit.optional("password", self.password);
    visit.optional("secret", self.secret);
    visit.optional("advanced", self.advanced);
    visit.optional("refused", self.refused);
    visit.optional("examples", self.examples);
  }
};

struct RcloneBackend {
  std::string name;  // "s3", "google cloud storage"
  std::string description;
  std::vector<std::string> aliases;  // further names that rclone takes: "gcs"
  std::vector<BackendOption> options;
  std::string refused;  // why no remote may be of this type; "": they may
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit.optional("description", self.description);
    visit.optional("aliases", self.aliases);
    visit.optional("options", self.options);
    visit.optional("refused", self.refused);
  }
};

// remote.providers: the backends of a worker's rclone; options only of one that was asked for.
struct ProvidersAnswer {
  std::string rclone_version;
  std::vector<RcloneBackend> backends;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("rclone_version", self.rclone_version);
    visit.optional("backends", self.backends);
  }
};

class RcloneBackends {
 public:
  RcloneBackends() = default;
  explicit RcloneBackends(std::vector<RcloneBackend> backends);

  const std::vector<RcloneBackend>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  // By name or alias; null: this rclone has no such backend.
  const RcloneBackend* find(std::string_view type) const;

 private:
  std::vector<RcloneBackend> all_;
  std::map<std::string, size_t, std::less<>> by_name_;
};

}  // namespace dray
