#include "ops/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"

namespace dray::ops {
namespace {

// A reader that went away (`dray runs | head`) is no reason to complain.
void write_to(int fd, std::string_view text) {
  (void)write_all(fd, text, "output");
}

winsize window() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

Terminal Terminal::of_process() {
  Terminal terminal;
  terminal.out_ = [](std::string_view text) { write_to(STDOUT_FILENO, text); };
  terminal.err_ = [](std::string_view text) { write_to(STDERR_FILENO, text); };
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const char* no_color = std::getenv("NO_COLOR");
  terminal.interactive_ = isatty(STDOUT_FILENO) == 1 && !dumb;
  terminal.colour_ = terminal.interactive_ && (no_color == nullptr || *no_color == '\0');
  terminal.real_ = true;
  return terminal;
}

Terminal Terminal::of_sinks(Sink out, Sink err, int width) {
  Terminal terminal;
  terminal.out_ = std::move(out);
  terminal.err_ = std::move(err);
  terminal.fixed_width_ = width;
  return terminal;
}

void Terminal::line(std::string_view text) const {
  out_(std::string(text) + "\n");
}

void Terminal::error_line(std::string_view text) const {
  err_(std::string(text) + "\n");
}

int Terminal::width() const {
  if (!real_) return fixed_width_;
  if (!interactive_) return 0;
  const int columns = window().ws_col;
  return columns > 0 ? columns : 80;
}

int Terminal::height() const {
  const int rows = real_ ? window().ws_row : 0;
  return rows > 0 ? rows : 24;
}

Result<std::string> Terminal::read_secret(std::string_view prompt) const {
  return person_ ? person_(prompt, true) : read_from_tty(prompt, false);
}

Result<std::string> Terminal::read_answer(std::string_view prompt) const {
  return person_ ? person_(prompt, false) : read_from_tty(prompt, true);
}

bool Terminal::can_ask() const {
  return person_ || (real_ && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1);
}

Result<std::string> Terminal::read_from_tty(std::string_view prompt, bool echo) const {
  const UniqueFd tty(real_ ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1);
  if (!tty) return fail(ErrorCode::unavailable, "there is no terminal to ask for the value at");
  termios before{};
  if (tcgetattr(tty.get(), &before) != 0) return fail_errno(errno, "read from the terminal");
  termios asking = before;
  // Unseen text may be a pasted token, and a terminal that edits lines takes 4095 bytes of one.
  if (!echo) asking.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
  tcsetattr(tty.get(), TCSAFLUSH, &asking);
  write_to(tty.get(), prompt);
  std::string value;
  bool gave_up = false;
  const char rub_out = static_cast<char>(before.c_cc[VERASE]);
  char c = 0;
  while (read(tty.get(), &c, 1) == 1 && c != '\n' && c != '\r') {
    if (!echo && c == static_cast<char>(before.c_cc[VEOF])) {
      gave_up = value.empty();
      break;
    }
    if (!echo && c == rub_out) {
      if (!value.empty()) value.pop_back();
    } else {
      value += c;
    }
  }
  gave_up = gave_up || (echo && c != '\n' && value.empty());
  tcsetattr(tty.get(), TCSADRAIN, &before);
  if (!echo) write_to(tty.get(), "\n");
  if (gave_up) return fail(ErrorCode::conflict, "given up: nothing was changed");
  return value;
}

std::string LiveArea::erase() const {
  if (rows_ == 0) return "";
  // Column 1, up to the block's first line, erase to the end of the screen.
  return rows_ > 1 ? "\r\x1b[" + std::to_string(rows_ - 1) + "A" : "\r";
}

void LiveArea::draw(std::string_view lines) {
  while (lines.ends_with('\n'))
    lines.remove_suffix(1);
  // Without wrapping, a window that was just made narrower cuts lines instead of doubling them.
  std::string out = "\x1b[?7l" + erase();
  std::string_view rest = lines;
  int rows = 0;
  while (true) {
    const size_t end = rest.find('\n');
    out.append(rest.substr(0, end)).append("\x1b[K");
    ++rows;
    if (end == std::string_view::npos) break;
    out += '\n';
    rest.remove_prefix(end + 1);
  }
  // Back to the first column: a "^C" that the terminal echoes at the end of a full line would wrap.
  out += rows < rows_ ? "\x1b[J\x1b[?7h\r" : "\x1b[?7h\r";
  terminal_->write(out);
  shown_ = lines;
  rows_ = rows;
}

void LiveArea::clear() {
  if (rows_ == 0) return;
  terminal_->write(erase() + "\x1b[J");
  rows_ = 0;
}

void LiveArea::print_above(std::string_view line) {
  const std::string block = shown_;
  const bool drawn = rows_ > 0;
  clear();
  terminal_->line(line);
  if (drawn) draw(block);
}

void LiveArea::finish() {
  if (rows_ > 0) terminal_->write("\n");
  rows_ = 0;
  shown_.clear();
}

}  // namespace dray::ops
