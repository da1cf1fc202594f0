import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { type Answer, addMember, authenticate, call, update } from './client.ts';

const json = 'application/json; charset=utf-8';
const xml = 'application/xml; charset=utf-8';

describeOnServer('the Accept header', (server) => {
  it.each([
    [undefined, json],
    ['', json],
    ['*/*', json],
    ['application/json', json],
    ['application/*', json],
    ['application/json, text/plain, */*', json],
    ['application/json;charset=utf-8', json],
    ['application/xml;q=0.5, application/json;q=0.9', json],
    ['text/html, */*;q=0.1', json],
    ['application/xml', xml],
    ['text/xml', xml],
    ['text/*', xml],
    ['APPLICATION/XML', xml],
    // A browser's.
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', xml],
  ])('chooses the answer’s form: %s', async (accept, contentType) => {
    const headers = accept === undefined ? undefined : { accept };
    const answers = [
      await call(server, 'GET', '/user_info/1', { headers }),
      await call(server, 'GET', '/user_info/9999', { headers }),
      await call(server, 'GET', '/user_info/1', { headers, key: null }),
      await call(server, 'GET', '/no/such/route', { headers }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 404, 401, 404]);
    expect(answers.map((answer) => answer.headers['content-type'])).toEqual(Array(4).fill(contentType));
  });

  it.each(['text/html', 'image/png', 'application/jsonp', 'nonsense'])('is refused in JSON: %s', async (accept) => {
    for (const key of ['foyer-demo-key', null]) {
      for (const path of ['/user_info/1', '/no/such/route']) {
        const answer = await call(server, 'GET', path, { headers: { accept }, key });
        expect(answer.status).toBe(406);
        expect(answer.headers['content-type']).toBe(json);
        expect(answer.json.message).toContain(`"${accept}"`);
      }
    }
  });
});

describeOnServer('an answer in XML', (server) => {
  const inXml = { headers: { accept: 'application/xml' } };

  it('has the members of the JSON, in their order, and an empty element for null', async () => {
    const answer = await authenticate(server, { email: 'nobody@spaaza.com', password: 'x' }, inXml);
    expect(answer.text).toBe(
      `<?xml version="1.0"?>
<response>
  <authenticated>false</authenticated>
  <customer_id/>
  <message>Invalid login or password.</message>
  <website_code/>
  <store_code/>
</response>
`,
    );
  });

  it('repeats <item> for lists and escapes text', async () => {
    const { userId } = await addMember(server, { address_streetname: 'A & B', address_towncity: 'Ede' });
    const answer = await update(server, { user_id: userId }, {}, inXml);
    expect(answer.text).toContain('    <item>\n      <id>');
    expect(answer.text).toContain('<street>\n        <item>A &amp; B</item>\n      </street>');
    expect(answer.text).toContain('<region_code/>');
    expect(answer.text).not.toContain('<dob');
  });

  it('leaves out what the JSON leaves out', async () => {
    const { id } = await addMember(server);
    const answer = await call(server, 'GET', `/user_info/${id}`, inXml);
    expect(answer.text.match(/<(\w+)>/g)).toEqual([
      '<response>',
      '<first_name>',
      '<last_name>',
      '<username>',
      '<webshop_customer_id>',
      '<printed_mailing_list_subscribed>',
      '<mailing_list_subscribed>',
      '<mailing_list_sub_offered>',
      '<programme_opted_in>',
    ]);
  });

  it('refuses in XML as well', async () => {
    const answer = await call(server, 'GET', '/user_info/9999', inXml);
    expect(answer.text).toBe(
      `<?xml version="1.0"?>
<response>
  <message>No such entity with %fieldName = %fieldValue</message>
  <parameters>
    <fieldName>customerId</fieldName>
    <fieldValue>9999</fieldValue>
  </parameters>
</response>
`,
    );
  });
});

describeOnServer('the fields filter', (server) => {
  const filtered = (fields: string): Promise<Answer> => call(server, 'GET', `/user_info/1?fields=${fields}`);

  it.each([
    ['username', '{"username":"roni_cost@example.com"}'],
    ['gender,first_name', '{"first_name":"Veronica","gender":"F"}'],
    ['nothing', '[]'],
    ['username,nothing', '{"username":"roni_cost@example.com"}'],
    ['user name', '[]'],
    ['username[', '[]'],
    ['%00', '[]'],
  ])('keeps what it names: %s', async (fields, text) => {
    const answer = await filtered(encodeURI(fields).replace('%2500', '%00'));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(json);
    expect(answer.text).toBe(text);
  });

  it('does nothing when it is empty', async () => {
    expect((await filtered('')).text).toBe((await call(server, 'GET', '/user_info/1')).text);
  });

  it('means the last one when given twice', async () => {
    expect((await filtered('gender&fields=username')).text).toBe('{"username":"roni_cost@example.com"}');
  });

  it('reaches into members and lists, in either form, and works on updates', async () => {
    const { userId } = await addMember(server, { address_towncity: 'Ede', address_postalcode: '6711' });
    const path = '/update?fields=email,addresses[city,region[region_id]],extension_attributes[spaaza_data[user_id]]';
    const answer = await call(server, 'POST', path, { json: { user_info: { user_id: userId } } });
    expect(answer.json).toEqual({
      email: expect.stringContaining('@example.org'),
      addresses: [{ region: { region_id: 0 }, city: 'Ede' }],
      extension_attributes: { spaaza_data: { user_id: userId } },
    });
    const inXml = await call(server, 'GET', '/user_info/1?fields=gender', { headers: { accept: 'text/xml' } });
    expect(inXml.text).toBe('<?xml version="1.0"?>\n<response>\n  <gender>F</gender>\n</response>\n');
  });

  it('leaves refusals whole', async () => {
    expect((await call(server, 'GET', '/user_info/9999?fields=message')).json.parameters).toBeDefined();
  });
});
