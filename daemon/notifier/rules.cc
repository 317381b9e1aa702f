#include "daemon/notifier/rules.h"

#include <algorithm>
#include <optional>

#include "schemas/job.h"

namespace dray::notify {

// Of an event; what its kind does not have stays empty.
struct Rules::Body {
  std::string state;
  std::string kind;
  std::string reason;
  std::string paused;
  uint64_t attempt = 0;
  bool enabled = true;
  bool dry_run = false;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("state", self.state);
    visit.optional("kind", self.kind);
    visit.optional("reason", self.reason);
    visit.optional("paused", self.paused);
    visit.optional("attempt", self.attempt);
    visit.optional("enabled", self.enabled);
    visit.optional("dry_run", self.dry_run);
  }
};

namespace {

enum class Does : uint8_t { finish, tell, activity, forget };

struct KindRow {
  std::string_view kind;
  Does does;
  NotifyEvent event = NotifyEvent::test;
};
constexpr KindRow kKinds[] = {
    {"run.finished", Does::finish},
    {"run.held", Does::tell, NotifyEvent::held},
    {"run.missed", Does::tell, NotifyEvent::missed},
    {"run.started", Does::tell, NotifyEvent::started},
    {"job.created", Does::activity},
    {"job.changed", Does::activity},
    {"job.removed", Does::forget},
};

struct EndRow {
  std::string_view state;
  NotifyEvent event;
};
constexpr EndRow kEnds[] = {
    {"succeeded", NotifyEvent::success},
    {"warning", NotifyEvent::warning},
    {"failed", NotifyEvent::failure},
    {"cancelled", NotifyEvent::cancelled},
};

const EndRow* find_end(std::string_view state) {
  const auto found = std::ranges::find(kEnds, state, &EndRow::state);
  return found == std::end(kEnds) ? nullptr : &*found;
}

// Prunes, restores and drills are told of when they go wrong.
bool is_news_of_helper(NotifyEvent event) {
  return event == NotifyEvent::failure || event == NotifyEvent::warning ||
         event == NotifyEvent::held;
}

bool is_backup(std::string_view kind) {
  const Result<JobKind> parsed = parse_enum<JobKind>(kind);
  return !parsed || is_job_kind(*parsed);
}

bool wants(const NotifyRule& rule, NotifyEvent event) {
  return std::ranges::find(rule.events, event) != rule.events.end();
}

void add_targets(std::vector<Target>& into, const NotifyRule& rule) {
  const auto add = [&](const std::string& recipient) {
    const bool known = std::ranges::any_of(into, [&](const Target& one) {
      return one.channel == rule.channel && one.recipient == recipient;
    });
    if (!known) into.push_back({rule.id, rule.channel, recipient, rule.client});
  };
  for (const std::string& recipient : rule.recipients)
    add(recipient);
  if (rule.recipients.empty() && !rule.channel.empty()) add("");
}

// Whoever hears of the second occasion already heard of the first.
void without(std::vector<Target>& targets, const std::vector<Target>& told) {
  std::erase_if(targets, [&](const Target& one) {
    return std::ranges::any_of(told, [&](const Target& other) {
      return one.channel == other.channel && one.recipient == other.recipient;
    });
  });
}

}  // namespace

void Rules::load_rules(std::vector<NotifyRule> rules) {
  rules_ = std::move(rules);
  operator_rules_.clear();
  client_rules_.clear();
  job_rules_.clear();
  for (const NotifyRule& rule : rules_) {
    if (!rule.job.empty())
      job_rules_[rule.job].push_back(&rule);
    else if (!rule.client.empty())
      client_rules_[rule.client].push_back(&rule);
    else
      operator_rules_.push_back(&rule);
  }
}

void Rules::load_states(std::vector<JobState> states) {
  states_.clear();
  changes_.clear();
  for (JobState& state : states) {
    const std::string job = state.job;
    states_.emplace(job, std::move(state));
  }
}

JobChanges Rules::take_changes() {
  return std::exchange(changes_, {});
}

const JobState* Rules::find(std::string_view job) const {
  const auto found = states_.find(job);
  return found == states_.end() ? nullptr : &found->second;
}

std::vector<const NotifyRule*> Rules::rules_for(const std::string& client,
                                                const std::string& job) const {
  std::vector<const NotifyRule*> found = operator_rules_;
  auto own = job_rules_.find(job);
  const auto* more = own != job_rules_.end() ? &own->second : nullptr;
  if (more == nullptr)
    if (const auto of_client = client_rules_.find(client); of_client != client_rules_.end())
      more = &of_client->second;
  if (more != nullptr) found.insert(found.end(), more->begin(), more->end());
  return found;
}

