#include "schemas/notify_template.h"

#include <algorithm>
#include <vector>

#include "daemon/base/quote.h"
#include "daemon/base/text.h"

namespace dray {

struct Template::Node {
  enum class Kind : unsigned char { text, value, when, each, block } kind = Kind::block;
  std::string text;             // the text, or the variable's name
  std::vector<Node> children;   // of a block, a condition that holds, a list
  std::vector<Node> otherwise;  // of a condition that does not
};

namespace {

using VariableSpan = std::span<const NotifyVariable>;

constexpr size_t kMaxNodes = 5000;

const NotifyVariable* find_variable(VariableSpan known, std::string_view name) {
  const auto found = std::ranges::find(known, name, &NotifyVariable::name);
  return found == known.end() ? nullptr : &*found;
}

// One tag or the text before it.
struct Token {
  std::string_view text;
  bool tag = false;
  int line = 1;
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool is_control_tag(std::string_view inside) {
  return inside.starts_with('#') || inside.starts_with('/') || inside == "else";
}

// A control tag that stands alone takes its line with it.
struct Cutter {
  std::string_view text;
  size_t at = 0;
  int line = 1;

  size_t line_begin(size_t position) const {
    const size_t newline = position == 0 ? std::string_view::npos : text.rfind('\n', position - 1);
    return newline == std::string_view::npos ? 0 : newline + 1;
  }
  bool alone(size_t begin, size_t end) const {
    const size_t line_end = std::min(text.find('\n', end), text.size());
    const size_t first = line_begin(begin);
    return is_blank(text.substr(first, begin - first)) &&
           is_blank(text.substr(end, line_end - end));
  }
  void advance(size_t to) {
    line += static_cast<int>(std::ranges::count(text.substr(at, to - at), '\n'));
    at = to;
  }
};

Result<std::vector<Token>> cut(std::string_view text) {
  std::vector<Token> tokens;
  Cutter cutter{text};
  while (cutter.at < text.size()) {
    const size_t open = text.find("{{", cutter.at);
    if (open == std::string_view::npos) {
      tokens.push_back({text.substr(cutter.at), false, cutter.line});
      break;
    }
    const size_t close = text.find("}}", open);
    const size_t start = cutter.at;
    if (close == std::string_view::npos) {
      cutter.advance(open);
      return fail(ErrorCode::invalid, "line {}: {{{{ without }}}}", cutter.line);
    }
    const std::string_view inside = trim(text.substr(open + 2, close - open - 2));
    size_t text_end = open;
    size_t next = close + 2;
    if (is_control_tag(inside) && cutter.alone(open, next)) {
      text_end = std::max(start, cutter.line_begin(open));
      next = std::min(text.find('\n', next), text.size() - 1) + 1;
    }
    if (text_end > start)
      tokens.push_back({text.substr(start, text_end - start), false, cutter.line});
    cutter.advance(open);
    tokens.push_back({inside, true, cutter.line});
    cutter.advance(next);
  }
  return tokens;
}

std::unexpected<Error> wrong(const Token& token, std::string_view problem) {
  return fail(ErrorCode::invalid, "line {}: {{{{{}}}}} {}", token.line, shorten(token.text, 60),
              problem);
}

std::string_view nearest(std::string_view name, VariableSpan inner) {
  std::vector<std::string_view> names;
  for (const VariableSpan span : {notify_variables(), inner})
    for (const NotifyVariable& one : span)
      names.push_back(one.name);
  return closest_match(name, names);
}

}  // namespace

namespace {

template <class Node>
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Node> parse() {
    Node root;
    DRAY_TRY(block(root.children, {}, 0));
    if (next_ < tokens_.size()) return wrong(tokens_[next_], "has no beginning");
    return root;
  }

 private:
  using Kind = typename Node::Kind;

  // Until a tag that is not the block's own: else, an end.
  Status block(std::vector<Node>& into, VariableSpan inner, int depth) {
    while (next_ < tokens_.size()) {
      const Token& token = tokens_[next_];
      if (token.tag && (token.text == "else" || token.text.starts_with('/'))) return {};
      if (++nodes_ > kMaxNodes) return wrong(token, "is one part too many");
      ++next_;
      Node node;
      if (!token.tag) {
        node.kind = Kind::text;
        node.text = token.text;
      } else {
        DRAY_TRY(tag(node, token, inner, depth));
      }
      into.push_back(std::move(node));
    }
    return {};
  }

  Status tag(Node& node, const Token& token, VariableSpan inner, int depth) {
    if (token.text.starts_with("#if ")) return condition(node, token, inner, depth);
    if (token.text.starts_with("#each ")) return list(node, token, inner, depth);
    node.kind = Kind::value;
    node.text = token.text;
    const NotifyVariable* variable = find(token.text, inner);
    if (variable == nullptr) return unknown(token, token.text, inner);
    if (variable->kind == VariableKind::list) return wrong(token, "is a list; use {{#each ...}}");
    return {};
  }

