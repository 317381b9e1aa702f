// What questions about remotes answer (see answers.h); a worker writes them, whoever asked reads
// them. Pure data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

}  // namespace dray
