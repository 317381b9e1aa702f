// dray job export-key
#include "daemon/base/quote.h"
#include "daemon/base/random.h"
#include "ops/commands.h"
#include "ops/context.h"
#include "ops/format.h"
#include "ops/views.h"
#include "schemas/crypt_key.h"
#include "schemas/job_json.h"
#include "schemas/obscure.h"

namespace dray::ops {
namespace {

// Where the job's files lie; nothing when the job is gone.
Result<std::string> destination_of(Context& context, const std::string& job) {
  Result<JobShowAnswer> shown = context.ask_as<JobShowAnswer>("job.show", {{"name", job}});
  if (shown) return endpoint_text(shown->job.spec.destination);
  if (shown.error().code == ErrorCode::not_found) return "";
  return std::unexpected(std::move(shown.error()));
}

// As rclone wants to find it in its configuration.
std::string conf_section(const std::string& job, const std::string& destination,
                         const CryptKey& key) {
  return fmt::format("[{}-crypt]\ntype = crypt\nremote = {}\npassword = {}\npassword2 = {}\n", job,
                     destination.empty() ? "REMOTE:PATH" : destination,
                     obscure(key.password, random_bytes(16)),
                     obscure(key.password2, random_bytes(16)));
}

void print_key(Context& context, const std::string& job, const std::string& destination,
               const CryptKey& key) {
  const std::string section = conf_section(job, destination, key);
  if (context.json) {
    context.out.line(dump_json(Json{{"job", job},
                                    {"destination", destination},
                                    {"password", key.password},
                                    {"password2", key.password2},
                                    {"rclone_conf", section}}));
    return;
  }
  context.out.write(fmt::format(
      "# Opens everything that job {} stored. Keep it secret, and keep it safe: without it and\n"
      "# without Drayage the data cannot be read. Behind a section for the remote of `remote`\n"
      "# below, this is all that rclone needs: `rclone lsf {}-crypt:`\n"
      "# In clear: password {} password2 {}\n{}",
      clean_name(job), clean_name(job), key.password, key.password2, section));
}

Result<Exit> export_key(Context& context, const Args& args) {
  const std::string& job = args.text("NAME");
  DRAY_TRY_ASSIGN(const std::string destination, destination_of(context, job));
  // One-time: the passwords travel sealed to it, and it is gone with this process.
  const SealingKeyPair pair = generate_sealing_keypair();
  Json body{{"name", job}, {"public_key", format_sealing_key(pair.public_key)}};
  if (args.has("--again")) body["again"] = true;
  DRAY_TRY_ASSIGN(const std::string text, context.ask("job.export_key", body));
  if (text.empty())
    return fail(ErrorCode::unavailable,
                "the passwords were on their way when the connection broke; ask once more with "
                "--again");
  DRAY_TRY_ASSIGN(const SealedCryptKey box, read_answer<SealedCryptKey>("job.export_key", text));
  DRAY_TRY_ASSIGN(const std::string sealed, base64_decode(box.sealed));
  DRAY_TRY_ASSIGN(const CryptKey key, open_exported_key(pair, job, sealed));
  print_key(context, job, destination, key);
  return Exit::ok;
}

}  // namespace

std::vector<Command> job_key_commands() {
  return {
      {"job export-key",
       "Print the passwords of an encrypted job, to read its data without Drayage.",
       {{"NAME", "", "of the job; also one that was removed", Use::required, {}, "job"},
        {"--again", "", "although somebody took them out before"}},
       "dray job export-key photos > photos-crypt.conf",
       export_key,
       "The passwords are given out once; who asked, and when, is kept in the audit log and shows "
       "in `dray job show`. Further times need --again."},
  };
}

}  // namespace dray::ops