  Status condition(Node& node, const Token& token, VariableSpan inner, int depth) {
    node.kind = Kind::when;
    node.text = trim(token.text.substr(4));
    if (find(node.text, inner) == nullptr) return unknown(token, node.text, inner);
    if (depth >= Template::kMaxDepth) return wrong(token, "is nested too deeply");
    DRAY_TRY(block(node.children, inner, depth + 1));
    if (next_ < tokens_.size() && tokens_[next_].text == "else") {
      ++next_;
      DRAY_TRY(block(node.otherwise, inner, depth + 1));
    }
    return end(token, "/if");
  }

  Status list(Node& node, const Token& token, VariableSpan inner, int depth) {
    node.kind = Kind::each;
    node.text = trim(token.text.substr(6));
    const NotifyVariable* variable = find(node.text, inner);
    if (variable == nullptr) return unknown(token, node.text, inner);
    if (variable->kind != VariableKind::list) return wrong(token, "is not a list");
    // Lists inside lists would multiply.
    if (!inner.empty()) return wrong(token, "cannot stand inside another list");
    if (depth >= Template::kMaxDepth) return wrong(token, "is nested too deeply");
    DRAY_TRY(block(node.children, notify_item_variables(node.text), depth + 1));
    return end(token, "/each");
  }

  Status end(const Token& begin, std::string_view wanted) {
    if (next_ < tokens_.size() && tokens_[next_].text == wanted) {
      ++next_;
      return {};
    }
    if (next_ < tokens_.size())
      return wrong(tokens_[next_], fmt::format("where {{{{{}}}}} is needed", wanted));
    return wrong(begin, fmt::format("has no {{{{{}}}}}", wanted));
  }

  const NotifyVariable* find(std::string_view name, VariableSpan inner) const {
    const NotifyVariable* found = find_variable(inner, name);
    return found != nullptr ? found : find_variable(notify_variables(), name);
  }

  Status unknown(const Token& token, std::string_view name, VariableSpan inner) const {
    const std::string_view near = nearest(name, inner);
    return wrong(token, near.empty() ? "is not a variable"
                                     : fmt::format("is not a variable; did you mean {}?", near));
  }

  std::vector<Token> tokens_;
  size_t next_ = 0;
  size_t nodes_ = 0;
};

template <class Node>
class Renderer {
 public:
  Renderer(const Variables& values, Escape escape) : values_(values), escape_(escape) {}

  bool nodes(const std::vector<Node>& list, const Variables* item) {
    for (const Node& one : list)
      if (!node(one, item)) return false;
    return true;
  }
  std::string take() { return std::move(out_); }

 private:
  using Kind = typename Node::Kind;

  bool node(const Node& one, const Variables* item) {
    switch (one.kind) {
      case Kind::text:
        return put(one.text);
      case Kind::value:
        return put(escape_ == Escape::html ? escape_html(text(one.text, item))
                                           : std::string(text(one.text, item)));
      case Kind::when:
        return nodes(holds(one.text, item) ? one.children : one.otherwise, item);
      case Kind::each:
        return each(one);
      case Kind::block:
        return nodes(one.children, item);
    }
    return true;
  }
  bool each(const Node& one) {
    const auto list = values_.lists.find(one.text);
    if (list == values_.lists.end()) return true;
    for (const Variables& item : list->second)
      if (!nodes(one.children, &item)) return false;
    return true;
  }
  std::string_view text(std::string_view name, const Variables* item) const {
    for (const Variables* from : {item, &values_}) {
      if (from == nullptr) continue;
      if (const auto found = from->texts.find(name); found != from->texts.end())
        return found->second;
    }
    return "";
  }
  bool holds(std::string_view name, const Variables* item) const {
    const auto list = values_.lists.find(name);
    return !text(name, item).empty() || (list != values_.lists.end() && !list->second.empty());
  }
  bool put(std::string_view text) {
    out_ += text;
    return out_.size() <= Template::kMaxOutputBytes;
  }

  const Variables& values_;
  Escape escape_;
  std::string out_;
};

}  // namespace

Template::Template(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view text) {
  DRAY_TRY_ASSIGN(std::vector<Token> tokens, cut(text));
  DRAY_TRY_ASSIGN(Node root, Parser<Node>(std::move(tokens)).parse());
  return Template(std::make_unique<Node>(std::move(root)));
}

Result<std::string> Template::render(const Variables& values, Escape escape) const {
  Renderer<Node> renderer(values, escape);
  if (renderer.nodes(root_->children, nullptr)) return renderer.take();
  return fail(ErrorCode::exhausted, "the text would be longer than {} bytes", kMaxOutputBytes);
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace dray
