// The language of notification templates:
//
//   {{job}}                             the value; in HTML its special characters are escaped
//   {{#if hint}} ... {{else}} ... {{/if}}
//   {{#each failing_paths}} {{this}} {{/each}}
//
// A line that holds nothing but a #if, else, #each or its end leaves no empty line behind. There
// are no loops without a list, no calls and no way to write a value unescaped, so that a template
// can neither run for long nor let a file's name speak HTML.
//
// Pure and safe on any text and any values.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "schemas/notify_variables.h"

namespace dray {

enum class Escape : unsigned char { none, html };

class Template {
 public:
  // More output is refused.
  static constexpr size_t kMaxOutputBytes = 512 << 10;
  static constexpr int kMaxDepth = 8;

  // invalid: "line 3: {{jbo}} is not a variable; did you mean job?"
  static Result<Template> parse(std::string_view text);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // exhausted: kMaxOutputBytes.
  Result<std::string> render(const Variables& values, Escape escape) const;

 private:
  struct Node;
  explicit Template(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

std::string escape_html(std::string_view text);

}  // namespace dray
