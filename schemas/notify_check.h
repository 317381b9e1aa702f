// Does what an operator enters about notifications make sense? Every refusal names the place, the
// problem and the fix. Pure. Not checked here: whether clients, jobs and channels exist.
#pragma once

#include <string_view>

#include "daemon/base/result.h"
#include "schemas/notify.h"

namespace dray {

inline constexpr size_t kMaxTemplateBytes = 64 << 10;
inline constexpr size_t kMaxRecipients = 50;
inline constexpr size_t kMaxSealedChannelBytes = 16 << 10;

Status check_channel(const NotifyChannel& channel);
Status check_rule(const NotifyRule& rule, const NotifyChannel* channel);
Status check_template(const NotifyTemplate& row);

// "name@host" in ASCII, without a display name.
Status check_mail_address(std::string_view address);
// http:// or https://, without a user in it.
Status check_web_address(std::string_view url);

}  // namespace dray
