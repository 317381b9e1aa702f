// The one table from the text of an rclone error to its class, whether another attempt can help,
// and the sentence that tells a person what to do. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/outcome.h"

namespace dray {

// run: the cause stands in the way of everything (login, full disk, no network), so a run that met
// it has failed. object: it concerns single files; the others went over, so the run may end with a
// warning.
enum class ErrorScope : uint8_t { run, object };

struct ErrorRule {
  ErrorClass error_class = ErrorClass::unknown;
  ErrorScope scope = ErrorScope::run;
  bool retry = false;
  // What to look for in the result of normalise_error(): alternatives separated by '|', each one
  // text or two that must both be there, separated by '&'.
  std::string_view patterns;
  std::string_view hint;  // one sentence
};

// Lower case, with everything blanked that a file name or a URL could have put there: quoted parts
// and the paths of system errors ("open /a/b: permission denied"). So a file called "AccessDenied"
// is no error.
std::string normalise_error(std::string_view text);

// The first rule that fits; nullptr when none does.
const ErrorRule* find_error_rule(std::string_view normalised);

// The rule for a class when no text told it: what a person can do about it in general.
std::string_view general_hint(ErrorClass error_class);

// Error-level records that are no failure of the run, or only follow from another error.
bool is_harmless_error(std::string_view message);

}  // namespace dray
