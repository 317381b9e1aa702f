#include "workers/error_rules.h"

namespace dray {
namespace {

using enum ErrorClass;
constexpr ErrorScope kRun = ErrorScope::run;
constexpr ErrorScope kObject = ErrorScope::object;

constexpr ErrorRule kRules[] = {
    // ── rate and account limits ──
    {quota, kRun, true, "slowdown|slow down",
     "The storage asked us to slow down; lower the number of transfers or checkers if this happens "
     "often."},
    {quota, kRun, true,
     "too many requests|too_many_requests|too_many_write_operations|toomanyrequests|status code: "
     "429|statuscode: 429|error 429|(429 |ratelimitexceeded|rate limit "
     "exceeded|requestlimitexceeded|throttl",
     "The provider limits the request rate; lower the number of transfers and checkers or set "
     "--tpslimit."},
    {quota, kRun, true, "uploadlimitexceeded",
     "The account's daily upload limit is reached; it goes on when the limit resets."},
    {quota, kRun, true, "dailylimitexceeded",
     "The account's daily limit is reached; it goes on when the limit resets."},
    {quota, kRun, true, "downloadquotaexceeded",
     "The download quota of a file or the account is reached; it goes on when the quota resets."},
    {quota, kRun, true, "transaction_cap_exceeded",
     "The account's daily transaction cap is reached; raise the cap or wait until it resets."},
    {quota, kRun, true, "download_cap_exceeded",
     "The account's daily download cap is reached; raise the cap or wait until it resets."},
    {quota, kRun, true, "bandwidthlimitexceeded",
     "The account's bandwidth limit is reached; it goes on when the limit resets."},
    {quota, kRun, true, "quotaexceeded|quota exceeded|quota has been exceeded",
     "The provider's quota for this account is used up; wait until it resets or raise it."},
    // ── this worker's own resources ──
    {resources, kRun, true, "too many open files",
     "This worker ran out of file descriptors; lower the number of transfers and checkers or raise "
     "the limit of open files."},
    {resources, kRun, true, "out of memory|cannot allocate memory",
     "This worker ran out of memory; lower the number of transfers and the chunk and buffer sizes, "
     "or give it more memory."},
    {resources, kRun, true, "failed to create new os thread",
     "This worker may not start more threads; raise the limit of tasks."},
    {resources, kRun, true, "resource temporarily unavailable",
     "This worker ran out of processes or threads; raise the limit of tasks."},
    // ── the network ──
    {network, kRun, true, "no such host|name or service not known",
     "The name of the server cannot be found; check the remote's address and this machine's DNS."},
    {network, kRun, true, "server misbehaving",
     "The DNS server does not answer properly; check this machine's DNS."},
    {network, kRun, true, "temporary failure in name resolution",
     "The DNS server does not answer; check this machine's network and DNS."},
    {network, kRun, true, "connection refused",
     "The server refuses connections; check that it runs and that the remote's address and port "
     "are right."},
    {network, kRun, true,
     "connection reset|connection unexpectedly closed|server closed&connection|broken pipe",
     "The connection was cut by the server or the network; if this repeats, check the network and "
     "the server."},
    {network, kRun, true, "connection lost",
     "The connection was lost; if this repeats, check the network and the server."},
    {network, kRun, true, "closed network connection",
     "The connection was cut; if this repeats, check the network and the server."},
    {network, kRun, true, "no route to host",
     "There is no network route to the server; check the network, firewall and the remote's "
     "address."},
    {network, kRun, true, "network is unreachable|network is down",
     "There is no network; check this machine's connection."},
    {network, kRun, true, "host is down", "The server is down; check that it runs."},
    {network, kRun, true, "i/o timeout",
     "The server does not answer in time; check the network, a firewall and the remote's address."},
    {network, kRun, true, "timeout awaiting response headers",
     "The server accepts connections but does not answer; check the server."},
    {network, kRun, true, "tls handshake timeout|client.timeout exceeded|context deadline exceeded",
     "The server does not answer in time; check the network and the server."},
    {network, kRun, true, "connection timed out|operation timed out",
     "The server does not answer; check the network, a firewall and the remote's address."},
    {network, kRun, true, "requesttimeout",
     "The server waited too long for data; check the network."},
    {config, kRun, false, "remote error: tls:",
     "The server refused the encrypted connection; check the host name and the certificates of the "
     "remote."},
    {network, kRun, true, "ssh: disconnect",
     "The SSH server ended the connection; check the server."},
    // ── the login ──
    {auth, kRun, false, "invalidaccesskeyid",
     "The access key does not exist; enter the right access key id in the remote."},
    {auth, kRun, false, "signaturedoesnotmatch",
     "The secret access key is wrong; enter it again in the remote."},
    {auth, kRun, false,
     "invalid_grant|maybe it has expired|invalidauthenticationtoken|token has been expired or "
     "revoked",
     "The login was revoked or has expired; connect the remote again."},
    {auth, kRun, false, "expiredtoken",
     "The temporary login has expired; enter fresh credentials."},
    {auth, kRun, false, "expired_access_token|token has expired|token expired",
     "The login has expired; connect the remote again."},
    {auth, kRun, false, "invalid_access_token", "The login was revoked; connect the remote again."},
    {auth, kRun, false, "invalidtoken", "The login token is not valid; enter fresh credentials."},
    {auth, kRun, false, "empty token found", "The remote was never connected; connect it."},
    {auth, kRun, false,
     "couldn't fetch token|oauth2:", "The login could not be renewed; connect the remote again."},
    {auth, kRun, false, "invalid_client",
     "The client id or client secret of the remote is wrong; correct it and connect again."},
    {auth, kRun, false, "unauthorized_client",
     "The client id of the remote is not allowed to log in; correct it and connect again."},
    {auth, kRun, false, "bad_auth_token",
     "The application key is wrong or was revoked; enter a new one."},
    {auth, kRun, false, "nocredentialproviders",
     "The remote has no credentials; enter an access key and its secret."},
    {auth, kRun, false, "failed to refresh cached credentials|get credentials",
     "The remote has no usable credentials; enter an access key and its secret."},
    {auth, kRun, false, "unable to authenticate",
     "The server refused the user, password or key; correct them in the remote."},
    {auth, kRun, false,
     "logon is invalid|logon failure|login incorrect|login authentication failed",
     "The server refused the user or password; correct them in the remote."},
    {auth, kRun, false, "authenticationfailed",
     "The account name or key is wrong; correct it in the remote."},
    {auth, kRun, false, "authentication failed",
     "The server refused the login; correct user and password in the remote."},
    {auth, kRun, false, "authentication required",
     "The server wants a login; set user and password in the remote."},
    {auth, kRun, false,
     "invalid credentials|bad credentials|unauthorized|status code: 401|statuscode: 401|error 401",
     "The server refused the login; correct the credentials in the remote."},
    {auth, kRun, false, "530 ",
     "The FTP server refused the user or password; correct them in the remote."},
    {auth, kRun, false, "accountproblem",
     "The provider has blocked the account; ask the provider."},
    {auth, kRun, false, "userdisabled", "The provider has disabled the account; ask the provider."},
    // ── damaged data ──
    {integrity, kObject, false, "failed to authenticate decrypted block",
     "An encrypted file is damaged, or the crypt password is wrong; check the password, then "
     "restore the file from another copy."},
    {integrity, kObject, false, "corrupted on transfer",
     "A file differed after the transfer, because it changed meanwhile or was damaged; run again, "
     "and check the storage if it repeats."},
    {integrity, kObject, true, "baddigest|xamzcontentsha256mismatch",
     "Data was damaged on the way; run again, and check this machine's memory and network if it "
     "repeats."},
    {integrity, kObject, false, "not an encrypted file",
     "A file in the encrypted remote is not encrypted; remove it there or use the right crypt "
     "remote."},
    {integrity, kObject, false, "bad magic",
     "A file in the encrypted remote is damaged or not encrypted; restore it from another copy."},
    {integrity, kObject, false, "hash differ|hashes differ",
     "Source and destination differ; run the backup again and check the storage if it repeats."},
    {integrity, kObject, false, "sizes differ|md5 differ|sha1 differ|contents differ|files differ",
     "Source and destination differ; run the backup again, then check once more."},
    {integrity, kObject, false, "file not in ",
     "Source and destination do not hold the same files; run the backup again, then check once "
     "more."},
    {integrity, kRun, false, "structure needs cleaning",
     "The file system is damaged; check it with fsck."},
    {integrity, kObject, false, "input/output error",
     "A disk cannot be read or written; check the disk's health."},
    // ── files that moved under our hands ──
    {source_changed, kObject, false, "source file is being updated",
     "Files changed while they were copied; the next run takes them, or back up a snapshot "
     "instead."},
    {source_changed, kObject, false,
     "failed to open source object&no such file or directory|failed to open source object&not "
     "found",
     "Files vanished between listing and copying; the next run will be right, or back up a "
     "snapshot instead."},
    {source_changed, kObject, false, "nosuchkey|source object&not found",
     "Files vanished between listing and copying; the next run will be right."},
    // ── nothing there ──
    {not_found, kObject, false, "symlink:&no such file or directory",
     "Symbolic links point to nothing; remove the links, or drop --copy-links."},
    {not_found, kRun, false, "nosuchbucket|bucket does not exist|bucket not found",
     "The bucket does not exist; check its name and region, or create it."},
    {not_found, kRun, false, "containernotfound|container not found",
     "The container does not exist; check its name, or create it."},
    {not_found, kRun, false,
     "bad_network_name|the specified share name cannot be found|bad network name",
     "The share does not exist; check its name."},
    {not_found, kRun, false, "directory not found",
     "The directory does not exist; check the path of the source, and the crypt password if the "
     "remote is encrypted."},
    {not_found, kRun, false, "couldn't find root directory id",
     "The root folder of the remote does not exist; check its root_folder_id."},
    // ── not allowed ──
    {permission, kObject, false, "ssh_fx_permission_denied",
     "The server does not allow this; give the account the right to read or write the path."},
    {permission, kObject, false, "accessdenied",
     "The account is not allowed to do this; give it the right to list, read and write the bucket "
     "or folder."},
    {permission, kObject, false, "access denied|access is denied",
     "The account is not allowed to do this; give it the right to read and write the path."},
    {permission, kObject, false, "permission denied",
     "The files or folders may not be read or written; give the account the rights, or exclude "
     "them with a filter."},
    {permission, kObject, false, "operation not permitted",
     "The system does not allow this; give the account the rights, or exclude the files with a "
     "filter."},
    {permission, kRun, false, "read-only file system",
     "The destination is mounted read-only; mount it writable."},
    {permission, kRun, false, "allaccessdisabled",
     "Access to the bucket is disabled; ask the provider."},
    {permission, kRun, false, "insufficientpermissions|insufficient permission|missing_scope",
     "The login lacks a permission; connect the remote again with a wider scope."},
    {permission, kObject, false, "insufficientfilepermissions",
     "The account may not change these files; give it the right to write them."},
    {permission, kRun, false, "authorizationpermissionmismatch",
     "The account lacks a role on the container; give it the right to read and write blobs."},
    {permission, kObject, false, "forbidden|status code: 403|statuscode: 403|error 403",
     "The account is not allowed to do this; give it the right to list, read and write the path."},
    {permission, kObject, false, "550 &denied",
     "The FTP server does not allow this; give the account the right to read or write the path."},
    // ── what is left of "not there" ──
    {not_found, kObject, false, "object not found|file not found",
     "A file does not exist; check the path."},
    {not_found, kObject, false, "no such file or directory",
     "A file or directory does not exist; check the path."},
    {not_found, kRun, false, "not a directory",
     "The path is a file where a directory is expected; check the path."},
    {not_found, kRun, false, "404 not found",
     "The path does not exist on the server; check the remote's address and the path."},
    {not_found, kRun, false, "status code: 404|statuscode: 404",
     "The path does not exist on the server; check the bucket and the path."},
    {not_found, kRun, false, "error 404", "The path does not exist on the server; check the path."},
    // ── the server's own trouble ──
    {network, kRun, true, "internal server error|internalerror|backenderror",
     "The server has an internal error; if this repeats, ask its operator."},
    {network, kRun, true,
     "bad gateway|service unavailable|serviceunavailable|gateway timeout|gateway time-out",
     "The server is not available at the moment; if this repeats, ask its operator."},
    {quota, kRun, true, "serverbusy",
     "The server is busy; lower the number of transfers and checkers if this happens often."},
    {network, kRun, true, "status code: 50|statuscode: 50|error 50",
     "The server has trouble at the moment; if this repeats, ask its operator."},
    {network, kRun, true, "421 ",
     "The FTP server is not available or allows fewer connections; lower the remote's "
     "concurrency."},
    {network, kRun, true, "unexpected eof",
     "Data ended too early: the connection was cut, or the stored file is truncated; check the "
     "file if this repeats."},
    {network, kRun, true, "request send failed|send request failed",
     "The server cannot be reached; check the network and the remote's address."},
    {network, kRun, true, "couldn't connect ssh",
     "The SSH server cannot be reached; check the network and the remote's address."},
    {network, kRun, true, ": eof",
     "The connection was cut; if this repeats, check the network and the server."},
    // ── special texts of no wider class ──
    {unknown, kObject, false, "file name too long",
     "A file name is too long for the destination; shorten it, or change the crypt remote's file "
     "name encoding."},
    {unknown, kObject, true, "ssh_fx_failure",
     "The SFTP server refused without saying why; often its disk or quota is full."},
};

}  // namespace

std::span<const ErrorRule> remote_error_rules() {
  return kRules;
}

}  // namespace dray
