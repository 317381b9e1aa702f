#include "workers/version_math.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/support/catch.h"

namespace dray::worker {
namespace {

class FromList final : public EntrySource {
 public:
  explicit FromList(std::vector<RemoteEntry> entries) : entries_(std::move(entries)) {
    std::ranges::sort(entries_, {}, &RemoteEntry::path);
  }
  Result<std::optional<RemoteEntry>> next() override {
    if (at_ == entries_.size()) return std::nullopt;
    return entries_[at_++];
  }

 private:
  std::vector<RemoteEntry> entries_;
  size_t at_ = 0;
};

using Files = std::map<std::string, int>;  // path to content

// A destination in the versioned layout, and beside it what nobody has in earnest: a full copy of
// every state.
struct Model {
  Files current;
  std::map<VersionDir, Files> versions;
  std::map<RunId, std::set<std::string>> manifests;
  std::map<RunId, Files> copies;

  // What rclone does with --backup-dir for one path.
  void replace(const VersionDir& dir, const std::string& path, int content) {
    if (const auto old = current.find(path); old != current.end()) {
      if (old->second == content) return;
      versions[dir][path] = old->second;
      current.erase(old);
    }
    if (content != 0) current[path] = content;
  }
  void record(RunId run) {
    copies[run] = current;
    manifests[run] = {};
    for (const auto& [path, content] : current)
      manifests[run].insert(path);
  }

  FromList manifest(RunId run) const {
    std::vector<RemoteEntry> entries;
    for (const std::string& path : manifests.at(run))
      entries.push_back({path, 1, {}, false});
    return FromList(std::move(entries));
  }
  FromList held() const {
    std::vector<RemoteEntry> entries;
    for (const auto& [dir, files] : versions)
      for (const auto& [path, content] : files)
        entries.push_back(
            *held_entry({dir_name(dir) + "/" + path, static_cast<uint64_t>(content), {}, false}));
    return FromList(std::move(entries));
  }

  Files restored(RunId run) const {
    FromList names = manifest(run);
    FromList sorted = held();
    HeldPaths paths(sorted);
    Files files;
    REQUIRE(plan_restore(names, paths, run, [&](const RemoteEntry& entry, const auto& place) {
      const Files& from = place ? versions.at(*place) : current;
      const auto found = from.find(entry.path);
      files[entry.path] = found == from.end() ? -1 : found->second;
    }));
    return files;
  }

  // Returns how many files went.
  size_t prune(const std::vector<RunId>& kept, KnownRuns known) {
    std::vector<FromList> sources;
    for (const RunId run : kept)
      sources.push_back(manifest(run));
    std::vector<KeptState> states;
    for (size_t i = 0; i < kept.size(); ++i)
      states.push_back({kept[i], &sources[i]});
    FromList sorted = held();
    HeldPaths paths(sorted);
    std::vector<std::pair<VersionDir, std::string>> go;
    REQUIRE(plan_prune(states, paths, known,
                       [&](const std::string& path, const HeldPath::In& in, bool needed) {
                         if (!needed) go.emplace_back(in.dir, path);
                       }));
    for (const auto& [dir, path] : go)
      versions[dir].erase(path);
    return go.size();
  }
};

// A run with up to three attempts; the last one of a good run finishes what the others began.
void random_run(Model& model, RunId run, std::mt19937& random, int& next_content) {
  const auto dice = [&](int sides) {
    return std::uniform_int_distribution<int>(0, sides - 1)(random);
  };
  const int attempts = 1 + (dice(4) == 0 ? dice(3) : 0);
  const bool good = dice(5) != 0;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    const int changes = dice(6);
    std::set<std::string> touched;  // an attempt touches a path once
    for (int i = 0; i < changes; ++i) {
      const std::string path =
          std::string(1, static_cast<char>('a' + dice(8))) + (dice(3) == 0   ? "!"
                                                              : dice(3) == 0 ? "/x"
                                                                             : "");
      if (!touched.insert(path).second) continue;
      // Deleted, or written anew; a file that was cut short is one more content.
      model.replace({run, static_cast<uint32_t>(attempt)}, path, dice(4) == 0 ? 0 : ++next_content);
    }
  }
  if (good) model.record(run);
}

TEST_CASE("every kept state is what it was, before and after any sequence of prunes") {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto dice = [&](int sides) {
      return std::uniform_int_distribution<int>(0, sides - 1)(random);
    };
    Model model;
    int next_content = 0;
    std::vector<RunId> kept;
    RunId oldest;
    for (uint64_t i = 1; i <= 25; ++i) {
      const RunId run{i * 3};
      random_run(model, run, random, next_content);
      if (model.copies.contains(run)) kept.push_back(run);
      if (kept.empty() || dice(4) != 0) continue;
      if (!oldest) oldest = kept.front();
      const RunId newest = kept.back();
      // The newest state always stays.
      std::erase_if(kept, [&](RunId one) { return one != newest && dice(3) == 0; });
      model.prune(kept, {oldest, newest});
      for (const RunId one : kept)
        REQUIRE(model.restored(one) == model.copies[one]);
      REQUIRE(model.prune(kept, {oldest, newest}) == 0);
    }
  }
}

