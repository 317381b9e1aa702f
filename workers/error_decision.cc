#include "workers/error_decision.h"

#include <algorithm>
#include <string_view>

namespace dray {
namespace {

struct RankRow {
  ErrorClass error_class;
  int run;     // the text concerns the run
  int object;  // the text concerns one file and the rule is about files
};
constexpr RankRow kRanks[] = {
    {ErrorClass::usage, 100, 100},        {ErrorClass::config, 90, 33},
    {ErrorClass::auth, 85, 85},           {ErrorClass::storage_full, 80, 80},
    {ErrorClass::guard, 75, 32},          {ErrorClass::limit, 74, 74},
    {ErrorClass::not_found, 60, 28},      {ErrorClass::permission, 58, 30},
    {ErrorClass::integrity, 55, 29},      {ErrorClass::resources, 50, 50},
    {ErrorClass::quota, 48, 48},          {ErrorClass::network, 40, 40},
    {ErrorClass::source_changed, 20, 20}, {ErrorClass::unknown, 1, 1},
};

// "Failed to sync with 3 errors: last error was: TEXT" -> TEXT
std::string_view final_cause(std::string_view text) {
  constexpr std::string_view kLast = "last error was: ";
  const size_t at = text.find(kLast);
  return at == std::string_view::npos ? text : text.substr(at + kLast.size());
}

class Decider {
 public:
  void consider(std::string_view text, bool per_object) {
    if (text.empty()) return;
    const ErrorRule* rule = find_error_rule(normalise_error(text));
    int rank = rule == nullptr ? 0 : 1;
    for (const RankRow& row : kRanks) {
      if (rule == nullptr || row.error_class != rule->error_class) continue;
      rank = per_object && rule->scope == ErrorScope::object ? row.object : row.run;
    }
    if (best_.text.empty() || rank > best_.rank) best_ = {rule, std::string(text), rank};
  }
  const Finding& best() const { return best_; }

 private:
  Finding best_;
};

}  // namespace

bool only_object_errors(const RunEvidence& e) {
  return !e.errors.empty() &&
         std::ranges::all_of(e.errors, [](const ErrorSample& s) { return s.per_object; });
}

Finding decide(const RunEvidence& e) {
  const bool per_object = only_object_errors(e);
  Decider decider;
  decider.consider(final_cause(e.final_text), per_object);
  for (const ErrorSample& sample : e.errors)
    decider.consider(sample.text, sample.per_object);
  decider.consider(e.last_error, per_object);
  if (decider.best().rule == nullptr)
    for (const std::string& line : e.tail)
      decider.consider(line, false);
  Finding best = decider.best();
  // The line people find in the log is the whole one.
  if (best.text == final_cause(e.final_text)) best.text = e.final_text;
  return best;
}

}  // namespace dray
