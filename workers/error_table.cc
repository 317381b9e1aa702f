#include "workers/error_table.h"

#include <algorithm>
#include <cctype>

namespace dray {
namespace {

using enum ErrorClass;
constexpr ErrorScope kRun = ErrorScope::run;
constexpr ErrorScope kObject = ErrorScope::object;

// Order matters: within one text the first rule wins, so special texts stand before general ones,
// and what hides behind a wrapper ("couldn't fetch token: ... no such host") before the wrapper.
constexpr ErrorRule kRules[] = {
    // Begins with a count, which must not be taken for a status.
    {"differences found", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},

    // ── limits and guards of the job ──
    {"max transfer limit reached", "", limit, kRun, false,
     "The transfer budget of this job (--max-transfer) is used up; the next run continues, or "
     "raise the limit."},
    {"max transfer duration reached", "", limit, kRun, false,
     "The time budget of this job (--max-duration) is used up; the next run continues, or raise "
     "the limit."},
    {"max-delete", "", guard, kRun, false,
     "The run wanted to delete more than --max-delete allows; check the source, then raise the "
     "limit if the deletions are meant."},
    {"immutable file modified", "", guard, kObject, false,
     "A file that was already backed up has changed and --immutable protects the copy; find out "
     "why it changed, or drop --immutable."},
    {"overlapping remotes", "", guard, kRun, false,
     "Source and destination lie inside each other; choose a destination outside the source or "
     "exclude it with a filter."},
    {"mustn't overlap", "", guard, kRun, false,
     "The backup directory lies inside the source or the destination; choose a path outside of "
     "both."},
    {"overlap", "backup-dir", guard, kRun, false,
     "The backup directory lies inside the source or the destination; choose a path outside of "
     "both."},
    {"--backup-dir has to be on the same remote", "", config, kRun, false,
     "The backup directory must be on the same remote as the destination; change its path."},

    // ── the command line ──
    {"unknown flag", "", usage, kRun, false,
     "This rclone does not know one of the flags; remove the extra flag or install a newer "
     "rclone."},
    {"unknown shorthand flag", "", usage, kRun, false,
     "This rclone does not know one of the flags; remove the extra flag or install a newer "
     "rclone."},
    {"flag needs an argument", "", usage, kRun, false,
     "A flag lacks its value; correct the extra flags of the job."},
    {"unknown command", "", usage, kRun, false,
     "This rclone does not know the command; check its spelling or install a newer rclone."},
    {"arguments minimum", "", usage, kRun, false,
     "The rclone command lacks an argument; give both source and destination."},
    {"arguments maximum", "", usage, kRun, false,
     "The rclone command has too many arguments; quote paths that hold spaces."},
    {"invalid argument \"", "for", usage, kRun, false,
     "The value of a flag is not valid; correct the extra flags of the job."},
    {"can't set -", "", usage, kRun, false,
     "Two flags contradict each other; remove one of them from the extra flags of the job."},
    {"can't use", "together", usage, kRun, false,
     "Two flags contradict each other; remove one of them from the extra flags of the job."},
    {"nothing to read from standard input", "", usage, kRun, false,
     "Nothing was piped into rclone; check the program that makes the data."},

    // ── the clock ──
    {"requesttimetooskewed", "", config, kRun, false,
     "This machine's clock is wrong, so the server refuses its requests; set the clock (enable "
     "NTP) and run again."},
    {"difference between the request time and the current time", "", config, kRun, false,
     "This machine's clock is wrong, so the server refuses its requests; set the clock (enable "
     "NTP) and run again."},
    {"signature expired", "", config, kRun, false,
     "This machine's clock is wrong, so the server refuses its requests; set the clock (enable "
     "NTP) and run again."},
    {"signature not yet current", "", config, kRun, false,
     "This machine's clock is wrong, so the server refuses its requests; set the clock (enable "
     "NTP) and run again."},

    // ── trust ──
    {"knownhosts: key mismatch", "", config, kRun, false,
     "The server's SSH host key is not the known one; if the server was really changed, update "
     "known_hosts with all its key types."},
    {"knownhosts:", "", config, kRun, false,
     "The server's SSH host key is not known; add all its key types to the remote's known_hosts "
     "file."},
    {"host key mismatch", "", config, kRun, false,
     "The server's SSH host key is not the known one; if the server was really changed, update "
     "known_hosts with all its key types."},
    {"certificate has expired or is not yet valid", "", config, kRun, false,
     "The server's certificate is not valid at this machine's time; renew the certificate, or set "
     "this machine's clock."},
    {"x509:", "", config, kRun, false,
     "The server's certificate is not trusted; check the host name in the remote, or install the "
     "server's CA certificate."},
    {"certificate signed by unknown authority", "", config, kRun, false,
     "The server's certificate is not trusted; check the host name in the remote, or install the "
     "server's CA certificate."},
    {"failed to verify certificate", "", config, kRun, false,
     "The server's certificate is not trusted; check the host name in the remote, or install the "
     "server's CA certificate."},
    {"server gave http response to https client", "", config, kRun, false,
     "The server speaks plain HTTP on this port; correct the scheme or port of the remote's "
     "address."},
    {"malformed http", "", config, kRun, false,
     "The server does not speak HTTP on this port; correct the scheme or port of the remote's "
     "address."},
    {"first record does not look like a tls handshake", "", config, kRun, false,
     "The server does not speak TLS on this port; correct the scheme or port of the remote's "
     "address."},
    {"loadcustomcabundleerror", "", config, kRun, false,
     "The environment variable AWS_CA_BUNDLE breaks S3 in this rclone; unset it."},

    // ── the configuration ──
    {"didn't find section in config file", "", config, kRun, false,
     "The remote is not in the rclone configuration; check its name and the configuration file."},
    {"didn't find backend called", "", config, kRun, false,
     "This rclone does not know the type of the remote; check the type or install a newer rclone."},
    {"couldn't decrypt password", "", config, kRun, false,
     "A password of the remote is not in rclone's obscured form; store it again with 'rclone "
     "obscure'."},
    {"base64 decode failed when revealing password", "", config, kRun, false,
     "A password of the remote is not in rclone's obscured form; store it again with 'rclone "
     "obscure'."},
    {"password not set in config", "", config, kRun, false,
     "The crypt remote has no password; set the password it was created with."},
    {"could not parse line", "", config, kRun, false,
     "The rclone configuration file is damaged; correct the line that rclone could not parse."},
    {"unable to decrypt configuration", "", config, kRun, false,
     "The rclone configuration is encrypted; give its password or import the decrypted file."},
    {"couldn't decrypt configuration", "", config, kRun, false,
     "The password of the encrypted rclone configuration is wrong; give the right one."},
    {"failed to load config", "", config, kRun, false,
     "The rclone configuration file cannot be read; check that it exists, is readable and well "
     "formed."},
    {"private key is passphrase protected", "", config, kRun, false,
     "The SSH key needs its passphrase; set key_file_pass in the remote."},
    {"passphrase protected", "", config, kRun, false,
     "The SSH key needs its passphrase; set key_file_pass in the remote."},
    {"failed to read private key file", "", config, kRun, false,
     "The SSH key file cannot be read; check key_file in the remote."},
    {"failed to parse private key file", "", config, kRun, false,
     "The SSH key file is not a valid key, or its passphrase is wrong; check key_file and "
     "key_file_pass."},
    {"pem key not formatted properly", "", config, kRun, false,
     "The SSH key in key_pem must be one line with \\n for line breaks; correct the remote."},
    {"authorizationheadermalformed", "", config, kRun, false,
     "The region of the S3 remote is wrong; set the bucket's region."},
    {"bucketregionerror", "", config, kRun, false,
     "The region of the S3 remote is wrong; set the bucket's region."},
    {"permanentredirect", "", config, kRun, false,
     "The bucket lives in another region or endpoint; set the bucket's region and endpoint."},
    {"incorrect region", "", config, kRun, false,
     "The region of the S3 remote is wrong; set the bucket's region."},
    {"illegallocationconstraint", "", config, kRun, false,
     "The region of the S3 remote is wrong; set the bucket's region and location constraint."},
    {"missingregion", "", config, kRun, false, "The S3 remote has no region; set one."},
    {"invalid region", "", config, kRun, false,
     "The region of the S3 remote is not valid; set the bucket's region."},
    {"invalidbucketname", "", config, kRun, false,
     "The bucket name is not valid; use lower case letters, digits and hyphens."},
    {"accesscontrollistnotsupported", "", config, kRun, false,
     "The bucket does not allow ACLs, which this rclone always sends; allow ACLs or install rclone "
     "1.61 or newer."},
    {"invalidobjectstate", "", config, kObject, false,
     "Objects lie in an archive tier (Glacier); restore them there before reading them."},
    {"unsupported protocol scheme", "", config, kRun, false,
     "The address of the remote is not valid; it must begin with http:// or https://."},
    {"empty url", "", config, kRun, false, "The remote has no address; set its url."},
    {"parse \"\": invalid", "", config, kRun, false,
     "The address of the remote is not valid; correct it."},

    // ── no room ──
    {"no space left on device", "", storage_full, kRun, false,
     "The destination has no free space; make room or choose a larger destination."},
    {"file too big for remaining disk space", "", storage_full, kRun, false,
     "The destination has too little free space for a file; make room or choose a larger "
     "destination."},
    {"not enough space", "", storage_full, kRun, false,
     "The destination has too little free space; make room or choose a larger destination."},
    {"disk quota exceeded", "", storage_full, kRun, false,
     "The disk quota at the destination is used up; make room or raise the quota."},
    {"storagequotaexceeded", "", storage_full, kRun, false,
     "The account's storage is full; delete files there, empty its trash or buy more space."},
    {"storage quota", "exceeded", storage_full, kRun, false,
     "The account's storage is full; delete files there, empty its trash or buy more space."},
    {"insufficient_space", "", storage_full, kRun, false,
     "The account's storage is full; delete files there, empty its trash or buy more space."},
    {"insufficient storage", "", storage_full, kRun, false,
     "The server's storage is full; delete files there or raise the quota."},
    {"quotalimitreached", "", storage_full, kRun, false,
     "The account's storage is full; delete files there, empty its trash or buy more space."},
    {"storage_cap_exceeded", "", storage_full, kRun, false,
     "The account's storage cap is reached; raise the cap or delete files."},
    {"storage cap exceeded", "", storage_full, kRun, false,
     "The account's storage cap is reached; raise the cap or delete files."},
    {"xminiostoragefull", "", storage_full, kRun, false,
     "The server's storage is full; delete files there or add space."},
    {"status_disk_full", "", storage_full, kRun, false,
     "The share's disk is full; make room there."},
    {"there is not enough space on the disk", "", storage_full, kRun, false,
     "The destination has no free space; make room or choose a larger destination."},
    {"552 ", "", storage_full, kRun, false,
     "The FTP server's storage allocation is used up; make room there."},
    {"452 ", "", storage_full, kRun, false,
     "The FTP server has too little storage; make room there."},

    // ── rate and account limits ──
    {"slowdown", "", quota, kRun, true,
     "The storage asked us to slow down; lower the number of transfers or checkers if this happens "
     "often."},
    {"slow down", "", quota, kRun, true,
     "The storage asked us to slow down; lower the number of transfers or checkers if this happens "
     "often."},
    {"too many requests", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"too_many_requests", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"too_many_write_operations", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"toomanyrequests", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"status code: 429", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"statuscode: 429", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"error 429", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"(429 ", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"ratelimitexceeded", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"rate limit exceeded", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"requestlimitexceeded", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"throttl", "", quota, kRun, true,
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {"uploadlimitexceeded", "", quota, kRun, true,
     "The account's daily upload limit is reached; it goes on when the limit resets."},
    {"dailylimitexceeded", "", quota, kRun, true,
     "The account's daily limit is reached; it goes on when the limit resets."},
    {"downloadquotaexceeded", "", quota, kRun, true,
     "The download quota of a file or the account is reached; it goes on when the quota resets."},
    {"transaction_cap_exceeded", "", quota, kRun, true,
     "The account's daily transaction cap is reached; raise the cap or wait until it resets."},
    {"download_cap_exceeded", "", quota, kRun, true,
     "The account's daily download cap is reached; raise the cap or wait until it resets."},
    {"bandwidthlimitexceeded", "", quota, kRun, true,
     "The account's bandwidth limit is reached; it goes on when the limit resets."},
    {"quotaexceeded", "", quota, kRun, true,
     "The provider's quota for this account is used up; wait until it resets or raise it."},
    {"quota exceeded", "", quota, kRun, true,
     "The provider's quota for this account is used up; wait until it resets or raise it."},
    {"quota has been exceeded", "", quota, kRun, true,
     "The provider's quota for this account is used up; wait until it resets or raise it."},

    // ── this worker's own resources ──
    {"too many open files", "", resources, kRun, true,
     "This worker ran out of file descriptors; lower the number of transfers and checkers or raise "
     "the limit of open files."},
    {"out of memory", "", resources, kRun, true,
     "This worker ran out of memory; lower the number of transfers and the chunk and buffer sizes, "
     "or give it more memory."},
    {"cannot allocate memory", "", resources, kRun, true,
     "This worker ran out of memory; lower the number of transfers and the chunk and buffer sizes, "
     "or give it more memory."},
    {"failed to create new os thread", "", resources, kRun, true,
     "This worker may not start more threads; raise the limit of tasks."},
    {"resource temporarily unavailable", "", resources, kRun, true,
     "This worker ran out of processes or threads; raise the limit of tasks."},

    // ── the network ──
    {"no such host", "", network, kRun, true,
     "The name of the server cannot be found; check the remote's address and this machine's DNS."},
    {"server misbehaving", "", network, kRun, true,
     "The DNS server does not answer properly; check this machine's DNS."},
    {"temporary failure in name resolution", "", network, kRun, true,
     "The DNS server does not answer; check this machine's network and DNS."},
    {"name or service not known", "", network, kRun, true,
     "The name of the server cannot be found; check the remote's address and this machine's DNS."},
    {"connection refused", "", network, kRun, true,
     "The server refuses connections; check that it runs and that the remote's address and port "
     "are right."},
    {"connection reset", "", network, kRun, true,
     "The connection was cut by the server or the network; if this repeats, check the network and "
     "the server."},
    {"connection lost", "", network, kRun, true,
     "The connection was lost; if this repeats, check the network and the server."},
    {"connection unexpectedly closed", "", network, kRun, true,
     "The connection was cut by the server or the network; if this repeats, check the network and "
     "the server."},
    {"server closed", "connection", network, kRun, true,
     "The connection was cut by the server or the network; if this repeats, check the network and "
     "the server."},
    {"closed network connection", "", network, kRun, true,
     "The connection was cut; if this repeats, check the network and the server."},
    {"broken pipe", "", network, kRun, true,
     "The connection was cut by the server or the network; if this repeats, check the network and "
     "the server."},
    {"no route to host", "", network, kRun, true,
     "There is no network route to the server; check the network, firewall and the remote's "
     "address."},
    {"network is unreachable", "", network, kRun, true,
     "There is no network; check this machine's connection."},
    {"network is down", "", network, kRun, true,
     "There is no network; check this machine's connection."},
    {"host is down", "", network, kRun, true, "The server is down; check that it runs."},
    {"i/o timeout", "", network, kRun, true,
     "The server does not answer in time; check the network, a firewall and the remote's address."},
    {"timeout awaiting response headers", "", network, kRun, true,
     "The server accepts connections but does not answer; check the server."},
    {"tls handshake timeout", "", network, kRun, true,
     "The server does not answer in time; check the network and the server."},
    {"connection timed out", "", network, kRun, true,
     "The server does not answer; check the network, a firewall and the remote's address."},
    {"operation timed out", "", network, kRun, true,
     "The server does not answer; check the network, a firewall and the remote's address."},
    {"client.timeout exceeded", "", network, kRun, true,
     "The server does not answer in time; check the network and the server."},
    {"context deadline exceeded", "", network, kRun, true,
     "The server does not answer in time; check the network and the server."},
    {"requesttimeout", "", network, kRun, true,
     "The server waited too long for data; check the network."},
    {"remote error: tls:", "", config, kRun, false,
     "The server refused the encrypted connection; check the host name and the certificates of the "
     "remote."},
    {"ssh: disconnect", "", network, kRun, true,
     "The SSH server ended the connection; check the server."},

    // ── the login ──
    {"invalidaccesskeyid", "", auth, kRun, false,
     "The access key does not exist; enter the right access key id in the remote."},
    {"signaturedoesnotmatch", "", auth, kRun, false,
     "The secret access key is wrong; enter it again in the remote."},
    {"invalid_grant", "", auth, kRun, false,
     "The login was revoked or has expired; connect the remote again."},
    {"maybe it has expired", "", auth, kRun, false,
     "The login was revoked or has expired; connect the remote again."},
    {"expiredtoken", "", auth, kRun, false,
     "The temporary login has expired; enter fresh credentials."},
    {"expired_access_token", "", auth, kRun, false,
     "The login has expired; connect the remote again."},
    {"invalid_access_token", "", auth, kRun, false,
     "The login was revoked; connect the remote again."},
    {"invalidauthenticationtoken", "", auth, kRun, false,
     "The login was revoked or has expired; connect the remote again."},
    {"invalidtoken", "", auth, kRun, false,
     "The login token is not valid; enter fresh credentials."},
    {"token has expired", "", auth, kRun, false,
     "The login has expired; connect the remote again."},
    {"token expired", "", auth, kRun, false, "The login has expired; connect the remote again."},
    {"token has been expired or revoked", "", auth, kRun, false,
     "The login was revoked or has expired; connect the remote again."},
    {"empty token found", "", auth, kRun, false, "The remote was never connected; connect it."},
    {"couldn't fetch token", "", auth, kRun, false,
     "The login could not be renewed; connect the remote again."},
    {"oauth2:", "", auth, kRun, false, "The login could not be renewed; connect the remote again."},
    {"invalid_client", "", auth, kRun, false,
     "The client id or client secret of the remote is wrong; correct it and connect again."},
    {"unauthorized_client", "", auth, kRun, false,
     "The client id of the remote is not allowed to log in; correct it and connect again."},
    {"bad_auth_token", "", auth, kRun, false,
     "The application key is wrong or was revoked; enter a new one."},
    {"nocredentialproviders", "", auth, kRun, false,
     "The remote has no credentials; enter an access key and its secret."},
    {"failed to refresh cached credentials", "", auth, kRun, false,
     "The remote has no usable credentials; enter an access key and its secret."},
    {"get credentials", "", auth, kRun, false,
     "The remote has no usable credentials; enter an access key and its secret."},
    {"unable to authenticate", "", auth, kRun, false,
     "The server refused the user, password or key; correct them in the remote."},
    {"logon is invalid", "", auth, kRun, false,
     "The server refused the user or password; correct them in the remote."},
    {"logon failure", "", auth, kRun, false,
     "The server refused the user or password; correct them in the remote."},
    {"login incorrect", "", auth, kRun, false,
     "The server refused the user or password; correct them in the remote."},
    {"login authentication failed", "", auth, kRun, false,
     "The server refused the user or password; correct them in the remote."},
    {"authenticationfailed", "", auth, kRun, false,
     "The account name or key is wrong; correct it in the remote."},
    {"authentication failed", "", auth, kRun, false,
     "The server refused the login; correct user and password in the remote."},
    {"authentication required", "", auth, kRun, false,
     "The server wants a login; set user and password in the remote."},
    {"invalid credentials", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"bad credentials", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"530 ", "", auth, kRun, false,
     "The FTP server refused the user or password; correct them in the remote."},
    {"unauthorized", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"status code: 401", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"statuscode: 401", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"error 401", "", auth, kRun, false,
     "The server refused the login; correct the credentials in the remote."},
    {"accountproblem", "", auth, kRun, false,
     "The provider has blocked the account; ask the provider."},
    {"userdisabled", "", auth, kRun, false,
     "The provider has disabled the account; ask the provider."},

    // ── damaged data ──
    {"failed to authenticate decrypted block", "", integrity, kObject, false,
     "An encrypted file is damaged, or the crypt password is wrong; check the password, then "
     "restore the file from another copy."},
    {"corrupted on transfer", "", integrity, kObject, false,
     "A file differed after the transfer, because it changed meanwhile or was damaged; run again, "
     "and check the storage if it repeats."},
    {"baddigest", "", integrity, kObject, true,
     "Data was damaged on the way; run again, and check this machine's memory and network if it "
     "repeats."},
    {"xamzcontentsha256mismatch", "", integrity, kObject, true,
     "Data was damaged on the way; run again, and check this machine's memory and network if it "
     "repeats."},
    {"not an encrypted file", "", integrity, kObject, false,
     "A file in the encrypted remote is not encrypted; remove it there or use the right crypt "
     "remote."},
    {"bad magic", "", integrity, kObject, false,
     "A file in the encrypted remote is damaged or not encrypted; restore it from another copy."},
    {"hash differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again and check the storage if it repeats."},
    {"hashes differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again and check the storage if it repeats."},
    {"sizes differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},
    {"md5 differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},
    {"sha1 differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},
    {"contents differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},
    {"files differ", "", integrity, kObject, false,
     "Source and destination differ; run the backup again, then check once more."},
    {"file not in ", "", integrity, kObject, false,
     "Source and destination do not hold the same files; run the backup again, then check once "
     "more."},
    {"structure needs cleaning", "", integrity, kRun, false,
     "The file system is damaged; check it with fsck."},
    {"input/output error", "", integrity, kObject, false,
     "A disk cannot be read or written; check the disk's health."},

    // ── files that moved under our hands ──
    {"source file is being updated", "", source_changed, kObject, false,
     "Files changed while they were copied; the next run takes them, or back up a snapshot "
     "instead."},
    {"failed to open source object", "no such file or directory", source_changed, kObject, false,
     "Files vanished between listing and copying; the next run will be right, or back up a "
     "snapshot instead."},
    {"failed to open source object", "not found", source_changed, kObject, false,
     "Files vanished between listing and copying; the next run will be right, or back up a "
     "snapshot instead."},
    {"nosuchkey", "", source_changed, kObject, false,
     "Files vanished between listing and copying; the next run will be right."},
    {"source object", "not found", source_changed, kObject, false,
     "Files vanished between listing and copying; the next run will be right."},

    // ── nothing there ──
    {"symlink:", "no such file or directory", not_found, kObject, false,
     "Symbolic links point to nothing; remove the links, or drop --copy-links."},
    {"nosuchbucket", "", not_found, kRun, false,
     "The bucket does not exist; check its name and region, or create it."},
    {"bucket does not exist", "", not_found, kRun, false,
     "The bucket does not exist; check its name and region, or create it."},
    {"bucket not found", "", not_found, kRun, false,
     "The bucket does not exist; check its name and region, or create it."},
    {"containernotfound", "", not_found, kRun, false,
     "The container does not exist; check its name, or create it."},
    {"container not found", "", not_found, kRun, false,
     "The container does not exist; check its name, or create it."},
    {"bad_network_name", "", not_found, kRun, false, "The share does not exist; check its name."},
    {"the specified share name cannot be found", "", not_found, kRun, false,
     "The share does not exist; check its name."},
    {"bad network name", "", not_found, kRun, false, "The share does not exist; check its name."},
    {"directory not found", "", not_found, kRun, false,
     "The directory does not exist; check the path of the source, and the crypt password if the "
     "remote is encrypted."},
    {"couldn't find root directory id", "", not_found, kRun, false,
     "The root folder of the remote does not exist; check its root_folder_id."},

    // ── not allowed ──
    {"ssh_fx_permission_denied", "", permission, kObject, false,
     "The server does not allow this; give the account the right to read or write the path."},
    {"accessdenied", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to list, read and write the bucket "
     "or folder."},
    {"access denied", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to read and write the path."},
    {"access is denied", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to read and write the path."},
    {"permission denied", "", permission, kObject, false,
     "The files or folders may not be read or written; give the account the rights, or exclude "
     "them with a filter."},
    {"operation not permitted", "", permission, kObject, false,
     "The system does not allow this; give the account the rights, or exclude the files with a "
     "filter."},
    {"read-only file system", "", permission, kRun, false,
     "The destination is mounted read-only; mount it writable."},
    {"allaccessdisabled", "", permission, kRun, false,
     "Access to the bucket is disabled; ask the provider."},
    {"insufficientpermissions", "", permission, kRun, false,
     "The login lacks a permission; connect the remote again with a wider scope."},
    {"insufficientfilepermissions", "", permission, kObject, false,
     "The account may not change these files; give it the right to write them."},
    {"insufficient permission", "", permission, kRun, false,
     "The login lacks a permission; connect the remote again with a wider scope."},
    {"authorizationpermissionmismatch", "", permission, kRun, false,
     "The account lacks a role on the container; give it the right to read and write blobs."},
    {"missing_scope", "", permission, kRun, false,
     "The login lacks a permission; connect the remote again with a wider scope."},
    {"forbidden", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to list, read and write the path."},
    {"status code: 403", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to list, read and write the path."},
    {"statuscode: 403", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to list, read and write the path."},
    {"error 403", "", permission, kObject, false,
     "The account is not allowed to do this; give it the right to list, read and write the path."},
    {"550 ", "denied", permission, kObject, false,
     "The FTP server does not allow this; give the account the right to read or write the path."},

    // ── what is left of "not there" ──
    {"object not found", "", not_found, kObject, false, "A file does not exist; check the path."},
    {"file not found", "", not_found, kObject, false, "A file does not exist; check the path."},
    {"no such file or directory", "", not_found, kObject, false,
     "A file or directory does not exist; check the path."},
    {"not a directory", "", not_found, kRun, false,
     "The path is a file where a directory is expected; check the path."},
    {"404 not found", "", not_found, kRun, false,
     "The path does not exist on the server; check the remote's address and the path."},
    {"status code: 404", "", not_found, kRun, false,
     "The path does not exist on the server; check the bucket and the path."},
    {"statuscode: 404", "", not_found, kRun, false,
     "The path does not exist on the server; check the bucket and the path."},
    {"error 404", "", not_found, kRun, false,
     "The path does not exist on the server; check the path."},

    // ── the server's own trouble ──
    {"internal server error", "", network, kRun, true,
     "The server has an internal error; if this repeats, ask its operator."},
    {"internalerror", "", network, kRun, true,
     "The server has an internal error; if this repeats, ask its operator."},
    {"backenderror", "", network, kRun, true,
     "The server has an internal error; if this repeats, ask its operator."},
    {"bad gateway", "", network, kRun, true,
     "The server is not available at the moment; if this repeats, ask its operator."},
    {"service unavailable", "", network, kRun, true,
     "The server is not available at the moment; if this repeats, ask its operator."},
    {"serviceunavailable", "", network, kRun, true,
     "The server is not available at the moment; if this repeats, ask its operator."},
    {"serverbusy", "", quota, kRun, true,
     "The server is busy; lower the number of transfers and checkers if this happens often."},
    {"gateway timeout", "", network, kRun, true,
     "The server is not available at the moment; if this repeats, ask its operator."},
    {"gateway time-out", "", network, kRun, true,
     "The server is not available at the moment; if this repeats, ask its operator."},
    {"status code: 50", "", network, kRun, true,
     "The server has trouble at the moment; if this repeats, ask its operator."},
    {"statuscode: 50", "", network, kRun, true,
     "The server has trouble at the moment; if this repeats, ask its operator."},
    {"error 50", "", network, kRun, true,
     "The server has trouble at the moment; if this repeats, ask its operator."},
    {"421 ", "", network, kRun, true,
     "The FTP server is not available or allows fewer connections; lower the remote's "
     "concurrency."},
    {"unexpected eof", "", network, kRun, true,
     "Data ended too early: the connection was cut, or the stored file is truncated; check the "
     "file if this repeats."},
    {"request send failed", "", network, kRun, true,
     "The server cannot be reached; check the network and the remote's address."},
    {"send request failed", "", network, kRun, true,
     "The server cannot be reached; check the network and the remote's address."},
    {"couldn't connect ssh", "", network, kRun, true,
     "The SSH server cannot be reached; check the network and the remote's address."},
    {": eof", "", network, kRun, true,
     "The connection was cut; if this repeats, check the network and the server."},

    // ── special texts of no wider class ──
    {"file name too long", "", unknown, kObject, false,
     "A file name is too long for the destination; shorten it, or change the crypt remote's file "
     "name encoding."},
    {"ssh_fx_failure", "", unknown, kObject, true,
     "The SFTP server refused without saying why; often its disk or quota is full."},
};

struct HintRow {
  ErrorClass error_class;
  std::string_view hint;
};
constexpr HintRow kGeneralHints[] = {
    {auth, "The server refused the login; correct the credentials in the remote."},
    {config, "A setting of the job or its remotes is wrong; see the deciding line."},
    {usage,
     "rclone refused its command line; remove the extra flags of the job or check rclone's "
     "version."},
    {not_found, "A file or directory does not exist; check the paths of the job."},
    {permission, "The account is not allowed to do this; give it the rights."},
    {network, "The connection failed; if this repeats, check the network and the server."},
    {quota, "The provider limits the account; wait, or lower the number of transfers."},
    {storage_full, "The destination has no room; make room there."},
    {source_changed,
     "Files changed while they were copied; the next run takes them, or back up a snapshot "
     "instead."},
    {integrity, "Data differs or is damaged; check the storage and restore from another copy."},
    {guard, "A safety limit of the job stopped it; check the source before you change the limit."},
    {limit, "A budget of the job is used up; the next run continues, or raise the limit."},
    {resources,
     "This worker ran out of memory, descriptors or processes; lower the number of transfers or "
     "raise its limits."},
    {crash,
     "rclone crashed; if this repeats, install another rclone version and report the trace to its "
     "authors."},
    {unknown,
     "rclone failed for a reason that is not known here; read the deciding line and the log."},
};

// Level error although the run goes well, or although the cause is another record.
constexpr std::string_view kHarmless[] = {
    "Failed to save config",
    "No common hash found",
    "Ignoring --track-renames",
    "not deleting files as there were IO errors",
    "not deleting directories as there were IO errors",
    "Cancelling sync due to fatal error",
    "Nothing to do as source and destination are the same",
    "Serving remote control",
    "Failed to cancel",
    "--fast-list",
    "Can't retry",
};

constexpr std::string_view kPathErrors[] = {
    "open ",   "stat ",     "lstat ", "read ",    "write ",     "mkdir ",   "rename ",   "remove ",
    "unlink ", "readlink ", "chmod ", "chtimes ", "fork/exec ", "readdir ", "truncate ", "symlink ",
};

// "open /a/b: c/d: permission denied" -> "open : permission denied", per line.
void blank_paths(std::string& text) {
  for (std::string_view verb : kPathErrors) {
    for (size_t at = text.find(verb); at != std::string::npos; at = text.find(verb, at + 1)) {
      const size_t begin = at + verb.size();
      if (begin >= text.size() || text[begin] != '/' || (at > 0 && text[at - 1] != ' ')) continue;
      const size_t end = std::min(text.find('\n', begin), text.size());
      const size_t colon = text.rfind(": ", end);
      if (colon == std::string::npos || colon <= begin) continue;
      text.erase(begin, colon - begin);
    }
  }
}

void blank_quotes(std::string& text) {
  std::string out;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = !inside;
      out += '"';
    } else if (!inside) {
      out += text[i];
    }
  }
  text = std::move(out);
}

}  // namespace

std::string normalise_error(std::string_view text) {
  constexpr size_t kEnough = 4096;  // an S3 error with its request ids has about 500 bytes
  std::string low(text.substr(0, kEnough));
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  blank_quotes(low);
  blank_paths(low);
  return low;
}

const ErrorRule* find_error_rule(std::string_view normalised) {
  for (const ErrorRule& rule : kRules) {
    const size_t at = normalised.find(rule.text);
    if (at == std::string_view::npos) continue;
    // A number is a status only at the beginning of a part: "with 530 errors" is none.
    const bool number = rule.text.front() >= '0' && rule.text.front() <= '9';
    if (number && at > 0 && normalised[at - 1] != '(' && !normalised.substr(0, at).ends_with(": "))
      continue;
    if (rule.also.empty() || normalised.find(rule.also) != std::string_view::npos) return &rule;
  }
  return nullptr;
}

std::string_view general_hint(ErrorClass error_class) {
  for (const HintRow& row : kGeneralHints)
    if (row.error_class == error_class) return row.hint;
  return {};
}

bool is_harmless_error(std::string_view message) {
  return std::ranges::any_of(kHarmless,
                             [&](std::string_view prefix) { return message.starts_with(prefix); });
}

}  // namespace dray
