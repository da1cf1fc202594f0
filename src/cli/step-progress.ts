/** How far one part of some work has come. */
export interface StepProgress {
  step: string;
  /** What is worked on. */
  table: string;
  rows: number;
  total: number;
  /** What is counted; rows when left out. */
  unit?: string;
}

/** Where progress is written: a terminal, whose last line can be drawn again, or anything else. */
export interface ProgressStream {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Milliseconds between two lines about the same table: often on a terminal, seldom in a log. */
const redrawMs = 100;
const logMs = 10_000;

/**
 * Gives what shows how some work comes along: one line for each step and table with count, percentage and rate, drawn over
 * and over on a terminal. `now` is in milliseconds.
 */
export function stepProgress(stream: ProgressStream, now: () => number): (progress: StepProgress) => void {
  let current: { name: string; startedAt: number; startedWith: number; shownAt: number } | undefined;
  return ({ step, table, rows, total, unit }) => {
    const name = `${step} ${table}`;
    const isFirst = current?.name !== name;
    if (current === undefined || isFirst) {
      current = { name, startedAt: now(), startedWith: rows, shownAt: Number.NEGATIVE_INFINITY };
    }
    const isComplete = rows >= total;
    const pause = stream.isTTY ? redrawMs : logMs;
    // The first news of a table is that nothing has happened yet; a log can do without.
    const isSilent = isFirst && !isComplete && !stream.isTTY;
    if (isSilent) current.shownAt = now();
    if (isSilent || (!isComplete && now() - current.shownAt < pause)) return;
    // A table that is complete is heard of once more when nothing follows its last row.
    if (isComplete && current.shownAt === Number.POSITIVE_INFINITY) return;
    const line = progressLine(
      { step, table, rows, total, unit },
      rows - current.startedWith,
      now() - current.startedAt,
    );
    stream.write(stream.isTTY ? `\r\u001b[K${line}${isComplete ? '\n' : ''}` : `${line}\n`);
    current.shownAt = isComplete ? Number.POSITIVE_INFINITY : now();
  };
}

/** One line without its end; `done` rows took `tookMs`. */
export function progressLine(
  { step, table, rows, total, unit = 'rows' }: StepProgress,
  done: number,
  tookMs: number,
): string {
  const percent = total === 0 ? 100 : Math.min(100, Math.floor((rows / total) * 100));
  const rate = done > 0 && tookMs > 0 ? `  ${counted((done / tookMs) * 1000)} ${unit}/s` : '';
  return `${step.padEnd(6)}  ${table.padEnd(17)}  ${counted(rows)} of ${counted(total)}  ${percent} %${rate}`;
}

function counted(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
