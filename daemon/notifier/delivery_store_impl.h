// Private to delivery_store*.cc.
#pragma once

#include "daemon/notifier/delivery_store.h"
#include "daemon/store/store_db.h"

namespace dray::notify {

struct DeliveryStore::Impl {
  explicit Impl(const std::string& path) : db(path) {}
  store::Db db;
};

}  // namespace dray::notify
