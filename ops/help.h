// Texts made from the command table: --help, the list of commands, the manual page and shell
// completions. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ops/command.h"

namespace dray::ops {

// `width` 0: 100 columns.
std::string command_help(const Command& command, int width);
std::string overview_help(int width);
std::string exit_code_help();

// dray(1) in roff. `date` as in "2026-11-20".
std::string man_page(std::string_view version);

// Source for the shell: "bash", "zsh" or "fish"; none for another name.
std::optional<std::string> completion_script(std::string_view shell);

}  // namespace dray::ops
