import { createHmac, hash } from 'node:crypto';

/** The password of every seeded customer; long enough and mixed enough for both wires. */
export const password = 'Kunst-und-Kaffee-7';

/** A made-up customer, the same for the same number in every database and in the load generator. */
export interface Person {
  id: number;
  givenName: string;
  familyName: string;
  email: string;
  birthday: string;
  gender: { code: 1 | 2; token: 'M' | 'F' };
  phone: string;
  street: string;
  houseNumber: string;
  postcode: string;
  city: string;
  countryCode: string;
  spaazaUserId: number;
  memberNumber: string;
  newsletterGroupIds: readonly number[];
}

const women = words(`Anna Marie Sophie Emma Hannah Lena Laura Julia Lisa Sarah Clara Johanna Charlotte Frieda Greta Ida
  Katharina Luise Mathilda Nora Paula Rosa Theresa Zoë Anneke Femke Sanne Eva Fleur Lotte Ayşe Elif Olga Irina Chloé
  Amélie Camille Inès Giulia Chiara Lucía Carmen Agnieszka Zofia Björk Ingrid Solveig Maren Wiebke Heike`);
const men = words(`Paul Jonas Leon Felix Lukas Maximilian Elias Noah Ben Anton Emil Jakob Karl Friedrich Moritz Oskar
  Theo Vincent Jürgen Günther Daan Sem Bram Thijs Pieter Willem Mehmet Emre Sergej Ivan Étienne Louis Hugo Mathis
  Luca Matteo Diego Javier Tomasz Paweł Lars Sven Olaf Henrik Ole Jan Uwe Wolfgang Dieter Klaus`);
const families = words(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
  Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause
  Meier Lehmann Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Vogel
  Friedrich Keller Günther Frank Jansen Bakker Visser Smit Mulder Bos Vos Hendriks Dekker Brouwer Yılmaz Kaya Demir
  Iwanow Petrow Dubois Laurent Moreau Rossi Ferrari Bianchi García Martínez Kowalski Nowak Hansen Olsen Nielsen`);
const streets = words(`Hauptstraße Schulstraße Gartenstraße Bahnhofstraße Dorfstraße Bergstraße Lindenallee Birkenweg
  Museumsinsel Kirchgasse Dorpstraat Kerkstraat Molenweg Stationsweg Prinsengracht`);
const cities = words('Berlin Hamburg München Köln Frankfurt Leipzig Dresden Amsterdam Rotterdam Utrecht Wien Zürich');

/** The person with a number from 1. */
export function personOf(id: number): Person {
  const isWoman = scatter(id, 1, 2) === 0;
  const given = isWoman ? women : men;
  const givenName = given[scatter(id, 2, given.length)]!;
  const familyName = families[scatter(id, 3, families.length)]!;
  const month = 1 + scatter(id, 5, 12);
  const day = 1 + scatter(id, 6, 28);
  return {
    id,
    givenName,
    familyName,
    email: emailOf(id, givenName, familyName),
    birthday: `${1940 + scatter(id, 4, 66)}-${twoDigits(month)}-${twoDigits(day)}`,
    gender: isWoman ? { code: 2, token: 'F' } : { code: 1, token: 'M' },
    phone: `030 ${1_000_000 + scatter(id, 7, 9_000_000)}`,
    street: streets[scatter(id, 8, streets.length)]!,
    houseNumber: String(1 + scatter(id, 9, 180)),
    postcode: String(10_000 + scatter(id, 10, 89_999)),
    city: cities[scatter(id, 11, cities.length)]!,
    countryCode: 'DE',
    spaazaUserId: 3_000_000 + id,
    memberNumber: String(99_000_000 + id),
    // A third wants one newsletter, a third two, a third none.
    newsletterGroupIds: [[], [1], [1, 2 + scatter(id, 13, 7)]][scatter(id, 12, 3)]!,
  };
}

/** Client id and token of the one session that every seeded customer has. */
export function sessionOf(id: number): { clientId: string; token: string } {
  return { clientId: digest(`client ${id}`).slice(0, 22), token: digest(`token ${id}`).slice(0, 22) };
}

/** Id and session token of a customer in better-auth, in the form it makes them: 32 letters and digits. */
export function peerIdentityOf(id: number): { userId: string; sessionToken: string } {
  return {
    userId: hash('sha256', `user ${id}`).slice(0, 32),
    sessionToken: hash('sha256', `session ${id}`).slice(0, 32),
  };
}

/** The secret that better-auth signs its cookies with here. */
export const peerSecret = 'a secret of the benchmark and of nothing else';

/** A session cookie as better-auth sets it: the token and its HMAC-SHA-256, percent-encoded. */
export function peerCookieOf(sessionToken: string): string {
  const signature = createHmac('sha256', peerSecret).update(sessionToken).digest('base64');
  return `better-auth.session_token=${encodeURIComponent(`${sessionToken}.${signature}`)}`;
}

function emailOf(id: number, givenName: string, familyName: string): string {
  return `${plainLetters(givenName)}.${plainLetters(familyName)}.${id}@example.org`;
}

function plainLetters(name: string): string {
  const known = plain.get(name);
  if (known !== undefined) return known;
  const letters = name
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ı', 'i')
    .replaceAll('ł', 'l')
    .normalize('NFD')
    .replace(/[^a-z]/g, '');
  plain.set(name, letters);
  return letters;
}
const plain = new Map<string, string>();

function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** A number below `below` that looks random but is always the same for the same id and purpose. */
function scatter(id: number, purpose: number, below: number): number {
  let mixed = Math.imul(id ^ (purpose * 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return (mixed >>> 0) % below;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
