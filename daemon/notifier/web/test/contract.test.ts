// The types of the API are those of its contract.
import { readFileSync } from "node:fs";
import { format } from "prettier";
import { expect, test } from "vitest";
import { contractTypes } from "../tools/contract.mjs";

test("src/api/contract.ts is what tools/contract.mjs makes of schemas/openapi.yaml", async () => {
  const yaml = readFileSync(new URL("../../../../schemas/openapi.yaml", import.meta.url), "utf8");
  const made = await format(contractTypes(yaml), { parser: "typescript", printWidth: 100 });
  const stored = readFileSync(new URL("../src/api/contract.ts", import.meta.url), "utf8");
  expect(stored).toBe(made);
});
