#include "workers/run_config.h"

#include "workers/crypt_wrap.h"
#include "workers/run_directory.h"

namespace dray::worker {

Result<RunConfig> make_run_config(const RunContext& context, const RunPaths& paths,
                                  ConfigWanted wanted) {
  if (context.logins != nullptr) DRAY_TRY(context.logins->prepare(wanted.remotes, wanted.user));
  RunConfig config;
  DRAY_TRY_ASSIGN(
      config.rclone,
      build_rclone_config(wanted.remotes, wanted.source, wanted.destination, context.keys,
                          context.local_roots, context.backends, wanted.further));
  if (wanted.crypt != nullptr) DRAY_TRY(wrap_in_crypt(config.rclone, *wanted.crypt, context.keys));
  DRAY_TRY(make_run_directory(paths));
  DRAY_TRY(write_private_file(paths.config(), config.rclone.text.reveal()));
  config.rclone.text = SecretString();
  for (const ConfigFile& file : config.rclone.files)
    DRAY_TRY(write_private_file(paths.directory + "/" + file.name, file.text));
  if (context.logins == nullptr) return config;
  DRAY_TRY_ASSIGN(config.logins, context.logins->watch(paths, std::move(config.rclone.logins),
                                                       wanted.user, std::move(wanted.give_way)));
  return config;
}

}  // namespace dray::worker