TEST_CASE("pruning leaves nothing that no kept state needs") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    Model model;
    int next_content = 0;
    std::vector<RunId> all;
    for (uint64_t i = 1; i <= 12; ++i) {
      random_run(model, RunId{i}, random, next_content);
      if (model.copies.contains(RunId{i})) all.push_back(RunId{i});
    }
    if (all.size() < 3) continue;
    const std::vector<RunId> kept = {all[all.size() / 2], all.back()};
    model.prune(kept, {all.front(), all.back()});
    // Taking any one file away would change a kept state.
    for (const auto& [dir, files] : Model(model).versions) {
      if (dir.run <= all.front() || dir.run > all.back()) continue;
      for (const auto& [path, content] : files) {
        Model without = model;
        without.versions[dir].erase(path);
        const bool same = std::ranges::all_of(
            kept, [&](RunId one) { return without.restored(one) == model.copies[one]; });
        CHECK_FALSE(same);
      }
    }
  }
}

TEST_CASE("what an unknown state may need is not touched") {
  Model model;
  model.replace({RunId{1}}, "a", 1);
  model.replace({RunId{2}}, "a", 2);  // serves a state before everything that is known
  model.record(RunId{3});
  model.replace({RunId{4}}, "b", 3);
  model.record(RunId{5});
  model.replace({RunId{6}}, "c", 4);
  model.replace({RunId{7}}, "c", 5);  // may serve a state to come
  CHECK(model.prune({RunId{5}}, {RunId{3}, RunId{5}}) == 0);
}

TEST_CASE("only directories of runs count as such") {
  CHECK(dir_name({RunId{812}}) == "000000000812");
  CHECK(dir_name({RunId{812}, 2}) == "000000000812.002");
  CHECK(parse_dir_name("000000000812") == VersionDir{RunId{812}, 1});
  CHECK(parse_dir_name("000000000812.002") == VersionDir{RunId{812}, 2});
  CHECK(parse_dir_name("1234567890123.1000") == VersionDir{RunId{1234567890123}, 1000});
  for (const char* name : {"", "812", "000000000000", "000000000812.001", "000000000812.2", "x",
                           "000000000812.", "000000000812 ", "00000000081x"}) {
    INFO(name);
    CHECK_FALSE(parse_dir_name(name));
  }
  CHECK_FALSE(held_entry({"000000000812", 1, {}, false}));
  CHECK_FALSE(held_entry({"mine/000000000812", 1, {}, false}));
  CHECK(held_entry({"000000000812/a/b", 1, {}, false})->path.starts_with("a/b"));
}

TEST_CASE("places of a job follow its layout") {
  const VersionPlaces versioned = version_places(Layout::versioned, "dst:b/x", "");
  CHECK(versioned.objects == "dst:b/x/current");
  CHECK(versioned.store == "dst:b/x");
  CHECK(version_places(Layout::versioned, "dst:", "").objects == "dst:current");
  const VersionPlaces mirror = version_places(Layout::mirror, "dst:b", "dst:old");
  CHECK(mirror.objects == "dst:b");
  CHECK(mirror.store == "dst:old");
  CHECK(version_places(Layout::mirror, "dst:b", "").store.empty());
}

}  // namespace
}  // namespace dray::worker
