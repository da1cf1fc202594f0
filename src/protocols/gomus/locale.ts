import type { Locale } from './messages.ts';

/**
 * The language of an answer: what the request asked for, else the store's, else German (decisions, go~mus 8). Any
 * letter case, a region is ignored (`de-AT`, `de_CH`); of a repeated parameter the first counts.
 */
export function chooseLocale(requested: unknown, storeLocale: string | undefined): Locale {
  const first: unknown = Array.isArray(requested) ? requested[0] : requested;
  return known(first) ?? known(storeLocale) ?? 'de';
}

function known(tag: unknown): Locale | undefined {
  if (typeof tag !== 'string') return undefined;
  const language = tag.split(/[-_]/, 1)[0]?.toLowerCase();
  return language === 'de' || language === 'en' || language === 'nl' ? language : undefined;
}
