// Tags that say which state of a thing somebody saw, and what a change is told that was based on
// another state. The notifier hands them out; the scheduler compares, in the transaction of the
// change. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace dray {

// Of a file, or of JSON without what changes by itself (progress, when it runs next, who was here).
std::string etag_of(std::string_view content);

// Of Request::if_match.
std::unexpected<Error> fail_changed_since();
bool is_changed_since(const Error& error);

}  // namespace dray
