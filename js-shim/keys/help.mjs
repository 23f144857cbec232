// What `oss-edge keys --help` prints.

export const HELP = `oss-edge keys: access keys in a file or in Secrets Manager

  oss-edge keys COMMAND (--file FILE | --secret ID [--region R] [--endpoint URL]) [--json] ...

  The Region is that of the secret's primary, by default AWS_REGION; the credentials are in AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. A document is checked before and after a change, replaced at
  once and whole, and only if nobody changed it meanwhile; the one before is kept in FILE.bak, or under
  Secrets Manager's AWSPREVIOUS. A secret is shown once, by the command that makes it.

  new [--id ID] [--bucket B] [--prefix P] [--operations A,B]
      Makes an access key; with --master ID in place of --id, a master key to derive access keys from.
      It may do everything, or what the one rule says.

  derive --master ID --devices FILE [--scope S] [--expires TIME] [--out FILE]
      An access key for each device id (one a line; - is standard input) as CSV, with --json as JSON lines.

  rotate --id ID [--overlap SPAN]
      Makes another secret, which is valid at once. Those before stay valid until they are retired, or for SPAN.

  retire --id ID [--generation G] (--logs FILE... [--since TIME] | --force)
      Removes a secret: the older of two, or G. Refused when the edge's log (JSON lines; - is standard input)
      shows that it was used since TIME, or shows nothing of the key at all.

  disable | enable (--id ID | --master ID)
      A disabled key is refused at once; it stays where it is.

  revoke --master ID (--device ID... | --devices FILE)
      Refuses the keys that are derived for these devices.

  list
      Keys, generations and rules; no secrets.

  check
      Says what is wrong where.

  TIME is as 2026-11-25T00:00:00Z, or a SPAN from now; a SPAN is as 90m, 24h or 7d.
  Exit status: 0 done, 1 refused or not valid, 2 not understood or not readable.
`;
