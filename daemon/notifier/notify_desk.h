// Questions that people have for the notifier; the bodies and answers are those of
// answers_notify.h, under the names of the verbs by which they are asked. Private to the notifier.
#pragma once

#include <string_view>

namespace dray::notify {

inline constexpr std::string_view kAskDeliveries = "notify.deliveries";
inline constexpr std::string_view kAskRetry = "notify.retry";
inline constexpr std::string_view kAskTest = "notify.test";
inline constexpr std::string_view kAskPreview = "notify.preview";

}  // namespace dray::notify
