#include "daemon/notifier/mail.h"

#include <algorithm>

#include "daemon/base/digest.h"
#include "daemon/base/seal.h"
#include "daemon/base/text.h"

namespace dray::notify {
namespace {

constexpr size_t kMaxLine = 76;
constexpr size_t kMaxPlainHeader = 60;
// Base64 of 39 bytes and "=?UTF-8?B?" "?=" are 64 characters.
constexpr size_t kBytesPerWord = 39;

bool is_plain_header(std::string_view text) {
  return text.size() <= kMaxPlainHeader && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 127; });
}

size_t cut_at_character(std::string_view text, size_t most) {
  size_t end = std::min(most, text.size());
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return end == 0 ? std::min(most, text.size()) : end;
}

// Addresses were checked when they were entered; a control character here would be a bug that must
// not become a header.
std::string address_header(std::string_view address) {
  std::string out;
  for (const char c : address)
    if (c > ' ' && c < 127) out += c;
  return out;
}

std::string part(std::string_view type, std::string_view body) {
  return fmt::format(
      "Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
      type, quoted_printable(body));
}

}  // namespace

std::string encode_header(std::string_view text) {
  if (is_plain_header(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const size_t end = cut_at_character(text, kBytesPerWord);
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ",
                       base64_encode(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > kMaxLine - 1) {
      out += "=\r\n";
      column = 0;
      if (piece == ".") piece = "=2E";
    }
    out += piece;
    column += piece.size();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
      if (c == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    // White space before the end of a line gets lost on the way; a dot at its beginning ends a
    // mail.
    const bool last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = (c > ' ' && c < 127 && c != '=' && !(c == '.' && column == 0)) ||
                       ((c == ' ' || c == '\t') && !last);
    put(plain ? std::string(1, text[i]) : fmt::format("={:02X}", c));
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

std::string mail_date(WallTime time) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

std::string compose(const Mail& mail) {
  std::string out = fmt::format("From: Drayage <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\n",
                                address_header(mail.from), address_header(mail.to),
                                encode_header(mail.subject), mail_date(mail.date));
  out += fmt::format("Message-ID: <{}>\r\n", address_header(mail.message_id));
  if (!mail.thread.empty()) out += fmt::format("References: <{}>\r\n", address_header(mail.thread));
  // So that no holiday notice comes back.
  out += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  if (mail.html.empty()) return out + part("text/plain", mail.text);
  // No line of quoted-printable begins with this: '=' would have been encoded.
  const std::string boundary = "=_dray_" + to_hex(sha256(mail.message_id)).substr(0, 24);
  out += fmt::format("Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n", boundary);
  out += fmt::format("--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\n", boundary,
                     part("text/plain", mail.text), part("text/html", mail.html));
  return out;
}

}  // namespace dray::notify
