// Which of several errors of a run decides how it is judged. Pure.
//
// The one that a person must act upon goes first: a wrong login before a lost connection, because
// no retry helps as long as the login is wrong. Errors about single files come after those that
// stand in the way of everything, except where their cause is of the second kind (a full disk shows
// up file by file).
#pragma once

#include <string>

#include "workers/error_table.h"
#include "workers/run_evidence.h"

namespace dray {

struct Finding {
  const ErrorRule* rule = nullptr;  // nullptr: no rule fits any of the texts
  std::string text;                 // as logged, not cleaned
  int rank = 0;
};

Finding decide(const RunEvidence& evidence);

// There are errors, and each concerns a single file.
bool only_object_errors(const RunEvidence& evidence);

}  // namespace dray
