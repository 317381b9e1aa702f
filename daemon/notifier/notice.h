// What one notification is about, in full: the body of a webhook, and what the variables of
// templates are made of. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/answers_jobs.h"
#include "schemas/answers_runs.h"
#include "schemas/notify.h"
#include "schemas/notify_variables.h"

namespace dray::notify {

// One of those that a digest gathers.
struct NoticeItem {
  NotifyEvent event = NotifyEvent::test;
  std::string headline;
  std::string client;
  std::string job;
  RunId run;
  std::string hint;
  std::string link;
  WallTime at{};

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("event", self.event);
    visit("headline", self.headline);
    visit("client", self.client);
    visit("job", self.job);
    visit("run", self.run);
    visit("hint", self.hint);
    visit("link", self.link);
    visit("at", self.at);
  }
};

// Times that did not happen are null, numbers that say nothing are 0.
struct Notice {
  NotifyEvent event = NotifyEvent::test;
  std::string headline;
  WallTime at{};
  std::string client;
  std::string job;
  RunId run;
  std::string kind;
  std::string trigger;
  std::string state;  // of the run
  std::string outcome;
  std::string error_class;
  std::string hint;
  std::string reason;
  std::string cancelled_by;
  std::string said;
  std::string worker;
  uint32_t attempts = 0;
  WallTime scheduled_at{};
  WallTime started_at{};
  WallTime ended_at{};
  uint64_t duration_ms = 0;
  uint64_t bytes = 0;
  uint64_t files = 0;
  uint64_t checks = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;
  std::string grade;
  std::vector<std::string> failing_paths;
  uint32_t failures = 0;
  WallTime failing_since{};
  WallTime last_success_at{};
  uint64_t must_succeed_every_seconds = 0;
  WallTime next_due{};
  std::string next;
  std::string link;
  std::vector<NoticeItem> items;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("event", self.event);
    visit("headline", self.headline);
    visit("at", self.at);
    visit("client", self.client);
    visit("job", self.job);
    visit("run", self.run);
    visit("kind", self.kind);
    visit("trigger", self.trigger);
    visit("state", self.state);
    visit("outcome", self.outcome);
    visit("error_class", self.error_class);
    visit("hint", self.hint);
    visit("reason", self.reason);
    visit("cancelled_by", self.cancelled_by);
    visit("said", self.said);
    visit("worker", self.worker);
    visit("attempts", self.attempts);
    visit("scheduled_at", self.scheduled_at);
    visit("started_at", self.started_at);
    visit("ended_at", self.ended_at);
    visit("duration_ms", self.duration_ms);
    visit("bytes", self.bytes);
    visit("files", self.files);
    visit("checks", self.checks);
    visit("deletes", self.deletes);
    visit("errors", self.errors);
    visit("grade", self.grade);
    visit("failing_paths", self.failing_paths);
    visit("failures", self.failures);
    visit("failing_since", self.failing_since);
    visit("last_success_at", self.last_success_at);
    visit("must_succeed_every_seconds", self.must_succeed_every_seconds);
    visit("next_due", self.next_due);
    visit("next", self.next);
    visit("link", self.link);
    visit.optional("items", self.items);
  }
};

// Takes over what the scheduler knows of the run.
void add_run(Notice& notice, const RunShowAnswer& facts);
// When it goes on, as far as the job decides it.
void add_job(Notice& notice, const JobShowAnswer& facts);
// Headline, next and link, from all the rest. `public_url`: where people reach the page; "":
// nowhere.
void complete(Notice& notice, std::string_view public_url);

NoticeItem item_of(const Notice& notice);
// Of several; empty ones have no digest.
Notice digest_of(std::vector<NoticeItem> items, WallTime now);

Variables to_variables(const Notice& notice);

// "2026-11-20 05:47 UTC"; "" for never.
std::string time_words(WallTime time);

// A made-up one, for previews and tests of channels.
Notice sample_notice(NotifyEvent event, WallTime now);

}  // namespace dray::notify
