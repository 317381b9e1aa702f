#include "workers/query_versions.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "daemon/base/files.h"
#include "daemon/base/text.h"
#include "schemas/answers_versions.h"
#include "schemas/limits.h"
#include "workers/manifest.h"
#include "workers/path_glob.h"
#include "workers/rclone_question.h"

namespace dray::worker {
namespace {

constexpr size_t kMaxFound = 5000;
// Of the answer's JSON: a row is some 100 bytes and its path, which escapes may make longer.
constexpr size_t kMaxAnswer = limits::kMaxStringBytes / 2;

// Appends what one manifest holds. True: there is no room for more.
Result<bool> search(const std::string& file, const FindInManifests::Manifest& manifest,
                    std::string_view pattern, VersionFindAnswer& answer, size_t& bytes) {
  DRAY_TRY_ASSIGN(
      const std::unique_ptr<ManifestReader> reader,
      ManifestReader::open(file, manifest.archive ? ManifestOf::archive : ManifestOf::state));
  for (;;) {
    DRAY_TRY_ASSIGN(const std::optional<RemoteEntry> entry, reader->next());
    if (!entry) return false;
    if (!path_matches(pattern, entry->path)) continue;
    std::string path = escape_for_display(entry->path);
    bytes += path.size() + 100;
    if (answer.files.size() == kMaxFound || bytes > kMaxAnswer) return true;
    std::optional<uint64_t> size;
    if (entry->size != RemoteEntry::kUnknownSize) size = entry->size;
    answer.files.push_back({manifest.run, std::move(path), size, entry->mtime});
  }
}

class Finding final : public RunningQuery {
 public:
  Finding(QueryStart start, FindInManifests wanted)
      : wanted_(std::move(wanted)),
        directory_(fmt::format("{}/query-{}/manifests", start.context.work_dir, start.number)),
        question_(start.context, question(start),
                  [this, done = std::move(start.done)](const QuestionResult& result) {
                    done(result.ok ? found() : std::unexpected(to_error(result)));
                  }) {}

 private:
  QuestionWanted question(QueryStart& start) const {
    QuestionWanted wanted;
    wanted.name = fmt::format("query-{}", start.number);
    wanted.verb = "copy";
    wanted.flags.push_back(directory_);
    for (const FindInManifests::Manifest& manifest : wanted_.manifests)
      wanted.flags.push_back("--include=/" + manifest.path);
    wanted.endpoint = start.query.spec.source;
    wanted.remotes = std::move(start.query.spec.remotes);
    if (!start.query.spec.crypt_key.empty()) wanted.crypt = std::move(start.query.spec);
    return wanted;
  }

  // A manifest that is not there belongs to a state that is just being removed.
  Result<std::string> found() const {
    VersionFindAnswer answer;
    size_t bytes = 0;
    for (const FindInManifests::Manifest& manifest : wanted_.manifests) {
      const std::string file = directory_ + "/" + manifest.path;
      if (answer.truncated || !path_exists(file)) continue;
      DRAY_TRY_ASSIGN(answer.truncated, search(file, manifest, wanted_.pattern, answer, bytes));
    }
    return to_json(answer);
  }

  FindInManifests wanted_;
  std::string directory_;
  RcloneQuestion question_;
};

// Paths become parts of arguments, where they must not be patterns, and of paths here.
bool is_manifest_path(const FindInManifests::Manifest& manifest) {
  const std::string_view path = manifest.path;
  return path.ends_with(".jsonl.zst") && !leads_out(path) && std::ranges::all_of(path, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::strchr("./_-", c) != nullptr;
         });
}

}  // namespace

std::unique_ptr<RunningQuery> query_versions_find(QueryStart start) {
  Result<FindInManifests> wanted = from_json<FindInManifests>(start.query.body);
  if (wanted && wanted->manifests.size() > FindInManifests::kMaxManifests)
    wanted = fail(ErrorCode::invalid, "more than {} manifests", FindInManifests::kMaxManifests);
  if (wanted && !std::ranges::all_of(wanted->manifests, is_manifest_path))
    wanted = fail(ErrorCode::invalid, "a path that is none of a manifest");
  if (!wanted) return answer_at_once(std::move(start), std::unexpected(wanted.error()));
  return std::make_unique<Finding>(std::move(start), std::move(*wanted));
}

}  // namespace dray::worker
