/** Magento's option ids: 1 male, 2 female, 3 not specified. */
export type GenderCode = 1 | 2 | 3;

export interface Gender {
  code: GenderCode;
  /** As it arrived, so that "nonbinary" goes back as "nonbinary". */
  token: string;
}

/**
 * Reads a gender in either spelling of the loyalty platform (M, male, F, female in any case; spaaza 2.2); every other
 * token is 3 and kept. A blank token says nothing about gender: callers clear or skip the field instead of asking.
 */
export function parseGender(token: string): Gender {
  const word = token.trim().toLowerCase();
  if (word === 'm' || word === 'male') return { code: 1, token };
  if (word === 'f' || word === 'female') return { code: 2, token };
  return { code: 3, token };
}

/** Gives the token to send out: M, F, or for 3 the one that came in; undefined (leave the key out) when none is known. */
export function presentGender(gender: { code: number | null; token: string | null }): string | undefined {
  if (gender.code === 1) return 'M';
  if (gender.code === 2) return 'F';
  if (gender.code !== 3 || gender.token === null || gender.token.trim() === '') return undefined;
  return gender.token;
}
