import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presentDraft } from './draft.ts';

describe('a refused sign-up shown again', () => {
  it('holds what was asked for, as far as the shape has room for it', () => {
    const body = {
      email: ' Selina@Example.org ',
      name: 7,
      customer_salutation_id: '2',
      customer_title_id: 'x',
      newsletter_groups: [1, '8'],
      tel: null,
      fax: ['1'],
    };
    expect(presentDraft(body, 'de')).toMatchObject({
      id: null,
      created_at: null,
      email: 'selina@example.org',
      name: '7',
      surname: '',
      customer_salutation_id: 2,
      customer_title_id: null,
      salutation: 'Frau',
      newsletter_groups: '8,1',
      wants_newsletter: true,
      tel: null,
      fax: null,
    });
  });

  it('keeps the tick of the newsletter, unless groups were named', () => {
    const shown = (body: Record<string, unknown>) => presentDraft(body, 'de').wants_newsletter;
    expect([true, 'TRUE', 1, '1'].map((wants_newsletter) => shown({ wants_newsletter }))).toEqual(Array(4).fill(true));
    expect([false, '0', null, {}].map((wants_newsletter) => shown({ wants_newsletter }))).toEqual(Array(4).fill(false));
    expect(shown({ wants_newsletter: true, newsletter_groups: '' })).toBe(false);
  });

  it('never holds a password and never throws', () => {
    const values = fc.dictionary(fc.constantFrom('email', 'name', 'newsletter_groups', 'tel', 'level'), fc.jsonValue());
    fc.assert(
      fc.property(values, (fields) => {
        const draft = presentDraft({ ...fields, password: 'much too secret', password_confirmation: 'x' }, 'en');
        expect(JSON.stringify(draft)).not.toContain('much too secret');
        expect(Object.keys(draft)).toHaveLength(26);
      }),
    );
  });
});
