import { createHash } from 'node:crypto';
import type { Handle } from './handle.ts';
import { type Key, keyOf, type Row, readPage, type TableName } from './table-rows.ts';

/** What two tables with the same rows have in common, whatever database they are in. */
export interface TableProof {
  rows: number;
  /** 128 bits as hexadecimal digits; the order of the rows does not matter. */
  checksum: string;
}

const pageSize = 1_000;
const bits = 128;

/**
 * Reads a whole table, a page at a time, and gives its number of rows and its checksum. `onRows` hears how many were
 * read so far.
 */
export async function proveTable(
  handle: Handle,
  table: TableName,
  onRows: (rows: number) => void | Promise<void> = () => undefined,
): Promise<TableProof> {
  const checksum = new RowChecksum();
  let after: Key | null = null;
  for (;;) {
    const page: Row[] = await readPage(handle, table, after, pageSize);
    if (page.length === 0) return { rows: checksum.rows, checksum: checksum.digest() };
    for (const row of page) checksum.add(row);
    after = keyOf(table, page.at(-1)!);
    await onRows(checksum.rows);
  }
}

/**
 * The sum of the SHA-256 digests of all rows, and of the names of their columns. A sum and not an exclusive or, in which
 * two equal rows would take each other away.
 */
export class RowChecksum {
  #columns: readonly string[] | undefined;
  #sum = 0n;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Rows must have the same columns, in any order. Throws for a number that JavaScript cannot hold exactly. */
  add(row: Row): void {
    if (this.#columns === undefined) {
      this.#columns = Object.keys(row).sort();
      this.#addText(JSON.stringify(this.#columns));
    }
    const values = this.#columns.map((column) => row[column]);
    const lost = values.findIndex((value) => typeof value === 'number' && !Number.isSafeInteger(value));
    if (lost >= 0)
      throw new Error(`Column ${this.#columns[lost]} holds ${values[lost]}, which is no exact whole number`);
    this.#addText(JSON.stringify(values));
    this.#rows += 1;
  }

  digest(): string {
    return this.#sum.toString(16).padStart(bits / 4, '0');
  }

  #addText(text: string): void {
    const digest = createHash('sha256')
      .update(text)
      .digest('hex')
      .slice(0, bits / 4);
    this.#sum = BigInt.asUintN(bits, this.#sum + BigInt(`0x${digest}`));
  }
}
