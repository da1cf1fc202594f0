import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJson } from './render-json.ts';

describe('renderJson', () => {
  it('renders compactly, in member order, keeping nulls inside', () => {
    expect(renderJson({ b: null, a: 'é/☺', list: [] })).toBe('{"b":null,"a":"é/☺","list":[]}');
  });

  it('renders scalars bare and nothing as an empty list', () => {
    expect(renderJson(true)).toBe('true');
    expect(renderJson('token')).toBe('"token"');
    expect(renderJson(0)).toBe('0');
    expect(renderJson(null)).toBe('[]');
    expect(renderJson(undefined)).toBe('[]');
  });

  it('is read back unchanged by any JSON reader', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => value !== null),
        (value) => {
          expect(JSON.parse(renderJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
    );
  });
});
