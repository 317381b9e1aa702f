// The language of notification templates.
#include "schemas/notify_template.h"

#include "daemon/base/files.h"
#include "tests/support/catch.h"

using namespace dray;
using Catch::Matchers::Contains;

namespace {

Variables values() {
  Variables v;
  v.texts = {{"job", "photos"}, {"client", "a<b>&\"c'"}, {"hint", ""}};
  v.lists["failing_paths"] = {{{{"this", "one"}}, {}}, {{{"this", "<two>"}}, {}}};
  v.lists["items"] = {};
  return v;
}

std::string render(std::string_view text, Escape escape = Escape::none) {
  const Result<Template> parsed = Template::parse(text);
  if (!parsed) return "refused: " + parsed.error().message;
  return parsed->render(values(), escape).value_or("too long");
}

}  // namespace

TEST_CASE("templates render values, conditions and lists") {
  struct Row {
    std::string_view text, result;
  };
  const Row rows[] = {
      {"", ""},
      {"plain } { text", "plain } { text"},
      {"{{job}} and {{ job }}", "photos and photos"},
      {"[{{hint}}]", "[]"},
      {"{{#if job}}yes{{else}}no{{/if}}", "yes"},
      {"{{#if hint}}yes{{else}}no{{/if}}", "no"},
      {"{{#if hint}}yes{{/if}}", ""},
      {"{{#if failing_paths}}some{{/if}}{{#if items}}items{{/if}}", "some"},
      {"{{#each failing_paths}}({{this}} of {{job}}){{/each}}", "(one of photos)(<two> of photos)"},
      {"{{#if job}}{{#if hint}}a{{else}}b{{/if}}{{/if}}", "b"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(render(row.text) == row.result);
  }
}

TEST_CASE("a tag alone on its line leaves no line behind") {
  CHECK(render("a\n{{#if job}}\nb\n{{/if}}\nc\n") == "a\nb\nc\n");
  CHECK(render("a\n  {{#if hint}}  \nb\n{{else}}\nd\n{{/if}}\nc") == "a\nd\nc");
  CHECK(render("{{#each failing_paths}}\n- {{this}}\n{{/each}}") == "- one\n- <two>\n");
  CHECK(render("a {{#if job}}\nb{{/if}}") == "a \nb");
  CHECK(render("{{#if job}}\nx{{/if}}\n{{#if job}}\ny\n{{/if}}") == "x\ny\n");
}

TEST_CASE("in HTML every value is text") {
  CHECK(render("<i>{{client}}</i>", Escape::html) == "<i>a&lt;b&gt;&amp;&quot;c&#39;</i>");
  CHECK(render("{{#each failing_paths}}{{this}}{{/each}}", Escape::html) == "one&lt;two&gt;");
}

TEST_CASE("what makes no sense is refused with its line and a suggestion") {
  struct Row {
    std::string_view text, problem;
  };
  const Row rows[] = {
      {"a\n{{jbo}}", "line 2: {{jbo}} is not a variable; did you mean job?"},
      {"{{job", "line 1: {{ without }}"},
      {"{{}}", "is not a variable"},
      {"{{#if job}}x", "{{#if job}} has no {{/if}}"},
      {"x\n\n{{/if}}", "line 3: {{/if}} has no beginning"},
      {"{{else}}", "{{else}} has no beginning"},
      {"{{#if job}}{{/each}}", "{{/each}} where {{/if}} is needed"},
      {"{{#if nonsense}}{{/if}}", "is not a variable"},
      {"{{#each job}}{{/each}}", "is not a list"},
      {"{{failing_paths}}", "is a list"},
      {"{{#each items}}{{#each failing_paths}}{{/each}}{{/each}}",
       "cannot stand inside another list"},
      {"{{this}}", "is not a variable"},
      {"{{{job}}}", "is not a variable"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Result<Template> parsed = Template::parse(row.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::invalid);
    CHECK_THAT(parsed.error().message, Contains(std::string(row.problem)));
  }
}

TEST_CASE("templates are bounded in depth, parts and output") {
  std::string deep, wide, parts;
  for (int i = 0; i < 20; ++i)
    deep = "{{#if job}}" + deep + "{{/if}}";
  CHECK_FALSE(Template::parse(deep));
  for (int i = 0; i < 6000; ++i)
    parts += "{{job}}";
  CHECK_FALSE(Template::parse(parts));
  wide = "{{#each failing_paths}}" + std::string(60'000, 'x') + "{{/each}}";
  Variables many;
  many.lists["failing_paths"].resize(20);
  const Result<Template> parsed = Template::parse(wide);
  REQUIRE(parsed);
  CHECK_FALSE(parsed->render(many, Escape::none));
}

TEST_CASE("the manual lists every variable with its meaning") {
  const auto manual = read_file(std::string(DRAY_SOURCE_DIR) + "/docs/EMAIL_TEMPLATES.md", 1 << 20);
  REQUIRE(manual);
  for (const NotifyVariable& variable : notify_variables()) {
    INFO(variable.name);
    CHECK_THAT(*manual, Contains(fmt::format("| `{}` | {}{} |", variable.name,
                                             variable.kind == VariableKind::list ? "list: " : "",
                                             variable.meaning)));
  }
}

TEST_CASE("every variable of the manual can be named") {
  for (const NotifyVariable& variable : notify_variables()) {
    INFO(variable.name);
    CHECK(Template::parse(fmt::format("{{{{#if {}}}}}x{{{{/if}}}}", variable.name)));
  }
}
