// The table of everything that can be asked: one row per endpoint. Finding a row is pure.
//
// A row says who may ask, what body it takes and which function answers. Most rows only pass a verb
// on to the scheduler: they name it and how its body is put together (VerbSpec). Rows whose handler
// speaks for itself (`stream`) read long bodies, write long answers, or take the connection over
// for a WebSocket.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/notifier/exchange.h"
#include "daemon/notifier/identity.h"

namespace dray::notifier {

struct Call;

using ReplyHandler = Task<HttpReply> (*)(Call&);
using StreamHandler = Task<void> (*)(Call&, Exchange&);

enum class Need : uint8_t { nothing, read, operate, admin };  // nothing: strangers, too

// How a request becomes the body of a verb, and its answer the answer. Lists of words separated by
// spaces: "to=from" takes the field `to` from `from`, with '#' behind it as a number, with '?' as
// true or false. The JSON of the request's own body is put in as well.
struct VerbSpec {
  std::string_view name = {};
  std::string_view from_path = {};
  std::string_view from_query = {};
  std::string_view constants = {};  // further fields, as JSON: "\"enabled\":true"
  std::string_view unwrap = {};     // answer with this member alone
  // Answer with the one of the list `pick` whose `name` is the last parameter of the path.
  std::string_view pick = {};
  std::string_view pick_kind = {};  // for the error: "client"
};

struct Route {
  Method method = Method::get;
  std::string_view pattern;  // "/api/v1/runs/{run}"
  Need need = Need::read;
  ReplyHandler reply = nullptr;
  StreamHandler stream = nullptr;
  bool takes_json = false;             // a body, which may be left out
  std::string_view query = {};         // parameters it knows, beside those of the verb
  unsigned status = 200;               // when all went well
  bool etag = false;                   // of a GET: others may make changes depend on what it shows
  bool same_origin_is_enough = false;  // pages of the former product send no X-Dray-Csrf
  bool stays = false;                  // the answer may go on for days
  VerbSpec verb = {};
};

struct PathParameter {
  std::string_view name;
  std::string value;
};

struct Match {
  const Route* route = nullptr;     // null: nothing at that address, or not with that method
  std::vector<PathParameter> path;  // in order
  std::string allow;                // the methods there are, when there are others
};

class Router {
 public:
  explicit Router(std::vector<std::span<const Route>> tables);

  Match find(Method method, const std::vector<std::string>& segments) const;
  // The row with the same pattern and another method; null: none.
  const Route* sibling(const Route& route, Method method) const;
  std::vector<const Route*> all() const;

 private:
  struct Row {
    const Route* route;
    std::vector<std::string_view> parts;
  };
  std::vector<Row> rows_;
};

// Words of a list in a row.
std::vector<std::string_view> words(std::string_view list);

}  // namespace dray::notifier
