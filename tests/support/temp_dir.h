// A directory of its own for one test, removed at its end.
#pragma once

#include <cstdlib>
#include <string>

#include "daemon/base/files.h"
#include "daemon/base/result.h"

namespace dray {

class TempDir {
 public:
  TempDir() {
    const char* base = std::getenv("TMPDIR");
    std::string name = std::string(base != nullptr ? base : "/tmp") + "/dray-test-XXXXXX";
    DRAY_CHECK(mkdtemp(name.data()) != nullptr, "no temporary directory");
    path_ = name;
  }
  ~TempDir() { (void)remove_tree(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace dray
