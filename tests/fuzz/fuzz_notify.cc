// Notification templates and mails: any template is taken or refused, any value stays a value.
#include <algorithm>

#include "daemon/notifier/mail.h"
#include "schemas/notify_template.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {
namespace {

constexpr std::string_view kEvil = "<b>&\"'\r\n.\r\nBcc: x";

Variables evil_values() {
  Variables values;
  for (const NotifyVariable& variable : notify_variables()) {
    if (variable.kind == VariableKind::text)
      values.texts.emplace(variable.name, kEvil);
    else
      values.lists.emplace(variable.name, std::vector<Variables>{{{{"this", "<i>"}}, {}}});
  }
  return values;
}

void check_template(std::string_view text) {
  const Result<Template> parsed = Template::parse(text);
  if (!parsed) return must(parsed.error().message.starts_with("line "), "a refusal names the line");
  const Variables values = evil_values();
  const Result<std::string> html = parsed->render(values, Escape::html);
  must(!html || html->size() <= Template::kMaxOutputBytes, "output is bounded");
  const bool own = text.find("<b>") != std::string_view::npos;
  must(!html || own || html->find("<b>") == std::string::npos, "values are escaped in HTML");
}

void check_mail(std::string_view text) {
  notify::Mail mail;
  mail.from = mail.to = mail.message_id = mail.thread = std::string(text);
  mail.subject = mail.text = mail.html = std::string(text);
  const std::string message = notify::compose(mail);
  const std::string header = message.substr(0, message.find("\r\n\r\n"));
  must(std::ranges::all_of(message, [](unsigned char c) { return c < 128; }), "mails are ASCII");
  size_t headers = 0;
  for (size_t begin = 0; begin < header.size();) {
    const size_t end = std::min(header.find("\r\n", begin), header.size());
    headers += header[begin] != ' ';
    must(header.substr(begin, end - begin).find_first_of("\r\n") == std::string::npos,
         "lines end in CRLF");
    begin = end + 2;
  }
  must(headers <= 9, "no value makes a header");
}

}  // namespace

std::vector<std::string> seeds() {
  return {"{{#if job}}{{job}}{{else}}none{{/if}}",
          "{{#each failing_paths}}\n- {{this}}\n{{/each}}\n", "Subject: x\r\nBcc: y\r\n\r\n.\r\n",
          "=?UTF-8?B?AAAA?= \xff\xfe trailing \t\n"};
}
std::vector<std::string_view> words() {
  return {"{{",       "}}",        "{{#if ", "{{else}}", "{{/if}}",
          "{{#each ", "{{/each}}", "job",    "hint",     "failing_paths",
          "items",    "this",      "\r\n",   "\n.",      "=?",
          "?=",       ": "};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = dray::fuzz::text_of(data, size);
  dray::fuzz::check_template(text);
  dray::fuzz::check_mail(text);
  return 0;
}
