// Changes that depend on what somebody saw, and keys of requests whose bodies differ each time.
#include "schemas/etag.h"
#include "tests/unit/scheduler/verbs_rig.h"

using namespace dray;
using Catch::Matchers::Contains;

namespace {

struct SeenRig : ShellRig {
  SeenRig() {
    ready();
    add_job();
  }
  std::string change(Request request) {
    request.asked_by = "ann";
    posted.clear();
    shell->request(request, {{50}, next_id++, "dray@host"}, Role::ops, now);
    shell->finish_turn(now);
    const Response answer = sent<Response>().at(0);
    return answer.code == 0 ? answer.body : answer.message;
  }
  std::string put(const std::string& verb, const std::string& body, const std::string& if_match) {
    Request request{verb, body, "", "", {}};
    request.if_match = if_match;
    return change(std::move(request));
  }
  std::string job_tag() { return etag_of(text("job.show", R"({"name":"photos"})")); }
};

const std::string kChanged = fail_changed_since().error().message;

}  // namespace

TEST_CASE("A change that is based on what holds no more is refused") {
  SeenRig rig;
  const std::string seen = rig.job_tag();
  CHECK_THAT(rig.put("job.put", R"({"name":"photos","priority":3})", seen),
             Contains(R"("priority":3)"));
  CHECK(rig.put("job.put", R"({"name":"photos","priority":4})", seen) == kChanged);
  CHECK(rig.put("job.remove", R"({"name":"photos"})", seen) == kChanged);
  CHECK_THAT(rig.text("job.show", R"({"name":"photos"})"), Contains(R"("priority":3)"));
  CHECK(rig.put("job.remove", R"({"name":"photos"})", rig.job_tag()) == "{}");
  CHECK(rig.put("job.remove", R"({"name":"photos"})", seen) == kChanged);
}

TEST_CASE("What changes by itself is no change") {
  SeenRig rig;
  const std::string seen = rig.job_tag();
  rig.now.wall += hours{1};
  rig.worker_says_hello();
  CHECK(rig.job_tag() == seen);
}

TEST_CASE("Only changes of things that can be looked at may depend on a look") {
  SeenRig rig;
  CHECK_THAT(rig.put("queue.pause", R"({"paused":true})", "\"x\""),
             Contains("queue.pause cannot depend on what was seen"));
}

TEST_CASE("A key stands for what was asked, not for what was sealed anew") {
  SeenRig rig;
  Request request{"client.put", R"({"name":"acme","weight":2})", "", "key", {}};
  request.meaning = "make acme";
  const std::string first = rig.change(request);
  request.body = R"({"name":"acme","weight":3})";
  CHECK(rig.change(request) == first);
  request.meaning = "make another";
  CHECK_THAT(rig.change(request), Contains("used for another request"));
}
