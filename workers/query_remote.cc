#include "workers/query_remote.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "schemas/answers_remotes.h"
#include "schemas/job_check.h"
#include "schemas/json_fields.h"
#include "schemas/limits.h"
#include "workers/clean_text.h"
#include "workers/rclone_question.h"

namespace dray::worker {
namespace {

constexpr size_t kMaxEntries = 5000;

// rclone's word for a backend that tells nothing of its room.
constexpr std::string_view kNoAbout = "doesn't support about";

// An rclone command on the query's remote; `read` turns its result into the answer.
class Asking final : public RunningQuery {
 public:
  using Read = Result<std::string> (*)(QuestionResult);
  Asking(QueryStart start, std::string verb, std::vector<std::string> flags, Read read)
      : question_(start.context,
                  {.name = fmt::format("query-{}", start.number),
                   .verb = std::move(verb),
                   .flags = std::move(flags),
                   .endpoint = start.query.spec.source,
                   .remotes = std::move(start.query.spec.remotes)},
                  [done = std::move(start.done), read](QuestionResult result) {
                    done(read(std::move(result)));
                  }) {}

 private:
  RcloneQuestion question_;
};

Result<std::string> read_space(QuestionResult result) {
  if (!result.ok) {
    const bool none = result.deciding_line.contains(kNoAbout);
    return none ? Result<std::string>(to_json(RemoteSpace{})) : std::unexpected(to_error(result));
  }
  Result<RemoteSpace> space = from_json<RemoteSpace>(result.output, {.unknown_keys = true});
  if (!space) return fail(ErrorCode::corrupt, "rclone about: {}", space.error().message);
  space->known = true;
  return to_json(*space);
}

// The name itself wherever it can be part of a job's path: whoever shows it takes care of marks
// that turn text around. What cannot be entered anyway is made fit to be shown.
std::string entry_name(std::string_view line) {
  const bool usable = is_valid_utf8(line) && line.size() <= limits::kMaxFileNameBytes &&
                      check_path(line).has_value();
  return usable ? std::string(line) : shorten(strip_controls(line), limits::kMaxFileNameBytes);
}

Result<std::string> read_entries(QuestionResult result) {
  if (!result.ok) return std::unexpected(to_error(result));
  RemoteEntries answer;
  answer.truncated = result.cut;
  size_t bytes = 0;
  std::string_view rest = result.output;
  while (!rest.empty() && !answer.truncated) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    answer.entries.push_back(entry_name(line));
    // Escapes may double a name in JSON.
    bytes += 2 * answer.entries.back().size() + 4;
    answer.truncated = answer.entries.size() == kMaxEntries || bytes > limits::kMaxStringBytes / 2;
  }
  std::ranges::sort(answer.entries);
  return to_json(answer);
}

struct BrowseArgs {
  bool files = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit.optional("files", self.files);
  }
};

}  // namespace

std::unique_ptr<RunningQuery> query_remote_about(QueryStart start) {
  return std::make_unique<Asking>(std::move(start), "about", std::vector<std::string>{"--json"},
                                  &read_space);
}

std::unique_ptr<RunningQuery> query_remote_browse(QueryStart start) {
  const std::string& body = start.query.body;
  const Result<BrowseArgs> args = from_json<BrowseArgs>(body.empty() ? "{}" : body);
  if (!args) return answer_at_once(std::move(start), std::unexpected(args.error()));
  std::vector<std::string> flags{"--max-depth", "1", "--format", "p"};
  if (!args->files) flags.emplace_back("--dirs-only");
  return std::make_unique<Asking>(std::move(start), "lsf", std::move(flags), &read_entries);
}

}  // namespace dray::worker
