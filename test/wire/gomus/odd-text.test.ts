import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { call, freshEmail, signUp } from './client.ts';

const partner = { authorization: 'Bearer foyer-demo-key' };

/** Texts that some database, driver or encoder stumbles over. */
const oddTexts: [string, string][] = [
  ['a NUL', 'a\u0000b'],
  ['a NUL alone', '\u0000'],
  ['a high surrogate', 'a\ud800b'],
  ['a low surrogate at the end', 'ab\udfff'],
  ['surrogates the wrong way round', '\udc00\ud800'],
  ['a control character', 'a\u0007b'],
  ['ten thousand letters', 'x'.repeat(10_000)],
  ['ten thousand emoji', '🦇'.repeat(10_000)],
  ['a noncharacter', 'a\uffffb'],
  ['a byte order mark', '\ufeffab'],
  ['right-to-left marks', 'a\u202eb\u202c'],
  ['an emoji', 'Bat 🦇 Woman'],
  ['decomposed letters', 'A\u030angstro\u0308m'],
  ['quotes and backslashes', `'"\\\`;--%_?$1`],
  ['a line break', 'a\r\nb'],
  ['a replacement character', 'a\ufffdb'],
];

const textFields = ['name', 'surname', 'tel', 'mobile', 'fax'] as const;

describeOnServers('odd text', (server) => {
  it.each(oddTexts)('in a profile field is refused with 422 or kept exactly: %s', async (_, text) => {
    const { tokens } = await signUp(server, { tel: '1', mobile: '1', fax: '1' });
    for (const field of textFields) {
      const before = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json.data;
      const answer = await call(server, 'PUT', '/auth?locale=en', { headers: tokens, json: { [field]: text } });
      const after = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json.data;
      if (answer.status === 200) {
        const kept = field === 'name' || field === 'surname' ? text.trim() : text;
        expect([field, answer.json.data?.[field], after?.[field]]).toEqual([field, kept, kept]);
      } else {
        expect([field, answer.status]).toEqual([field, 422]);
        expect(Object.keys(answer.json.errors as object)).toEqual([field, 'full_messages']);
        expect(after).toEqual(before);
      }
    }
  });

  it.each(oddTexts)('in a partner’s field is refused with 422 or kept exactly: %s', async (_, text) => {
    const { id } = await signUp(server);
    for (const field of [...textFields, 'notes', 'foreign_id'] as const) {
      const json = { customer: { [field]: text } };
      const answer = await call(server, 'PUT', `/customers/${id}?locale=en`, { headers: partner, json });
      const shown = (await call(server, 'GET', `/customers/${id}`, { headers: partner })).json.customer;
      if (answer.status === 422) {
        expect([field, (answer.json.errors as string[]).length]).toEqual([field, 1]);
        expect(shown?.[field]).not.toBe(text);
      } else {
        expect([field, answer.status]).toEqual([field, 200]);
        if (field === 'foreign_id') {
          expect((await server.app.store.customers.findById(id))?.customer.foreignId).toBe(text);
          continue;
        }
        const kept = field === 'name' || field === 'surname' ? text.trim() : text;
        expect([field, shown?.[field]]).toEqual([field, kept]);
      }
    }
  });

  it.each(oddTexts)('in a sign-up is refused with 422 or kept exactly, the password included: %s', async (_, text) => {
    const email = freshEmail();
    const password = `${text.slice(0, 100)}-lives`;
    const json = { email, password, password_confirmation: password, name: text, surname: 'Kyle', tel: text };
    const answer = await call(server, 'POST', '/auth?locale=en', { json });
    if (answer.status === 422) {
      expect((await call(server, 'POST', '/auth/sign_in', { json: { email, password } })).status).toBe(401);
    } else {
      expect(answer.status).toBe(200);
      expect(answer.json.data).toMatchObject({ name: text.trim(), tel: text });
    }
    const plain = freshEmail();
    const signedUp = await call(server, 'POST', '/auth', { json: { email: plain, password, name: 'Selina' } });
    if (signedUp.status === 200) {
      const signedIn = await call(server, 'POST', '/auth/sign_in', { json: { email: plain, password } });
      expect(signedIn.status).toBe(200);
      const other = await call(server, 'POST', '/auth/sign_in', { json: { email: plain, password: `${password}!` } });
      expect(other.status).toBe(401);
    } else {
      expect(signedUp.status).toBe(422);
    }
  });

  it.each(oddTexts)('as an e-mail is refused with 422 and finds nobody: %s', async (_, text) => {
    const { tokens } = await signUp(server);
    for (const email of [text, `${text}@example.org`, `a@${text}.org`, `${freshEmail()}${text}`]) {
      const answers = [
        await call(server, 'PUT', '/auth?locale=en', { headers: tokens, json: { email } }),
        await call(server, 'POST', '/auth?locale=en', { json: { email, password: 'nine lives', name: 'Cat' } }),
        await call(server, 'POST', '/customers', {
          headers: partner,
          json: { customer: { email, name: 'A', surname: 'B' } },
        }),
      ];
      for (const { status, json } of answers) {
        if (status === 422) continue;
        // Some of these are addresses; then they are kept.
        expect([200, 201]).toContain(status);
        expect((json.data ?? json.customer)?.email).toBe(email.trim().toLowerCase());
      }
      const signIn = await call(server, 'POST', '/auth/sign_in', { json: { email, password: 'nine live' } });
      expect(signIn.status).toBe(401);
    }
  });

  it.each(oddTexts)('in a search or a reference finds nothing it should not: %s', async (_, text) => {
    const searched = await call(server, 'GET', `/customers?q=${encoded(text.slice(0, 2000))}`, { headers: partner });
    expect([200, 422]).toContain(searched.status);
    const shown = await call(server, 'GET', `/customers/${encoded(`no-${text.slice(0, 500)}`)}`, { headers: partner });
    expect(shown.status).toBe(404);
    const json = { customer: { name: 'Nobody' } };
    const changed = await call(server, 'PUT', `/customers/${encoded(`no-${text.slice(0, 500)}`)}`, {
      headers: partner,
      json,
    });
    expect(changed.status).toBe(404);
  });
});

/** Percent-encodes text with half surrogate pairs in it too, which `encodeURIComponent` refuses. */
function encoded(text: string): string {
  return Array.from(text, (character) =>
    /^[\ud800-\udfff]$/.test(character)
      ? `%ED%${character.charCodeAt(0) < 0xdc00 ? 'A' : 'B'}0%80`
      : encodeURIComponent(character),
  ).join('');
}
