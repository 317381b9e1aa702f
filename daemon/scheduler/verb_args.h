// Arguments that many verbs share.
#pragma once

#include <string>

namespace dray::verbs {

struct NoArgs {
  template <class Self, class Visitor>
  static void fields(Self&, Visitor&&) {}
};

struct ClientArgs {
  std::string client;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("client", self.client);
  }
};

}  // namespace dray::verbs
