// What verbs about files that were handed in answer (see answers.h). Pure data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "schemas/ids.h"

namespace dray {

struct UploadJobAnswer {  // upload.prepare
  std::string job;
  bool created = false;
  bool needs_key = false;  // it would be made: ask again with crypt_key for a job of that name
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("job", self.job);
    visit.optional("created", self.created);
    visit.optional("needs_key", self.needs_key);
  }
};

// A file that lies in its destination, as it was when its run ended.
struct ReceiptView {
  RunId run;
  std::string job;
  std::string client;
  WallTime at{};
  std::string name;
  std::string path;  // "remote:path"; encrypted jobs: as the job's key shows it
  uint64_t size = 0;
  std::string crc32;   // eight hexadecimal digits
  std::string sha256;  // hexadecimal
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("job", self.job);
    visit("client", self.client);
    visit("at", self.at);
    visit("name", self.name);
    visit("path", self.path);
    visit("size", self.size);
    visit("crc32", self.crc32);
    visit("sha256", self.sha256);
  }
};

struct ReceiptListAnswer {            // receipt.list
  std::vector<ReceiptView> receipts;  // newest first
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("receipts", self.receipts);
  }
};

}  // namespace dray
