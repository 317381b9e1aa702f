// Who is told what: events in, occasions out.
#include "daemon/notifier/rules.h"

#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;

namespace {

const WallTime kNoon = from_unix_us(1'800'000'000'000'000);

EventView event(uint64_t sequence, std::string kind, std::string body, std::string job = "photos") {
  EventView view;
  view.sequence = sequence;
  view.at = kNoon + minutes{sequence};
  view.kind = std::move(kind);
  view.client = job == "letters" ? "acme" : "default";
  view.job = std::move(job);
  view.run = RunId{sequence};
  view.body.json = std::move(body);
  return view;
}

EventView ended(uint64_t sequence, std::string_view state, std::string job = "photos",
                std::string_view more = R"(,"kind":"sync")") {
  return event(sequence, "run.finished", fmt::format(R"({{"state":"{}"{}}})", state, more),
               std::move(job));
}

NotifyRule rule(uint64_t id, std::vector<NotifyEvent> events, std::string to = "ops@example.org") {
  NotifyRule row;
  row.id = id;
  row.events = std::move(events);
  row.channel = "mail";
  row.recipients = {std::move(to)};
  return row;
}

NotifyRule of_client(NotifyRule row, std::string client, std::string job = "") {
  row.client = std::move(client);
  row.job = std::move(job);
  return row;
}

// "failure to ops@example.org, ann@example.org; fixed to ..."
std::string text(const std::vector<Occasion>& occasions) {
  std::string out;
  for (const Occasion& occasion : occasions) {
    out += fmt::format("{}{} to ", out.empty() ? "" : "; ", to_string(occasion.event));
    for (size_t i = 0; i < occasion.targets.size(); ++i)
      out += fmt::format("{}{}", i == 0 ? "" : ", ", occasion.targets[i].recipient);
  }
  return out;
}

using enum NotifyEvent;

}  // namespace

TEST_CASE("each end of a run is told to those who asked for it") {
  struct Row {
    std::string_view kind, body;
    NotifyEvent event;
  };
  const Row rows[] = {
      {"run.finished", R"({"state":"succeeded","kind":"sync"})", success},
      {"run.finished", R"({"state":"warning","kind":"copy"})", warning},
      {"run.finished", R"({"state":"failed","kind":"archive"})", failure},
      {"run.finished", R"({"state":"cancelled"})", cancelled},
      {"run.missed", R"({"reason":"away"})", missed},
      {"run.held", R"({"reason":"too many deletions"})", held},
      {"run.started", R"({"attempt":1})", started},
  };
  for (const Row& row : rows) {
    INFO(row.kind << " " << row.body);
    Rules rules;
    rules.load_rules({rule(1, {row.event})});
    const auto told = rules.step(event(7, std::string(row.kind), std::string(row.body)), false);
    CHECK(text(told) == fmt::format("{} to ops@example.org", to_string(row.event)));
    REQUIRE(told.size() == 1);
    CHECK(told[0].sequence == 7);
    CHECK(told[0].run == RunId{7});
    Rules others;
    others.load_rules({rule(1, {row.event == success ? failure : success})});
    CHECK(others.step(event(7, std::string(row.kind), std::string(row.body)), false).empty());
  }
}

TEST_CASE("events that are no news of a run tell nobody anything") {
  Rules rules;
  rules.load_rules({rule(1, {success, failure, started, held})});
  CHECK(rules.step(event(1, "run.queued", "{}"), false).empty());
  CHECK(rules.step(event(2, "run.retry", R"({"attempt":1,"class":"network"})"), false).empty());
  CHECK(rules.step(event(3, "run.started", R"({"attempt":2})"), false).empty());
  CHECK(rules.step(event(4, "worker.lost", R"({"worker":"w"})", ""), false).empty());
  CHECK(rules.step(event(5, "run.finished", "[not, an object"), false).empty());
  CHECK(rules.step(event(6, "run.finished", R"({"state":"strange"})"), false).empty());
}

TEST_CASE("a dry run is nobody's news and changes nothing") {
  Rules rules;
  rules.load_rules({rule(1, {success, failure, fixed})});
  CHECK(rules.step(ended(1, "failed", "photos", R"(,"dry_run":true)"), false).empty());
  CHECK(text(rules.step(ended(2, "succeeded"), false)) == "success to ops@example.org");
}

TEST_CASE("prunes, restores and drills are told of when they go wrong, and count as no backup") {
  Rules rules;
  rules.load_rules({rule(1, {success, failure, fixed, started})});
  rules.step(ended(1, "failed"), false);
  CHECK(rules.step(ended(2, "succeeded", "photos", R"(,"kind":"prune")"), false).empty());
  CHECK(rules.find("photos")->failures == 1);
  CHECK(text(rules.step(ended(3, "failed", "photos", R"(,"kind":"restore")"), false)) ==
        "failure to ops@example.org");
  CHECK(rules.find("photos")->failures == 1);
}

TEST_CASE(
    "the first good run after failures is told as fixed, and to others as the success it is") {
  Rules rules;
  rules.load_rules({rule(1, {failure, fixed}), rule(2, {success}, "log@example.org"),
                    rule(3, {success, fixed}, "both@example.org")});
  rules.step(ended(1, "failed"), false);
  CHECK(rules.step(ended(2, "failed"), false).front().failures == 2);
  const auto told = rules.step(ended(3, "succeeded"), false);
  CHECK(text(told) == "fixed to ops@example.org, both@example.org; success to log@example.org");
  CHECK(told[0].failures == 2);
  CHECK(told[0].failing_since == kNoon + minutes{1});
  CHECK(text(rules.step(ended(4, "succeeded"), false)) ==
        "success to log@example.org, both@example.org");
}

TEST_CASE("with only_changes a row of failures is told once") {
  Rules rules;
  NotifyRule row = rule(1, {failure, fixed});
  row.only_changes = true;
  rules.load_rules({row});
  CHECK(text(rules.step(ended(1, "failed"), false)) == "failure to ops@example.org");
  CHECK(rules.step(ended(2, "failed"), false).empty());
  CHECK(text(rules.step(ended(3, "warning"), false)) == "fixed to ops@example.org");
  CHECK(text(rules.step(ended(4, "failed"), false)) == "failure to ops@example.org");
}

TEST_CASE("a job's rules replace its client's, the operator's always hold") {
  Rules rules;
  rules.load_rules({rule(1, {failure}), of_client(rule(2, {failure}, "acme@example.org"), "acme"),
                    of_client(rule(3, {failure}, "letters@example.org"), "acme", "letters")});
  CHECK(text(rules.step(ended(1, "failed", "letters"), false)) ==
        "failure to ops@example.org, letters@example.org");
  EventView other = ended(2, "failed", "mails");
  other.client = "acme";
  CHECK(text(rules.step(other, false)) == "failure to ops@example.org, acme@example.org");
  CHECK(text(rules.step(ended(3, "failed"), false)) == "failure to ops@example.org");
}

TEST_CASE("a rule about nothing keeps a job quiet") {
  Rules rules;
  NotifyRule quiet = of_client(rule(2, {}), "acme", "letters");
  quiet.channel.clear();
  quiet.recipients.clear();
  rules.load_rules({of_client(rule(1, {failure}), "acme"), quiet});
  CHECK(rules.step(ended(1, "failed", "letters"), false).empty());
}

TEST_CASE("a recipient of several rules hears once") {
  Rules rules;
  NotifyRule twice = rule(2, {failure, success});
  twice.recipients = {"ops@example.org", "ann@example.org"};
  rules.load_rules({rule(1, {failure}), twice});
  CHECK(text(rules.step(ended(1, "failed"), false)) ==
        "failure to ops@example.org, ann@example.org");
}

TEST_CASE("what happened before anybody asked is remembered and not told") {
  Rules rules;
  rules.load_rules({rule(1, {failure, fixed})});
  CHECK(rules.step(ended(1, "failed"), true).empty());
  CHECK(rules.find("photos")->failures == 1);
  CHECK(text(rules.step(ended(2, "succeeded"), false)) == "fixed to ops@example.org");
}

// ── Overdue ─────────────────────────────────────────────────────────────────────────────────────

namespace {

NotifyRule deadline(uint64_t id, hours every, std::vector<NotifyEvent> more = {}) {
  more.push_back(overdue);
  NotifyRule row = rule(id, std::move(more));
  row.must_succeed_every_seconds = static_cast<uint64_t>(seconds(every).count());
  return row;
}

}  // namespace

TEST_CASE("a job that does not end well for too long is told of once, and when it works again") {
  Rules rules;
  rules.load_rules({deadline(1, hours{26}, {fixed})});
  rules.step(ended(1, "succeeded"), false);
  const WallTime good = kNoon + minutes{1};
  CHECK(rules.overdue(good + hours{26} - seconds{1}).empty());
  const auto told = rules.overdue(good + hours{26});
  CHECK(text(told) == "overdue to ops@example.org");
  REQUIRE(told.size() == 1);
  CHECK(told[0].last_success_at == good);
  CHECK(told[0].must_succeed_every_seconds == 26 * 3600);
  CHECK(rules.overdue(good + hours{100}).empty());
  CHECK(text(rules.step(ended(9, "succeeded"), false)) == "fixed to ops@example.org");
  CHECK(rules.overdue(kNoon + minutes{9} + hours{25}).empty());
  CHECK(text(rules.overdue(kNoon + minutes{9} + hours{26})) == "overdue to ops@example.org");
}

TEST_CASE("failures do not put the deadline off, and a new job gets its time") {
  Rules rules;
  rules.load_rules({deadline(1, hours{2})});
  rules.step(event(0, "job.created", R"({"enabled":true,"paused":""})"), false);
  rules.step(ended(60, "failed"), false);
  CHECK(rules.overdue(kNoon + minutes{119}).empty());
  CHECK(text(rules.overdue(kNoon + minutes{120})) == "overdue to ops@example.org");
}

TEST_CASE("a disabled, paused or removed job is not overdue; time begins when it is switched on") {
  Rules rules;
  rules.load_rules({deadline(1, hours{2})});
  rules.step(event(0, "job.created", "{}"), false);
  rules.step(event(1, "job.changed", R"({"enabled":false,"paused":""})"), false);
  CHECK(rules.overdue(kNoon + hours{50}).empty());
  rules.step(event(60, "job.changed", R"({"enabled":true,"paused":"holidays"})"), false);
  CHECK(rules.overdue(kNoon + hours{50}).empty());
  rules.step(event(120, "job.changed", R"({"enabled":true,"paused":""})"), false);
  CHECK(rules.overdue(kNoon + hours{3}).empty());
  CHECK(text(rules.overdue(kNoon + hours{4})) == "overdue to ops@example.org");
  rules.step(event(130, "job.removed", "{}"), false);
  CHECK(rules.find("photos") == nullptr);
  CHECK(rules.overdue(kNoon + hours{500}).empty());
}

TEST_CASE("what is remembered goes out with every change and comes back as it was") {
  Rules rules;
  rules.load_rules({deadline(1, hours{2}, {failure, fixed})});
  rules.step(ended(1, "failed"), false);
  rules.overdue(kNoon + hours{5});
  JobChanges changes = rules.take_changes();
  REQUIRE(changes.size() == 1);
  REQUIRE(changes["photos"]);
  CHECK(changes["photos"]->failures == 1);
  CHECK(changes["photos"]->overdue == std::set<uint64_t>{1});
  CHECK_FALSE(rules.has_changes());

  Rules again;
  again.load_rules({deadline(1, hours{2}, {failure, fixed})});
  again.load_states({*changes["photos"]});
  CHECK(again.overdue(kNoon + hours{6}).empty());
  CHECK(text(again.step(ended(2, "succeeded"), false)) == "fixed to ops@example.org");
  again.step(event(3, "job.removed", "{}"), false);
  CHECK(again.take_changes()["photos"] == std::nullopt);
}
