// What attempts found out beyond their outcome, for people. Pure.
#pragma once

#include <string>

#include "ops/format.h"
#include "schemas/report.h"

namespace dray::ops {

// "hash: 812 files compared, contents are equal"; "" when nothing was validated.
std::string validation_text(const ValidationReport& report);
// "812 files known, 0 in the source: 812 would be deleted, 0 overwritten, 0 are new".
std::string guard_text(const GuardReport& report);

// Lines for `dray runs show`.
void add_report(Fields& fields, const AttemptReport& report);
// The steps of an attempt, each with how it ended.
Table step_table(const AttemptReport& report);

}  // namespace dray::ops
