import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { type Answer, call, freshEmail, type Json, john } from './client.ts';

const right = JSON.stringify(john);

describeOnServer('the body of a request', (server) => {
  const post = (body: string | Buffer, contentType?: string): Promise<Answer> =>
    call(server, 'POST', '/authenticate', { body, headers: contentType ? { 'content-type': contentType } : {} });
  const expectRefusal = (answer: Answer, message: string): void => {
    expect(answer.json).toEqual({ message });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  };

  it.each([
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/plain;charset=UTF-8',
    'Application/JSON',
    'application/json; charset=latin1',
    'nonsense',
    'no/thing?',
  ])('is JSON when it looks like it, sent as %s', async (contentType) => {
    expect((await post(right, contentType)).json.authenticated).toBe(true);
    expect((await post(` \r\n\t${right}\n`, contentType)).json.authenticated).toBe(true);
  });

  it('may be a real form', async () => {
    const form = 'email=info%40spaaza.com&password=ThisIsEasyToGuess&spaaza_chain_id=123';
    const answer = await post(form, 'application/x-www-form-urlencoded');
    expect(answer.json).toMatchObject({ authenticated: true, customer_id: 39 });
  });

  it('may be a form that updates somebody', async () => {
    const email = freshEmail();
    const pairs: [string, string][] = [
      ['user_info[username]', email],
      ['user_info[first_name]', 'Ada'],
      ['user_info[last_name]', 'Byron'],
      ['user_info[last_name]', 'Lovelace'],
      ['user_info[mailing_list][mailing_list_subscribed]', 'true'],
      ['user_info[__proto__]', 'x'],
      ['user_info[][a]', 'x'],
      ['[]', 'x'],
      ['__proto__[first_name]', 'x'],
      ['create_if_not_exists', 'true'],
    ];
    const answer = await call(server, 'POST', '/update', {
      body: new URLSearchParams(pairs).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.json).toMatchObject({ email, firstname: 'Ada', lastname: 'Lovelace' });
    expect(answer.json.extension_attributes?.spaaza_data.mailing_list_subscribed).toBe(true);
  });

  it('that is neither is judged by its content type', async () => {
    expectRefusal(await post('x', undefined), 'Content-Type header is empty.');
    expectRefusal(await post('x', 'no/thing?'), 'Content-Type header is invalid.');
    expectRefusal(await post('x', 'application/json; version=1'), 'Content-Type header is invalid.');
    expectRefusal(await post('x', 'application/json; charset=latin1'), 'UTF-8 is the only supported charset.');
    const notUnderstood = 'Server cannot understand Content-Type HTTP header media type ';
    expectRefusal(await post('x', 'text/plain'), `${notUnderstood}text/plain`);
    expectRefusal(await post('x', 'Application/JSON'), `${notUnderstood}Application/JSON`);
    expectRefusal(await post('x', 'multipart/form-data'), `${notUnderstood}multipart/form-data`);
  });

  it.each([
    ['cut off', '{"email":"info@spaaza.com","password":'],
    ['with a comma too many', '{"email":"info@spaaza.com",}'],
    ['in single quotes', "{'email':'info@spaaza.com'}"],
    ['not JSON at all', 'email: info@spaaza.com'],
    ['with a byte order mark', `\ufeff${right}`],
    ['not UTF-8', Buffer.from('{"email":"\xff","password":"x"}', 'latin1')],
    ['UTF-16', Buffer.from(right, 'utf16le')],
    ['holding half a surrogate pair', '{"email":"\\ud800","password":"x"}'],
    ['nested too deeply', `{"email":${'['.repeat(600)}${']'.repeat(600)},"password":"x"}`],
  ])('that is broken JSON is refused: %s', async (_title, body) => {
    expectRefusal(await post(body, 'application/json'), 'Decoding error.');
  });

  it('that is broken JSON sent as a form is refused as broken JSON', async () => {
    expectRefusal(await post('{"email":', 'application/x-www-form-urlencoded'), 'Decoding error.');
  });

  it.each(['5', '"x"', 'true', 'null', '[]', '0', ''])('without parameters lacks them: %j', async (body) => {
    const answer = await post(body, 'application/json');
    expect(answer.status).toBe(400);
    expect(answer.json.errors?.map(({ parameters }) => parameters)).toEqual([
      { fieldName: 'email' },
      { fieldName: 'password' },
    ]);
  });

  it('with a key twice means the last one', async () => {
    const body = '{"email":"nobody@spaaza.com","password":"ThisIsEasyToGuess","email":"info@spaaza.com"}';
    expect((await post(body, 'application/json')).json.customer_id).toBe(39);
  });

  it.each(['application/xml', 'text/xml', 'application/xhtml+xml', 'application/xml; charset=utf-8'])(
    'may be XML, sent as %s',
    async (contentType) => {
      const xml = `<?xml version="1.0"?><request><email>info@spaaza.com</email><password>ThisIsEasyToGuess</password>
        <spaaza_chain_id>123</spaaza_chain_id></request>`;
      expect((await post(xml, contentType)).json).toMatchObject({ authenticated: true, customer_id: 39 });
    },
  );

  it('in XML updates like one in JSON', async () => {
    const email = freshEmail();
    const xml = `<request><user_info><username>${email}</username><first_name>Zo&#233;</first_name>
      <last_name><![CDATA[O'Neill & Sons]]></last_name><gender/><birthday>1990-02-28</birthday>
      <mailing_list><mailing_list_subscribed>true</mailing_list_subscribed></mailing_list>
      <address_towncity>Amsterdam</address_towncity><country_code>NL</country_code></user_info>
      <create_if_not_exists>true</create_if_not_exists></request>`;
    const answer = await call(server, 'POST', '/update', { body: xml, headers: { 'content-type': 'application/xml' } });
    expect(answer.json).toMatchObject({ firstname: 'Zoé', lastname: "O'Neill & Sons", dob: '1990-02-28', email });
    expect(answer.json.gender).toBeUndefined();
    expect(answer.json.extension_attributes?.spaaza_data.mailing_list_subscribed).toBe(true);
    expect(answer.json.addresses).toMatchObject([{ city: 'Amsterdam', country_id: 'NL', street: [] }]);
  });

  it.each([
    '<request><email>',
    '<request></email></request>',
    '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><request><email>&e;</email></request>',
    '<a/><b/>',
    'text',
  ])('that is broken XML is refused: %s', async (body) => {
    expectRefusal(await post(body, 'application/xml'), 'Decoding error.');
  });

  it('of a read is not looked at', async () => {
    const answer = await call(server, 'GET', '/user_info/1', {
      body: '{broken',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.json.username).toBe('roni_cost@example.com');
  });

  it('over 256 KiB is refused, after the key was checked', async () => {
    const body = JSON.stringify({ ...john, padding: 'x'.repeat(262_144) });
    expect((await post(body, 'application/json')).status).toBe(413);
    const anonymous = await call(server, 'POST', '/authenticate', {
      body,
      key: null,
      headers: { 'content-type': 'application/json' },
    });
    expect(anonymous.status).toBe(401);
    const atLimit = JSON.stringify({ ...john, padding: '' });
    const fitting: Json = { ...john, padding: 'x'.repeat(262_144 - atLimit.length) };
    expect((await post(JSON.stringify(fitting), 'application/json')).json.authenticated).toBe(true);
  });
});
