// Remotes that are made of other remotes (crypt, alias, union ...): where in their settings the
// others stand. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "schemas/job.h"

namespace dray {

// What "name:path" becomes, as text of the same form.
using ResolveReference =
    std::function<Result<std::string>(std::string_view name, std::string_view path)>;

// Replaces every reference in `settings`.
// invalid: something that is not "name:path" with the name of a remote: a path of this machine, a
// remote defined on the fly (":s3,...:"), options changed in place ("nas,user=root:"), or a setting
// that looks like a reference in a backend that is not known to be a wrapper.
Status rewrite_references(std::string_view type, RemoteSettings& settings,
                          const ResolveReference& resolve);

// Adds the names of the remotes that these settings refer to, each once.
Status collect_references(std::string_view type, const RemoteSettings& settings,
                          std::vector<std::string>& names);

}  // namespace dray
