/** What a command's end says to scripts; docs/cli.md lists them, and they never change their meaning. */
export const exitCodes = {
  ok: 0,
  /** The domain refused, or the doctor found a failure. */
  failed: 1,
  /** Wrong command line or configuration: nothing was tried. */
  usage: 2,
  /** The database is unavailable or not migrated. */
  database: 3,
  notFound: 4,
  /** It was done, and what it looked at does not agree: somebody has to look. */
  differs: 5,
  /** The loyalty platform did not answer, or does not let us in. */
  platform: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
