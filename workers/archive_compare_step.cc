#include "workers/archive_compare_step.h"

#include <algorithm>

#include "daemon/base/quote.h"
#include "workers/archive_run.h"
#include "workers/chain_step.h"
#include "workers/local_source.h"

namespace dray::worker {
namespace {

constexpr size_t kMaxExcerpt = 10;

struct Excerpt {
  ValidationReport& report;
  size_t lines = 0;
  void add(const std::string& path, std::string_view how) {
    if (++lines <= kMaxExcerpt) report.excerpt += fmt::format("{}: {}\n", quoted(path), how);
  }
};

// Of a hash that both tell; nullopt: there is none.
std::optional<bool> same_hash(const RemoteEntry& a, const RemoteEntry& b) {
  for (const auto& [kind, hash] : a.hashes) {
    const auto other = b.hashes.find(kind);
    if (other != b.hashes.end() && !other->second.empty()) return hash == other->second;
  }
  return std::nullopt;
}

void compare_pair(const RemoteEntry& wanted, const RemoteEntry& found, Excerpt& excerpt) {
  ValidationReport& report = excerpt.report;
  ++report.compared;
  const std::optional<bool> same = same_hash(wanted, found);
  if (wanted.size != found.size && found.size != RemoteEntry::kUnknownSize) {
    ++report.differences;
    excerpt.add(wanted.path, fmt::format("has {} bytes instead of {}", found.size, wanted.size));
  } else if (same == false) {
    ++report.differences;
    excerpt.add(wanted.path, "has another content");
  } else if (!same) {
    ++report.not_comparable;
  }
}

class CompareStep final : public ChainStep {
 public:
  explicit CompareStep(AttemptState& state)
      : ChainStep(state), found_(state.paths.directory + "/found") {}

 private:
  Status begin_chain() override {
    report_.mode = ValidationMode::hash;
    report_.tool = drill() ? "manifest" : "list";
    if (drill()) return fetch_manifest();
    ListingWanted wanted;
    wanted.label = "compare";
    wanted.remote = state().config.destination;
    wanted.mtimes = false;
    if (const auto hash = state().archive->common_hash()) wanted.hash_type = to_string(*hash);
    list(
        std::move(wanted), [this](const RemoteEntry& entry) { add(entry); },
        [this](const ListingEnd&) { return compare(); });
    return {};
  }

  bool drill() { return state().task.restore.drill; }

  Status fetch_manifest() {
    const std::string file = state().paths.directory + "/manifest.jsonl.zst";
    run({.label = "manifest",
         .verb = "copyto",
         .operands = {below_place(state().config.destination,
                                  state().task.restore.version.manifest),
                      file}},
        [this, file](const ProcessEnd&) -> Status {
          DRAY_TRY_ASSIGN(const std::unique_ptr<ManifestReader> manifest,
                          ManifestReader::open(file, ManifestOf::archive));
          for (;;) {
            DRAY_TRY_ASSIGN(const std::optional<RemoteEntry> entry, manifest->next());
            if (!entry) return compare();
            add(*entry);
          }
        });
    return {};
  }

  // Names from an archive, from a manifest and from a listing meet as bytes.
  void add(RemoteEntry entry) {
    entry.path = local_name_bytes(entry.path);
    found_.add(entry);
  }

  Status compare() {
    DRAY_TRY_ASSIGN(const std::unique_ptr<EntrySource> wanted, state().archive->unpacked->sorted());
    DRAY_TRY_ASSIGN(const std::unique_ptr<EntrySource> found, found_.sorted());
    DRAY_TRY(compare_entries(*wanted, *found, drill(), report_));
    conclude();
    return {};
  }

  void conclude() {
    StepEnd end;
    const bool bad = report_.differences + report_.missing > 0;
    report_.grade = bad ? Grade::failed : report_.not_comparable > 0 ? Grade::size : Grade::hash;
    if (bad) {
      end.outcome = Outcome::failed;
      end.error_class = ErrorClass::integrity;
      end.hint = fmt::format("{} files differ from what is in the archive, {} are missing: {}",
                             report_.differences, report_.missing,
                             report_.excerpt.substr(0, report_.excerpt.find('\n')));
    }
    state().report.validation = {report_};
    finish(std::move(end));
  }

  EntrySorter found_;
  ValidationReport report_;
};

}  // namespace

Status compare_entries(EntrySource& wanted, EntrySource& found, bool exactly,
                       ValidationReport& report) {
  Excerpt excerpt{report};
  DRAY_TRY_ASSIGN(std::optional<RemoteEntry> theirs, found.next());
  const auto pass_over = [&]() -> Status {
    if (exactly) {
      ++report.missing;
      excerpt.add(theirs->path, "is not in the archive");
    }
    DRAY_TRY_ASSIGN(theirs, found.next());
    return {};
  };
  for (;;) {
    DRAY_TRY_ASSIGN(const std::optional<RemoteEntry> ours, wanted.next());
    while (theirs && (!ours || theirs->path < ours->path))
      DRAY_TRY(pass_over());
    if (!ours) return {};
    if (theirs && theirs->path == ours->path) {
      compare_pair(*ours, *theirs, excerpt);
      DRAY_TRY_ASSIGN(theirs, found.next());
    } else {
      ++report.missing;
      excerpt.add(ours->path, "is not there");
    }
  }
}

std::unique_ptr<Step> make_archive_compare_step(AttemptState& state) {
  return std::make_unique<CompareStep>(state);
}

}  // namespace dray::worker
