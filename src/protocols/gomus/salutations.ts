import type { Locale } from './messages.ts';

/** Which part of a list is wanted: `page` counts from 1. */
export interface Paging {
  page: number;
  perPage: number;
}

export interface ListMeta {
  total_count: number;
  page: number;
  per_page: number;
}

export interface SalutationList {
  salutations: { id: number; name: string; salutation: string }[];
  meta: ListMeta;
}

export interface TitleList {
  titles: { id: number; name: string; title: string }[];
  meta: ListMeta;
}

/** The list size when a request names none (gomus 1.1). */
const firstPage: Paging = { page: 1, perPage: 25 };

const salutations: readonly ({ id: number } & Readonly<Record<Locale, string>>)[] = [
  { id: 1, de: 'Herr', en: 'Mr', nl: 'Dhr.' },
  { id: 2, de: 'Frau', en: 'Ms', nl: 'Mevr.' },
  { id: 3, de: 'Divers', en: 'Mx', nl: 'Mx' },
];

const titles: readonly { id: number; text: string }[] = [
  { id: 1, text: 'Dr.' },
  { id: 2, text: 'Prof.' },
  { id: 3, text: 'Prof. Dr.' },
];

/** The `salutation` of a customer: the text of the id in the language of the answer, null for no or an unknown id. */
export function salutationText(id: number | null, locale: Locale): string | null {
  return salutations.find((salutation) => salutation.id === id)?.[locale] ?? null;
}

/**
 * Body of GET /api/v4/customers/salutations. The vendor publishes no body: the shape is our reading by analogy with the
 * older API, which calls the text `salutation`, and the other lookups, which call it `name` (gomus 6.19).
 */
export function salutationList(locale: Locale, paging: Paging = firstPage): SalutationList {
  const rows = salutations.map((row) => ({ id: row.id, name: row[locale], salutation: row[locale] }));
  return { salutations: slice(rows, paging), meta: meta(rows.length, paging) };
}

/** Body of GET /api/v4/customers/titles; the shape is our reading, as for salutations (gomus 6.19). */
export function titleList(paging: Paging = firstPage): TitleList {
  const rows = titles.map(({ id, text }) => ({ id, name: text, title: text }));
  return { titles: slice(rows, paging), meta: meta(rows.length, paging) };
}

function slice<T>(rows: T[], { page, perPage }: Paging): T[] {
  return rows.slice((page - 1) * perPage, page * perPage);
}

function meta(total: number, { page, perPage }: Paging): ListMeta {
  return { total_count: total, page, per_page: perPage };
}

/** Tells whether a salutation of this id exists; a customer may only be given one that does. */
export function isSalutation(id: number): boolean {
  return salutations.some((salutation) => salutation.id === id);
}

/** Tells whether an academic title of this id exists. */
export function isTitle(id: number): boolean {
  return titles.some((title) => title.id === id);
}
