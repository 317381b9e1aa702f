// The forms of the remotes that most people have, under the names of rclone's options. Every other type
// gets its form from rclone's own description (core/remote_form.ts). Pure.

export interface RemoteField {
  /** rclone's option, but for ftp's "tls", which stands for two. */
  name: string;
  label: string;
  kind?: "text" | "secret" | "number" | "boolean" | "key";
  help?: string;
  required?: boolean;
  /** One of the fields with the same word is needed. */
  oneOf?: string;
  choices?: [string, string][];
  /** What is filled in at first. */
  initial?: string;
  placeholder?: string;
  /** Behind "More options". */
  more?: boolean;
}

export interface RemoteType {
  id: string;
  /** rclone's backend. */
  backend: string;
  title: string;
  text: string;
  fixed?: Record<string, string>;
  fields: RemoteField[];
  /** Has nothing to list without a folder: it is tested where one is chosen. */
  needsFolder?: boolean;
  /** Logs in with a browser, on a machine that has one. */
  login?: boolean;
  note?: string;
}

const s3Keys: RemoteField[] = [
  { name: "access_key_id", label: "Access key ID", required: true },
  { name: "secret_access_key", label: "Secret access key", kind: "secret", required: true },
];
const noCheckBucket: RemoteField = {
  name: "no_check_bucket",
  label: "The bucket exists, do not try to make it",
  kind: "boolean",
  initial: "true",
  more: true,
};
const host: RemoteField = {
  name: "host",
  label: "Host",
  help: "Name or address of the server",
  required: true,
};
const port = (usual: string): RemoteField => ({
  name: "port",
  label: "Port",
  kind: "number",
  placeholder: usual,
  more: true,
});
const user: RemoteField = { name: "user", label: "User", required: true };

