import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, call, freshEmail } from './client.ts';

describeOnServers('an e-mail in a path', (server) => {
  const byEmail = (raw: string) => call(server, 'GET', `/user_info_by_email/${raw}`);
  const found = async (raw: string): Promise<unknown> => (await byEmail(raw)).json.webshop_customer_id;
  const missed = async (raw: string): Promise<unknown> => {
    const answer = await byEmail(raw);
    expect(answer.status).toBe(404);
    return (answer.json.parameters as { fieldValue: unknown }).fieldValue;
  };

  it.each([
    'roni_cost@example.com',
    'roni_cost%40example.com',
    '%72oni_cost%40example.com',
    'RONI_COST@EXAMPLE.COM',
    '%20roni_cost@example.com%20',
    'roni_cost@example.com/',
  ])('may be written as %s', async (raw) => {
    expect(await found(raw)).toBe(1);
    expect((await call(server, 'GET', `/user_info_by_email/123/${raw}`)).json.webshop_customer_id).toBe(1);
    expect((await call(server, 'GET', `/user_info/${raw}`)).json.webshop_customer_id).toBe(1);
    expect((await call(server, 'GET', `/user_info/123/${raw}`)).json.webshop_customer_id).toBe(1);
  });

  it('may hold a plus, encoded or not, and Magento’s space is echoed when nobody has it', async () => {
    const local = freshEmail().replace('@', '+tag@');
    const { id } = await addMember(server, { username: local });
    expect(await found(local.replace('+', '%2B'))).toBe(id);
    expect(await found(local)).toBe(id);
    expect(await missed('nobody+tag@example.com')).toBe('nobody tag@example.com');
    expect(await missed('nobody%2Btag@example.com')).toBe('nobody+tag@example.com');
  });

  it('may hold a slash, encoded', async () => {
    const username = freshEmail().replace('@', '/x@');
    const { id } = await addMember(server, { username });
    expect(await found(username.replace('/', '%2F'))).toBe(id);
    expect(await missed('a%2Fb%2fc@example.com')).toBe('a/b/c@example.com');
  });

  it('may hold letters beyond ASCII, composed or not', async () => {
    const { id } = await addMember(server, { username: `zoé-${freshEmail()}` });
    const email = (await call(server, 'GET', `/user_info/${id}`)).json.username as string;
    expect(await found(encodeURIComponent(email))).toBe(id);
    expect(await found(encodeURIComponent(email.normalize('NFD').toUpperCase()))).toBe(id);
  });

  it.each([
    ['%', '%'],
    ['100%@example.com', '100%@example.com'],
    ['a%zz@example.com', 'a%zz@example.com'],
    ['a%4@example.com', 'a%4@example.com'],
    ['a%00b@example.com', 'a\u0000b@example.com'],
    ['%00', '\u0000'],
    ['a%252Bb@example.com', 'a%2Bb@example.com'],
    ['%E2%82%AC@example.com', '€@example.com'],
    ["'%20or%201=1--", "' or 1=1--"],
    ['%', '%'],
    ['*', '*'],
    ['..%2F..%2Fetc', '../../etc'],
  ])('that nobody can have is echoed decoded: %s', async (raw, echoed) => {
    expect(await missed(raw)).toBe(echoed);
  });

  it.each(['%FF', 'a%FFb@example.com', '%C3%28', '%ED%A0%80', '%F0%9F'])(
    'that is no UTF-8 is refused: %s',
    async (raw) => {
      const answer = await byEmail(raw);
      expect([400, 404]).toContain(answer.status);
      expect(answer.json.message).toBeTypeOf('string');
    },
  );

  it('may be very long', async () => {
    const long = `${'a'.repeat(3_985)}@example.com`;
    expect(await missed(long)).toBe(long);
    expect((await byEmail(`${'a'.repeat(8_000)}@example.com`)).status).toBeLessThan(500);
  });
});

describeOnServers('a number in a path', (server) => {
  const byId = (raw: string) => call(server, 'GET', `/user_info/${raw}`);

  it.each(['1', '1.9', '1e0', '01', '%31', '%201', '+1', '1.0'])('is read as PHP reads it: %s is 1', async (raw) => {
    expect((await byId(raw)).json.webshop_customer_id).toBe(1);
  });

  it.each([
    ['0', 0],
    ['-1', -1],
    ['-0', 0],
    ['1e2', 100],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740991],
    ['99999999999999999999', 9007199254740991],
    ['-99999999999999999999', -9007199254740991],
    ['1e400', 9007199254740991],
  ])('that is no customer’s is echoed as a number: %s', async (raw, fieldValue) => {
    const answer = await byId(raw);
    expect(answer.json).toEqual({
      message: 'No such entity with %fieldName = %fieldValue',
      parameters: { fieldName: 'customerId', fieldValue },
    });
    expect(answer.status).toBe(404);
  });

  it.each(['abc', '1a', '0x1', 'NaN', 'Infinity', '1,5', '%00', '1%00', 'null', '١'])(
    'is refused when it is none: %s',
    async (raw) => {
      const path = encodeURI(decodeURIComponent(raw)).replace('%2500', '%00');
      const answer = await byId(path);
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({
        message: `The "${decodeURIComponent(raw)}" value's type is invalid. The "int" type was expected. Verify and try again.`,
      });
      const chain = await call(server, 'GET', `/user_info_by_email/${path}/roni_cost@example.com`);
      expect(chain.json).toEqual(answer.json);
    },
  );

  it.each(['123.9', '0123', '%2B123', '1.23e2'])('chooses the chain: %s', async (raw) => {
    const answer = await call(server, 'GET', `/user_info_by_email/${raw}/roni_cost@example.com`);
    expect(answer.json.webshop_customer_id).toBe(1);
  });
});
