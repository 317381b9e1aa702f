// Passwords of encrypted jobs: taken in as sealed boxes, given out only by a worker. Nothing here
// can read them.
#include "daemon/base/quote.h"
#include "daemon/scheduler/event_kinds.h"
#include "daemon/scheduler/verbs.h"

namespace dray::verbs {
namespace {

constexpr size_t kMaxBoxBytes = 4096;  // two passwords take some 200

struct ExportArgs {
  std::string name;
  std::string public_key;
  bool again = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("public_key", self.public_key);
    visit.optional("again", self.again);
  }
};

// What the worker is told (workers/query_export_key.h).
struct ExportQuestion {
  std::string public_key;
  std::string asked_by;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("public_key", self.public_key);
    visit("asked_by", self.asked_by);
  }
};

struct ExportNote {
  std::string asked_by;
  bool again = false;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("asked_by", self.asked_by);
    visit("again", self.again);
  }
};

// Old files in clear beside new ones encrypted, or the other way round, are a copy of nothing.
Status check_switch(Context& context, const store::JobRecord& before, const JobSpec& spec,
                    std::string_view where) {
  if (before.spec.policy.encryption == spec.policy.encryption) return {};
  if (before.spec.destination != spec.destination) return {};
  DRAY_TRY_ASSIGN(const bool written, context.jobs.has_written(before.id));
  if (!written) return {};
  return fail(ErrorCode::conflict,
              "{}: encryption: cannot be switched {} while what earlier runs stored lies in the "
              "destination; give the job an empty one in the same change, as in `dray job edit {} "
              "{} --to REMOTE:NEWPATH`",
              where, spec.policy.encryption ? "on" : "off", spec.name,
              spec.policy.encryption ? "--encrypt" : "--no-encrypt");
}

Result<std::string> opened_box(Context& context, const SealedCryptKey& key) {
  DRAY_TRY(check_reader(context.core, key.sealed_for));
  DRAY_TRY_ASSIGN(std::string bytes, base64_decode(key.sealed));
  if (bytes.empty() || bytes.size() > kMaxBoxBytes)
    return fail(ErrorCode::invalid, "sealed: {} bytes are not a sealed key", bytes.size());
  return bytes;
}

}  // namespace

Status settle_encryption(Context& context, const std::optional<store::JobRecord>& before,
                         const JobSpec& spec, const SealedCryptKey* key) {
  const std::string where = fmt::format("job {}", quoted(spec.name));
  if (before) DRAY_TRY(check_switch(context, *before, spec, where));
  if (!spec.policy.encryption) return {};
  DRAY_TRY_ASSIGN(const auto known, context.keys.find(spec.name));
  if (known) return {};
  if (key == nullptr)
    return fail(
        ErrorCode::invalid,
        "{}: crypt_key: is missing; an encrypted job needs passwords that are sealed to the "
        "workers' key, as `dray job add --encrypt` makes them",
        where);
  DRAY_TRY_ASSIGN(const std::string box,
                  annotate(opened_box(context, *key), fmt::format("{}: crypt_key", where)));
  return context.keys.add(spec.name, box, key->sealed_for, context.now.wall);
}

Result<std::string> job_export_key(Context& context, const JsonValue& body) {
  DRAY_TRY_ASSIGN(const ExportArgs args, arguments<ExportArgs>(body));
  DRAY_TRY(annotate(parse_sealing_key(args.public_key), "public_key"));
  DRAY_TRY_ASSIGN(const auto job, context.jobs.find(args.name));
  DRAY_TRY_ASSIGN(const auto key, context.keys.find(args.name));
  if (!key)
    return fail(ErrorCode::not_found, "{} job {}{}", job ? "the" : "there is no", quoted(args.name),
                job ? " is not encrypted: it has no passwords" : "");
  const JobKeyView& view = key->view;
  if (view.exported_at != WallTime{} && !args.again)
    return fail(ErrorCode::conflict,
                "the passwords of job {} were given to {} at {}; --again gives them out once more, "
                "and the audit log keeps who asked",
                quoted(args.name), view.exported_by, format_rfc3339(view.exported_at));
  DRAY_TRY_ASSIGN(const SessionId worker, any_worker(context.core));
  // Written down before they are given out: no crash in between can hide it.
  DRAY_TRY(context.keys.mark_exported(args.name, context.asked_by, context.now.wall));
  context.target = args.name;
  context.after.json = to_json(ExportNote{context.asked_by, args.again});
  context.events.emplace_back(scheduler::Noted{scheduler::event_kind::kJobKeyExported,
                                               job ? job->spec.client : "", args.name,
                                               context.after.json});
  WorkerQuery question;
  question.kind = "job.export_key";
  question.body = to_json(ExportQuestion{args.public_key, context.asked_by});
  question.spec.job = args.name;
  question.spec.crypt_key = key->sealed;
  context.later = Relay{worker, std::move(question)};
  return "";
}

}  // namespace dray::verbs
