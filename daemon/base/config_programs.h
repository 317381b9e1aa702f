// [hooks.NAME] and [commands.NAME]: the programs that an administrator lets jobs run on a worker.
// Used by config.cc only; everybody else includes config.h.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/config.h"
#include "daemon/base/toml_text.h"

namespace dray {

// Is this top-level name one of ours?
bool is_program_section(std::string_view name);

// Reads both into `config`; tells every problem with its line.
void read_programs(const toml::table& root, Config& config,
                   const std::function<void(uint32_t line, std::string text)>& problem);

// As TOML, to be read back; the defaults are a commented example.
std::string show_programs(const Config& config, bool defaults_only);

}  // namespace dray
