#include "daemon/notifier/live_log.h"

#include "daemon/notifier/former_events.h"
#include "schemas/json_text.h"
#include "tests/support/catch.h"

namespace dray::notifier {
namespace {

LiveFilter filter_for(std::string client = "", std::string_view topics = "", RunId run = {},
                      std::string wanted_client = "", std::string job = "") {
  Identity who;
  who.kind = Identity::Kind::token;
  who.client = std::move(client);
  return LiveFilter::parse(std::move(who), topics, std::move(wanted_client), std::move(job), run)
      .value();
}

EventView event(uint64_t sequence, std::string kind = "run.queued", std::string client = "acme",
                uint64_t run = 1, std::string body = "{}") {
  return {sequence, {},         std::move(kind),  std::move(client),
          "photos", RunId{run}, {std::move(body)}};
}

RunProgress picture(uint64_t run, double percent, std::string client = "acme") {
  RunProgress progress;
  progress.token.run = RunId{run};
  progress.job = "photos";
  progress.client = std::move(client);
  progress.progress.phase = Phase::transferring;
  progress.progress.percent = percent;
  return progress;
}

// A log with a reader that takes what there is.
struct World {
  LiveLog log;
  Deflater deflater;

  explicit World(LiveLog::Limits limits = {}) : log(limits) {}

