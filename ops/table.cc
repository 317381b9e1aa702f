#include "ops/table.h"

#include <algorithm>

#include "ops/text_width.h"

namespace dray::ops {
namespace {

constexpr int kGap = 2;
constexpr int kMinColumn = 4;

std::string_view tint_code(Tint tint) {
  switch (tint) {
    case Tint::good:
      return "32";
    case Tint::warn:
      return "33";
    case Tint::bad:
      return "31";
    case Tint::dim:
      return "2";
    case Tint::bold:
      return "1";
    case Tint::none:
      break;
  }
  return "";
}

}  // namespace

std::string tinted(std::string_view text, Tint tint, bool colour) {
  if (!colour || tint == Tint::none || text.empty()) return std::string(text);
  std::string out = "\x1b[";
  out.append(tint_code(tint)).append("m").append(text).append("\x1b[0m");
  return out;
}

Cell::Cell(std::string_view text_in, Tint tint_in) : text(clean(text_in)), tint(tint_in) {}
Cell::Cell(const std::string& text_in, Tint tint_in) : Cell(std::string_view(text_in), tint_in) {}
Cell::Cell(const char* text_in, Tint tint_in) : Cell(std::string_view(text_in), tint_in) {}

void Table::row(std::vector<Cell> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::column_widths(int width) const {
  std::vector<int> widths;
  std::vector<int> least;
  int total = -kGap;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const int title = display_width(columns_[i].title);
    int widest = title;
    for (const auto& row : rows_)
      widest = std::max(widest, display_width(row[i].text));
    widths.push_back(widest);
    least.push_back(columns_[i].shrink == 0 ? widest
                                            : std::min(widest, std::max(title, kMinColumn)));
    total += widest + kGap;
  }
  if (width <= 0) return widths;
  // The most willing columns first; among equals the widest.
  while (total > width) {
    int victim = -1;
    for (int i = 0; i < static_cast<int>(widths.size()); ++i) {
      const auto at = static_cast<size_t>(i);
      if (widths[at] <= least[at]) continue;
      if (victim < 0) {
        victim = i;
        continue;
      }
      const auto best = static_cast<size_t>(victim);
      if (columns_[at].shrink > columns_[best].shrink ||
          (columns_[at].shrink == columns_[best].shrink && widths[at] > widths[best]))
        victim = i;
    }
    if (victim < 0) break;
    --widths[static_cast<size_t>(victim)];
    --total;
  }
  return widths;
}

std::string Table::text(int width, bool colour) const {
  const std::vector<int> widths = column_widths(width);
  std::string out;
  const auto line = [&](auto&& cell_text, auto&& cell_tint) {
    std::string one;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const bool last = i + 1 == columns_.size();
      const std::string cut = columns_[i].keep_ends ? fit_middle(cell_text(i), widths[i])
                                                    : fit(cell_text(i), widths[i]);
      const bool right = columns_[i].align == Column::Align::right;
      const int spare = widths[i] - display_width(cut);
      const std::string gap(static_cast<size_t>(std::max(0, spare)), ' ');
      const std::string shown = tinted(cut, cell_tint(i), colour);
      one += right ? gap + shown : shown + gap;
      if (!last) one.append(kGap, ' ');
    }
    one.erase(one.find_last_not_of(' ') + 1);
    out += one + "\n";
  };
  line([&](size_t i) { return columns_[i].title; }, [](size_t) { return Tint::dim; });
  for (const auto& row : rows_)
    line([&](size_t i) -> std::string_view { return row[i].text; },
         [&](size_t i) { return row[i].tint; });
  return out;
}

}  // namespace dray::ops
