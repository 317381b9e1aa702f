// `dray up`: all daemons of a small installation as children of one terminal, their logs merged,
// Ctrl-C stopping them in order. Thread: the loop's.
#pragma once

#include <memory>
#include <string>

#include "ops/bus_backend.h"
#include "ops/context.h"
#include "ops/supervisor.h"
#include "ops/up_files.h"

namespace dray::ops {

struct UpOptions {
  std::string data_dir;
  std::string config_path;  // "": data_dir/dray.toml
  bool quiet = false;       // only warnings and errors of the daemons; all of it is in up.log
};

class UpSession {
 public:
  UpSession(Context& context, UpOptions options);
  ~UpSession();

  // Configuration, lock, children. Errors are for people.
  Status begin();
  // Until the scheduler answers and a worker is connected. timeout, unavailable: with what to look
  // at.
  Status wait_ready();
  // Where the page is, and the link that makes its first user; "" where there is none. After
  // wait_ready().
  void find_page();
  const std::string& page() const { return page_; }
  const std::string& setup_link() const { return setup_; }
  // The daemons through their own front door. Valid after wait_ready().
  Backend& daemon() { return *backend_; }
  const UpFiles& files() const { return files_; }
  EventLoop& loop() { return loop_; }
  LiveArea& area() { return area_; }
  bool stopping() const { return stopping_; }
  // A line of the session's own, above whatever is drawn.
  void say(const std::string& text);

  // Until Ctrl-C, SIGTERM or a hopeless daemon.
  void run();
  // Stops all children, worker first; a second Ctrl-C kills.
  void shut_down();
  const std::string& failed() const { return supervisor_.failed(); }

 private:
  void on_signal();
  void daemon_line(const std::string& name, std::string_view line);
  void append_log(const std::string& line);

  Context& context_;
  UpOptions options_;
  EventLoop loop_;
  UpFiles files_;
  LiveArea area_;
  Supervisor supervisor_;
  std::unique_ptr<Backend> backend_;
  UniqueFd log_file_;
  std::string page_;
  std::string setup_;
  bool stopping_ = false;
  bool all_gone_ = false;
};

// One line of a daemon's JSON log for people: "05:47:03 drayd     job photos added". Lines that are
// not JSON come out as they are, cleaned. `level` is set to the line's. Pure.
std::string render_daemon_line(std::string_view name, std::string_view line, bool colour,
                               std::string& level);

// Where to look at the page, as a line; "" where there is none. Pure.
std::string page_text(const std::string& page, const std::string& setup);

// The first screen of `dray up`: where it is and what to type. Pure.
std::string ready_text(const UpFiles& files, const std::string& page, const std::string& setup);

}  // namespace dray::ops
