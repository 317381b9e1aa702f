// What worker.programs answers: the programs of an administrator that jobs may name. Paths and
// arguments stay on the worker.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dray {

struct ProgramView {
  std::string name;
  std::string description;
  uint64_t timeout_seconds = 0;                 // of a hook: the longest that a job may ask for
  std::map<std::string, std::string> settings;  // of a command: name -> pattern

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("description", self.description);
    visit.optional("timeout_seconds", self.timeout_seconds);
    visit.optional("settings", self.settings);
  }
};

struct ProgramsAnswer {
  std::vector<ProgramView> hooks;
  std::vector<ProgramView> commands;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("hooks", self.hooks);
    visit("commands", self.commands);
  }
};

}  // namespace dray
