import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderConfigDocs } from './config-docs.ts';
import { settingEntries } from './config-table.ts';

describe('renderConfigDocs', () => {
  it('is what docs/configuration.md holds; `npm run docs:config` writes it', () => {
    expect(readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')).toBe(renderConfigDocs());
  });

  it('has one row of four cells for every setting', () => {
    const rows = renderConfigDocs().split('\n');
    for (const [, { env }] of settingEntries()) {
      const own = rows.filter((line) => line.startsWith(`| \`${env}\` `));
      expect(own, env).toHaveLength(1);
      expect(own[0]!.split(/(?<!\\)\|/)).toHaveLength(6);
    }
  });
});
