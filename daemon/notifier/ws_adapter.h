// ws_adapter.js, which pages of the former product load: compiled in, for it is served whether the
// page of Drayage is installed or not.
#pragma once

#include <string_view>

namespace dray::notifier {

std::string_view ws_adapter_js();

}  // namespace dray::notifier
