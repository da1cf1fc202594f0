import type { WalkProgress } from '../accounts/walk-chain.ts';
import { fileName } from './describe-problem.ts';
import { stepProgress } from './step-progress.ts';

/** Customers that are named for each kind of finding. */
const mostExamples = 5;

/** What a walk over all customers shows while it goes, and what it keeps for its end. */
export class WalkReport<Finding extends { customerId: number }> {
  readonly examples = new Map<string, Finding[]>();
  readonly #printsFindings: ((finding: Finding) => string) | undefined;
  readonly #isQuiet: boolean;
  readonly #draw: (done: number, total: number) => void;
  #last: Pick<WalkProgress<unknown>, 'done' | 'total'> | undefined;

  /** `line` makes the line of one finding that is worth one; without it none is printed. */
  constructor({ step, line, isQuiet }: { step: string; line?: (finding: Finding) => string; isQuiet: boolean }) {
    this.#printsFindings = line;
    this.#isQuiet = isQuiet;
    const draw = stepProgress(process.stderr, () => performance.now());
    this.#draw = isQuiet
      ? () => undefined
      : (rows, total) => draw({ step, table: 'customers', rows, total, unit: 'customers' });
  }

  readonly onProgress = (progress: WalkProgress<unknown>): void => {
    this.#last = progress;
    this.#draw(progress.done, progress.total);
  };

  /** Notes a finding under its kind. */
  add(kind: string, finding: Finding): void {
    const examples = this.examples.get(kind) ?? [];
    if (examples.length < mostExamples) this.examples.set(kind, [...examples, finding]);
    if (this.#printsFindings === undefined) return;
    // Behind a line that is drawn over and over, and in front of the next.
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    process.stdout.write(`${this.#printsFindings(finding)}\n`);
  }

  /** Says on a terminal why nothing moves. */
  readonly onWait = (waiting: number): void => {
    if (this.#isQuiet || !process.stderr.isTTY) return;
    process.stderr.write(`\r\u001b[Kwaiting: ${waiting.toLocaleString('en-US')} customers are yet to be sent`);
  };

  /** How far it got, when something ended it early; `command` is what goes on from there, if anything does. */
  cameTo(command?: string): string {
    if (this.#last === undefined) return '';
    const { done, total } = this.#last;
    const counted = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} customers`;
    return command === undefined ? `${counted} were looked at.` : `${counted} were looked at; ${command} goes on.`;
  }
}

/** A finding as one line of JSON. */
export function jsonLine(finding: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(finding).map(([name, value]) => [fileName(name), value])));
}