export const remoteTypes: RemoteType[] = [
  {
    id: "s3",
    backend: "s3",
    title: "S3-compatible",
    text: "Ceph, MinIO, Wasabi and others",
    fields: [
      {
        name: "provider",
        label: "Provider",
        initial: "Other",
        choices: [
          "Other",
          "Ceph",
          "Minio",
          "Wasabi",
          "Cloudflare",
          "DigitalOcean",
          "Scaleway",
          "IDrive",
          "Storj",
        ].map((name): [string, string] => [name, name]),
      },
      {
        name: "endpoint",
        label: "Endpoint",
        placeholder: "https://s3.example.org",
        required: true,
      },
      ...s3Keys,
      { name: "region", label: "Region", help: "Often empty" },
      {
        name: "force_path_style",
        label: "Bucket in the path",
        kind: "boolean",
        help: "Off: the bucket is part of the host name.",
        initial: "true",
        more: true,
      },
      noCheckBucket,
    ],
    note: "A path begins with the bucket.",
  },
  {
    id: "aws",
    backend: "s3",
    title: "Amazon S3",
    text: "AWS buckets",
    fixed: { provider: "AWS" },
    fields: [
      ...s3Keys,
      { name: "region", label: "Region", placeholder: "eu-central-1", required: true },
      {
        name: "session_token",
        label: "Session token",
        kind: "secret",
        help: "Of temporary keys",
        more: true,
      },
      { name: "storage_class", label: "Storage class", placeholder: "STANDARD_IA", more: true },
      {
        name: "server_side_encryption",
        label: "Server-side encryption",
        placeholder: "AES256",
        more: true,
      },
      noCheckBucket,
    ],
    note: "A path begins with the bucket.",
  },
  {
    id: "sftp",
    backend: "sftp",
    title: "SFTP",
    text: "Any server with SSH",
    fields: [
      host,
      port("22"),
      user,
      { name: "pass", label: "Password", kind: "secret", oneOf: "a password or a private key" },
      {
        name: "key_pem",
        label: "Private key",
        kind: "key",
        help: "The text of the key file, from -----BEGIN to END-----",
        oneOf: "a password or a private key",
      },
      { name: "key_file_pass", label: "Password of the key", kind: "secret", more: true },
      {
        name: "disable_hashcheck",
        label: "The server runs no md5sum",
        kind: "boolean",
        help: "Then only sizes and times can be compared.",
        more: true,
      },
    ],
  },
  {
    id: "drive",
    backend: "drive",
    title: "Google Drive",
    text: "My Drive and shared drives",
    login: true,
    fields: [
      {
        name: "scope",
        label: "May do",
        initial: "drive",
        choices: [
          ["drive", "Everything"],
          ["drive.readonly", "Only read: enough for a source"],
          ["drive.file", "Only files that it made itself"],
        ],
      },
      {
        name: "client_id",
        label: "Client ID",
        help: "Of your own Google project; rclone's own is shared by everybody and slow",
      },
      { name: "client_secret", label: "Client secret", kind: "secret" },
      { name: "token", label: "Token", kind: "secret" },
      { name: "team_drive", label: "Shared drive", help: "Its id; empty: My Drive", more: true },
      { name: "root_folder_id", label: "Top folder", help: "Its id; empty: the top", more: true },
      {
        name: "service_account_credentials",
        label: "Service account",
        kind: "key",
        help: "The JSON key of a service account, instead of a token",
        more: true,
      },
      {
        name: "impersonate",
        label: "Impersonate",
        help: "With a service account: whose files",
        more: true,
      },
    ],
  },
  {
    id: "dropbox",
    backend: "dropbox",
    title: "Dropbox",
    text: "Personal and business",
    login: true,
    fields: [
      { name: "client_id", label: "App key", help: "Of your own Dropbox app, or empty" },
      { name: "client_secret", label: "App secret", kind: "secret" },
      { name: "token", label: "Token", kind: "secret", required: true },
    ],
  },
  {
    id: "smb",
    backend: "smb",
    title: "SMB",
    text: "NAS, Windows share",
    fields: [
      host,
      port("445"),
      user,
      { name: "pass", label: "Password", kind: "secret", required: true },
      { name: "domain", label: "Domain", initial: "WORKGROUP", more: true },
    ],
    note: "A path begins with the share.",
  },
  {
    id: "webdav",
    backend: "webdav",
    title: "WebDAV",
    text: "Nextcloud, ownCloud, SharePoint",
    fields: [
      {
        name: "url",
        label: "Address",
        placeholder: "https://cloud.example.org/remote.php/dav/files/me",
        required: true,
      },
      {
        name: "vendor",
        label: "Server",
        initial: "other",
        choices: [
          ["nextcloud", "Nextcloud"],
          ["owncloud", "ownCloud"],
          ["sharepoint", "SharePoint Online"],
          ["sharepoint-ntlm", "SharePoint with NTLM"],
          ["other", "Another"],
        ],
      },
      { name: "user", label: "User" },
      { name: "pass", label: "Password", kind: "secret", help: "Better an app password" },
      {
        name: "bearer_token",
        label: "Bearer token",
        kind: "secret",
        help: "Instead of user and password",
        more: true,
      },
    ],
  },
  {
    id: "ftp",
    backend: "ftp",
    title: "FTP",
    text: "With or without TLS",
    fields: [
      host,
      port("21"),
      { name: "user", label: "User", initial: "anonymous" },
      { name: "pass", label: "Password", kind: "secret" },
      {
        name: "tls",
        label: "Encryption",
        initial: "explicit",
        choices: [
          ["explicit", "TLS, explicit (usual)"],
          ["implicit", "TLS, implicit (port 990)"],
          ["none", "None: the password travels in clear"],
        ],
      },
    ],
  },
  {
    id: "local",
    backend: "local",
    needsFolder: true,
    title: "Folder of the worker",
    text: "What its administrator allows",
    fields: [],
    note: "Only paths below worker.local_roots, which the worker's administrator lists. Write them whole, from the /.",
  },
];

export const findRemoteType = (id: string): RemoteType | undefined =>
  remoteTypes.find((type) => type.id === id);

/** What people call a stored type. */
const typeOf = (backend: string): RemoteType | undefined =>
  remoteTypes.find((type) => type.backend === backend && !type.fixed);

export const typeTitle = (backend: string): string => typeOf(backend)?.title ?? backend;

export const needsFolder = (backend: string): boolean => typeOf(backend)?.needsFolder ?? false;
