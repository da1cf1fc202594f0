import { demoKey } from '../../src/demo.ts';
import { requestBytes } from './raw-http.ts';

/** A request with a secret in one place of it, as the bytes to send. */
export interface SecretPlace {
  place: string;
  bytes(secret: string): string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const post = (path: string, body: string, ...headers: string[]): string =>
  requestBytes([`POST ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers], body);
const get = (path: string, ...headers: string[]): string =>
  requestBytes([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers]);

const gomusSignIn = '/api/v4/auth/sign_in';
const magento = '/rest/V1/spaaza/customer';
const json = 'Content-Type: application/json';
const form = 'Content-Type: application/x-www-form-urlencoded';
const xml = 'Content-Type: application/xml';
const key = `Authorization: Bearer ${demoKey}`;
const session = ['access-token: meowmeow', 'client: meowmeow', 'uid: meowmeow', 'token-type: Bearer'];
const known = '"email":"shop-customer@giantmonkey.de"';

const places: Record<string, (secret: string) => string> = {
  // go~mus: bodies
  'the password of a sign-in': (s) => post(gomusSignIn, `{${known},"password":"${s}"}`, json),
  'the e-mail of a sign-in': (s) => post(gomusSignIn, `{"email":"${s}@example.com","password":"x"}`, json),
  'a nested password': (s) => post(gomusSignIn, `{"user":{"session":{"password":"${s}"}}}`, json),
  'a misspelt field': (s) => post(gomusSignIn, `{${known},"pasword":"${s}"}`, json),
  'a password in a list': (s) => post(gomusSignIn, `{${known},"password":["${s}"]}`, json),
  'the name of a field': (s) => post(gomusSignIn, `{"${s}":1}`, json),
  'malformed JSON': (s) => post(gomusSignIn, `{${known},"password":"${s}"`, json),
  'malformed JSON that begins with it': (s) => post(gomusSignIn, `${s}`, json),
  'a form': (s) => post(gomusSignIn, `email=shop-customer%40giantmonkey.de&password=${s}`, form),
  'a malformed form': (s) => post(gomusSignIn, `email=%zz&password=${s}`, form),
  'a body of no known type': (s) => post(gomusSignIn, s, 'Content-Type: text/plain'),
  'a body that is not UTF-8': (s) => post(gomusSignIn, `{"password":"${s}\xff"}`, json),
  'a body too long': (s) => post(gomusSignIn, `{"password":"${s}","filler":"${'x'.repeat(5_000)}"}`, json),
  'the token fields of a body': (s) =>
    post('/api/v4/auth', `{"access-token":"${s}","uid":"${s}","client":"${s}"}`, json),
  'a sign-up': (s) =>
    post('/api/v4/auth', `{"email":"${s}@example.com","password":"${s}","name":"A","surname":"B"}`, json),
  'a refused sign-up': (s) => post('/api/v4/auth', `{"email":"no e-mail","password":"${s}","name":"A"}`, json),
  'a password change': (s) =>
    post(
      '/api/v4/auth/password',
      `{"password":"${s}","password_confirmation":"${s}!","current_password":"${s}"}`,
      json,
      ...session,
    ),
  'an account update': (s) =>
    requestBytes(
      ['PUT /api/v4/auth HTTP/1.1', 'Host: x', 'Connection: close', json, ...session],
      `{"password":"${s}","password_confirmation":"${s}","current_password":"${s}","name":"${s}"}`,
    ),
  // go~mus: query and path
  'the query of a sign-in': (s) => post(`${gomusSignIn}?password=${s}&email=${s}`, '{}', json),
  'the token fields of a query': (s) => get(`/api/v4/auth/validate_token?access-token=${s}&uid=${s}&client=${s}`),
  'a password link': (s) => get(`/api/v4/auth/password/edit?reset_password_token=${s}&redirect_url=${s}`),
  'a confirmation link': (s) => get(`/api/v4/auth/confirmation?confirmation_token=${s}`),
  'the locale': (s) => get(`/api/v4/version?locale=${s}`),
  'a path segment': (s) => get(`/api/v4/${s}`),
  'an id in a path': (s) => get(`/api/v4/customers/${s}`, key),
  'a path nobody serves': (s) => get(`/${s}/x?password=${s}`),
  'a path with a stray percent sign': (s) => get(`/api/v4/customers/%zz${s}`, key),
  'a path that cannot be decoded': (s) => get(`/api/v4/customers/%ff${s}`, key),
  // headers
  'a password header': (s) => post(gomusSignIn, '{}', json, `password: ${s}`, `email: ${s}`),
  'token headers': (s) => get('/api/v4/auth/validate_token', `access-token: ${s}`, `client: ${s}`, `uid: ${s}`),
  'a client without its token': (s) => get('/api/v4/auth/validate_token', `access-token: ${s}`, ...session.slice(1)),
  'a bearer key': (s) => get('/api/v4/whoami', `Authorization: Bearer ${s}`),
  'basic credentials': (s) => get('/api/v4/whoami', `Authorization: Basic ${base64(`me:${s}`)}`),
  'the base64 header set': (s) =>
    get('/api/v4/auth/validate_token', `Authorization: Bearer ${base64(`{"access-token":"${s}","uid":"${s}"}`)}`),
  'X-Shop-Url': (s) => get('/api/v4/version', `X-Shop-Url: https://me:${s}@demo-shop.gomus.de/`),
  'a cookie': (s) => get('/api/v4/auth/validate_token', `Cookie: session=${s}; auth_cookie=${s}`),
  'X-Request-Id': (s) => get('/api/v4/version', `X-Request-Id: Bearer ${s}`),
  'Origin and Referer': (s) => get('/api/v4/version', `Origin: https://${s}`, `Referer: https://x/?token=${s}`),
  'the user agent': (s) => get('/api/v4/nothing', `User-Agent: ${s}`),
  'a header with a broken name': (s) => get('/api/v4/version', `pass word: ${s}`),
  'headers too long': (s) => get('/api/v4/version', `access-token: ${s.repeat(1_000)}`),
  'a request line that is none': (s) => `${s} ${s} ${s}\r\nHost: x\r\n\r\n`,
  // Spaaza
  'the password of an authenticate': (s) =>
    post(`${magento}/authenticate`, `{"email":"info@spaaza.com","password":"${s}"}`, json, key),
  'the e-mail of an authenticate': (s) =>
    post(`${magento}/authenticate`, `{"email":"${s}@example.com","password":"x"}`, json, key),
  'a password of the wrong type': (s) =>
    post(`${magento}/authenticate`, `{"email":"info@spaaza.com","password":{"value":"${s}"}}`, json, key),
  'malformed JSON on the Spaaza wire': (s) => post(`${magento}/authenticate`, `{"password":"${s}"`, json, key),
  'a form on the Spaaza wire': (s) => post(`${magento}/authenticate`, `email=a%40b.c&password=${s}`, form, key),
  XML: (s) =>
    post(`${magento}/authenticate`, `<r><email>info@spaaza.com</email><password>${s}</password></r>`, xml, key),
  'malformed XML': (s) => post(`${magento}/authenticate`, `<r><password>${s}</pass></r>`, xml, key),
  'an XML entity': (s) => post(`${magento}/authenticate`, `<!DOCTYPE r [<!ENTITY p "${s}">]><r>&p;</r>`, xml, key),
  'the query of an authenticate': (s) =>
    post(`${magento}/authenticate?email=info@spaaza.com&password=${s}`, '{}', json, key),
  'a content type': (s) => post(`${magento}/authenticate`, '{', `Content-Type: text/${s}`, key),
  'the Accept header': (s) => get(`${magento}/user_info/1`, `Accept: text/${s}`, key),
  'a key of the Spaaza wire': (s) => get(`${magento}/user_info/1`, `Authorization: Bearer ${s}`),
  'a customer id': (s) => get(`${magento}/user_info/${s}`, key),
  'an e-mail in a path': (s) => get(`${magento}/user_info_by_email/${s}%40example.com`, key),
  'a chain in a path': (s) => get(`${magento}/user_info_by_email/${s}/a%40example.com`, key),
  'a store code': (s) => get(`/rest/${s}/V1/spaaza/customer/user_info/1`, key),
  'the fields filter': (s) => get(`${magento}/user_info/1?fields=${s}`, key),
  'a created customer': (s) =>
    post(
      `${magento}/update`,
      `{"create_if_not_exists":true,"user_info":{"username":"${s}@example.com","first_name":"A","last_name":"B","password":"Aa1!${s}"}}`,
      json,
      key,
    ),
  'a refused customer': (s) =>
    post(
      `${magento}/update`,
      `{"create_if_not_exists":true,"user_info":{"username":"${s}","password":"${s}"}}`,
      json,
      key,
    ),
  'user_info of the wrong type': (s) => post(`${magento}/update`, `{"user_info":"${s}"}`, json, key),
};

/** Every place of a request on either wire that a caller can put a secret into, by mistake or not. */
export const secretPlaces: readonly SecretPlace[] = Object.entries(places).map(([place, bytes]) => ({ place, bytes }));
