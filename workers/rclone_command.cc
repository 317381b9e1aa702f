#include "workers/rclone_command.h"

#include <fmt/format.h>

#include "schemas/job_check.h"
#include "schemas/rclone_flags.h"

namespace dray::worker {
namespace {

struct Arguments {
  std::vector<std::string> list;
  void add(std::string_view flag) { list.emplace_back(flag); }
  void add(std::string_view flag, std::string_view value) {
    list.emplace_back(flag);
    list.emplace_back(value);
  }
};

void add_places(Arguments& args, const RunPaths& paths) {
  args.add("--config", paths.config());
  args.add("--temp-dir", paths.temp());
  args.add("--cache-dir", paths.cache());
  args.add("--ask-password=false");
}

// Statistics as JSON records on standard error, and figures that end what hangs.
void add_supervision(Arguments& args) {
  args.add("--use-json-log");
  args.add("--stats", "1s");
  args.add("--stats-log-level", "NOTICE");
  args.add("--timeout", "60s");
  args.add("--contimeout", "15s");
  args.add("--low-level-retries", "3");
  args.add("--retries", "1");
}

}  // namespace

Result<std::vector<std::string>> rclone_argv(const std::string& program, const RunSpec& spec,
                                             const std::string& source,
                                             const std::string& destination, const RunPaths& paths,
                                             std::span<const std::string> allow_flags) {
  Arguments args;
  args.add(program, to_string(spec.kind));
  args.add(source, destination);
  add_places(args, paths);
  add_supervision(args);
  const TransferOptions& options = spec.options;
  args.add("--transfers", std::to_string(options.transfers));
  args.add("--checkers", std::to_string(options.checkers));
  if (!options.filters.empty()) args.add("--filter-from", paths.filters());
  if (options.max_delete >= 0) args.add("--max-delete", std::to_string(options.max_delete));
  if (spec.dry_run) args.add("--dry-run");
  if (options.file_log) args.add("-v");
  for (const std::string& flag : options.flags) {
    DRAY_TRY(check_rclone_flag(flag, allow_flags));
    args.add(flag);
  }
  return std::move(args.list);
}

std::vector<std::string> step_argv(const std::string& program, std::string_view verb,
                                   std::span<const std::string> operands, const RunPaths& paths,
                                   std::span<const std::string> flags) {
  Arguments args;
  args.add(program, verb);
  for (const std::string& operand : operands)
    args.add(operand);
  add_places(args, paths);
  add_supervision(args);
  for (const std::string& flag : flags)
    args.add(flag);
  return std::move(args.list);
}

std::vector<std::string> question_argv(const std::string& program, std::string_view verb,
                                       const std::string& source, const RunPaths& paths,
                                       std::span<const std::string> flags) {
  Arguments args;
  args.add(program, verb);
  args.add(source);
  add_places(args, paths);
  for (const std::string& flag : flags)
    args.add(flag);
  args.add("--use-json-log");
  args.add("--stats", "0");
  args.add("--timeout", "10s");
  args.add("--contimeout", "5s");
  args.add("--low-level-retries", "1");
  args.add("--retries", "1");
  return std::move(args.list);
}

std::string rclone_rate(uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? "off" : fmt::format("{}B", bytes_per_second);
}

Result<std::string> filter_file(const TransferOptions& options) {
  std::string text;
  for (const std::string& rule : options.filters) {
    DRAY_TRY(check_filter(rule));
    text += rule;
    text += '\n';
  }
  return text;
}

std::vector<std::string> rclone_environment(const RunPaths& paths) {
  const std::string& home = paths.directory;
  return {
      "PATH=/usr/local/bin:/usr/bin:/bin",
      "HOME=" + home,
      "TMPDIR=" + paths.temp(),
      "LANG=C.UTF-8",
      "LC_ALL=C.UTF-8",
      "XDG_CONFIG_HOME=" + home + "/xdg",
      "XDG_CACHE_HOME=" + paths.cache(),
      "XDG_DATA_HOME=" + home + "/xdg",
      "XDG_RUNTIME_DIR=" + paths.temp(),
  };
}

}  // namespace dray::worker
