// Names, descriptions, weights and ranges of the parts of a run, for everybody who shows progress:
// progress.toml, which is compiled in, and what a file of the administrator says instead. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

struct ProgressPart {
  std::string title;
  std::string description;
  double weight = 1;  // steps: share beside the others, above 0
  double from = 0;    // commands: percent of the program, from 0 to 100
  double to = 100;

  friend bool operator==(const ProgressPart&, const ProgressPart&) = default;
};

struct ProgressConfig {
  std::map<std::string, ProgressPart, std::less<>> steps;
  std::map<std::string, ProgressPart, std::less<>> phases;
  std::map<std::string, ProgressPart, std::less<>> commands;

  double weight_of(std::string_view step, double otherwise) const;
  friend bool operator==(const ProgressConfig&, const ProgressConfig&) = default;
};

// Generated from progress.toml.
std::string_view default_progress_toml();
const ProgressConfig& default_progress_config();

// `text` over the defaults. invalid: "NAME:LINE: what is wrong".
Result<ProgressConfig> parse_progress_config(std::string_view text, std::string_view name);

// {"steps": {...}, "phases": {...}, "commands": {...}}
std::string progress_config_json(const ProgressConfig& config);

}  // namespace dray
