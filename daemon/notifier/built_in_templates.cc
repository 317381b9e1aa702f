// The texts of notifications as they are delivered (docs/EMAIL_TEMPLATES.md).
#include "daemon/notifier/render.h"

namespace dray::notify {
namespace {

constexpr std::string_view kSubject =
    "[dray] {{#if client}}{{client}}: {{/if}}{{headline}}{{#if run}} (run {{run}}){{/if}}";

constexpr std::string_view kText = R"({{headline}}.
{{#if hint}}
{{hint}}
{{/if}}
{{#if reason}}
{{reason}}
{{/if}}
{{#if job}}

Job         {{job}}
Client      {{client}}
{{/if}}
{{#if outcome}}
Outcome     {{outcome}}{{#if cause}} ({{cause}}){{/if}}
{{/if}}
{{#if cancelled_by}}
By          {{cancelled_by}}
{{/if}}
{{#if run}}
Run         {{run}}{{#if kind}}, {{kind}}{{/if}}{{#if trigger}}, {{trigger}}{{/if}}
{{/if}}
{{#if scheduled}}
Scheduled   {{scheduled}}
{{/if}}
{{#if started}}
Started     {{started}}{{#if worker}} on {{worker}}{{/if}}
{{/if}}
{{#if ended}}
Ended       {{ended}}{{#if duration}} after {{duration}}{{/if}}{{#if attempts}}, attempts: {{attempts}}{{/if}}
{{/if}}
{{#if bytes}}
Transferred {{bytes}} in {{files}} files{{#if checks}}, {{checks}} compared{{/if}}{{#if deletes}}, {{deletes}} deleted{{/if}}
{{/if}}
{{#if errors}}
Errors      {{errors}}
{{/if}}
{{#if validation}}
Validation  {{validation}}
{{/if}}
{{#if failures}}
Failures    {{failures}} in a row{{#if failing_since}}, since {{failing_since}}{{/if}}
{{/if}}
{{#if must_succeed_every}}
Has to      end well every {{must_succeed_every}}
{{/if}}
{{#if last_success}}
Last good   {{last_success}}
{{/if}}
{{#if said}}

The log says:
  {{said}}
{{/if}}
{{#if failing_paths}}

Failing paths:
{{#each failing_paths}}
  {{this}}
{{/each}}
{{/if}}
{{#if next}}

{{next}}
{{/if}}
{{#if link}}

{{link}}
{{/if}}
)";

constexpr std::string_view kHtml = R"(<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{{headline}}</title></head>
<body style="font-family:sans-serif;color:#222;max-width:42em">
<h2 style="font-size:1.2em">{{headline}}</h2>
{{#if hint}}
<p>{{hint}}</p>
{{/if}}
{{#if reason}}
<p>{{reason}}</p>
{{/if}}
<table style="border-collapse:collapse" cellpadding="3">
{{#if job}}
<tr><td>Job</td><td><b>{{job}}</b></td></tr>
<tr><td>Client</td><td>{{client}}</td></tr>
{{/if}}
{{#if outcome}}
<tr><td>Outcome</td><td>{{outcome}}{{#if cause}} ({{cause}}){{/if}}</td></tr>
{{/if}}
{{#if cancelled_by}}
<tr><td>By</td><td>{{cancelled_by}}</td></tr>
{{/if}}
{{#if run}}
<tr><td>Run</td><td>{{run}}{{#if kind}}, {{kind}}{{/if}}{{#if trigger}}, {{trigger}}{{/if}}</td></tr>
{{/if}}
{{#if scheduled}}
<tr><td>Scheduled</td><td>{{scheduled}}</td></tr>
{{/if}}
{{#if started}}
<tr><td>Started</td><td>{{started}}{{#if worker}} on {{worker}}{{/if}}</td></tr>
{{/if}}
{{#if ended}}
<tr><td>Ended</td><td>{{ended}}{{#if duration}} after {{duration}}{{/if}}{{#if attempts}}, attempts: {{attempts}}{{/if}}</td></tr>
{{/if}}
{{#if bytes}}
<tr><td>Transferred</td><td>{{bytes}} in {{files}} files{{#if checks}}, {{checks}} compared{{/if}}{{#if deletes}}, {{deletes}} deleted{{/if}}</td></tr>
{{/if}}
{{#if errors}}
<tr><td>Errors</td><td>{{errors}}</td></tr>
{{/if}}
{{#if validation}}
<tr><td>Validation</td><td>{{validation}}</td></tr>
{{/if}}
{{#if failures}}
<tr><td>Failures</td><td>{{failures}} in a row{{#if failing_since}}, since {{failing_since}}{{/if}}</td></tr>
{{/if}}
{{#if must_succeed_every}}
<tr><td>Has to end well every</td><td>{{must_succeed_every}}</td></tr>
{{/if}}
{{#if last_success}}
<tr><td>Last good run</td><td>{{last_success}}</td></tr>
{{/if}}
</table>
{{#if said}}
<p>The log says:</p><pre>{{said}}</pre>
{{/if}}
{{#if failing_paths}}
<p>Failing paths:</p>
<ul>
{{#each failing_paths}}
<li><code>{{this}}</code></li>
{{/each}}
</ul>
{{/if}}
{{#if next}}
<p>{{next}}</p>
{{/if}}
{{#if link}}
<p><a href="{{link}}">Open in Drayage</a></p>
{{/if}}
</body></html>
)";

constexpr std::string_view kDigestSubject = "[dray] {{headline}}";

constexpr std::string_view kDigestText = R"({{headline}}, gathered because there were many at once.

{{#each items}}
{{time}}  {{event}}  {{client}}: {{headline}}{{#if run}} (run {{run}}){{/if}}
{{#if hint}}
    {{hint}}
{{/if}}
{{/each}}
{{#if link}}

{{link}}
{{/if}}
)";

constexpr std::string_view kDigestHtml = R"(<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{{headline}}</title></head>
<body style="font-family:sans-serif;color:#222">
<h2 style="font-size:1.2em">{{headline}}</h2>
<p>Gathered because there were many at once.</p>
<table style="border-collapse:collapse" cellpadding="3">
{{#each items}}
<tr><td>{{time}}</td><td>{{event}}</td><td>{{client}}</td><td>{{#if link}}<a href="{{link}}">{{headline}}</a>{{else}}{{headline}}{{/if}}{{#if hint}}<br>{{hint}}{{/if}}</td></tr>
{{/each}}
</table>
{{#if link}}
<p><a href="{{link}}">Open in Drayage</a></p>
{{/if}}
</body></html>
)";

}  // namespace

std::string_view built_in_template(NotifyEvent event, TemplatePart part) {
  const bool digest = event == NotifyEvent::digest;
  switch (part) {
    case TemplatePart::subject:
      return digest ? kDigestSubject : kSubject;
    case TemplatePart::text:
      return digest ? kDigestText : kText;
    case TemplatePart::html:
      return digest ? kDigestHtml : kHtml;
  }
  return "";
}

}  // namespace dray::notify
