import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { inputErrors, requiredFieldProblem } from './webapi-error.ts';
import { renderXml } from './xml-output.ts';

const lines = (...text: string[]) => `${text.join('\n')}\n`;

describe('renderXml', () => {
  it('indents members in order and repeats list items', () => {
    const value = { id: 39, addresses: [{ street: ['Dorpstraat', '1'], region: null }], is_subscribed: false };
    expect(renderXml(value)).toBe(
      lines(
        '<?xml version="1.0"?>',
        '<response>',
        '  <id>39</id>',
        '  <addresses>',
        '    <item>',
        '      <street>',
        '        <item>Dorpstraat</item>',
        '        <item>1</item>',
        '      </street>',
        '      <region/>',
        '    </item>',
        '  </addresses>',
        '  <is_subscribed>false</is_subscribed>',
        '</response>',
      ),
    );
  });

  it('renders an error body with the same rules', () => {
    expect(renderXml(inputErrors([requiredFieldProblem('email')]).body)).toBe(
      lines(
        '<?xml version="1.0"?>',
        '<response>',
        '  <message>"%fieldName" is required. Enter and try again.</message>',
        '  <parameters>',
        '    <fieldName>email</fieldName>',
        '  </parameters>',
        '</response>',
      ),
    );
  });

  it('renders scalars bare and nothing as an empty response', () => {
    expect(renderXml(true)).toBe('<?xml version="1.0"?>\n<response>true</response>\n');
    expect(renderXml('a')).toBe('<?xml version="1.0"?>\n<response>a</response>\n');
    expect(renderXml(null)).toBe('<?xml version="1.0"?>\n<response/>\n');
    expect(renderXml([])).toBe('<?xml version="1.0"?>\n<response/>\n');
  });

  it('escapes text, keeps blanks and omits undefined members', () => {
    expect(renderXml({ a: ' <b> & "c" ', d: undefined, e: '' })).toBe(
      lines('<?xml version="1.0"?>', '<response>', '  <a> &lt;b&gt; &amp; "c" </a>', '  <e/>', '</response>'),
    );
  });

  it('prefixes names that start with a digit and replaces characters no name may have', () => {
    expect(renderXml({ '1a': 1, 'b c': 2, '': 3 })).toBe(
      lines(
        '<?xml version="1.0"?>',
        '<response>',
        '  <item_1a>1</item_1a>',
        '  <b_c>2</b_c>',
        '  <item_>3</item_>',
        '</response>',
      ),
    );
  });

  it('replaces characters that XML cannot carry', () => {
    expect(renderXml('a\u0000b\ud800c☺😀')).toBe('<?xml version="1.0"?>\n<response>a\ufffdb\ufffdc☺😀</response>\n');
  });

  it('is well formed for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(XMLValidator.validate(renderXml(value))).toBe(true);
      }),
    );
  });
});
