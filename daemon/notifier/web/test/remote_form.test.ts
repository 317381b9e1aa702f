import { describe, expect, test } from "vitest";
import type { BackendOption } from "../src/api/contract";
import {
  fieldOf,
  fieldProblems,
  fieldsOf,
  fitsProvider,
  initialValues,
  remoteProblems,
  toPatch,
  toSettings,
  withHostKeys,
} from "../src/core/remote_form";
import { findRemoteType, remoteTypes, type RemoteType } from "../src/core/remote_types";

const type = (id: string): RemoteType => {
  const found = findRemoteType(id);
  if (!found) throw new Error(id);
  return found;
};

describe("SFTP", () => {
  const entered = { host: " nas ", user: "anna", pass: " with space " };
  test("takes a password or a key", () => {
    expect(remoteProblems(type("sftp").fields, entered, false)).toEqual({});
    expect(
      Object.keys(remoteProblems(type("sftp").fields, { host: "nas", user: "anna" }, false)),
    ).toEqual(["pass", "key_pem"]);
  });
  test("keeps passwords as they are typed, and trims names", () => {
    expect(toSettings(type("sftp"), entered)).toEqual({
      host: "nas",
      user: "anna",
      pass: " with space ",
    });
  });
  test("writes a key in one line", () => {
    const key = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n";
    expect(toSettings(type("sftp"), { key_pem: key }).key_pem).toBe(
      "-----BEGIN KEY-----\\nabc\\n-----END KEY-----",
    );
  });
  test("pins the keys that were confirmed", () => {
    const keys = [
      { type: "ssh-ed25519", blob: "AAAA", fingerprint: "SHA256:x" },
      { type: "ssh-rsa", blob: "BBBB", fingerprint: "SHA256:y" },
    ];
    expect(withHostKeys({}, { keys, selectable: true })).toEqual({
      dray_host_keys: "ssh-ed25519 AAAA, ssh-rsa BBBB",
      host_key_algorithms: "ssh-ed25519 rsa-sha2-512 rsa-sha2-256 ssh-rsa",
    });
    expect(withHostKeys({}, { keys, selectable: false })).not.toHaveProperty("host_key_algorithms");
  });
  test("refuses a port that is none", () => {
    expect(
      remoteProblems(type("sftp").fields, { ...entered, port: "70000" }, false),
    ).toHaveProperty("port");
  });
});

test("a remote that exists may be changed in one field", () => {
  expect(remoteProblems(type("s3").fields, { secret_access_key: "new" }, true)).toEqual({});
});

test("AWS is S3 of a fixed provider", () => {
  expect(toSettings(type("aws"), { region: "eu-central-1" })).toMatchObject({ provider: "AWS" });
});

test.each([
  ["explicit", { set: { explicit_tls: "true" }, unset: ["tls"] }],
  ["implicit", { set: { tls: "true" }, unset: ["explicit_tls"] }],
  ["none", { set: {}, unset: ["tls", "explicit_tls"] }],
  ["", { set: {}, unset: [] }],
])("a change of FTP's encryption to %j is %j", (tls, patch) => {
  expect(toPatch(type("ftp"), { tls })).toEqual(patch);
});

test("what the server says is put to the fields", () => {
  const said =
    "settings: sftp: port: must be a number\nhost: is missing: name: of the server\nelse: x";
  expect(fieldProblems(type("sftp").fields, said)).toEqual({
    port: "must be a number",
    host: "is missing: name: of the server",
  });
});

test("initial values are those of the form", () => {
  expect(initialValues(type("smb").fields)).toEqual({ domain: "WORKGROUP" });
});

test("every form names each of its fields once", () => {
  for (const one of remoteTypes) {
    const names = one.fields.map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
  }
});

const option = (change: Partial<BackendOption>): BackendOption => ({
  name: "key",
  help: "",
  type: "string",
  default: "",
  provider: "",
  required: false,
  password: false,
  secret: false,
  advanced: false,
  refused: "",
  examples: [],
  ...change,
});

describe("a form made of rclone's description", () => {
  test("has the options of the chosen provider", () => {
    expect(fitsProvider(option({ provider: "AWS,Ceph" }), "Ceph")).toBe(true);
    expect(fitsProvider(option({ provider: "!AWS" }), "AWS")).toBe(false);
    expect(fitsProvider(option({ provider: "!AWS" }), "Ceph")).toBe(true);
    expect(fitsProvider(option({}), "")).toBe(true);
  });
  test("leaves out what may not be set", () => {
    expect(fieldsOf([option({ refused: "runs commands" })], "")).toEqual([]);
  });
  test("hides secrets, and puts rare options aside", () => {
    expect(fieldOf(option({ password: true })).kind).toBe("secret");
    expect(fieldOf(option({ advanced: true })).more).toBe(true);
    expect(fieldOf(option({ type: "bool", name: "use_mmap" }))).toMatchObject({
      kind: "boolean",
      label: "use mmap",
    });
  });
});
