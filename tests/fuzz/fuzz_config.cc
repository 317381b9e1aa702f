// Configuration files: taken or refused; what was taken shows as text that gives the same again.
#include "daemon/base/config.h"
#include "tests/fuzz/target.h"

namespace dray::fuzz {

std::vector<std::string> seeds() {
  const auto defaults = parse_config("", "defaults");
  std::vector<std::string> list = {
      "", "[log]\nlevel = \"debug\"\nformat = \"json\"\n",
      "[scheduler]\nlease = \"10m\"\ndefault_time_zone = \"Europe/Oslo\"\nmin_free_disk = \"1G\"\n",
      "[worker]\nname = \"nas-1\"\nslots = 4\nlocal_roots = [\"/srv\", \"/home\"]\n"
      "allow_flags = [\"--fast-list\"]\nlog_max_size = \"64M\"\n",
      "[broker]\nlisten = [\"tcp://127.0.0.1:7000\"]\n[cli]\nbroker = \"tcp://[::1]:7000\"\n"};
  if (defaults) {
    list.push_back(show_config(*defaults, false));
    list.push_back(show_config(*defaults, true));
  }
  return list;
}

std::vector<std::string_view> words() {
  return {"[worker]\n",  "slots = ",   "\"",      "'''",
          "{host}",      "{data_dir}", "= -1",    "99999999999999999999",
          "\"10m\"",     "inf",        "[[",      "]]",
          "\\u0000",     "tcp://",     "ipc:///", "../",
          "a.b.c = 1\n", "1979-05-27", "#"};
}

}  // namespace dray::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dray;
  const auto config = parse_config(fuzz::text_of(data, size), "fuzz.toml");
  if (!config) {
    fuzz::must(!config.error().message.empty(), "a refusal says why");
    return 0;
  }
  const std::string shown = show_config(*config, false);
  const auto again = parse_config(shown, "shown.toml");
  fuzz::must(again.has_value(), "what is shown can be read");
  fuzz::must(show_config(*again, false) == shown, "what is shown means the same");
  return 0;
}
