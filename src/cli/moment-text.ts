/** A moment as people read it: whole seconds, UTC; `-` for none. */
export function momentText(moment: string | null | undefined): string {
  return moment ? `${moment.slice(0, 19).replace('T', ' ')} UTC` : '-';
}

/** The same to the millisecond, for moments that somebody may want to ask for again. */
export function exactMomentText(moment: string): string {
  return `${moment.slice(0, 23).replace('T', ' ')} UTC`;
}
