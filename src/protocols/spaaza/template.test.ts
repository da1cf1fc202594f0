import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillTemplate } from './template.ts';

const identifier = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,8}$/);

describe('fillTemplate', () => {
  it('fills named placeholders, longer names first', () => {
    const message = 'No such entity with %fieldName = %fieldValue, %field2Name = %field2Value';
    const parameters = { fieldName: 'email', fieldValue: 'a@b.nl', field2Name: 'websiteId', field2Value: '1' };
    expect(fillTemplate(message, parameters)).toBe('No such entity with email = a@b.nl, websiteId = 1');
    expect(fillTemplate('%field and %fieldName', { field: 'short', fieldName: 'long' })).toBe('short and long');
  });

  it('fills positions from a list, the tenth before the first', () => {
    expect(fillTemplate('needs at least %1 characters', ['8'])).toBe('needs at least 8 characters');
    expect(fillTemplate('%1 %10', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])).toBe('a j');
  });

  it('leaves unknown placeholders and single percent signs', () => {
    expect(fillTemplate('100 % of %who is %what', { what: 5 })).toBe('100 % of %who is 5');
    expect(fillTemplate('%toString', {})).toBe('%toString');
    expect(fillTemplate('%name', undefined)).toBe('%name');
  });

  it('shows null as nothing and structures as JSON', () => {
    expect(fillTemplate('[%a][%b][%c]', { a: null, b: [1], c: true })).toBe('[][[1]][true]');
  });

  it('never fills a placeholder that came in with a value', () => {
    fc.assert(
      fc.property(identifier, identifier, fc.string(), (first, second, value) => {
        fc.pre(!second.startsWith(first) && !first.startsWith(second));
        const filled = fillTemplate(`<%${first}>`, { [first]: `%${second}`, [second]: value });
        expect(filled).toBe(`<%${second}>`);
      }),
    );
  });

  it('puts every value of a template where its name stood', () => {
    fc.assert(
      fc.property(fc.uniqueArray(identifier, { minLength: 1, maxLength: 6 }), fc.array(fc.string()), (names, texts) => {
        const parameters = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
        const template = names.map((name) => `(%${name})`).join('');
        expect(fillTemplate(template, parameters)).toBe(names.map((name) => `(${parameters[name]})`).join(''));
      }),
    );
  });

  it('fills every position of a list of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 25 }), (values) => {
        const template = values.map((_, index) => `(%${index + 1})`).join('');
        expect(fillTemplate(template, values)).toBe(values.map((value) => `(${value})`).join(''));
      }),
    );
  });
});
