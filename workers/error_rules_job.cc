#include "workers/error_rules.h"

namespace dray {
namespace {

using enum ErrorClass;
constexpr ErrorScope kRun = ErrorScope::run;
constexpr ErrorScope kObject = ErrorScope::object;

constexpr ErrorRule kRules[] = {
    // Begins with a count, which must not be taken for a status.
    {integrity, kObject, false, "differences found",
     "Source and destination differ; run the backup again, then check once more."},
    // ── limits and guards of the job ──
    {limit, kRun, false, "max transfer limit reached",
     "The transfer budget of this job (--max-transfer) is used up; the next run continues, or "
     "raise the limit."},
    {limit, kRun, false, "max transfer duration reached",
     "The time budget of this job (--max-duration) is used up; the next run continues, or raise "
     "the limit."},
    {guard, kRun, false, "max-delete",
     "The run wanted to delete more than --max-delete allows; check the source, then raise the "
     "limit if the deletions are meant."},
    {guard, kObject, false, "immutable file modified",
     "A file that was already backed up has changed and --immutable protects the copy; find out "
     "why it changed, or drop --immutable."},
    {guard, kRun, false, "overlapping remotes",
     "Source and destination lie inside each other; choose a destination outside the source or "
     "exclude it with a filter."},
    {guard, kRun, false, "mustn't overlap|overlap&backup-dir",
     "The backup directory lies inside the source or the destination; choose a path outside of "
     "both."},
    {config, kRun, false, "--backup-dir has to be on the same remote",
     "The backup directory must be on the same remote as the destination; change its path."},
    // ── the command line ──
    {usage, kRun, false, "unknown flag|unknown shorthand flag",
     "This rclone does not know one of the flags; remove the extra flag or install a newer "
     "rclone."},
    {usage, kRun, false, "flag needs an argument",
     "A flag lacks its value; correct the extra flags of the job."},
    {usage, kRun, false, "unknown command",
     "This rclone does not know the command; check its spelling or install a newer rclone."},
    {usage, kRun, false, "arguments minimum",
     "The rclone command lacks an argument; give both source and destination."},
    {usage, kRun, false, "arguments maximum",
     "The rclone command has too many arguments; quote paths that hold spaces."},
    {usage, kRun, false, "invalid argument \"&for",
     "The value of a flag is not valid; correct the extra flags of the job."},
    {usage, kRun, false, "can't set -|can't use&together",
     "Two flags contradict each other; remove one of them from the extra flags of the job."},
    {usage, kRun, false, "nothing to read from standard input",
     "Nothing was piped into rclone; check the program that makes the data."},
    // ── the clock ──
    {config, kRun, false,
     "requesttimetooskewed|difference between the request time and the current time|signature "
     "expired|signature not yet current",
     "This machine's clock is wrong, so the server refuses its requests; set the clock (enable "
     "NTP) and run again."},
    // ── trust ──
    {auth, kRun, false, "knownhosts: key mismatch|host key mismatch",
     "The server shows another SSH host key than the pinned one: it is another server, or its keys "
     "were replaced. When that is right, pin them anew with dray remote edit NAME host=HOST "
     "--accept-host-key."},
    {auth, kRun, false, "knownhosts:",
     "The server's SSH host key is not among the pinned ones; pin it with dray remote edit NAME "
     "host=HOST --accept-host-key."},
    {config, kRun, false, "certificate has expired or is not yet valid",
     "The server's certificate is not valid at this machine's time; renew the certificate, or set "
     "this machine's clock."},
    {config, kRun, false,
     "x509:|certificate signed by unknown authority|failed to verify certificate",
     "The server's certificate is not trusted; check the host name in the remote, or install the "
     "server's CA certificate."},
    {config, kRun, false, "server gave http response to https client",
     "The server speaks plain HTTP on this port; correct the scheme or port of the remote's "
     "address."},
    {config, kRun, false, "malformed http",
     "The server does not speak HTTP on this port; correct the scheme or port of the remote's "
     "address."},
    {config, kRun, false, "first record does not look like a tls handshake",
     "The server does not speak TLS on this port; correct the scheme or port of the remote's "
     "address."},
    {config, kRun, false, "loadcustomcabundleerror",
     "The environment variable AWS_CA_BUNDLE breaks S3 in this rclone; unset it."},
    // ── the configuration ──
    {config, kRun, false, "didn't find section in config file",
     "The remote is not in the rclone configuration; check its name and the configuration file."},
    {config, kRun, false, "didn't find backend called",
     "This rclone does not know the type of the remote; check the type or install a newer rclone."},
    {config, kRun, false, "couldn't decrypt password|base64 decode failed when revealing password",
     "A password of the remote is not in rclone's obscured form; store it again with 'rclone "
     "obscure'."},
    {config, kRun, false, "password not set in config",
     "The crypt remote has no password; set the password it was created with."},
    {config, kRun, false, "could not parse line",
     "The rclone configuration file is damaged; correct the line that rclone could not parse."},
    {config, kRun, false, "unable to decrypt configuration",
     "The rclone configuration is encrypted; give its password or import the decrypted file."},
    {config, kRun, false, "couldn't decrypt configuration",
     "The password of the encrypted rclone configuration is wrong; give the right one."},
    {config, kRun, false, "failed to load config",
     "The rclone configuration file cannot be read; check that it exists, is readable and well "
     "formed."},
    {config, kRun, false, "private key is passphrase protected|passphrase protected",
     "The SSH key needs its passphrase; set key_file_pass in the remote."},
    {config, kRun, false, "failed to read private key file",
     "The SSH key file cannot be read; check key_file in the remote."},
    {config, kRun, false, "failed to parse private key file",
     "The SSH key file is not a valid key, or its passphrase is wrong; check key_file and "
     "key_file_pass."},
    {config, kRun, false, "pem key not formatted properly",
     "The SSH key in key_pem must be one line with \\n for line breaks; correct the remote."},
    {config, kRun, false, "authorizationheadermalformed|bucketregionerror|incorrect region",
     "The region of the S3 remote is wrong; set the bucket's region."},
    {config, kRun, false, "permanentredirect",
     "The bucket lives in another region or endpoint; set the bucket's region and endpoint."},
    {config, kRun, false, "illegallocationconstraint",
     "The region of the S3 remote is wrong; set the bucket's region and location constraint."},
    {config, kRun, false, "missingregion", "The S3 remote has no region; set one."},
    {config, kRun, false, "invalid region",
     "The region of the S3 remote is not valid; set the bucket's region."},
    {config, kRun, false, "invalidbucketname",
     "The bucket name is not valid; use lower case letters, digits and hyphens."},
    {config, kRun, false, "accesscontrollistnotsupported",
     "The bucket does not allow ACLs, which this rclone always sends; allow ACLs or install rclone "
     "1.61 or newer."},
    {config, kObject, false, "invalidobjectstate",
     "Objects lie in an archive tier (Glacier); restore them there before reading them."},
    {config, kRun, false, "unsupported protocol scheme",
     "The address of the remote is not valid; it must begin with http:// or https://."},
    {config, kRun, false, "empty url", "The remote has no address; set its url."},
    {config, kRun, false, "parse \"\": invalid",
     "The address of the remote is not valid; correct it."},
    // ── no room ──
    {storage_full, kRun, false, "no space left on device|there is not enough space on the disk",
     "The destination has no free space; make room or choose a larger destination."},
    {storage_full, kRun, false, "file too big for remaining disk space",
     "The destination has too little free space for a file; make room or choose a larger "
     "destination."},
    {storage_full, kRun, false, "not enough space",
     "The destination has too little free space; make room or choose a larger destination."},
    {storage_full, kRun, false, "disk quota exceeded",
     "The disk quota at the destination is used up; make room or raise the quota."},
    {storage_full, kRun, false,
     "storagequotaexceeded|storage quota&exceeded|insufficient_space|quotalimitreached",
     "The account's storage is full; delete files there, empty its trash or buy more space."},
    {storage_full, kRun, false, "insufficient storage",
     "The server's storage is full; delete files there or raise the quota."},
    {storage_full, kRun, false, "storage_cap_exceeded|storage cap exceeded",
     "The account's storage cap is reached; raise the cap or delete files."},
    {storage_full, kRun, false, "xminiostoragefull",
     "The server's storage is full; delete files there or add space."},
    {storage_full, kRun, false, "status_disk_full", "The share's disk is full; make room there."},
    {storage_full, kRun, false, "552 ",
     "The FTP server's storage allocation is used up; make room there."},
    {storage_full, kRun, false, "452 ", "The FTP server has too little storage; make room there."},
};

}  // namespace

std::span<const ErrorRule> job_error_rules() {
  return kRules;
}

}  // namespace dray
