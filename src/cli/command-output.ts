import type { Command } from 'commander';
import { fileName } from './describe-problem.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { explainError } from './explain-error.ts';

/** What a command has to say; it is printed in one place, as text or as one JSON document. */
export interface Outcome {
  /** For `--json`; keys are printed in snake_case, as in the topology file and on the wires. */
  data: unknown;
  /** For people, on stdout. */
  text: string;
  /** For people, on stderr: what must not get into a pipe. */
  note?: string;
  /** With `--json`: on one line, the last of several. */
  isOneLine?: boolean;
  exitCode?: ExitCode;
}

/** Makes an action for commander from a command that returns what it has to say. */
export function printing<Args extends readonly unknown[]>(
  work: (...args: Args) => Promise<Outcome>,
): (...args: [...Args, ...unknown[]]) => Promise<void> {
  return async (...args) => {
    const { data, text, note, isOneLine, exitCode } = await work(...(args as unknown as Args));
    const command = args.at(-1) as Command;
    if (command.opts().json === true) {
      process.stdout.write(`${JSON.stringify(withFileNames(data), null, isOneLine ? 0 : 2)}\n`);
    } else {
      if (text !== '') process.stdout.write(`${text.trimEnd()}\n`);
      if (note !== undefined) process.stderr.write(`${note}\n`);
    }
    process.exitCode = exitCode ?? exitCodes.ok;
  };
}

/** Prints what went wrong on stderr and sets the exit code; a stack is shown only where debugging was asked for. */
export function printError(error: unknown, { isJson, env }: { isJson: boolean; env: NodeJS.ProcessEnv }): void {
  const { code, message, faults, exitCode } = explainError(error);
  const stack = /^(debug|trace)$/.test(env.FOYER_LOG_LEVEL ?? '') ? stackOf(error) : undefined;
  if (isJson) {
    const details = { code, message, ...(faults.length > 0 && { faults }), ...(stack && { stack }) };
    process.stderr.write(`${JSON.stringify({ error: details }, null, 2)}\n`);
  } else {
    const lines = [`foyer: ${message}`, ...faults.map((fault) => `  ${fault}`), ...(stack ? ['', stack] : [])];
    process.stderr.write(`${lines.map(printable).join('\n')}\n`);
  }
  process.exitCode = exitCode;
}

/** Rows under headings, in aligned columns; nothing but the headings when there are no rows. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([headings, ...rows]);
}

/** Rows in aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')));
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Text from outside without what could steer a terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]|\p{Zl}|\p{Zp}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error.cause === undefined ? undefined : stackOf(error.cause);
  return cause === undefined ? error.stack : `${error.stack}\nCaused by: ${cause}`;
}

function withFileNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFileNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [fileName(name), withFileNames(inner)]));
}
