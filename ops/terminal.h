// Where text goes and what the place can show. One per process; tests make their own that collects.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray::ops {

class Terminal {
 public:
  using Sink = std::function<void(std::string_view)>;

  // Standard output and error of this process. Colours only on a terminal, and not with NO_COLOR or
  // TERM=dumb.
  static Terminal of_process();
  // Collects: never interactive, no colours. `width` 0: unlimited.
  static Terminal of_sinks(Sink out, Sink err, int width);

  void write(std::string_view text) const { out_(text); }
  void line(std::string_view text) const;
  void error_line(std::string_view text) const;

  bool interactive() const { return interactive_; }
  bool colour() const { return colour_; }
  // Cells per line, asked anew each time (a window can be resized); 0: unlimited.
  int width() const;
  int height() const;

  // Prompts on the terminal and reads a line, without echo. unavailable: nobody to ask; conflict:
  // the person gave up (Ctrl-D).
  Result<std::string> read_secret(std::string_view prompt) const;
  // The same with what is typed shown.
  Result<std::string> read_answer(std::string_view prompt) const;
  // Is there a person to ask? Not the same as interactive(): output may go elsewhere.
  bool can_ask() const;
  // Tests answer in place of a person.
  using Person = std::function<Result<std::string>(std::string_view prompt, bool secret)>;
  void set_person(Person person) { person_ = std::move(person); }

 private:
  Result<std::string> read_from_tty(std::string_view prompt, bool echo) const;

  Sink out_;
  Sink err_;
  Person person_;
  bool interactive_ = false;
  bool colour_ = false;
  int fixed_width_ = 0;
  bool real_ = false;
};

// A block of lines at the bottom that is redrawn in place while lines scroll above it. Every redraw
// is one write, so nothing flickers. Only for interactive terminals.
class LiveArea {
 public:
  explicit LiveArea(const Terminal& terminal) : terminal_(&terminal) {}
  // Replaces the block. Lines are cut to the terminal by the caller.
  void draw(std::string_view lines);
  // Removes the block, writes the line, and draws the block again.
  void print_above(std::string_view line);
  // Leaves what is drawn where it is and starts a new line.
  void finish();
  void clear();

 private:
  std::string erase() const;
  const Terminal* terminal_;
  std::string shown_;
  int rows_ = 0;
};

}  // namespace dray::ops
