#include "daemon/notifier/render.h"

#include "daemon/base/text.h"

namespace dray::notify {
namespace {

constexpr size_t kMaxSubjectBytes = 200;

constexpr TemplatePart kParts[] = {TemplatePart::subject, TemplatePart::text, TemplatePart::html};

std::string_view event_key(NotifyEvent event) {
  return to_string(event);
}

// Templates for everything do not know the list of a digest.
bool means(const std::string& event, NotifyEvent wanted) {
  return event.empty() ? wanted != NotifyEvent::digest : event == event_key(wanted);
}

}  // namespace

Renderer::Renderer() {
  for (const bool digest : {false, true})
    for (const TemplatePart part : kParts) {
      Result<Template> parsed = Template::parse(
          built_in_template(digest ? NotifyEvent::digest : NotifyEvent::failure, part));
      DRAY_CHECK(parsed.has_value(), "what is built in can be read");
      built_in_.emplace(std::pair(digest, part), std::move(*parsed));
    }
}

void Renderer::load(const std::vector<NotifyTemplate>& rows) {
  loaded_.clear();
  for (const NotifyTemplate& row : rows) {
    Result<Template> parsed = Template::parse(row.text);
    if (parsed) loaded_.emplace(Key{row.client, row.event, row.part}, std::move(*parsed));
  }
}

std::string Renderer::part(const Notice& notice, const Variables& values, TemplatePart part) const {
  const Escape escape = part == TemplatePart::html ? Escape::html : Escape::none;
  const std::string event(event_key(notice.event));
  for (const std::string& client : {notice.client, std::string()}) {
    for (const std::string& of : {event, std::string()}) {
      const auto found = loaded_.find(Key{client, of, part});
      if (found == loaded_.end() || !means(of, notice.event)) continue;
      if (Result<std::string> text = found->second.render(values, escape)) return std::move(*text);
    }
  }
  const Template& ours = built_in_.at({notice.event == NotifyEvent::digest, part});
  return ours.render(values, escape).value_or(std::string());
}

Rendered Renderer::render(const Notice& notice) const {
  const Variables values = to_variables(notice);
  Rendered out;
  out.subject = shorten(escape_for_display(trim(part(notice, values, TemplatePart::subject))),
                        kMaxSubjectBytes);
  out.text = part(notice, values, TemplatePart::text);
  out.html = part(notice, values, TemplatePart::html);
  return out;
}

}  // namespace dray::notify
