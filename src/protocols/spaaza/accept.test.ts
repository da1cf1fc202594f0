import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negotiate } from './accept.ts';
import { WebapiError } from './webapi-error.ts';

describe('negotiate', () => {
  it.each([
    [undefined, 'json'],
    ['', 'json'],
    [' ', 'json'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['application/json;charset=utf-8', 'json'],
    ['application/*', 'json'],
    ['text/*', 'xml'],
    ['text/xml', 'xml'],
    ['application/xml', 'xml'],
    ['application/xhtml+xml', 'xml'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'xml'],
    ['text/html, application/json', 'json'],
    ['application/xml;q=0.5, application/json', 'json'],
    ['application/json;q=0.5, application/xml;q=0.9', 'xml'],
    ['application/json, application/xml', 'json'],
    ['application/xml, application/json', 'xml'],
    ['application/xml;q=0.2,text/html,application/json;q=0', 'xml'],
    ['application/json;q=0', 'json'],
  ])('reads %j as %s', (accept, rendering) => {
    expect(negotiate(accept)).toBe(rendering);
  });

  it('takes the first parameter as the quality, whatever it is called', () => {
    expect(negotiate('application/json;version=0.1, application/xml;q=0.5')).toBe('xml');
    expect(negotiate('application/json, application/xml;charset=utf-8')).toBe('xml');
    expect(negotiate('application/json;q=0.6, application/xml;q=0.5;q=1')).toBe('json');
  });

  it.each(['text/html', 'image/png', 'text/html, image/*;q=0.5', 'json'])('refuses %j with 406', (accept) => {
    let caught: unknown;
    try {
      negotiate(accept);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(WebapiError);
    expect((caught as WebapiError).status).toBe(406);
    expect((caught as WebapiError).body.message).toContain(`"${accept}"`);
  });

  it('answers or refuses, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (accept) => {
        try {
          expect(['json', 'xml']).toContain(negotiate(accept));
        } catch (error) {
          expect(error).toBeInstanceOf(WebapiError);
        }
      }),
    );
  });

  it('follows the higher of two qualities in either order', () => {
    const tenth = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(tenth, tenth, fc.boolean(), (json, xml, swap) => {
        const entries = [`application/json;q=${json / 10}`, `application/xml;q=${xml / 10}`];
        const expected = json === xml ? (swap ? 'xml' : 'json') : json > xml ? 'json' : 'xml';
        expect(negotiate((swap ? entries.reverse() : entries).join(', '))).toBe(expected);
      }),
    );
  });
});
