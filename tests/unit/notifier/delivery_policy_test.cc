// When messages go out, are gathered and are tried again.
#include "daemon/notifier/delivery_policy.h"

#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;

namespace {

NotifyChannel channel(ChannelKind kind, uint32_t per_hour = 60, uint32_t digest_after = 10) {
  NotifyChannel row;
  row.kind = kind;
  row.max_per_hour = per_hour;
  row.digest_after = digest_after;
  return row;
}

Way way(const NotifyChannel& row, uint64_t to_target, uint64_t on_channel,
        NotifyEvent event = NotifyEvent::failure) {
  return choose_way(row, event, {to_target, on_channel});
}

}  // namespace

TEST_CASE("the first messages go out at once, a storm is gathered") {
  const NotifyChannel mail = channel(ChannelKind::smtp);
  CHECK_FALSE(way(mail, 9, 9).collect);
  CHECK(way(mail, 10, 10).collect);
  CHECK(way(mail, 0, 60).collect);
  CHECK_FALSE(way(channel(ChannelKind::smtp, 0, 0), 1000, 1000).collect);
}

TEST_CASE("the digest itself always goes out") {
  CHECK_FALSE(way(channel(ChannelKind::smtp), 1000, 1000, NotifyEvent::digest).collect);
}

TEST_CASE("where each message counts, those above the cap are spread out") {
  const NotifyChannel hook = channel(ChannelKind::webhook, 60);
  CHECK(way(hook, 59, 59).delay == Duration::zero());
  CHECK(way(hook, 60, 60).delay == minutes{1});
  CHECK(way(hook, 65, 65).delay == minutes{6});
  CHECK_FALSE(way(hook, 1000, 1000).collect);
}

TEST_CASE("waiting doubles up to an hour and ends after about a day") {
  const RetryPolicy policy;
  CHECK(next_delay(policy, 1) == seconds{30});
  CHECK(next_delay(policy, 2) == seconds{60});
  CHECK(next_delay(policy, 7) == seconds{1920});
  CHECK(next_delay(policy, 8) == hours{1});
  CHECK(next_delay(policy, 29) == hours{1});
  CHECK(next_delay(policy, 30) == std::nullopt);
  Duration all{};
  for (uint32_t attempt = 1; attempt < policy.max_attempts; ++attempt)
    all += *next_delay(policy, attempt);
  CHECK(all > hours{22});
  CHECK(all < hours{26});
}

TEST_CASE("replies of servers say whether trying again makes sense") {
  struct Row {
    long code;
    Verdict mail, web;
  };
  using enum Verdict;
  const Row rows[] = {
      {250, delivered, delivered}, {204, delivered, delivered}, {301, retry, hopeless},
      {307, retry, hopeless},      {400, retry, hopeless},      {401, retry, retry},
      {404, retry, retry},         {410, retry, hopeless},      {421, retry, retry},
      {429, retry, retry},         {450, retry, retry},         {500, hopeless, retry},
      {503, hopeless, retry},      {535, retry, retry},         {550, hopeless, retry},
      {552, retry, retry},         {554, hopeless, retry},
  };
  for (const Row& row : rows) {
    INFO(row.code);
    CHECK(judge_mail_code(row.code) == row.mail);
    CHECK(judge_web_code(row.code) == row.web);
  }
}
