/** What one run of measure-storage.ts found: bytes of each table with its indexes. */
export interface StorageMeasure {
  database: 'sqlite' | 'postgres';
  customers: number;
  /** Rows of one customer in the tables that grow with use. */
  rows: Record<string, number>;
  bytes: Record<string, number>;
}
