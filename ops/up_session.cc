#include "ops/up_session.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "ops/table.h"
#include "ops/text_width.h"
#include "schemas/access.h"

namespace dray::ops {
namespace {

// A worker that is asked to stop gives its transfers a moment of their own (10 s, then their
// grace).
constexpr Duration kPatience = seconds{30};
constexpr Duration kReadyTimeout = seconds{30};
constexpr Duration kPageTimeout = seconds{5};
constexpr off_t kMaxOldLog = 8 << 20;
constexpr size_t kNameColumns = 13;  // "dray-notifier"

struct Program {
  std::string_view name;
  std::string_view tint;  // of the prefix
};
constexpr Program kPrograms[] = {
    {"dray-broker", "36"}, {"drayd", "34"}, {"dray-worker", "35"}, {"dray-notifier", "33"}};

std::string_view tint_of(std::string_view name) {
  for (const Program& program : kPrograms)
    if (program.name == name) return program.tint;
  return "0";
}

Tint level_tint(std::string_view level) {
  return level == "error" ? Tint::bad : level == "warn" ? Tint::warn : Tint::none;
}

}  // namespace

std::string render_daemon_line(std::string_view name, std::string_view line, bool colour,
                               std::string& level) {
  std::string prefix = pad_right(name, kNameColumns);
  if (colour) prefix = fmt::format("\x1b[{}m{}\x1b[0m", tint_of(name), prefix);
  level = "info";
  const Result<Json> json = parse_json(line);
  if (!json || !json->is_object()) return fmt::format("{}  {}", prefix, clean(line));
  level = member_text(*json, "level");
  const std::string time = member_text(*json, "time");
  const std::string clock = time.size() >= 19 ? time.substr(11, 8) : "        ";
  return fmt::format("{} {}  {}", tinted(clean(clock), Tint::dim, colour), prefix,
                     tinted(clean(member_text(*json, "message")), level_tint(level), colour));
}

std::string page_text(const std::string& page, const std::string& setup) {
  if (!setup.empty())
    return fmt::format("In a browser, to make the first user (works once): {}\n", clean(setup));
  return page.empty() ? "" : fmt::format("In a browser: {}\n", clean(page));
}

std::string ready_text(const UpFiles& files, const std::string& page, const std::string& setup) {
  return page_text(page, setup) +
         fmt::format(
             "Drayage is up. In another terminal:\n"
             "  export DRAY_CONFIG={}\n"
             "  dray status\n"
             "  dray remote import ~/.config/rclone/rclone.conf\n"
             "Ctrl-C stops everything; what was running is retried at the next start.",
             clean(files.config_path));
}

UpSession::UpSession(Context& context, UpOptions options)
    : context_(context),
      options_(std::move(options)),
      area_(context.out),
      supervisor_(
          loop_,
          [this](const std::string& name, std::string_view line) { daemon_line(name, line); },
          [this](const std::string& text) { say(text); }) {}

UpSession::~UpSession() {
  backend_.reset();
}

Status UpSession::begin() {
  DRAY_TRY_ASSIGN(
      files_, prepare_up(options_.data_dir, options_.config_path, parent_dir(context_.program)));
  const std::string log_path = files_.data_dir + "/up.log";
  struct stat info {};
  const bool too_long = stat(log_path.c_str(), &info) == 0 && info.st_size > kMaxOldLog;
  log_file_.reset(open(
      log_path.c_str(),
      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (too_long ? O_TRUNC : 0), 0600));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    loop_.on_signal(signal, [this] { on_signal(); });

  const std::string bin = parent_dir(context_.program);
  for (const Program& program : kPrograms) {
    const std::string path = fmt::format("{}/{}", bin, program.name);
    if (!path_exists(path))
      return fail(ErrorCode::not_found, "{} is missing: the installation is not complete", path);
    ChildSpec spec;
    spec.name = program.name;
    spec.argv = {path, "--config", files_.config_path, "--log-format", "json"};
    spec.environment = basic_environment();
    DRAY_TRY(supervisor_.add(std::move(spec)));
  }
  return {};
}

Status UpSession::wait_ready() {
  BusBackendOptions options{.asked_by = this_person(),
                            .connect_timeout = kReadyTimeout,
                            .answer_timeout = seconds{20},
                            .reconnect_timeout = seconds{20},
                            .own_signals = false};
  DRAY_TRY_ASSIGN(backend_, open_bus_backend(loop_, files_.config, std::move(options)));
  context_.connect = [this](Context&) -> Result<Backend*> { return backend_.get(); };
  backend_->follow_events();
  const Instant give_up = backend_->now().mono + kReadyTimeout;
  while (!stopping_ && supervisor_.failed().empty()) {
    DRAY_TRY_ASSIGN(const StatusAnswer status, context_.ask_as<StatusAnswer>("status"));
    const auto connected = status.counts.find("workers_connected");
    if (connected != status.counts.end() && connected->second > 0) return {};
    if (backend_->now().mono > give_up)
      return fail(ErrorCode::timeout, "no worker became ready within {}; see {}/up.log",
                  human_duration(kReadyTimeout), files_.data_dir);
    backend_->wait(milliseconds{500});
  }
  if (!supervisor_.failed().empty())
    return fail(ErrorCode::unavailable, "{}", supervisor_.failed());
  return fail(ErrorCode::timeout, "stopped");
}

// The notifier writes them when it listens, and when it knows whether there is a user.
void UpSession::find_page() {
  const std::string directory = files_.config.paths.data_dir + "/notifier/";
  const auto read = [&](const char* name) {
    const Result<std::string> text = read_file(directory + name, 4096);
    return text ? std::string(trim(*text)) : std::string();
  };
  const auto users = context_.ask_as<UserListAnswer>("user.list");
  const bool someone = !users || !users->users.empty();
  const Instant give_up = backend_->now().mono + kPageTimeout;
  while (!stopping_ && backend_->now().mono < give_up) {
    page_ = read("address");
    setup_ = read("setup-link");
    if (!page_.empty() && (someone || !setup_.empty())) return;
    backend_->wait(milliseconds{100});
  }
}

void UpSession::say(const std::string& text) {
  append_log(text);
  area_.print_above(text);
}

void UpSession::append_log(const std::string& line) {
  if (log_file_) (void)write_all(log_file_.get(), line + "\n", "up.log");
}

void UpSession::daemon_line(const std::string& name, std::string_view line) {
  std::string level;
  const std::string shown = render_daemon_line(name, line, context_.out.colour(), level);
  append_log(fmt::format("{} {}", name, line));
  const bool important = level == "warn" || level == "error";
  if (!options_.quiet || (important && !stopping_)) area_.print_above(shown);
}

void UpSession::on_signal() {
  if (stopping_) {
    say("Killing everything now.");
    supervisor_.stop_now();
    return;
  }
  shut_down();
}

void UpSession::shut_down() {
  if (stopping_) return;
  stopping_ = true;
  if (!supervisor_.empty()) say("Stopping: the worker first. Ctrl-C again kills.");
  if (backend_) backend_->interrupt();
  supervisor_.stop(kPatience, [this] { all_gone_ = true; });
}

void UpSession::run() {
  while (!all_gone_) {
    if (!stopping_ && !supervisor_.failed().empty()) shut_down();
    if (!all_gone_) loop_.run_turn();
  }
}

}  // namespace dray::ops