JobState& Rules::state_of(const EventView& event) {
  const auto [it, added] = states_.try_emplace(event.job);
  JobState& state = it->second;
  if (added) {
    state.job = event.job;
    state.active_since = event.at;
  }
  state.client = event.client;
  return state;
}

std::vector<Occasion> Rules::step(const EventView& event, bool quiet) {
  const auto row = std::ranges::find(kKinds, event.kind, &KindRow::kind);
  if (row == std::end(kKinds) || event.job.empty()) return {};
  const Body body = from_json<Body>(event.body.json, {.unknown_keys = true}).value_or(Body{});
  switch (row->does) {
    case Does::finish:
      return finished(event, body, quiet);
    case Does::tell:
      if (body.dry_run || (row->event == NotifyEvent::started && body.attempt > 1)) return {};
      return told(event, body, row->event, state_of(event), quiet);
    case Does::activity:
      set_active(event, body);
      return {};
    case Does::forget:
      if (states_.erase(event.job) > 0) changes_[event.job] = std::nullopt;
      return {};
  }
  return {};
}

void Rules::set_active(const EventView& event, const Body& body) {
  JobState& state = state_of(event);
  const bool active = body.enabled && body.paused.empty();
  if (active && !state.active) state.active_since = event.at;
  state.active = active;
  touch(state);
}

std::vector<Occasion> Rules::finished(const EventView& event, const Body& body, bool quiet) {
  const EndRow* end = find_end(body.state);
  if (end == nullptr || body.dry_run) return {};
  JobState& state = state_of(event);
  if (!is_backup(body.kind)) return told(event, body, end->event, state, quiet);
  const bool good = end->event == NotifyEvent::success || end->event == NotifyEvent::warning;
  if (end->event == NotifyEvent::failure && state.failures++ == 0) state.failing_since = event.at;
  std::vector<Occasion> occasions = told(event, body, end->event, state, quiet);
  if (good) {
    if (state.failures > 0 || !state.overdue.empty()) {
      std::vector<Occasion> fixed = told(event, body, NotifyEvent::fixed, state, quiet);
      if (!fixed.empty() && !occasions.empty())
        without(occasions.front().targets, fixed.front().targets);
      if (!occasions.empty() && occasions.front().targets.empty()) occasions.clear();
      occasions.insert(occasions.begin(), fixed.begin(), fixed.end());
    }
    state.failures = 0;
    state.failing_since = {};
    state.last_success_at = event.at;
    state.overdue.clear();
  }
  touch(state);
  return occasions;
}

std::vector<Occasion> Rules::told(const EventView& event, const Body& body, NotifyEvent what,
                                  const JobState& state, bool quiet) const {
  if (quiet || (!is_backup(body.kind) && !is_news_of_helper(what))) return {};
  Occasion occasion;
  for (const NotifyRule* rule : rules_for(event.client, event.job)) {
    const bool again = what == NotifyEvent::failure && rule->only_changes && state.failures > 1;
    if (wants(*rule, what) && !again) add_targets(occasion.targets, *rule);
  }
  if (occasion.targets.empty()) return {};
  occasion.event = what;
  occasion.sequence = event.sequence;
  occasion.at = event.at;
  occasion.client = event.client;
  occasion.job = event.job;
  occasion.run = event.run;
  occasion.kind = body.kind;
  occasion.reason = body.reason;
  occasion.failures = state.failures;
  occasion.failing_since = state.failing_since;
  occasion.last_success_at = state.last_success_at;
  return {occasion};
}

std::vector<Occasion> Rules::overdue(WallTime now) {
  std::vector<Occasion> occasions;
  for (auto& [job, state] : states_) {
    if (!state.active) continue;
    const WallTime since = std::max(state.last_success_at, state.active_since);
    // One occasion per length of time: rules of the same length tell the same.
    std::map<uint64_t, Occasion> due;
    for (const NotifyRule* rule : rules_for(state.client, job)) {
      const seconds every{rule->must_succeed_every_seconds};
      if (!wants(*rule, NotifyEvent::overdue) || since + every > now) continue;
      if (!state.overdue.insert(rule->id).second) continue;
      add_targets(due[rule->must_succeed_every_seconds].targets, *rule);
    }
    for (auto& [every, occasion] : due) {
      occasion.event = NotifyEvent::overdue;
      occasion.at = now;
      occasion.client = state.client;
      occasion.job = job;
      occasion.failures = state.failures;
      occasion.failing_since = state.failing_since;
      occasion.last_success_at = state.last_success_at;
      occasion.must_succeed_every_seconds = every;
      occasions.push_back(std::move(occasion));
    }
    if (!due.empty()) touch(state);
  }
  return occasions;
}

}  // namespace dray::notify
