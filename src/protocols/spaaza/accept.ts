import { notAcceptable } from './webapi-error.ts';

export type Rendering = 'json' | 'xml';

/**
 * Chooses how to render an answer from the Accept header as sent. Throws the 406 WebapiError when nothing it names can
 * be rendered. Kept as Magento has it: `text/*` is XML, so is what a browser sends; the first parameter of a type is
 * taken as its quality whatever it is called, and one that is no number (`charset=utf-8`) ranks on top; a quality of 0
 * still counts, last. Source: magento-webapi 3.1.
 */
export function negotiate(accept: string | undefined): Rendering {
  switch (accept) {
    case undefined:
    case '':
    case '*/*':
    case 'application/json':
    case 'application/json, text/plain, */*':
      return 'json';
    default:
      return negotiateRanked(accept);
  }
}

function negotiateRanked(accept: string): Rendering {
  if (accept.trim() === '') return 'json';
  let best: Rendering | undefined;
  let bestQuality = Number.NEGATIVE_INFINITY;
  for (const entry of accept.split(',')) {
    const [mediaType = '', firstParameter] = entry.split(';', 2);
    const rendering = renderingOf(mediaType.trim().toLowerCase());
    const quality = qualityOf(firstParameter);
    // Strictly better only: within one quality the order of the header decides.
    if (rendering !== undefined && quality > bestQuality) {
      best = rendering;
      bestQuality = quality;
    }
  }
  if (best === undefined) throw notAcceptable(accept);
  return best;
}

function renderingOf(mediaType: string): Rendering | undefined {
  switch (mediaType) {
    case '*/*':
    case 'application/*':
    case 'application/json':
      return 'json';
    case 'text/*':
    case 'text/xml':
    case 'application/xml':
    case 'application/xhtml+xml':
      return 'xml';
    default:
      return undefined;
  }
}

function qualityOf(parameter: string | undefined): number {
  const value = parameter?.split('=', 2)[1]?.trim();
  if (value === undefined) return 1;
  const quality = value === '' ? Number.NaN : Number(value);
  return Number.isNaN(quality) ? Number.POSITIVE_INFINITY : quality;
}
