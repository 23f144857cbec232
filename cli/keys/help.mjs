// What `oss-edge keys --help` prints.

export const HELP = `oss-edge keys: access keys in a file or in Secrets Manager

  oss-edge keys COMMAND (--file FILE | --secret ID [--region R] [--endpoint URL]) [--json] ...

  The Region is that of the secret's primary, by default AWS_REGION; the credentials are in AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. A document is checked before and after a change, replaced at
  once and whole, and only if nobody changed it meanwhile; the one before is kept in FILE.bak, or under
  Secrets Manager's AWSPREVIOUS. A secret is shown once, by the command that makes it.

  new [--id ID] [--bucket B] [--prefix P] [--operations A,B]
      Makes an access key, which may do everything, or what the one rule says.

  new --master ID ([--bucket B] [--prefix P] [--operations A,B] | --everything)
      Makes a master key to derive access keys from, each of which may do what the rule says; in the
      prefix {device} stands for the device's id.

  derive --master ID --devices FILE [--scope S] [--expires TIME] [--out FILE]
      An access key for each device id (one a line; - is standard input) as CSV, with --json as JSON lines.

  rotate --id ID [--overlap SPAN]
      Makes another secret, which is valid at once. Those before stay valid until they are retired, or for SPAN.

  retire --id ID [--generation G] (--logs FILE [--logs FILE]... [--since TIME] | --force)
      Removes a secret: G, or the older of two, by notBefore, else by the generations' numbers. Refused when
      the edge's log (JSON lines; - is standard input) shows that it was used since TIME, or shows nothing of
      the key at all. Lambda@Edge writes logs in every Region in which it ran: give those of all of them.

  disable | enable (--id ID | --master ID)
      A disabled key is refused once the edge has the change: with the next deployment where the document is
      bundled, within refreshSeconds or twice that from Secrets Manager. It stays where it is.

  revoke --master ID (--device ID [--device ID]... | --devices FILE)
      Refuses the keys that are derived for these devices, once the edge has the change. Ids are compared byte
      by byte: SN-1 is another device than sn-1.

  list
      Keys, generations and rules; no secrets.

  check
      Says what is wrong where, and warns of what is hardly meant.

  TIME is as 2026-11-25T00:00:00Z, or a SPAN from now; a SPAN is as 90m, 24h or 7d.
  Exit status: 0 done, 1 refused or not valid, 2 not understood or not readable.
`;
