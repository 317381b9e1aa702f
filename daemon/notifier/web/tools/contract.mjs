// Writes the types of the API from its contract, schemas/openapi.yaml, so that there is one truth:
//   node tools/contract.mjs > src/api/contract.ts
import { readFileSync } from "node:fs";
import { parse } from "yaml";

const contract = new URL("../../../../schemas/openapi.yaml", import.meta.url);

/** The text of src/api/contract.ts. */
export function contractTypes(yamlText) {
  const schemas = parse(yamlText).components.schemas;
  const parts = ["// Made by tools/contract.mjs from schemas/openapi.yaml; do not edit."];
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.description) parts.push(`/** ${schema.description.trim().replace(/\s+/g, " ")} */`);
    parts.push(`export type ${name} = ${typeText(schema, "")};\n`);
  }
  return parts.join("\n");
}

function typeText(schema, indent) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map((one) => typeText(one, indent)).join(" | ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeText({ ...schema, type }, indent)).join(" | ");
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "string":
      return schema.format === "binary" ? "Blob" : "string";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `(${typeText(schema.items ?? {}, indent)})[]`;
    case "object":
      return objectText(schema, indent);
    default:
      return "unknown";
  }
}

function objectText(schema, indent) {
  if (!schema.properties)
    return typeof schema.additionalProperties === "object"
      ? `Record<string, ${typeText(schema.additionalProperties, indent)}>`
      : "Record<string, unknown>";
  const required = new Set(schema.required ?? []);
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const about = property.description ? `${inner}/** ${property.description.trim()} */\n` : "";
    const mark = required.has(name) ? "" : "?";
    return `${about}${inner}${JSON.stringify(name)}${mark}: ${typeText(property, inner)};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  process.stdout.write(contractTypes(readFileSync(process.argv[2] ?? contract, "utf8")));
