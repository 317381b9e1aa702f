#include "daemon/notifier/sender_transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "daemon/base/text.h"

namespace dray::notify {
namespace {

constexpr size_t kMaxReplyBytes = 300;
constexpr long kGoodbye = 221;
constexpr int kWholeCall = 3;  // times the wait for one answer
constexpr long kConnectMs = 30'000;

struct SecurityRow {
  MailSecurity security;
  const char* scheme;
  long use_ssl;
};
constexpr SecurityRow kSecurities[] = {
    {MailSecurity::none, "smtp", CURLUSESSL_NONE},
    {MailSecurity::starttls, "smtp", CURLUSESSL_ALL},
    {MailSecurity::tls, "smtps", CURLUSESSL_ALL},
};

// What libcurl says, in words that say what to do.
struct CodeRow {
  CURLcode code;
  std::string_view words;
};
constexpr CodeRow kCodes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "the name of the server is not known"},
    {CURLE_COULDNT_CONNECT, "the server cannot be reached"},
    {CURLE_OPERATION_TIMEDOUT, "the server did not answer in time"},
    {CURLE_PEER_FAILED_VERIFICATION, "the server's certificate is not trusted"},
    {CURLE_USE_SSL_FAILED, "the server offers no encryption (STARTTLS)"},
    {CURLE_SSL_CONNECT_ERROR, "no encrypted connection comes about"},
    {CURLE_LOGIN_DENIED, "the server refuses the login"},
    {CURLE_GOT_NOTHING, "the server ended the connection without an answer"},
    {CURLE_RECV_ERROR, "the connection broke"},
    {CURLE_SEND_ERROR, "the server refused the message or the connection broke"},
    {CURLE_WEIRD_SERVER_REPLY, "the server did not take the message"},
};

std::string words_of(CURLcode code, const char* problem) {
  for (const CodeRow& row : kCodes)
    if (row.code == code) return std::string(row.words);
  return problem[0] != '\0' ? problem : curl_easy_strerror(code);
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  // Fails only for options that this libcurl was built without, or without memory.
  DRAY_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK, "libcurl knows its options");
}

}  // namespace

Transfer::Transfer(Call call, const AddressGuard& guard, Instant now)
    : call_(std::move(call)),
      guard_(guard),
      deadline_(now + call_.timeout * kWholeCall),
      handle_(curl_easy_init()) {
  DRAY_CHECK(handle_ != nullptr, "libcurl has memory");
  set_up_common();
  std::visit([this](const auto& what) { set_up(what); }, call_.what);
}

