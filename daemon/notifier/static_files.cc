#include "daemon/notifier/static_files.h"

#include <sys/stat.h>

#include <algorithm>

#include "daemon/base/files.h"
#include "schemas/etag.h"

namespace dray::notifier {
namespace {

constexpr int kMaxDepth = 4;
constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kAssets = "assets/";  // names hold a hash of the content

struct TypeRow {
  std::string_view extension;
  std::string_view type;
};
constexpr TypeRow kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".map", "application/json"},
};

// No script, style or image but our own; nothing may frame the page or be posted to another.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'";

std::string type_of(std::string_view name) {
  for (const TypeRow& row : kTypes)
    if (name.ends_with(row.extension)) return std::string(row.type);
  return "application/octet-stream";
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::string& directory) {
  StaticFiles files;
  DRAY_TRY(files.add(directory, "", 0));
  return files;
}

Status StaticFiles::add(const std::string& directory, const std::string& below, int depth) {
  DRAY_TRY_ASSIGN(const std::vector<std::string> names, list_dir(directory));
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0 || name.starts_with('.')) continue;
    if (S_ISDIR(info.st_mode) && depth < kMaxDepth) {
      DRAY_TRY(add(path, below + name + "/", depth + 1));
    } else if (S_ISREG(info.st_mode)) {
      if (files_.size() == kMaxFiles)
        return fail(ErrorCode::exhausted, "{}: holds more than {} files", directory, kMaxFiles);
      DRAY_TRY_ASSIGN(std::string content, read_file(path, kMaxFileBytes));
      const std::string etag = etag_of(content);
      files_[below + name] = {std::make_shared<const std::string>(std::move(content)),
                              type_of(name), etag};
    }
  }
  return {};
}

HttpReply StaticFiles::reply_with(const File& file, bool forever,
                                  const HttpRequest& request) const {
  HttpReply reply;
  reply.content_type = file.type;
  reply.headers.push_back({"etag", file.etag});
  reply.headers.push_back(
      {"cache-control", forever ? "public, max-age=31536000, immutable" : "no-cache"});
  reply.headers.push_back({"content-security-policy", std::string(kPolicy)});
  reply.headers.push_back({"cross-origin-opener-policy", "same-origin"});
  if (request.header("if-none-match") == file.etag) {
    reply.status = 304;
    return reply;
  }
  reply.shared = file.content;
  return reply;
}

HttpReply StaticFiles::missing_page() {
  HttpReply reply;
  reply.status = 404;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body =
      "Drayage is running, but its web page is not installed: the directory that notifier.web_dir "
      "of the configuration names holds no index.html.\nEverything can be done with `dray` and "
      "through the API below /api/v1, which /api/v1/openapi.yaml describes.\n";
  return reply;
}

std::optional<HttpReply> StaticFiles::find(const HttpRequest& request) const {
  std::string path;
  for (const std::string& segment : request.segments)
    path += (path.empty() ? "" : "/") + segment;
  if (const auto file = files_.find(path); file != files_.end())
    return reply_with(file->second, path.starts_with(kAssets), request);
  // Addresses below the page are its own; the API and files that are missing are not.
  const bool of_api = path.starts_with("api/") || path == "api";
  const bool names_file =
      path.find('.', path.rfind('/') == std::string::npos ? 0 : path.rfind('/')) !=
      std::string::npos;
  const auto index = files_.find(std::string(kIndex));
  if (path.empty() && index == files_.end()) return missing_page();
  if (of_api || names_file || index == files_.end()) return std::nullopt;
  return reply_with(index->second, false, request);
}

}  // namespace dray::notifier
