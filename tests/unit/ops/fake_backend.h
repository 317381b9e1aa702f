// A scheduler that answers from a script, for tests of commands.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ops/backend.h"
#include "ops/context.h"

namespace dray::ops::test {

class FakeBackend final : public Backend {
 public:
  using Answer = std::function<Result<std::string>(const std::string& body)>;

  // The answer to a verb: always the same, or made from the body.
  void on(const std::string& verb, std::string json) {
    answers_[verb] = [json = std::move(json)](const std::string&) { return json; };
  }
  void on(const std::string& verb, Answer answer) { answers_[verb] = std::move(answer); }
  void fail_with(const std::string& verb, ErrorCode code, std::string message) {
    answers_[verb] = [=](const std::string&) -> Result<std::string> {
      return std::unexpected(Error{code, message});
    };
  }

  Result<std::string> request(std::string_view verb, const std::string& body) override {
    asked.emplace_back(std::string(verb), body);
    const auto answer = answers_.find(std::string(verb));
    if (answer == answers_.end()) return fail(ErrorCode::not_found, "no answer to {}", verb);
    return answer->second(body);
  }
  Result<Enqueued> enqueue(Enqueue question) override {
    enqueues.push_back(question);
    return enqueued;
  }
  Result<CancelReply> cancel(CancelRequest question) override {
    cancels.push_back(question);
    return cancel_reply;
  }
  void send_chunk(const UploadChunk& chunk, uint64_t id) override {
    chunks.push_back(chunk);
    if (on_chunk) on_chunk(chunk, id);
  }
  void follow_progress(RunId run) override { followed.push_back(run); }
  void follow_events() override {}
  void catch_interrupt() override {}
  void interrupt() override {}
  void go_on() override {}
  News wait(Duration up_to) override {
    if (news.empty()) {
      time_.mono += up_to;
      return {};
    }
    News one = std::move(news.front());
    news.pop_front();
    if (on_news) on_news(one);
    return one;
  }
  Now now() const override { return time_; }

  // The last body sent with a verb.
  std::string body_of(std::string_view verb) const {
    for (auto it = asked.rbegin(); it != asked.rend(); ++it)
      if (it->first == verb) return it->second;
    return "";
  }

  std::vector<std::pair<std::string, std::string>> asked;
  std::vector<Enqueue> enqueues;
  std::vector<CancelRequest> cancels;
  std::vector<UploadChunk> chunks;
  std::function<void(const UploadChunk&, uint64_t id)> on_chunk;
  std::vector<RunId> followed;
  std::deque<News> news;
  std::function<void(const News&)> on_news;
  Enqueued enqueued{0, "", RunId{42}};
  CancelReply cancel_reply;

 private:
  std::map<std::string, Answer> answers_;
  Now time_;
};

// One call of `dray`, with everything it printed.
struct Call {
  Exit exit = Exit::ok;
  std::string out;
  std::string err;
};

inline Call call(FakeBackend& daemon, std::vector<std::string> words, std::string input = "",
                 int width = 100) {
  Call result;
  Context context(Terminal::of_sinks([&](std::string_view text) { result.out += text; },
                                     [&](std::string_view text) { result.err += text; }, width));
  context.connect = [&](Context&) -> Result<Backend*> { return &daemon; };
  context.read_stdin = [&]() -> Result<std::string> { return input; };
  result.exit = run_cli(context, std::move(words));
  return result;
}

}  // namespace dray::ops::test
