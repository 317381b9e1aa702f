// One call as a transfer of libcurl. Private to sender*.cc; lives on the helper thread.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "daemon/notifier/sender.h"

namespace dray::notify {

class Transfer {
 public:
  Transfer(Call call, const AddressGuard& guard, Instant now);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return handle_.get(); }
  uint64_t id() const { return call_.id; }
  Instant deadline() const { return deadline_; }
  Attempt result(CURLcode code) const;
  Attempt timed_out() const;

 private:
  struct EasyFree {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, ListFree>;

  void set_up_common();
  void set_up(const MailCall& mail);
  void set_up(const WebCall& web);
  static void append(List& list, const std::string& line);
  bool is_mail() const { return std::holds_alternative<MailCall>(call_.what); }
  Attempt mail_result(CURLcode code) const;
  Attempt web_result(CURLcode code) const;
  std::string said(std::string_view what) const;

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static size_t read_message(char* into, size_t size, size_t count, void* self);
  static size_t take_reply(char* from, size_t size, size_t count, void* self);
  static size_t take_body(char* from, size_t size, size_t count, void* self);

  Call call_;
  const AddressGuard& guard_;
  Instant deadline_;
  List list_;
  char problem_[CURL_ERROR_SIZE] = {};
  size_t sent_ = 0;
  bool all_sent_ = false;  // the message is out: the other side may have taken it
  std::string denied_;     // by the guard
  std::string reply_;      // a mail server's last refusal; the beginning of a web server's body
  long refusal_ = 0;       // its code
  std::unique_ptr<CURL, EasyFree> handle_;  // last: it uses the others until it is gone
};

}  // namespace dray::notify
