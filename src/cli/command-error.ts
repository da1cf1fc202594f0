import type { ExitCode } from './exit-code.ts';

/** A command cannot do what was asked, and the message says why in words for the person who asked. */
export class CommandError extends Error {
  /** For scripts, on `--json`. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** One sentence for each thing that is wrong, when there can be several. */
  readonly faults: readonly string[];

  constructor(
    code: string,
    message: string,
    options: { exitCode: ExitCode; faults?: readonly string[]; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CommandError';
    this.code = code;
    this.exitCode = options.exitCode;
    this.faults = options.faults ?? [];
  }
}
