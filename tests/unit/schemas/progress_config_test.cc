#include "schemas/progress_config.h"

#include "schemas/json_text.h"
#include "schemas/progress.h"
#include "tests/support/catch.h"

namespace dray {
namespace {

TEST_CASE("every phase that progress can show has a name for people") {
  for (const EnumRow<Phase>& row : EnumNames<Phase>::kRows) {
    INFO(row.name);
    CHECK(default_progress_config().phases.contains(row.name));
  }
}

TEST_CASE("a file of the administrator changes what it names and leaves the rest") {
  const auto config = parse_progress_config(
      "[steps.guard]\nweight = 12.5\n[phases.listing]\ntitle = \"Sammeln\"\n"
      "[commands.dump]\nrange = [5, 60]\n",
      "mine.toml");
  REQUIRE(config);
  CHECK(config->weight_of("guard", 1) == 12.5);
  CHECK(config->weight_of("transfer", 1) == 90);
  CHECK(config->weight_of("unknown", 7) == 7);
  CHECK(config->steps.at("guard").title == "Checking what would change");
  CHECK(config->phases.at("listing").title == "Sammeln");
  CHECK(config->commands.at("dump").title == "dump");
  CHECK(config->commands.at("dump").to == 60);
}

TEST_CASE("what is wrong with such a file is said with its line") {
  const struct {
    std::string_view text, message;
  } rows[] = {
      {"[steps.guard]\nweight = 0", "mine.toml:2: weight must be"},
      {"[steps.guard]\nweight = \"x\"", "mine.toml:2: weight must be"},
      {"[commands.x]\nrange = [60, 5]", "mine.toml:2: range must be"},
      {"[commands.x]\nrange = [0, 101]", "mine.toml:2: range must be"},
      {"[phases.listing]\nweight = 3", "mine.toml:2: weight does not belong"},
      {"[other.x]\ntitle = \"x\"", "mine.toml:1: other is none of"},
      {"[steps\n", "mine.toml:1: "},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto config = parse_progress_config(row.text, "mine.toml");
    REQUIRE_FALSE(config);
    CHECK_THAT(config.error().message, Catch::StartsWith(std::string(row.message)));
  }
}

TEST_CASE("the configuration is JSON for pages") {
  const auto document = JsonDocument::parse(progress_config_json(default_progress_config()));
  REQUIRE(document);
  const auto steps = document->root().find("steps");
  REQUIRE(steps);
  CHECK(steps->find("transfer")->find("weight")->floating() == 90.0);
}

}  // namespace
}  // namespace dray
