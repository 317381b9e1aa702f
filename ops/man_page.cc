#include <algorithm>

#include "ops/help.h"

namespace dray::ops {
namespace {

// Roff reads a backslash as an escape, a minus as a hyphen, and a dot or quote at the start of a
// line as a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void option_entry(std::string& out, const OptionSpec& spec) {
  out += ".TP\n.B " + roff(spec.name);
  if (!spec.flag() && !spec.positional()) out += " \\fI" + roff(spec.value) + "\\fR";
  out += "\n" + roff(spec.help);
  if (!spec.choices.empty()) out += " (" + roff(spec.choices) + ")";
  if (spec.many() && !spec.positional()) out += "; may be given several times";
  out += ".\n";
}

void command_entry(std::string& out, const Command& command) {
  out += ".SS \"dray " + roff(command.path) + "\"\n" + roff(command.summary) + "\n";
  for (const OptionSpec& spec : command.options)
    option_entry(out, spec);
  if (!command.notes.empty()) out += ".PP\n" + roff(command.notes) + "\n";
  out += ".PP\nExample:\n.PP\n.nf\n.RS\n" + roff(command.example) + "\n.RE\n.fi\n";
}

}  // namespace

std::string man_page(std::string_view version) {
  std::string out = fmt::format(".TH DRAY 1 \"\" \"Drayage {}\" \"User Commands\"\n", version);
  out +=
      ".SH NAME\ndray \\- scheduled backups from one cloud to another\n"
      ".SH SYNOPSIS\n.B dray\n.I COMMAND\n[options]\n"
      ".SH DESCRIPTION\nDrayage copies data between remotes on a schedule: a scheduler (drayd) "
      "decides what runs, workers drive rclone, a broker carries the messages.\n"
      ".B dray\nis the operator's hand: it speaks to the scheduler through the broker.\n"
      ".SH COMMON OPTIONS\n";
  for (const OptionSpec& spec : common_options())
    option_entry(out, spec);
  out += ".SH COMMANDS\n";
  for (const Command& command : all_commands())
    command_entry(out, command);
  out += ".SH EXIT STATUS\n";
  for (const ExitRow& row : kExitTable)
    out += fmt::format(".TP\n.B {}\n{}.\n", static_cast<int>(row.code), roff(row.meaning));
  out +=
      ".SH FILES\n.TP\n.I /etc/dray/dray.toml\nThe configuration of all programs; see\n"
      ".BR \"dray config show \\-\\-defaults\" .\n"
      ".SH ENVIRONMENT\n.TP\n.B DRAY_CONFIG\nThe configuration file when \\-\\-config is not "
      "given.\n.TP\n.B NO_COLOR\nNo colours, whatever its value.\n"
      ".SH SEE ALSO\n.BR rclone (1)\n";
  return out;
}

}  // namespace dray::ops
