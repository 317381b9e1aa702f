// Tags that say which state of a thing somebody saw. Pure.
#pragma once

#include <string>
#include <string_view>

namespace dray::notifier {

// Of a file, or of JSON without what changes by itself (progress, when it runs next, who was here).
std::string etag_of(std::string_view content);

}  // namespace dray::notifier
