#include "ops/demo.h"

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "ops/demo_files.h"
#include "ops/remote_seal.h"
#include "ops/text_width.h"
#include "ops/views.h"
#include "ops/watch.h"
#include "schemas/codec.h"

namespace dray::ops {
namespace {

constexpr std::string_view kClient = "demo";
constexpr std::string_view kJob = "demo";
// Slow enough to look at, fast enough to wait for: some 80 MiB.
constexpr uint64_t kBandwidthKbps = 16'000;
constexpr Duration kRunTimeout = minutes{10};

std::string size_text(const TreeSize& size) {
  return fmt::format("{} files, {}", size.files, human_bytes(size.bytes));
}

}  // namespace

Result<Exit> Demo::run() {
  const Terminal& out = context_.out;
  out.line(
      "Drayage demo: a backup from a WebDAV server to an SFTP server, both on this machine.\n");
  const std::string& dir = session_.files().data_dir;
  source_ = dir + "/source";
  destination_ = dir + "/destination";
  DRAY_TRY_ASSIGN(const TreeSize size, make_demo_source(source_));
  DRAY_TRY(start_servers());
  out.line(fmt::format("  from  {}  {}, with names that break backups", from_->address(),
                       size_text(size)));
  out.line(fmt::format("  to    {}  in {}\n", to_->address(), clean(destination_)));
  DRAY_TRY(make_remotes_and_job());
  DRAY_TRY_ASSIGN(const Exit outcome, run_job());
  DRAY_TRY_ASSIGN(const Exit verdict, compare(outcome));
  if (!session_.stopping()) out.line(next_steps());
  return verdict;
}

Status Demo::start_servers() {
  DRAY_TRY(ensure_private_dir(destination_));
  const std::string rclone = find_program(session_.files().config.worker.rclone);
  if (rclone.empty())
    return fail(ErrorCode::not_found, "there is no rclone on this machine: `apt install rclone`");
  const auto stopped = [this] { return session_.stopping(); };
  const std::string& dir = session_.files().data_dir;
  DRAY_TRY_ASSIGN(from_, DemoServer::start(session_.loop(), DemoProtocol::webdav, rclone, source_,
                                           dir + "/webdav", stopped));
  DRAY_TRY_ASSIGN(to_, DemoServer::start(session_.loop(), DemoProtocol::sftp, rclone, destination_,
                                         dir + "/sftp", stopped));
  return {};
}

Status Demo::make_remotes_and_job() {
  DRAY_TRY(context_.ask("client.put", {{"name", kClient}}));
  DRAY_TRY_ASSIGN(Sealer sealer, Sealer::open(context_, std::string(kClient)));
  for (const auto& [name, server] :
       {std::pair{"demo-source", from_.get()}, std::pair{"demo-destination", to_.get()}})
    DRAY_TRY(sealer.put({.name = name,
                         .client = std::string(kClient),
                         .type = std::string(server->type()),
                         .refers_to = {},
                         .max_concurrent = 0,
                         .settings = server->settings()},
                        true));
  const Json job{{"name", kJob},
                 {"client", kClient},
                 {"kind", "sync"},
                 {"source", "demo-source:"},
                 {"destination", "demo-destination:"},
                 {"schedule", {{"kind", "manual"}}},
                 {"bandwidth_kbps", kBandwidthKbps}};
  DRAY_TRY(context_.ask("job.put", job));
  return {};
}

Result<Exit> Demo::run_job() {
  Enqueue question;
  question.job = kJob;
  DRAY_TRY_ASSIGN(const Enqueued answer, session_.daemon().enqueue(question));
  if (answer.code != 0) return std::unexpected(Error{from_wire_code(answer.code), answer.message});
  WatchOptions options;
  options.timeout = kRunTimeout;
  options.area = &session_.area();
  DRAY_TRY_ASSIGN(const WatchEnd end, watch_run(context_, session_.daemon(), answer.run, options));
  return exit_of(end);
}

Result<Exit> Demo::compare(Exit outcome) {
  if (outcome != Exit::ok) return outcome;
  DRAY_TRY_ASSIGN(const Comparison result, compare_trees(source_, destination_ + "/current"));
  const Terminal& out = context_.out;
  if (result.differences.empty()) {
    out.line(fmt::format("compared byte by byte: {}, {}", size_text(result.size),
                         tinted("source and destination are equal", Tint::good, out.colour())));
    return Exit::ok;
  }
  out.error_line("dray: the destination does not match the source:");
  for (const std::string& difference : result.differences)
    out.error_line("  " + difference);
  return Exit::validation_failed;
}

std::string Demo::next_steps() const {
  session_.find_page();
  const std::string bin = context_.program.substr(0, context_.program.rfind('/'));
  return fmt::format(
      "\n{}Try next, in another terminal:\n"
      "  export DRAY_CONFIG={} PATH={}:$PATH\n"
      "  dray status                              what runs, waits, fails, comes next\n"
      "  dray runs                                all runs; `dray runs show 1` one of them\n"
      "  dray run demo --wait                     once more (Ctrl-C leaves it running)\n"
      "  dray cancel --all --reason \"just looking\" while it runs\n"
      "  dray job edit demo --every 10m           by itself from now on; `dray job next demo`\n"
      "  dray remote import ~/.config/rclone/rclone.conf\n"
      "  dray doctor\n\n"
      "Ctrl-C here stops everything.",
      page_text(session_.page(), session_.setup_link()), clean(session_.files().config_path),
      clean(bin));
}

}  // namespace dray::ops
