// A notice as people read it: the templates that are built in, or those that replace them. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/notifier/notice.h"
#include "schemas/notify_template.h"

namespace dray::notify {

struct Rendered {
  std::string subject;  // one line
  std::string text;
  std::string html;
};

class Renderer {
 public:
  Renderer();  // what is built in
  // Replaces what was loaded before. What cannot be read is left out, and what is built in used.
  void load(const std::vector<NotifyTemplate>& rows);
  // Never fails: a template that does not work gives way to the one that is built in.
  Rendered render(const Notice& notice) const;

 private:
  using Key = std::tuple<std::string, std::string, TemplatePart>;  // client, event, part
  std::string part(const Notice& notice, const Variables& values, TemplatePart part) const;
  std::map<Key, Template> loaded_;
  std::map<std::pair<bool, TemplatePart>, Template> built_in_;  // digest?
};

// The text that is built in, to start from.
std::string_view built_in_template(NotifyEvent event, TemplatePart part);

}  // namespace dray::notify