  void add(const EventView& view) {
    log.add_event(view.sequence, {view.kind, view.client, view.job, view.run}, event_message(view));
  }
  void show(const RunProgress& progress, Instant now = {}) {
    log.put_picture({std::string(kProgressKind), progress.client, progress.job, progress.token.run},
                    progress_message(progress), now);
  }
  // What the reader hears, in short: "e3" an event, "p1:40" a picture, "h" a heartbeat.
  std::vector<std::string> read(LivePlace& place, const LiveFilter& filter,
                                LiveForm form = LiveForm::events,
                                LiveLog::Most most = {1000, 1 << 20}) {
    std::vector<LiveLog::Piece> pieces;
    place = log.read(place, filter, form, most, deflater, pieces);
    std::vector<std::string> heard;
    for (const LiveLog::Piece& piece : pieces)
      heard.push_back(shorten(**piece.bytes));
    return heard;
  }
  static std::string shorten(const std::string& text) {
    const auto document = JsonDocument::parse(text.substr(text.find('{'))).value();
    const JsonValue root = document.root();
    const std::string type(*root.find("type")->text());
    if (type == "event")
      return fmt::format("e{}", *root.find("event")->find("sequence")->unsigned_integer());
    if (type == "progress")
      return fmt::format("p{}:{}", *root.find("run")->unsigned_integer(),
                         *root.find("progress")->find("percent")->floating());
    return type == "heartbeat" ? "h" : type;
  }
};

using Heard = std::vector<std::string>;

TEST_CASE("a reader hears every event once, in order, and of pictures only the newest") {
  World world;
  LivePlace place;
  world.add(event(1));
  world.show(picture(1, 10));
  world.add(event(2));
  world.show(picture(2, 5));
  world.show(picture(1, 20));
  CHECK(world.read(place, filter_for()) == Heard{"e1", "e2", "p2:5", "p1:20"});
  CHECK(world.read(place, filter_for()).empty());
  world.show(picture(1, 30));
  world.show(picture(1, 40));
  world.add(event(3));
  CHECK(world.read(place, filter_for()) == Heard{"p1:40", "e3"});
}

TEST_CASE("who resumes hears nothing again, but sees all pictures") {
  World world;
  for (uint64_t sequence = 1; sequence <= 5; ++sequence)
    world.add(event(sequence));
  world.show(picture(7, 50));
  LivePlace place{0, 3};
  CHECK(world.read(place, filter_for()) == Heard{"e4", "e5", "p7:50"});
  CHECK(place.sequence == 5);
}

TEST_CASE("a reader that can take little goes on where it stopped") {
  World world;
  for (uint64_t sequence = 1; sequence <= 5; ++sequence)
    world.add(event(sequence));
  LivePlace place;
  CHECK(world.read(place, filter_for(), LiveForm::socket, {2, 1 << 20}) == Heard{"e1", "e2"});
  // One piece always fits, however small the room is.
  CHECK(world.read(place, filter_for(), LiveForm::socket, {10, 1}) == Heard{"e3"});
  CHECK(world.read(place, filter_for()) == Heard{"e4", "e5"});
}

TEST_CASE("what is dropped from the log must be read from the journal") {
  World world({.events = 3, .bytes = 1 << 20});
  world.log.reset(10);
  CHECK(world.log.complete_after() == 10);
  for (uint64_t sequence = 11; sequence <= 15; ++sequence)
    world.add(event(sequence));
  CHECK(world.log.complete_after() == 12);
  CHECK(world.log.kept() == 3);
  LivePlace place{0, 12};
  CHECK(world.read(place, filter_for()) == Heard{"e13", "e14", "e15"});
}

TEST_CASE("large events take up no more memory than is allowed") {
  World world({.events = 1000, .bytes = 10'000});
  for (uint64_t sequence = 1; sequence <= 100; ++sequence)
    world.add(event(sequence, "run.finished", "acme", 1,
                    fmt::format(R"({{"hint":"{}"}})", std::string(1000, 'x'))));
  CHECK(world.log.kept() < 10);
  CHECK(world.log.complete_after() == 100 - world.log.kept());
}

TEST_CASE("a picture is gone with its run, or when nobody renews it") {
  World world;
  world.show(picture(1, 10), Instant{seconds{1}});
  world.show(picture(2, 10), Instant{seconds{2}});
  world.show(picture(3, 10), Instant{seconds{3}});
  world.log.drop_picture(RunId{3});
  world.log.drop_pictures_before(Instant{seconds{2}});
  LivePlace place;
  CHECK(world.read(place, filter_for()) == Heard{"p2:10"});
}

TEST_CASE("a heartbeat does not take a reader's place back") {
  World world;
  world.log.reset(5);
  world.log.put_heartbeat(heartbeat_message(5));
  world.add(event(6));
  LivePlace old{0, 5};
  CHECK(world.read(old, filter_for()) == Heard{"h", "e6"});
  LivePlace resumed{0, 6};
  CHECK(world.read(resumed, filter_for()).empty());
  world.log.put_heartbeat(heartbeat_message(6));
  world.log.put_heartbeat(heartbeat_message(6));
  CHECK(world.read(resumed, filter_for()) == Heard{"h"});
}

TEST_CASE("a client hears nothing of another, nor of the whole") {
  World world;
  world.add(event(1, "run.queued", "acme", 1));
  world.add(event(2, "run.queued", "bolt", 2));
  world.add(event(3, "worker.up", "", 0));
  world.show(picture(1, 10, "acme"));
  world.show(picture(2, 10, "bolt"));
  LivePlace place;
  CHECK(world.read(place, filter_for("acme")) == Heard{"e1", "p1:10"});
  CHECK(place.sequence == 3);  // what is not theirs is behind them all the same
  place = {};
  CHECK(world.read(place, filter_for("acme", "", {}, "bolt")).empty());
  place = {};
  CHECK(world.read(place, filter_for("", "", {}, "bolt")) == Heard{"e2", "p2:10"});
}

TEST_CASE("topics, jobs and runs choose among what may be seen") {
  struct Row {
    std::string topics;
    std::vector<std::string> kinds;
  };
  const std::vector<std::string> all = {"run.queued", "run.finished", "run.progress", "worker.up",
                                        "job.changed"};
  for (const Row& row : std::vector<Row>{{"", all},
                                         {"run", {"run.queued", "run.finished", "run.progress"}},
                                         {"run.state", {"run.queued", "run.finished"}},
                                         {"run.progress", {"run.progress"}},
                                         {"run.finished, worker", {"run.finished", "worker.up"}}}) {
    const LiveFilter filter = filter_for("", row.topics);
    std::vector<std::string> heard;
    for (const std::string& kind : all)
      if (filter.wants(kind)) heard.push_back(kind);
    CHECK(heard == row.kinds);
  }
  const LiveSubject subject{"run.queued", "acme", "photos", RunId{3}};
  CHECK(filter_for("", "", RunId{3}).matches(subject));
  CHECK_FALSE(filter_for("", "", RunId{4}).matches(subject));
  CHECK(filter_for("", "", {}, "", "photos").matches(subject));
  CHECK_FALSE(filter_for("", "", {}, "", "films").matches(subject));
}

TEST_CASE("a topic that there is not is refused with the nearest one") {
  const auto parse = [](std::string_view topics) {
    return LiveFilter::parse(Identity{}, topics, "", "", {});
  };
  CHECK(parse("jobb").error().message.find("did you mean job?") != std::string::npos);
  CHECK_FALSE(parse("run.<script>"));
  CHECK_FALSE(parse(","));
  std::string many;
  for (int i = 0; i < 40; ++i)
    many += "run,";
  CHECK_FALSE(parse(many));
}

TEST_CASE("a message is made once for all who get it in the same form") {
  const LiveMessagePtr message = event_message(event(7));
  Deflater deflater;
  const Bytes& first = message->bytes(LiveForm::socket, deflater);
  CHECK(message->bytes(LiveForm::socket, deflater).get() == first.get());
  // Compressing a short one gains nothing.
  CHECK(message->bytes(LiveForm::socket_deflated, deflater).get() == first.get());
  CHECK_FALSE(message->bytes(LiveForm::former, deflater));
  const std::string text = *message->bytes(LiveForm::events, deflater);
  CHECK(text == "event: event\nid: 7\ndata: " + message->json() + "\n\n");
}

TEST_CASE("a long message is compressed for those who agreed to it") {
  const LiveMessagePtr message =
      snapshot_message(3, fmt::format(R"({{"x":"{}"}})", std::string(5000, 'x')));
  Deflater deflater;
  const Bytes& packed = message->bytes(LiveForm::socket_deflated, deflater);
  CHECK(packed->size() < 200);
  CHECK(inflate(packed->substr(2), 10'000).value() == message->json());
}

// ── The former product ──────────────────────────────────────────────────────────────────────────

TEST_CASE("progress is told in the former product's words") {
  RunProgress progress = picture(4, 12.5);
  CHECK(former_progress(progress) ==
        R"({"type":"progress","jobId":"4","phase":"transferring","percent":12.5,"etaMs":null})");
  progress.progress.eta_seconds = 3;
  CHECK(former_progress(progress).find(R"("etaMs":3000)") != std::string::npos);
}

std::vector<std::string> told_of(FormerEvents& events) {
  std::vector<std::string> texts;
  for (const FormerEvents::Told& told : events.tell())
    texts.push_back(told.client + " " + told.json);
  return texts;
}

TEST_CASE("a cancelled run is told with the reason that was given for it") {
  FormerEvents events;
  events.take(event(1, "run.cancel_requested", "acme", 4, R"({"reason":"wrong folder"})"));
  CHECK(told_of(events).empty());
  events.take(event(2, "run.finished", "acme", 4, R"({"state":"cancelled","kind":"sync"})"));
  CHECK(
      told_of(events) ==
      Heard{
          R"(acme {"type":"jobCancelled","jobId":"4","phase":"cancelled","reason":"wrong folder"})"});
}

TEST_CASE("cancels of one request are told together, to each client its own") {
  FormerEvents events;
  for (const auto& [client, run] :
       std::vector<std::pair<std::string, uint64_t>>{{"acme", 1}, {"acme", 2}, {"bolt", 3}})
    events.take(event(run, "run.cancel_requested", client, run, R"({"reason":"stop"})"));
  CHECK(told_of(events) ==
        Heard{R"(acme {"type":"jobsCancelled","results":{"1":true,"2":true},"reason":"stop"})"});
  CHECK(events.states_changed());
  CHECK_FALSE(events.states_changed());
}

TEST_CASE("only an upload that ended well has receipts to tell") {
  FormerEvents events;
  events.take(event(1, "run.finished", "acme", 1, R"({"state":"succeeded","kind":"upload"})"));
  events.take(event(2, "run.finished", "acme", 2, R"({"state":"failed","kind":"upload"})"));
  events.take(event(3, "run.finished", "acme", 3, R"({"state":"succeeded","kind":"sync"})"));
  const auto stored = events.stored();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].run == RunId{1});
}

}  // namespace
}  // namespace dray::notifier
