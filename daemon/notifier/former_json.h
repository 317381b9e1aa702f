// The JSON of the former product's addresses and messages. Its words are kept: a "job" there is a
// run here, and `job_id` its number. Pure but for the queries that the shapes need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/notifier/call.h"
#include "schemas/answers_runs.h"
#include "schemas/answers_uploads.h"

namespace dray::notifier::former {

// Keys and values, in order.
class Object {
 public:
  Object() { json_.begin_object(); }
  Object& text(std::string_view key, std::string_view value) {
    json_.key(key);
    json_.text(value);
    return *this;
  }
  Object& number(std::string_view key, uint64_t value) {
    json_.key(key);
    json_.unsigned_integer(value);
    return *this;
  }
  Object& real(std::string_view key, double value) {
    json_.key(key);
    json_.floating(value);
    return *this;
  }
  Object& flag(std::string_view key, bool value) {
    json_.key(key);
    json_.boolean(value);
    return *this;
  }
  Object& raw(std::string_view key, std::string_view value) {
    json_.key(key);
    json_.raw(value);
    return *this;
  }
  std::string take() {
    json_.end_object();
    return json_.take();
  }

 private:
  JsonWriter json_;
};

template <class Row, class Write>
std::string list_of(const std::vector<Row>& rows, Write&& write) {
  std::string list = "[";
  for (const Row& row : rows)
    list += (list.size() > 1 ? "," : "") + write(row);
  return list + "]";
}

std::string run_json(const RunView& run);
std::string perf_json(const RunView& run);
std::string receipt_json(const ReceiptView& receipt);
// The same object as a message of the WebSocket.
std::string message_of(std::string_view type, std::string_view object);

bool is_connected(const Api& api);
Task<Result<std::vector<RunView>>> open_runs(Api& api, std::string client);
// {"connected", "backing_up", "jobs"} as `client` may see it.
Task<Result<std::string>> status_json(Api& api, std::string client);

}  // namespace dray::notifier::former
