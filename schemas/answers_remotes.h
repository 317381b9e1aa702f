// What questions about remotes answer (see answers.h); a worker writes them, whoever asked reads
// them. Pure data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/job.h"

namespace dray {

// remote.about: what the remote tells of its room, in bytes. A field that it does not tell is null,
// also where there is no limit.
struct RemoteSpace {
  bool known = false;  // false: this kind of remote tells nothing
  std::optional<uint64_t> total;
  std::optional<uint64_t> used;
  std::optional<uint64_t> free;
  std::optional<uint64_t> trashed;
  std::optional<uint64_t> objects;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("known", self.known);
    visit.optional("total", self.total);
    visit.optional("used", self.used);
    visit.optional("free", self.free);
    visit.optional("trashed", self.trashed);
    visit.optional("objects", self.objects);
  }
};

// remote.browse: what lies at a path, sorted; directories end in "/".
struct RemoteEntries {
  std::vector<std::string> entries;
  bool truncated = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("entries", self.entries);
    visit.optional("truncated", self.truncated);
  }
};

// remote.host_key: what an SFTP server shows.
struct ShownHostKey {
  std::string type;
  std::string blob;         // base64
  std::string fingerprint;  // "SHA256:..."
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("type", self.type);
    visit("blob", self.blob);
    visit("fingerprint", self.fingerprint);
  }
};
struct HostKeysAnswer {
  std::vector<ShownHostKey> keys;  // in the order in which rclone prefers them
  bool selectable = false;         // rclone can be told which types of keys to take
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("keys", self.keys);
    visit.optional("selectable", self.selectable);
  }
};

// What is inside the patch of remote.merge: a sealed box for the worker, whose context is that of
// the remote's next version followed by kPatchContext.
struct SettingsPatch {
  RemoteSettings set;
  std::vector<std::string> unset;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("set", self.set);
    visit.optional("unset", self.unset);
  }
};
inline constexpr std::string_view kPatchContext = "/patch";

// remote.merge: the remote with the patch, ready for remote.put.
struct MergedRemote {
  uint32_t version = 0;
  std::vector<std::string> refers_to;
  std::string login;   // "new", "kept" or "", for remote.put
  std::string sealed;  // base64
  std::string sealed_for;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("refers_to", self.refers_to);
    visit("login", self.login);
    visit("sealed", self.sealed);
    visit("sealed_for", self.sealed_for);
  }
};

}  // namespace dray