void Transfer::set_up_common() {
  CURL* h = handle();
  set(h, CURLOPT_ERRORBUFFER, &problem_[0]);
  set(h, CURLOPT_NOSIGNAL, 1L);
  set(h, CURLOPT_PROXY, "");
  set(h, CURLOPT_FOLLOWLOCATION, 0L);
  set(h, CURLOPT_FORBID_REUSE, 1L);
  set(h, CURLOPT_FRESH_CONNECT, 1L);
  set(h, CURLOPT_QUICK_EXIT, 1L);
  set(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(h, CURLOPT_CONNECTTIMEOUT_MS, std::min<long>(kConnectMs, to_ms(call_.timeout)));
  set(h, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  set(h, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(h, CURLOPT_PRIVATE, static_cast<void*>(this));
  if (call_.authority.empty()) return;
  curl_blob blob{call_.authority.data(), call_.authority.size(), CURL_BLOB_COPY};
  set(h, CURLOPT_CAINFO_BLOB, &blob);
  set(h, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

void Transfer::set_up(const MailCall& mail) {
  CURL* h = handle();
  const auto row = std::ranges::find(kSecurities, mail.security, &SecurityRow::security);
  const bool v6 = mail.host.find(':') != std::string::npos;
  const std::string url = fmt::format("{}://{}{}{}:{}/{}", row->scheme, v6 ? "[" : "", mail.host,
                                      v6 ? "]" : "", mail.port, mail.hello);
  set(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(h, CURLOPT_URL, url.c_str());
  set(h, CURLOPT_USE_SSL, row->use_ssl);
  set(h, CURLOPT_SERVER_RESPONSE_TIMEOUT,
      std::max(1L, static_cast<long>(to_ms(call_.timeout) / 1000)));
  if (!mail.user.empty()) {
    set(h, CURLOPT_USERNAME, mail.user.c_str());
    std::string password(mail.password.reveal());
    set(h, CURLOPT_PASSWORD, password.c_str());
    wipe(password);
  }
  set(h, CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
  append(list_, fmt::format("<{}>", mail.to));
  set(h, CURLOPT_MAIL_RCPT, list_.get());
  set(h, CURLOPT_UPLOAD, 1L);
  set(h, CURLOPT_READFUNCTION, &Transfer::read_message);
  set(h, CURLOPT_READDATA, static_cast<void*>(this));
  set(h, CURLOPT_HEADERFUNCTION, &Transfer::take_reply);
  set(h, CURLOPT_HEADERDATA, static_cast<void*>(this));
}

void Transfer::set_up(const WebCall& web) {
  CURL* h = handle();
  std::string url(web.url.reveal());
  set(h, CURLOPT_PROTOCOLS_STR, "http,https");
  set(h, CURLOPT_URL, url.c_str());
  wipe(url);
  set(h, CURLOPT_TIMEOUT_MS, static_cast<long>(to_ms(call_.timeout)));
  for (const std::string& header : web.headers)
    append(list_, header);
  append(list_, std::string("User-Agent: dray-notifier/") + DRAY_VERSION);
  append(list_, "Expect:");
  if (!web.authorization.empty()) {
    std::string header = fmt::format("Authorization: {}", web.authorization.reveal());
    append(list_, header);
    wipe(header);
  }
  set(h, CURLOPT_HTTPHEADER, list_.get());
  set(h, CURLOPT_POSTFIELDSIZE, static_cast<long>(web.body.size()));
  set(h, CURLOPT_POSTFIELDS, web.body.c_str());
  set(h, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
  set(h, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void Transfer::append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  DRAY_CHECK(longer != nullptr, "libcurl has memory");
  (void)list.release();
  list.reset(longer);
}

// ── Called by libcurl ───────────────────────────────────────────────────────────────────────────

curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<Transfer*>(self);
  if (const Status allowed = transfer->guard_.check(address->addr); !allowed) {
    transfer->denied_ = allowed.error().message;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t Transfer::read_message(char* into, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  const std::string& message = std::get<MailCall>(transfer->call_.what).message;
  const size_t bytes = std::min(size * count, message.size() - transfer->sent_);
  std::memcpy(into, message.data() + transfer->sent_, bytes);
  transfer->sent_ += bytes;
  if (bytes == 0) transfer->all_sent_ = true;
  return bytes;
}

size_t Transfer::take_reply(char* from, size_t size, size_t count, void* self) {
  const std::string_view line(from, std::min(size * count, kMaxReplyBytes));
  auto* transfer = static_cast<Transfer*>(self);
  long code = 0;
  std::from_chars(line.data(), line.data() + std::min<size_t>(line.size(), 3), code);
  // The answer to the QUIT behind a refusal is not what decided.
  if (code == kGoodbye) return size * count;
  transfer->refusal_ = code >= 400 ? code : 0;
  transfer->reply_ = code >= 400 ? line : "";
  return size * count;
}

size_t Transfer::take_body(char* from, size_t size, size_t count, void* self) {
  std::string& reply = static_cast<Transfer*>(self)->reply_;
  reply.append(from, std::min(size * count, kMaxReplyBytes - reply.size()));
  return size * count;
}

// ── What became of it ───────────────────────────────────────────────────────────────────────────

std::string Transfer::said(std::string_view what) const {
  const std::string line = escape_for_display(trim(reply_));
  return line.empty() ? std::string(what)
                      : fmt::format("{}; it said: {}", what, shorten(line, kMaxReplyBytes));
}

Attempt Transfer::result(CURLcode code) const {
  if (code != CURLE_OK && !denied_.empty()) return {Verdict::hopeless, denied_, {}};
  return is_mail() ? mail_result(code) : web_result(code);
}

Attempt Transfer::mail_result(CURLcode code) const {
  if (code == CURLE_OK) return {Verdict::delivered, "", {}};
  const std::string words = words_of(code, problem_);
  if (refusal_ != 0) return {judge_mail_code(refusal_), said(words), {}};
  if (all_sent_)
    return {Verdict::ambiguous,
            fmt::format("{} while it was accepting the message; it may have taken it", words),
            {}};
  return {Verdict::retry, words, {}};
}

Attempt Transfer::web_result(CURLcode code) const {
  if (code != CURLE_OK) return {Verdict::retry, words_of(code, problem_), {}};
  long reply = 0;
  curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &reply);
  const Verdict verdict = judge_web_code(reply);
  if (verdict == Verdict::delivered) return {verdict, "", {}};
  if (reply >= 300 && reply < 400)
    return {verdict,
            fmt::format("the server answered {}: redirects are not followed; enter the address "
                        "that it leads to",
                        reply),
            {}};
  curl_off_t wait = 0;
  curl_easy_getinfo(handle(), CURLINFO_RETRY_AFTER, &wait);
  return {verdict, said(fmt::format("the server answered {}", reply)),
          seconds{std::clamp<curl_off_t>(wait, 0, 24 * 3600)}};
}

Attempt Transfer::timed_out() const {
  return {all_sent_ ? Verdict::ambiguous : Verdict::retry, "the server did not answer in time", {}};
}

}  // namespace dray::notify
