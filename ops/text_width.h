// How many terminal cells a text takes, and cutting it to fit. Pure.
#pragma once

#include <string>
#include <string_view>

namespace dray::ops {

// Cells of UTF-8 text: 2 for East Asian wide characters and emoji, 0 for combining marks. Meant for
// text that went through clean(); a control character counts as 0.
int display_width(std::string_view text);

// Foreign text for one line of a terminal: control, bidirectional and invalid characters are
// escaped (daemon/base/text.h), so it can neither move the cursor nor reorder the line.
std::string clean(std::string_view text);

// At most `cells` wide, cut at a character with "…" at the end.
std::string fit(std::string_view text, int cells);
// The same, keeping both ends: "photos/20…/img_0042.jpg". For paths.
std::string fit_middle(std::string_view text, int cells);

// Filled with spaces to `cells`.
std::string pad_right(std::string_view text, int cells);
std::string pad_left(std::string_view text, int cells);

// Lines of at most `cells`, broken at spaces.
std::string wrap(std::string_view text, int cells, std::string_view indent = "");

}  // namespace dray::ops
