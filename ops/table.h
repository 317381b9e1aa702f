// Tables that fit the terminal: every cell is cleaned, columns are as wide as their content and
// give way in turn when the line is too long; what does not fit ends in "…". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dray::ops {

enum class Tint { none, good, warn, bad, dim, bold };

// Wraps `text` in the colour when `colour` is set. `text` is clean already.
std::string tinted(std::string_view text, Tint tint, bool colour);

struct Cell {
  Cell(std::string_view text_in = "", Tint tint_in = Tint::none);  // NOLINT: texts are cells
  Cell(const std::string& text_in, Tint tint_in = Tint::none);     // NOLINT
  Cell(const char* text_in, Tint tint_in = Tint::none);            // NOLINT
  std::string text;                                                // cleaned
  Tint tint;
};

struct Column {
  std::string_view title;
  enum class Align { left, right } align = Align::left;
  // How willingly it gives way: the column with the highest value is cut first; 0: never cut.
  int shrink = 1;
  bool keep_ends = false;  // cut in the middle (paths)
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void row(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  // Lines with '\n'. `width` 0: as wide as it gets (not a terminal).
  std::string text(int width, bool colour) const;

 private:
  std::vector<int> column_widths(int width) const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace dray::ops
