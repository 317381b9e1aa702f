// The files of the page, read into memory once and served from there: the directory is small, and
// nothing of a request ever becomes a path of the file system.
//
// Thread: the loop's. Owner: the service.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/notifier/http_message.h"

namespace dray::notifier {

class StaticFiles {
 public:
  static constexpr size_t kMaxFiles = 2000;
  static constexpr size_t kMaxFileBytes = 16 << 20;

  // not_found: the directory is not there; the API works without a page.
  static Result<StaticFiles> load(const std::string& directory);

  // The file, or the page itself for addresses that the page knows ("/runs/12"); nullopt: neither.
  // Who asks for "/" where there is no page is told so.
  std::optional<HttpReply> find(const HttpRequest& request) const;

 private:
  struct File {
    std::shared_ptr<const std::string> content;
    std::string type;
    std::string etag;
  };
  Status add(const std::string& directory, const std::string& below, int depth);
  static HttpReply missing_page();
  HttpReply reply_with(const File& file, bool forever, const HttpRequest& request) const;

  std::map<std::string, File> files_;  // by path, "assets/index-1a2b.js"
};

}  // namespace dray::notifier
