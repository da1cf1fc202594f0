import { expect, it } from 'vitest';
import { statementsOf } from '../../fixtures.ts';
import { describeOnServer, describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
import { call, signUp, type Tokens } from './client.ts';

describeOnServers('newsletter groups', (server) => {
  it.each([
    ['a text of one', '8', '8'],
    ['a text of several', '1,8', '8,1'],
    ['blanks and doubled commas', ' 1 ,, 8 ,', '8,1'],
    ['duplicates', '2,2,02,2', '2'],
    ['a number', 8, '8'],
    ['an array of numbers', [1, 8], '8,1'],
    ['an array of texts', ['8', ' 1 ', ''], '8,1'],
    ['an array of both, twice', [1, '1', 8, '8'], '8,1'],
    ['an empty text', '', ''],
    ['commas alone', ' , ,', ''],
    ['an empty array', [], ''],
    ['an array of nothing', [''], ''],
    ['all of them', '1,2,3,4,5,6,7,8', '8,7,6,5,4,3,2,1'],
  ])('are set by %s', async (_, given, shown) => {
    const { tokens } = await signUp(server, { newsletter_groups: '3,4' });
    const answer = await update(server, tokens, { newsletter_groups: given });
    expect(answer.status).toBe(200);
    expect(answer.json.data).toMatchObject({ newsletter_groups: shown, wants_newsletter: shown !== '' });
    expect(await groupsOf(server, tokens)).toBe(shown);
  });

  it('stay as they are for null', async () => {
    const { tokens } = await signUp(server, { newsletter_groups: '3,4' });
    const answer = await update(server, tokens, { newsletter_groups: null });
    expect([answer.status, answer.json.data?.newsletter_groups]).toEqual([200, '4,3']);
  });

  it.each([
    ['an unknown id', '1,99', 'is unknown: 99'],
    ['an unknown id in an array', [99, 1], 'is unknown: 99'],
    ['a huge id', '9007199254740991', 'is unknown: 9007199254740991'],
    ['zero', '0', 'is invalid'],
    ['a negative id', [-1], 'is invalid'],
    ['a fraction', 1.5, 'is invalid'],
    ['words', 'all', 'is invalid'],
    ['semicolons', '1;8', 'is invalid'],
    ['true', true, 'is invalid'],
    ['false in an array', [1, false], 'is invalid'],
    ['null in an array', [1, null], 'is invalid'],
    ['an array in an array', [[1]], 'is invalid'],
    ['an object', { 0: 1 }, 'is invalid'],
    ['an id beyond all numbers', '9'.repeat(400), 'is invalid'],
    ['a NUL', '1\u0000', 'is invalid'],
    ['too many of them', Array.from({ length: 1001 }, (_, index) => index + 1), 'is invalid'],
  ])('are not changed by %s, which is answered 422', async (_, given, sentence) => {
    const { tokens } = await signUp(server, { newsletter_groups: '3,4' });
    const answer = await update(server, tokens, { newsletter_groups: given, name: 'Cat' });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual({
      newsletter_groups: [sentence],
      full_messages: [`Newsletters ${sentence}`],
    });
    const { data } = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json;
    expect(data).toMatchObject({ newsletter_groups: '4,3', name: 'Selina' });
  });

  it('are left or joined by wants_newsletter', async () => {
    const { tokens } = await signUp(server, { newsletter_groups: '3,4' });
    const expectGroups = async (wish: unknown, shown: string) => {
      const answer = await update(server, tokens, { wants_newsletter: wish });
      expect([wish, answer.status, answer.json.data?.newsletter_groups]).toEqual([wish, 200, shown]);
      expect(answer.json.data?.wants_newsletter).toBe(shown !== '');
    };
    await expectGroups(true, '4,3');
    await expectGroups(null, '4,3');
    await expectGroups('', '4,3');
    for (const no of [false, 'false', 0, '0', 'FALSE']) {
      await update(server, tokens, { newsletter_groups: '3,4' });
      await expectGroups(no, '');
    }
    for (const yes of [true, 'true', 1, '1']) {
      await update(server, tokens, { newsletter_groups: '' });
      await expectGroups(yes, '1');
    }
  });

  it('follow the list when list and yes-or-no disagree', async () => {
    const { tokens } = await signUp(server);
    const joined = await update(server, tokens, { newsletter_groups: '5', wants_newsletter: false });
    expect(joined.json.data?.newsletter_groups).toBe('5');
    const left = await update(server, tokens, { newsletter_groups: '', wants_newsletter: true });
    expect(left.json.data?.newsletter_groups).toBe('');
  });

  it('leave a consent record for what changed and one history row, none when nothing did', async () => {
    const { tokens, id } = await signUp(server, { newsletter_groups: '3,4' });
    await update(server, tokens, { newsletter_groups: '4,5' });
    await update(server, tokens, { newsletter_groups: '5,4' });
    const { store } = server.app;
    const consents = await statementsOf(store, id);
    expect(consents.map(({ subject, isGiven }) => [subject, isGiven])).toEqual([
      ['newsletter:3', true],
      ['newsletter:4', true],
      ['newsletter:5', true],
      ['newsletter:3', false],
    ]);
    expect(consents.every(({ actor, origin }) => origin === 'gomus' && actor !== '')).toBe(true);
    const rows = (await store.history.listByCustomer(id)).filter(({ field }) => field === 'newsletterGroups');
    expect(rows.filter(({ before }) => before !== '' && before !== null)).toMatchObject([
      { before: '4,3', after: '5,4' },
    ]);
  });

  it('end up as one of two sets written at once, never as a mixture', async () => {
    const { tokens } = await signUp(server);
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(
        ['1,2,3', '4,5,6'].map((groups) => update(server, tokens, { newsletter_groups: groups })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(['3,2,1', '6,5,4']).toContain(await groupsOf(server, tokens));
    }
  });
});

describeOnServer('newsletter groups of a form', (server) => {
  it('are set by a list of fields, a text or a repeated field', async () => {
    const { tokens } = await signUp(server);
    const headers = { ...tokens, 'content-type': 'application/x-www-form-urlencoded' };
    for (const [body, shown] of [
      ['newsletter_groups[]=1&newsletter_groups[]=8', '8,1'],
      ['newsletter_groups%5B%5D=2', '2'],
      ['newsletter_groups=1%2C3', '3,1'],
      ['newsletter_groups=', ''],
    ]) {
      const answer = await call(server, 'PUT', '/auth', { headers, body });
      expect([body, answer.status, answer.json.data?.newsletter_groups]).toEqual([body, 200, shown]);
    }
  });
});

function update(server: ServerUnderTest, tokens: Tokens, json: Record<string, unknown>) {
  return call(server, 'PUT', '/auth?locale=en', { headers: tokens, json });
}

async function groupsOf(server: ServerUnderTest, tokens: Tokens): Promise<unknown> {
  return (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json.data?.newsletter_groups;
}
