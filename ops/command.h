// What a command is: one row of a table. Parsing, --help, the manual page and the completions of
// three shells are all made from it, so they cannot disagree.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "ops/exit_codes.h"

namespace dray::ops {

struct Context;
class Args;

enum class Use { optional, required, repeated, required_repeated };

// `name`: "--reason", "-n,--count", or a positional in capitals ("JOB").
// `value`: what --help calls the value; "" for a flag. Positionals leave it empty.
// `choices`: allowed values separated by spaces; what a shell completes.
// `completes`: names a shell asks the daemon for: "job", "remote", "client", "run", "file".
struct OptionSpec {
  std::string_view name;
  std::string_view value;
  std::string_view help;
  Use use = Use::optional;
  std::string_view choices = {};
  std::string_view completes = {};

  bool positional() const { return !name.starts_with('-'); }
  bool flag() const { return !positional() && value.empty(); }
  bool many() const { return use == Use::repeated || use == Use::required_repeated; }
  bool needed() const { return use == Use::required || use == Use::required_repeated; }
  // "-n,--count" -> "--count": how Args knows it.
  std::string_view key() const { return name.substr(name.rfind(',') + 1); }
};

struct Command {
  std::string_view path;     // "job add"
  std::string_view summary;  // one sentence
  std::vector<OptionSpec> options;
  std::string_view example;  // command lines, one per line
  Result<Exit> (*run)(Context&, const Args&) = nullptr;
  std::string_view notes = {};  // paragraphs below the options
};

// What was typed. Names are OptionSpec::key().
class Args {
 public:
  bool has(std::string_view key) const;
  // The last value; "" when absent.
  const std::string& text(std::string_view key) const;
  const std::vector<std::string>& all(std::string_view key) const;
  // invalid: not a whole number of [least, most], naming the option.
  Result<int64_t> number(std::string_view key, int64_t otherwise, int64_t least,
                         int64_t most) const;
  void add(std::string_view key, std::string value);

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// Every command, in the order of the manual.
const std::vector<Command>& all_commands();
// Global options, understood by every command.
std::span<const OptionSpec> common_options();

// "jobs" -> "job". Other words come back as they are.
std::string_view canonical_noun(std::string_view word);

// The command that `words` begin with; `used` is how many of them name it. A noun alone means its
// "list". not_found: an unknown word, with the nearest known one in the message.
Result<const Command*> find_command(std::span<const std::string> words, size_t& used);

// Reads the words behind the command. invalid: one sentence that names the option.
Result<Args> parse_args(const Command& command, std::vector<std::string> words);

}  // namespace dray::ops
