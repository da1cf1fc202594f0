/**
 * Makes one reading serve all who ask while it goes on: the gauges of one scrape are filled from the same numbers. What is
 * asked for after it ended is read anew.
 */
export function shareReading<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
